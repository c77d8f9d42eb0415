"""The programs that pick up what lies in an outbox."""

import random
import threading
from pathlib import Path

from tests.sites import visible


class Consumer(threading.Thread):
    """A FIBU program that takes whatever it sees, at random, and deletes it."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(daemon=True)
        self.taken: list[tuple[str, str]] = []
        self._folder, self._random, self._over = folder, random.Random(seed), threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.002):
            names = sorted(visible(self._folder))
            for name in self._random.sample(names, k=min(len(names), 20)):
                path = self._folder / name
                self.taken.append((name, path.read_text()))
                path.unlink()

    def finish(self) -> list[tuple[str, str]]:
        """Stop, and say what was taken."""
        self._over.set()
        self.join()
        return self.taken
