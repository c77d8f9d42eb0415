"""The watchdog script again, but with all of our work in its callback: read, match, write, note; nothing synced.

``... INBOX OUTBOX ARCHIVE JOURNAL``. What a good programmer would have without durability, claims and limits.
"""

import os
import signal
import sys
import threading

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from bench.peers.bare_loop import BareLoop


class Matcher(FileSystemEventHandler):
    def __init__(self, loop: BareLoop) -> None:
        self._loop = loop

    def on_created(self, event: FileSystemEvent) -> None:
        path = os.fsdecode(event.src_path)
        if os.path.exists(path):
            self._loop.take([os.path.basename(path)])


def main(inbox: str, outbox: str, archive: str, journal: str) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    observer = Observer()
    observer.schedule(Matcher(BareLoop(inbox, outbox, archive, journal, 1, durable=False)), inbox)
    observer.start()
    print("ready", flush=True)
    stop.wait()
    observer.stop()
    observer.join()


if __name__ == "__main__":
    main(*sys.argv[1:5])
