"""Plays many rounds none of which may do harm; tells of those that do, and goes on."""

import time
import traceback
from collections.abc import Callable, Iterable


def count_harm(what: str, rounds: Iterable[tuple[str, Callable[[], object]]], *, say_every: int) -> int:
    """Play each round, known by what is told of it when it fails. Returns an exit code: 0 when none has done harm."""
    begun, number, harm = time.monotonic(), 0, 0

    def say() -> None:
        print(f"{number} {what}, {harm} with harm, {time.monotonic() - begun:.0f} s", flush=True)

    for number, (told, play) in enumerate(rounds, 1):
        try:
            play()
        except Exception:
            harm += 1
            print(f"HARM: {told}", flush=True)
            traceback.print_exc()
        if number % say_every == 0:
            say()
    say()
    return 1 if harm else 0
