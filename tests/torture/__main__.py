"""A thousand crashes and more: ``python -m tests.torture [--rounds 1000] [--jobs 2] [--seed N] [--folder DIR]``.

Every round forks a daemon, drops files of chance kinds, and kills: at a named point, at the n-th change of a folder or
of the journal, at any moment; the daemon, a worker, the fork server, or all of them; while it recovers, reloads, ends
or obeys a person. A program takes and deletes the results meanwhile. Every eighth round everything is counted
(``tests/conservation.py``) and a person asks for something. ``--steps`` leaves nothing to chance: one scene again and
again, crashed one event later each time. Ends with 1 at the first violation; its site is kept.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.daemon.cradle import Cradle
from tests.torture.rounds import Torture, Violated
from tests.torture.steps import Steps


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--steps", action="store_true", help="every step of a scene instead of rounds of chance")
    parser.add_argument("--jobs", type=int, default=2, help="sites that are tortured side by side")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where the sites lie (default: a temporary folder)")
    parser.add_argument("--share", type=int, default=-1, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.folder = arguments.folder or Path(tempfile.mkdtemp(prefix="torture-"))
    arguments.folder.mkdir(parents=True, exist_ok=True)
    arguments.seed = arguments.seed or random.randrange(1, 10**6)
    return _report(arguments) if arguments.share < 0 else _torture(arguments)


def _torture(arguments: argparse.Namespace) -> int:
    """One share, in a process of its own; tells what has happened as JSON."""
    seed, violation = arguments.seed + arguments.share, ""
    make = Steps if arguments.steps else Torture
    cradle = Cradle()
    torture = make(arguments.folder, seed, cradle, arguments.folder / f"trace-{seed}")
    try:
        torture.run(arguments.rounds, arguments.share, arguments.jobs)
        torture.leave()
    except Violated as error:
        violation = f"in round {torture.rounds}, site {torture.root}:\n{error}"
    finally:
        torture.close()
        cradle.close()
    print(json.dumps({"counted": torture.counted, "kills": torture.kills, "kinds": torture.kinds,
                      "violation": violation}))  # fmt: skip
    return 1 if violation else 0


def _report(arguments: argparse.Namespace) -> int:
    what = "every step" if arguments.steps else f"{arguments.rounds} rounds"
    print(f"{what} on {arguments.jobs} sites side by side in {arguments.folder}; seed {arguments.seed}", flush=True)
    begin = time.monotonic()
    handed_on = ["--folder", str(arguments.folder), "--seed", str(arguments.seed), "--rounds", str(arguments.rounds),
                 "--jobs", str(arguments.jobs), *["--steps"] * arguments.steps]  # fmt: skip
    command = [sys.executable, "-m", "tests.torture", *handed_on]
    sums: dict[str, Counter[str]] = {"counted": Counter(), "kills": Counter(), "kinds": Counter()}
    wrong: list[str] = []
    # Daemons that are killed leave temporary folders behind.
    with tempfile.TemporaryDirectory(dir=arguments.folder, ignore_cleanup_errors=True) as left_behind:
        children = [
            subprocess.Popen([*command, "--share", str(share)], stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "TMPDIR": left_behind})
            for share in range(arguments.jobs)
        ]  # fmt: skip
        for child in children:
            said = child.communicate()[0].splitlines()
            if not said:
                wrong.append(f"a torturer has ended with {child.returncode}")
                continue
            told = json.loads(said[-1])
            for what, sum_of in sums.items():
                sum_of.update(told[what])
            wrong += [told["violation"]] if told["violation"] else []
    print(f"{', '.join(f'{number} {what}' for what, number in sums['counted'].items())}; "
          f"{time.monotonic() - begin:.0f} s")  # fmt: skip
    for what in ("kills", "kinds"):
        print(f"{what}: {', '.join(f'{name} {number}' for name, number in sums[what].most_common())}")
    for text in wrong:
        print(f"VIOLATED {text}")
    print(f"{len(wrong)} violations; seed {arguments.seed}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
