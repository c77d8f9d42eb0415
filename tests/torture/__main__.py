"""A thousand crashes and more: ``python -m tests.torture [--rounds 1000] [--jobs 2] [--seed N] [--folder DIR]``.

Every round forks a daemon, drops files of chance kinds, and kills: at a named point, at the n-th change of a folder or
of the journal, at any moment; the daemon, a worker, the fork server, or all of them; while it recovers, reloads, ends
or obeys a person. A program takes and deletes the results meanwhile. Every eighth round everything is counted
(``tests/conservation.py``) and a person asks for something. Ends with 1 at the first violation; the site is kept.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.torture.rounds import Torture, Violated


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2, help="sites that are tortured side by side")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where the sites lie (default: a temporary folder)")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="torture-"))
    folder.mkdir(parents=True, exist_ok=True)
    seed = arguments.seed or random.randrange(1, 10**6)
    if arguments.child:
        return _torture(folder, seed, arguments.rounds)
    return _report(folder, seed, arguments.rounds, arguments.jobs)


def _torture(folder: Path, seed: int, rounds: int) -> int:
    torture = Torture(folder, seed, folder / f"trace-{seed}")
    violation = ""
    try:
        torture.run(rounds)
        torture.leave()
    except Violated as error:
        violation = f"in round {torture.rounds}, site {torture.root}:\n{error}"
    finally:
        torture.close()
    told = {"rounds": torture.rounds, "countings": torture.countings, "files": torture.total_files,
            "results": torture.total_results, "asked": torture.total_asked, "kills": torture.kills,
            "kinds": torture.kinds, "violation": violation}  # fmt: skip
    print(json.dumps(told))
    return 1 if violation else 0


def _report(folder: Path, seed: int, rounds: int, jobs: int) -> int:
    print(f"{rounds} rounds on {jobs} sites side by side in {folder}; seed {seed}", flush=True)
    begin = time.monotonic()
    shares = [rounds // jobs + (number < rounds % jobs) for number in range(jobs)]
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.torture", "--child", "--folder", str(folder), "--seed", str(seed + number),
             "--rounds", str(share)],
            stdout=subprocess.PIPE, text=True,
        )
        for number, share in enumerate(shares)
    ]  # fmt: skip
    counted: Counter[str] = Counter()
    kills: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    wrong: list[str] = []
    for child in children:
        said = child.communicate()[0].splitlines()
        if not said:
            wrong.append(f"a torturer has ended with {child.returncode}")
            continue
        told = json.loads(said[-1])
        kills.update(told.pop("kills"))
        kinds.update(told.pop("kinds"))
        if violation := told.pop("violation"):
            wrong.append(violation)
        counted.update(told)
    print(f"{counted['rounds']} rounds in {time.monotonic() - begin:.0f} s, counted {counted['countings']} times")
    print(f"{counted['files']} files, {counted['results']} results, {counted['asked']} requests of a person")
    print("kills: " + ", ".join(f"{place} {number}" for place, number in kills.most_common()))
    print("files: " + ", ".join(f"{kind} {number}" for kind, number in kinds.most_common()))
    for text in wrong:
        print(f"VIOLATED {text}")
    print(f"{len(wrong)} violations; seed {seed}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
