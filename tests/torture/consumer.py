"""A program that takes results away at chance moments, in a process of its own, and notes what it took."""

import hashlib
import json
import os
import random
import select
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.sites import visible


class Consumer:
    """At work from the beginning until ``finish``; ``log`` is a file of its own."""

    def __init__(self, outboxes: Sequence[Path], log: Path, seed: int) -> None:
        self._log = log
        log.touch()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                _consume(outboxes, log, seed)
            finally:
                os._exit(0)

    def finish(self) -> Counter[tuple[str, str]]:
        """Let it end; returns outbox and SHA-256 of everything that it has taken."""
        os.kill(self._pid, signal.SIGTERM)
        os.waitpid(self._pid, 0)
        taken: Counter[tuple[str, str]] = Counter()
        for line in self._log.read_text().splitlines():
            outbox, content = json.loads(line)
            taken[outbox, content] += 1
        self._log.unlink()
        return taken


def _consume(outboxes: Sequence[Path], log: Path, seed: int) -> None:
    """Take what lies ready, at random, note it, delete it; until SIGTERM."""
    over = False

    def end(*_arguments: object) -> None:
        nonlocal over
        over = True

    signal.signal(signal.SIGTERM, end)
    chance = random.Random(seed)
    with log.open("a") as taken:
        while not over:
            for outbox in outboxes:
                for name in sorted(visible(outbox)):
                    if chance.random() < 0.5:
                        digest = hashlib.sha256((outbox / name).read_bytes()).hexdigest()
                        taken.write(json.dumps([outbox.name, digest]) + "\n")
                        taken.flush()
                        (outbox / name).unlink()
            select.select([], [], [], chance.uniform(0, 0.05))
