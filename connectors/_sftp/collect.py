"""Files of one folder outside go to an inbox: seen, finished, claimed, fetched, landed, cleared away.

A claim is a rename that never overwrites, to a hidden name with our site's number and an id of its own. So of two
daemons one wins, a later file of the same name is another file, and a restart finds in the folder itself what was
begun. Where nothing may be renamed, what has come is remembered by name, size, time and content.

| lies outside                    | the engine says       | so                                                   |
|---------------------------------|-----------------------|------------------------------------------------------|
| a finished file                 |                       | claim it                                             |
| a claimed file of ours          | nothing               | fetch it, or what is missing of it after a crash     |
| a claimed file of ours          | it has landed         | clear it away                                        |
| nothing                         | it has landed         | it is cleared away already                           |
| a file that changed meanwhile   |                       | what was fetched is thrown away; it is waited for    |
"""

from collections.abc import Sequence
from dataclasses import replace

from connectors._sftp.folder import (
    Collecting,
    Finished,
    Found,
    as_text,
    finished_files,
    hidden_name,
    in_groups,
    is_same,
    path_of,
)
from connectors._sftp.packets import Code, Kind, Refused, making_folder, on_path, renaming
from connectors._sftp.session import SMALL, Copied, Session, Task, seen
from core.connecting import Arrival, Landing, Round
from core.remote import CollectFolder

_MOST_A_ROUND = 5_000
"""Files; after them it is seen to whether the inbox can take more."""
_NOT_OURS_TO_RENAME = (Code.DENIED, Code.UNSUPPORTED)


def collect(session: Session, state: Collecting, landing: Landing) -> Round:
    """One round. Raise TransportError when the place is away; a folder that refuses us is told in the Round."""
    done = Round()
    try:
        found = Found.sorted_out(session.listing(path_of(state.folder.folder)), state.folder, landing.owner)
        _finish_earlier(session, state, landing, found, done)
        ready = finished_files(state, landing, found, done)
        for group in in_groups(ready[:_MOST_A_ROUND], lambda finished: finished[0].size):
            _bring(session, state, landing, group, done)
        done.more = len(ready) > _MOST_A_ROUND
    except Refused as refused:
        done.troubles[""] = f"the server refuses the folder {state.folder.folder}: {refused}"
    return done


# ── bringing it in ────────────────────────────────────────────────────────────────────────────────────────────────


def _bring(session: Session, state: Collecting, landing: Landing, group: Sequence[Finished], done: Round) -> None:
    claimed = _claim(session, state, landing.owner, group, done)
    fetched = _fetch(session, state, landing, claimed, done)
    known = [one for one in fetched if not one.is_claimed and landing.remembers(one.name, one.sha256)]
    landing.kept(known)
    come_before = {arrival.id for arrival in known}
    new = [arrival for arrival in fetched if arrival.id not in come_before]
    landing.land(new)
    done.moved += len(new)
    _clear(session, state, landing, new, done)


def _claim(
    session: Session,
    state: Collecting,
    owner: str,
    group: Sequence[Finished],
    done: Round,
) -> list[Arrival]:
    """Give the files their hidden names, and take their markers away; returns what is there to be fetched."""
    if state.folder.after == "keep" or not state.may_rename:
        return [arrival for arrival, _ in group]
    tasks = [_claiming(state.folder, owner, arrival, marker) for arrival, marker in group]
    claimed = []
    for (arrival, _), became in zip(group, session.together(tasks), strict=True):
        if isinstance(became, Refused):
            if became.code == Code.NO_SUCH_FILE:
                continue  # somebody else has taken it
            if became.code in _NOT_OURS_TO_RENAME:
                state.may_rename = False
            done.troubles[""] = (
                f"files cannot be renamed in {state.folder.folder} ({became}), so they are remembered instead: no "
                "second program may collect from there"
            )
            claimed.append(arrival)
        else:
            claimed.append(became)
    return claimed


def _claiming(folder: CollectFolder, owner: str, arrival: Arrival, marker: bytes | None) -> Task[Arrival | Refused]:
    if arrival.is_claimed:
        return arrival
    hidden = hidden_name(owner, arrival.id, arrival.name)
    old = path_of(folder.folder, arrival.name)
    [renamed] = yield [renaming(old, path_of(folder.folder, hidden))]
    if isinstance(renamed, Refused):
        [looked] = yield [on_path(Kind.LSTAT, old)]
        return looked if isinstance(looked, Refused) else renamed
    if marker is not None:  # one that cannot be removed stays; the next round tries again
        yield [on_path(Kind.REMOVE, path_of(folder.folder, marker))]
    return replace(arrival, taken_as=hidden)


def _fetch(
    session: Session, state: Collecting, landing: Landing, claimed: Sequence[Arrival], done: Round
) -> list[Arrival]:
    """Copy the content; returns what is whole. What has changed while it was read is left, and waited for."""
    small = [arrival for arrival in claimed if arrival.size <= SMALL]
    copying = [_fetching(session, state.folder, landing, arrival) for arrival in small]
    largest = max((arrival.size for arrival in small), default=0)
    ids = [arrival.id for arrival in small]
    copied = dict(zip(ids, session.together(copying, largest), strict=True))
    for arrival in claimed:
        if arrival.size > SMALL:
            copied[arrival.id] = _fetched_long(session, state.folder, landing, arrival)
    whole = ((arrival, _digest(arrival, copied[arrival.id], done)) for arrival in claimed)
    return [replace(arrival, sha256=digest) for arrival, digest in whole if digest is not None]


def _fetching(session: Session, folder: CollectFolder, landing: Landing, arrival: Arrival) -> Task[Copied | Refused]:
    with landing.draft(arrival) as draft:
        return (yield from session.fetch_small(path_of(folder.folder, arrival.taken_as), arrival.size, draft.write))


def _fetched_long(session: Session, folder: CollectFolder, landing: Landing, arrival: Arrival) -> Copied | Refused:
    with landing.draft(arrival) as draft:
        path = path_of(folder.folder, arrival.taken_as)
        try:
            return session.fetch_long(path, arrival.size, draft.write, draft.size, draft.digest)
        except Refused as refused:
            return refused


def _digest(arrival: Arrival, copied: Copied | Refused, done: Round) -> str | None:
    """Of what was read, if it is what was seen before and what lies there now; else None."""
    if isinstance(copied, Refused):
        if copied.code != Code.NO_SUCH_FILE:
            done.troubles[as_text(arrival.name)] = f"cannot be read: {copied}"
        return None
    if copied.seen is None:
        return None
    if copied.size == arrival.size and is_same(copied.seen, arrival):
        return copied.sha256
    done.waits = True
    return None


# ── clearing away ─────────────────────────────────────────────────────────────────────────────────────────────────


def _finish_earlier(session: Session, state: Collecting, landing: Landing, found: Found, done: Round) -> None:
    """Go on with what an earlier round, or an earlier life, could not finish."""
    folder = state.folder
    landing.there([*found.files, *found.claimed])
    for claimed in found.claimed.values():
        marker = found.marker_of(claimed.name, folder)
        if marker is not None and claimed.name not in found.files:
            session.ask(on_path(Kind.REMOVE, path_of(folder.folder, marker)))
            found.markers.discard(marker)
    left = landing.uncleared()
    if not left:
        return
    landing.cleared([one for one in left if one.is_claimed and one.taken_as not in found.claimed])
    _clear(session, state, landing, [one for one in left if one.taken_as in found.claimed], done)
    plain = [one for one in left if not one.is_claimed]
    same = [one.name in found.files and is_same(found.files[one.name].attributes, one) for one in plain]
    landing.kept([one for one, is_still in zip(plain, same, strict=True) if not is_still])
    _clear(session, state, landing, [one for one, is_still in zip(plain, same, strict=True) if is_still], done)


def _clear(session: Session, state: Collecting, landing: Landing, landed: Sequence[Arrival], done: Round) -> None:
    """Delete outside what has landed, or move it, or leave it and remember it."""
    folder = state.folder
    if not landed:
        return
    if folder.after == "keep":
        landing.kept(landed)
        return
    if folder.after == "move":
        session.together([_making_folder(folder.move_to)])
    answers = session.together([_clearing(folder, arrival) for arrival in landed])
    refused = [
        (arrival, answer)
        for arrival, answer in zip(landed, answers, strict=True)
        if answer is not None and answer.code != Code.NO_SUCH_FILE
    ]
    for _, answer in refused:
        done.troubles[""] = f"files that were fetched cannot be {_CLEARED[folder.after]} in {folder.folder} ({answer})"
    stay = {arrival.id: arrival for arrival, _ in refused}
    landing.cleared([arrival for arrival in landed if arrival.id not in stay])
    landing.kept([arrival for arrival in stay.values() if not arrival.is_claimed])


_CLEARED = {"delete": "deleted", "move": "moved away"}


def _making_folder(folder: str) -> Task[None]:
    yield [making_folder(folder.encode())]  # it is there already, as a rule


def _clearing(folder: CollectFolder, arrival: Arrival) -> Task[Refused | None]:
    path = path_of(folder.folder, arrival.taken_as)
    if not arrival.is_claimed:
        [looked] = yield [on_path(Kind.LSTAT, path)]
        if isinstance(looked, Refused):
            return looked
        if not is_same(seen(looked), arrival):
            return None  # another file has this name by now; it is fetched in its turn
    if folder.after == "move":
        moved = yield [renaming(path, path_of(folder.move_to, arrival.name))]
        if isinstance(moved[0], Refused):  # an earlier one of this name lies there
            moved = yield [renaming(path, path_of(folder.move_to, f"{arrival.id}-".encode() + arrival.name))]
    else:
        moved = yield [on_path(Kind.REMOVE, path)]
    return moved[0] if isinstance(moved[0], Refused) else None
