"""Canaries: small files of our own that go the way of every drop, so that "alive" means "files get through".

A canary is dropped into the inbox like any file, must be noticed, claimed, given to a worker that has loaded the
route's handler, and staged on every target. It is never published, archived or counted.
"""

import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress

from core.errors import TransportError
from spool.folders.own_folders import open_new
from spool.work.messages import DropRef, Outcome, Staged
from spool.work.staging import Place

HIDDEN = ".cluedrop-canary"
"""Name in the inbox under which a canary is written."""
_NAME = re.compile(r"cluedrop-canary-[0-9]+\.canary")


def is_canary(name: str) -> bool:
    """Say whether a name is one of ours."""
    return _NAME.fullmatch(name) is not None


def send_canary(folder: str, number: int) -> str:
    """Drop a canary into an inbox, complete from its first moment. Returns its path; raise OSError if it cannot be."""
    path = f"{folder}/cluedrop-canary-{number}.canary"
    hidden = f"{folder}/{HIDDEN}"
    with open(open_new(hidden), "w", encoding="ascii") as file:
        file.write("canary\n")
    os.rename(hidden, path)
    return path


def stage_canary(drop: DropRef, places: Mapping[str, Place], hold: Callable[[str], None]) -> Outcome:
    """In the worker: prove that every target of the site that is there can be written. Raise OSError if one cannot.

    ``hold`` says which are there.
    """
    staged: list[Staged] = []
    for target, place in places.items():
        try:
            hold(place.folder)
        except TransportError:
            continue  # has an alert of its own, and must stop only those that write to it
        path = f"{place.folder}/{drop.id}.canary.{len(staged)}"
        with open(path, "x", encoding="ascii") as file:
            file.write("canary\n")
        staged.append(Staged(target, os.path.basename(path), path, 7, ""))
    return Outcome(drop.id, "canary", outputs=staged)


def remove_canary(drop: DropRef, outcome: Outcome) -> None:
    """Remove every trace of a canary that has come through."""
    for path in (*(output.path for output in outcome.outputs), drop.path):
        with suppress(OSError):
            os.unlink(path)
