"""The script that most people write: watchdog, convert in the callback. ``... INBOX OUTBOX ARCHIVE``."""

import os
import signal
import sys
import threading
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from bench.peers.csv_to_json import convert


class Converter(FileSystemEventHandler):
    def __init__(self, outbox: Path, archive: Path) -> None:
        self._outbox, self._archive = outbox, archive

    def on_created(self, event: FileSystemEvent) -> None:
        path = os.fsdecode(event.src_path)
        if os.path.exists(path):
            convert(path, self._outbox, self._archive)


def main(inbox: str, outbox: str, archive: str) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    observer = Observer()
    observer.schedule(Converter(Path(outbox), Path(archive)), inbox)
    observer.start()
    print("ready", flush=True)
    stop.wait()
    observer.stop()
    observer.join()


if __name__ == "__main__":
    main(*sys.argv[1:4])
