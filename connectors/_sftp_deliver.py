"""Files of one outbox go to a folder outside: uploaded under a hidden name, looked at, renamed, then gone from here.

The hidden name is ours alone and the same at every attempt. So after a crash it tells how far we had come: once the
engine knows that all of a file lies under it, a hidden name that is not there any more means that it was renamed, even
when somebody has already taken the file away. A plain rename never overwrites.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

from connectors._sftp_folder import as_bytes, path_of
from connectors._sftp_packets import POSIX_RENAME, Attributes, Code, Kind, Refused, on_path, renaming, replacing
from connectors._sftp_session import SMALL, Copied, Session, Task
from core.connecting import Departure, Despatch, Round
from core.errors import TransportError
from core.remote import DeliverFolder

_GROUP_FILES, _GROUP_BYTES = 256, 64 << 20
_MOST_NUMBERS = 1_000


def deliver(session: Session, folder: DeliverFolder, despatch: Despatch) -> Round:
    """One round. Raise TransportError when the place is away; files that are refused are told in the Round."""
    done = Round()
    for group in _groups(despatch.waiting()):
        begun = [departure for departure in group if departure.uploaded_as]
        begun = [departure for departure in begun if _is_whole(session, folder, despatch, departure)]
        new = _upload(session, folder, [departure for departure in group if not departure.uploaded_as], done)
        there = despatch.uploaded(new)
        for departure in new:
            if departure not in there:  # somebody has taken it back meanwhile
                session.together([_removing(path_of(folder.folder, as_bytes(departure.uploaded_as)))])
        order = {departure.id: number for number, departure in enumerate(group)}
        ready = sorted([*begun, *there], key=lambda departure: order[departure.id])
        stand = _show(session, folder, despatch, ready, {departure.id for departure in begun}, done)
        despatch.delivered(stand)
        done.moved += len(stand)
    return done


def _groups(waiting: Sequence[Departure]) -> Iterator[Sequence[Departure]]:
    group: list[Departure] = []
    size = 0
    for departure in waiting:
        if group and (len(group) >= _GROUP_FILES or size + departure.size > _GROUP_BYTES):
            yield group
            group, size = [], 0
        group.append(departure)
        size += departure.size
    if group:
        yield group


# ── uploading ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _upload(session: Session, folder: DeliverFolder, group: Sequence[Departure], done: Round) -> list[Departure]:
    """Write the content under hidden names; returns what lies there whole."""
    small = [departure for departure in group if departure.size <= SMALL]
    copied = dict(zip(small, session.together([_storing(session, folder, one) for one in small]), strict=True))
    for departure in group:
        if departure.size > SMALL:
            copied[departure] = _stored_long(session, folder, departure)
    uploaded = []
    for departure in group:
        content = copied[departure]
        if isinstance(content, Refused):
            done.troubles[departure.name] = f"cannot be written to {folder.folder}: {content}"
        elif content is not None and content.size == departure.size:
            if content.seen is None or content.seen.size != content.size:
                done.troubles[departure.name] = f"does not lie whole in {folder.folder}; is the disk there full?"
                continue
            uploaded.append(replace(departure, uploaded_as=_hidden_name(departure), sha256=content.sha256))
    return uploaded


def _hidden_name(departure: Departure) -> str:
    return f".cluedrop-{departure.id}.part"


def _storing(session: Session, folder: DeliverFolder, departure: Departure) -> Task[Copied | Refused | None]:
    try:
        content = departure.path.read_bytes()
    except FileNotFoundError:
        return None
    return (yield from session.store_small(path_of(folder.folder, as_bytes(_hidden_name(departure))), content))


def _stored_long(session: Session, folder: DeliverFolder, departure: Departure) -> Copied | Refused | None:
    try:
        with departure.path.open("rb") as source:
            return session.store_long(path_of(folder.folder, as_bytes(_hidden_name(departure))), source)
    except FileNotFoundError:
        return None
    except Refused as refused:
        return refused


# ── showing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _is_whole(session: Session, folder: DeliverFolder, despatch: Despatch, departure: Departure) -> bool:
    """What an earlier attempt has uploaded can be renamed; if only a part of it is left, it is uploaded again."""
    found = session.look(path_of(folder.folder, as_bytes(departure.uploaded_as)))
    if found is None or found.size == departure.size:
        return True
    despatch.again(departure)
    return False


def _show(
    session: Session,
    folder: DeliverFolder,
    despatch: Despatch,
    ready: Sequence[Departure],
    begun: set[str],
    done: Round,
) -> list[Departure]:
    """Give the files their final names, in order; returns those that stand."""
    stand = []
    for departure, became in zip(ready, session.together([_renaming(folder, one) for one in ready]), strict=True):
        if became == _TAKEN:
            result = _where_it_exists(session, folder, departure)
        elif became == _GONE and departure.id not in begun:
            despatch.again(departure)  # it lay there a moment ago, and nobody else knows this name
            result = Refused(Code.NO_SUCH_FILE, "what was uploaded has vanished before it got its name")
        else:
            result = departure.name if became == _GONE else became
        if isinstance(result, Refused):
            done.troubles[departure.name] = f"cannot get its name in {folder.folder}: {result}"
        else:
            stand.append(replace(departure, final=result))
    return stand


_TAKEN, _GONE = "/taken", "/gone"
"""What a rename has met; no file can be called so."""


def _renaming(folder: DeliverFolder, departure: Departure) -> Task[str | Refused]:
    hidden = path_of(folder.folder, as_bytes(departure.uploaded_as))
    final = path_of(folder.folder, as_bytes(departure.name))
    [renamed] = yield [renaming(hidden, final)]
    if not isinstance(renamed, Refused):
        return departure.name
    left, taken = yield [on_path(Kind.LSTAT, hidden), on_path(Kind.LSTAT, final)]
    if isinstance(left, Refused) and left.code == Code.NO_SUCH_FILE:
        return _GONE
    return _TAKEN if isinstance(taken, Attributes) else renamed


def _where_it_exists(session: Session, folder: DeliverFolder, departure: Departure) -> str | Refused:
    """A file of this name lies there: ours from an attempt whose answer got lost, or one that is not picked up yet."""
    hidden = path_of(folder.folder, as_bytes(departure.uploaded_as))
    final = path_of(folder.folder, as_bytes(departure.name))
    try:
        if _is_ours(session, final, departure):
            session.together([_removing(hidden)])
            return departure.name
        match folder.exists:
            case "wait":
                return Refused(Code.FAILURE, "a file of this name still lies there; it waits until that one is gone")
            case "replace":
                _replace(session, hidden, final)
                return departure.name
            case "number":
                return _numbered(session, folder, departure, hidden)
    except Refused as refused:
        return refused


def _is_ours(session: Session, final: bytes, departure: Departure) -> bool:
    found = session.look(final)
    if found is None or found.size != departure.size or not found.is_file:
        return False
    return session.digest(final, departure.size) == departure.sha256


def _replace(session: Session, hidden: bytes, final: bytes) -> None:
    """Put ours in its place: in one step where the server can."""
    if POSIX_RENAME in session.extensions:
        session.ask(replacing(hidden, final))
        return
    session.ask(on_path(Kind.REMOVE, final))
    session.ask(renaming(hidden, final))


def _numbered(session: Session, folder: DeliverFolder, departure: Departure, hidden: bytes) -> str:
    plain = PurePath(departure.name)
    for number in range(2, _MOST_NUMBERS):
        name = f"{plain.stem} ({number}){plain.suffix}"
        path = path_of(folder.folder, as_bytes(name))
        if session.look(path) is None:
            session.ask(renaming(hidden, path))
            return name
    raise TransportError(f"{folder.folder} holds more than {_MOST_NUMBERS} files called {departure.name}")


def _removing(path: bytes) -> Task[None]:
    yield [on_path(Kind.REMOVE, path)]
