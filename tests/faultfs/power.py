"""What does a power cut leave? Of everything that was not synced some survives and some does not, as the model allows.

ORDERED is what ext4 and xfs do: metadata operations survive in their order, at least up to the last one that touched
something synced; what was written into a file and not synced may be there, be missing, be cut short or be zeroes.
STRICT is all that POSIX promises: a name survives when its folder was synced after it, content and rights when the file
was; each other operation survives or not by itself, in no order. A single operation is never torn in two.
"""

import random
from collections.abc import Iterable, Sequence
from typing import Literal

from tests.faultfs.tree import NAMING, WRITING, Operation, Tree

Model = Literal["ordered", "strict"]
_SECTOR = 512


def after_cut(log: Sequence[Operation], moment: int, model: Model, seed: int) -> Tree:
    """The file system as it is after a power cut when ``moment`` operations of the log were done.

    Seed 0 loses everything that may be lost, seed 1 loses nothing, the others throw a coin for each.
    """
    done = log[:moment]
    chance = _Chance(seed)
    tree = Tree()
    surviving = _ordered(done, chance) if model == "ordered" else _strict(done, chance)
    for operation in surviving:
        tree.apply(operation)
    tree.prune()
    return tree


class _Chance:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._always = {0: False, 1: True}.get(seed)

    def survives(self) -> bool:
        return self._random.random() < 0.5 if self._always is None else self._always

    def between(self, least: int, most: int) -> int:
        return self._random.randint(least, most) if self._always is None else (most if self._always else least)


def _ordered(done: Sequence[Operation], chance: _Chance) -> Iterable[Operation]:
    touched: dict[int, int] = {}
    safe = 0
    for index, operation in enumerate(done):
        if operation.kind == "sync":
            safe = max(safe, touched.get(operation.key, 0))
        elif operation.kind == "sync all":
            safe = index
        for key in operation.touches:
            touched[key] = index + 1
    reached = chance.between(safe, len(done))
    written = _written(done, chance)
    for index, operation in enumerate(done):
        if operation.kind in WRITING:
            yield from written.get(index, ())
        elif index < reached:
            yield operation


def _strict(done: Sequence[Operation], chance: _Chance) -> Iterable[Operation]:
    synced = _synced_at(done)
    written = _written(done, chance)
    for index, operation in enumerate(done):
        if operation.kind in WRITING:
            yield from written.get(index, ())
            continue
        naming = operation.kind in NAMING
        keys = operation.folders if naming else (operation.key,)
        if any(synced.get(key, -1) > index for key in keys) or chance.survives():
            yield operation
        elif naming and synced.get(operation.key, -1) > index:
            # The name is lost, but the file was synced after it: its change time is not the old one.
            yield Operation("attributes", operation.key, operation.at)


def _synced_at(done: Sequence[Operation]) -> dict[int, int]:
    """When each inode was synced last."""
    synced: dict[int, int] = {}
    known: set[int] = set()
    for index, operation in enumerate(done):
        known.update(operation.touches)
        if operation.kind == "sync":
            synced[operation.key] = index
        elif operation.kind == "sync all":
            synced.update(dict.fromkeys(known, index))
    return synced


def _written(done: Sequence[Operation], chance: _Chance) -> dict[int, list[Operation]]:
    """What survives of every write, by its index: what was synced, and by chance some of the rest."""
    pending: dict[int, list[int]] = {}
    kept: dict[int, list[Operation]] = {}
    for index, operation in enumerate(done):
        match operation.kind:
            case "write" | "truncate":
                pending.setdefault(operation.key, []).append(index)
            case "sync":
                kept.update((place, [done[place]]) for place in pending.pop(operation.key, ()))
            case "sync all":
                kept.update((place, [done[place]]) for places in pending.values() for place in places)
                pending.clear()
            case "lose" if operation.key:
                pending.pop(operation.key, None)
            case "lose":
                pending.clear()
    for places in pending.values():
        if chance.survives():  # somebody else's sync, or the kernel's own flusher, has taken all of it along
            kept.update((place, [done[place]]) for place in places)
        else:
            kept.update((place, list(_torn(done[place], chance))) for place in places)
    return kept


def _torn(operation: Operation, chance: _Chance) -> Iterable[Operation]:
    """Some sectors of a write; of those that are lost the old content stays, behind the old end zeroes."""
    if operation.kind == "truncate":
        if chance.survives():
            yield operation
        return
    for start in range(0, len(operation.data), _SECTOR):
        if chance.survives():
            piece = operation.data[start : start + _SECTOR]
            place = operation.offset + start
            yield Operation("write", operation.key, operation.at, offset=place, data=piece)
