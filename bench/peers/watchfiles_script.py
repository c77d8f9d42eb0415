"""The same script on watchfiles, with the debounce that its manual shows. ``... INBOX OUTBOX ARCHIVE``."""

import os
import sys
from pathlib import Path

from watchfiles import watch

from bench.peers.csv_to_json import convert


def main(inbox: str, outbox: str, archive: str) -> None:
    for number, changes in enumerate(watch(inbox, debounce=50, step=10, rust_timeout=200, yield_on_timeout=True)):
        if number == 0:
            print("ready", flush=True)  # the first time-out: it is watching
        for path in sorted({path for _change, path in changes}):
            if os.path.exists(path):
                convert(path, Path(outbox), Path(archive))


if __name__ == "__main__":
    main(*sys.argv[1:4])
