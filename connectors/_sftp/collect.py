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

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connectors._sftp.files import SMALL, Copied, fetch_long, fetch_small
from connectors._sftp.folder import (
    Collecting,
    Finished,
    Found,
    finished_files,
    hidden_name,
    in_groups,
    is_same,
    path_of,
    removing,
)
from connectors._sftp.packets import Attributes, Code, Entry, Kind, Refused, making_folder, on_path, renaming
from connectors._sftp.session import Session, Task, seen
from connectors._words import shown
from core.connecting import Arrival, Landing, Round
from core.remote import CollectFolder

_MOST_A_ROUND = 5_000
"""Files; after them it is seen to whether the inbox can take more."""
_PATIENCE = 3
"""So often a file may have changed when it was read; then that is told."""
_NOT_OURS_TO_RENAME = (Code.DENIED, Code.UNSUPPORTED)


def collect(session: Session, state: Collecting, landing: Landing) -> Round:
    """One round. Raise TransportError when the place is away; a folder that refuses us is told in the Round."""
    done = Round()
    try:
        entries = _completed(session, state.folder.folder, session.listing(path_of(state.folder.folder)))
        found = Found.sorted_out(entries, state.folder, landing.owner)
        state.shows_hidden = state.shows_hidden or bool(found.claimed)
        for name in state.restless.keys() - found.files.keys() - found.claimed.keys():
            del state.restless[name]
        _finish_earlier(session, state, landing, found, done)
        ready = finished_files(state, landing, found, done)
        for group in in_groups(ready[:_MOST_A_ROUND], lambda finished: finished[0].size):
            _bring(session, state, landing, group, done)
        done.more = len(ready) > _MOST_A_ROUND
    except Refused as refused:
        done.troubles[""] = f"the server refuses the folder {state.folder.folder}: {refused}"
    return done


def _completed(session: Session, folder: str, entries: Sequence[Entry]) -> Sequence[Entry]:
    """What a server does not tell in its listing, it may tell when it is asked about the file."""
    vague = [entry.name for entry in entries if not entry.attributes.is_complete]
    told = dict(zip(vague, session.together([_looking(path_of(folder, name)) for name in vague]), strict=True))
    better = {name: Entry(name, attributes) for name, attributes in told.items() if attributes is not None}
    return [better.get(entry.name, entry) for entry in entries]


def _looking(path: bytes) -> Task[Attributes | None]:
    [looked] = yield [on_path(Kind.LSTAT, path)]
    return looked if isinstance(looked, Attributes) else None


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
        return _with_times([arrival for arrival, _ in group], done)
    tasks = [_claiming(state.folder, owner, arrival, marker) for arrival, marker in group]
    claimed, refused = [], []
    for (arrival, _), became in zip(group, session.together(tasks), strict=True):
        if isinstance(became, Refused):
            refused.append((arrival, became))
        else:
            claimed.append(became)
            state.has_renamed = state.has_renamed or not arrival.is_claimed
    if state.has_renamed and not state.shows_hidden:
        claimed = _shown_or_given_back(session, state, claimed, done)
    return [*claimed, *_with_times(list(_unclaimed(state, refused, done)), done)]


def _shown_or_given_back(session: Session, state: Collecting, claimed: Sequence[Arrival], done: Round) -> list[Arrival]:
    """Hidden names that the listing does not show would be lost in a crash: then the files get theirs back."""
    listed = {entry.name for entry in session.listing(path_of(state.folder.folder))}
    state.shows_hidden = any(arrival.taken_as in listed for arrival in claimed)
    if state.shows_hidden:
        return list(claimed)
    state.may_rename = False
    folder = state.folder.folder
    given_back = session.together([_giving_back(folder, arrival) for arrival in claimed])
    done.troubles[""] = (
        f"{folder} does not list hidden files, so files are remembered instead: no second program may "
        "collect from there"
    )
    return _with_times(given_back, done)


def _giving_back(folder: str, arrival: Arrival) -> Task[Arrival]:
    """Give a file its name back; where that is refused it is still ours, and is fetched under the hidden one."""
    if not arrival.is_claimed:
        return arrival
    [answer] = yield [renaming(path_of(folder, arrival.taken_as), path_of(folder, arrival.name))]
    return arrival if isinstance(answer, Refused) else replace(arrival, taken_as=arrival.name)


def _unclaimed(state: Collecting, refused: Sequence[tuple[Arrival, Refused]], done: Round) -> Iterator[Arrival]:
    """Of the files that could not be renamed those that are fetched all the same, because nothing can be renamed."""
    for arrival, why in refused:
        if why.code == Code.NO_SUCH_FILE:
            continue  # somebody else has taken it
        if state.has_renamed and why.code != Code.UNSUPPORTED:  # on Windows: its writer has it open still
            done.troubles[shown(arrival.name)] = f"cannot be renamed ({why}), others can: it is waited for"
            continue
        if why.code in _NOT_OURS_TO_RENAME:
            state.may_rename = False
        done.troubles[""] = (
            f"files cannot be renamed in {state.folder.folder} ({why}), so they are remembered instead: no second "
            "program may collect from there"
        )
        yield arrival


def _with_times(arrivals: Sequence[Arrival], done: Round) -> list[Arrival]:
    """Without a name of ours and without a time, one file could not be told from the next."""
    for arrival in arrivals:
        if not (arrival.mtime or arrival.is_claimed):
            done.troubles[shown(arrival.name)] = "is left there: it cannot be renamed, and the server tells no times"
    return [arrival for arrival in arrivals if arrival.mtime or arrival.is_claimed]


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
    whole = ((arrival, _digest(state, arrival, copied[arrival.id], done)) for arrival in claimed)
    return [replace(arrival, sha256=digest) for arrival, digest in whole if digest is not None]


def _fetching(session: Session, folder: CollectFolder, landing: Landing, arrival: Arrival) -> Task[Copied | Refused]:
    with landing.draft(arrival) as draft:
        return (yield from fetch_small(session, path_of(folder.folder, arrival.taken_as), arrival.size, draft.write))


def _fetched_long(session: Session, folder: CollectFolder, landing: Landing, arrival: Arrival) -> Copied | Refused:
    with landing.draft(arrival) as draft:
        path = path_of(folder.folder, arrival.taken_as)
        try:
            return fetch_long(session, path, arrival.size, draft.write, draft.size, draft.digest)
        except Refused as refused:
            return refused


def _digest(state: Collecting, arrival: Arrival, copied: Copied | Refused, done: Round) -> str | None:
    """Of what was read, if it is what was seen before and what lies there now; else None."""
    if isinstance(copied, Refused):
        if copied.code != Code.NO_SUCH_FILE:
            done.troubles[shown(arrival.name)] = f"cannot be read: {copied}"
        return None
    if copied.seen is None:
        return None
    if copied.size == arrival.size and is_same(copied.seen, arrival):
        state.restless.pop(arrival.taken_as, None)
        return copied.sha256
    state.restless[arrival.taken_as] += 1
    if state.restless[arrival.taken_as] < _PATIENCE:
        done.waits = True
    else:
        done.troubles[shown(arrival.name)] = (
            f"is waited for: each time it was read it had changed. First it had {arrival.size} bytes, {copied.size} or "
            f"more could be read, then it had {copied.seen.size}; or the server tells other times in its listing"
        )
    return None


# ── clearing away ─────────────────────────────────────────────────────────────────────────────────────────────────


def _finish_earlier(session: Session, state: Collecting, landing: Landing, found: Found, done: Round) -> None:
    """Go on with what an earlier round, or an earlier life, could not finish."""
    folder = state.folder
    begun = found.claimed.values()
    landing.there([*found.files, *found.claimed, *(claimed.name for claimed in begun)])
    markers = {found.marker_of(claimed.name, folder) for claimed in begun if claimed.name not in found.files}
    left_over = [marker for marker in markers if marker is not None]
    session.together([removing(path_of(folder.folder, marker)) for marker in left_over])
    found.markers.difference_update(left_over)
    _clear(session, state, landing, landing.uncleared(), done)


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
    became = dict(zip(landed, session.together([_clearing(folder, arrival) for arrival in landed]), strict=True))
    stay = {arrival for arrival, answer in became.items() if isinstance(answer, Refused)}
    for answer in became.values():
        if isinstance(answer, Refused):
            what = "deleted" if folder.after == "delete" else f"moved to {folder.move_to}"
            done.troubles[""] = f"files that were fetched cannot be {what} in {folder.folder} ({answer})"
    changed = {arrival for arrival, answer in became.items() if answer == _CHANGED}
    landing.kept([arrival for arrival in landed if arrival in changed or (arrival in stay and not arrival.is_claimed)])
    landing.cleared([arrival for arrival in landed if arrival not in stay | changed])


_GONE, _CHANGED = "gone", "changed"
"""What has become of a file outside that has landed; with ``_CHANGED`` another one may have its name."""


def _making_folder(folder: str) -> Task[None]:
    yield [making_folder(folder.encode())]  # it is there already, as a rule


def _clearing(folder: CollectFolder, arrival: Arrival) -> Task[Refused | str]:
    path = path_of(folder.folder, arrival.taken_as)
    if not arrival.is_claimed:
        [looked] = yield [on_path(Kind.LSTAT, path)]
        if isinstance(looked, Refused):
            return _GONE if looked.code == Code.NO_SUCH_FILE else looked
        if not is_same(seen(looked), arrival):
            return _CHANGED  # it is fetched in its turn, unless it has the same content
    if folder.after == "move":
        kept = path_of(folder.move_to, arrival.name)
        [taken] = yield [on_path(Kind.LSTAT, kept)]
        if isinstance(taken, Attributes):  # an earlier one of this name; some servers would rename over it
            kept = path_of(folder.move_to, f"{arrival.id}-".encode() + arrival.name)
        [answer] = yield [renaming(path, kept)]
    else:
        [answer] = yield [on_path(Kind.REMOVE, path)]
    if not isinstance(answer, Refused):
        return _GONE
    [left] = yield [on_path(Kind.LSTAT, path)]  # "no such file" may also be said of the folder it should go to
    return _GONE if isinstance(left, Refused) and left.code == Code.NO_SUCH_FILE else answer
