"""Fuzzing with coverage (atheris) for so many minutes: ``make fuzz MINUTES=60``.

One process a reader, one after the other on each processor, from the golden samples and what earlier runs have found
interesting. A finding is a file below ``.fuzz/findings/``; hand it to ``python -m tests.fuzzing.run --try FILE``.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".fuzz"
_LARGEST = 65_536
_RSS_MB = 1_500
_DONE = re.compile(r"Done (\d+) runs|#(\d+)\s+DONE|stat::number_of_executed_units:\s*(\d+)")


def main() -> int:
    """Share the time between the readers; 1 when anything was found."""
    options = _options()
    if options.one:
        return _fuzz(options.one, options.seconds)
    if options.attempt:
        return _try(options.attempt)
    from tests.fuzzing.contract import READERS

    jobs = max(1, options.jobs)
    seconds = max(5, round(options.minutes * 60 * jobs / len(READERS)))
    with ThreadPoolExecutor(jobs) as pool:
        told = list(pool.map(lambda reader: _run(reader, seconds), READERS))
    return 1 if any(told) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--jobs", type=int, default=min(os.cpu_count() or 1, 4))
    parser.add_argument("--one", metavar="READER", help="fuzz this reader in this process")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--try", dest="attempt", type=Path, metavar="FILE", help="hand a finding to its reader again")
    return parser.parse_args()


def _run(reader: str, seconds: int) -> int:
    """One reader in a process of its own; tells how it went and returns the number of findings."""
    place = PLACE / "findings" / reader
    place.mkdir(parents=True, exist_ok=True)
    before = set(place.iterdir())
    deadline, runs = time.monotonic() + seconds, 0
    while (left := round(deadline - time.monotonic())) > 2:  # a finding ends the process; the rest of the time counts
        command = [sys.executable, "-m", "tests.fuzzing.run", "--one", reader, "--seconds", str(left)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
        (PLACE / f"{reader}.log").write_text(done.stderr + done.stdout, "utf-8")
        runs += max((int(number) for groups in _DONE.findall(done.stderr) for number in groups if number), default=0)
        if done.returncode == 0:
            break
        sys.stdout.write(f"{reader}: {_last_words(done.stderr)}\n")
    found = set(place.iterdir()) - before
    sys.stdout.write(f"{reader}: {runs} executions, {len(found)} findings\n")
    sys.stdout.writelines(f"  {path}\n" for path in sorted(found))
    sys.stdout.flush()
    return len(found)


def _last_words(text: str) -> str:
    told = [line for line in text.splitlines() if "Error" in line or "BrokenPromiseError" in line or "ERROR:" in line]
    return told[-1] if told else "ended without a word"


def _fuzz(reader: str, seconds: int) -> int:
    import atheris

    with atheris.instrument_imports(include=["formats", "core.documents"]):
        import formats  # noqa: F401 - its modules are loaded, and instrumented, by the next line
        from tests.fuzzing.contract import READERS, Case, bounded, exercise
        from tests.fuzzing.corpus import own_samples, samples
    from tests.fuzzing.mutations import damaged_inside

    chosen = [case.settings for case in own_samples(reader)] or [READERS[reader].Settings()]
    settings = list({repr(one): one for one in chosen}.values())
    names = ("a.csv", "a.xlsx", "a.json", "a.json.gz", "a.txt", "a")
    seeds, kept = PLACE / "seeds" / reader, PLACE / "corpus" / reader
    findings = PLACE / "findings" / reader
    for folder in (seeds, kept, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(samples(reader)):
        if len(case.content) <= _LARGEST:
            (seeds / f"{number:04}").write_bytes(case.content)

    def one(data: bytes) -> None:
        spread = sum(data[-16:])
        case = Case(reader, data, names[spread % len(names)], settings[spread % len(settings)])
        with bounded():
            exercise(case)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        made = damaged_inside(data, chance, lambda content: _harmed(content, most, chance))
        return made if len(made) <= most else atheris.Mutate(data, most)

    def _harmed(content: bytes, most: int, chance: random.Random) -> bytes:
        from tests.fuzzing.mutations import damaged

        if chance.random() < 0.4:
            return damaged(content, chance)
        return bytes(atheris.Mutate(content, min(most, len(content) + 200)))

    arguments = [
        sys.argv[0],
        f"-max_total_time={seconds}",
        f"-max_len={_LARGEST}",
        "-timeout=20",
        f"-rss_limit_mb={_RSS_MB}",
    ]
    arguments += ["-print_final_stats=1", f"-artifact_prefix={findings}/", str(kept), str(seeds)]
    atheris.Setup(arguments, one, custom_mutator=mutate)
    atheris.Fuzz()
    return 0


def _try(path: Path) -> int:
    from tests.fuzzing.contract import READERS, Case, bounded, default_settings, exercise

    reader = path.resolve().parent.name
    for name in ("a.csv", "a.xlsx", "a.json", "a.json.gz", "a.txt", "a"):
        with bounded():
            found = exercise(Case(reader, path.read_bytes(), name, default_settings(reader)))
            sys.stdout.write(f"{name}: {found!r:.300}\n")
    return 0 if reader in READERS else 2


if __name__ == "__main__":
    sys.exit(main())
