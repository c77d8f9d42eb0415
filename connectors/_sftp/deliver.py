"""Files of one outbox go to a folder outside: uploaded under a hidden name, looked at, renamed, then gone from here.

The hidden name is ours alone and the same at every attempt. So after a crash it tells how far we had come: once the
engine knows that all of a file lies under it, a hidden name that is not there any more means that it was renamed, even
when somebody has already taken the file away. A plain rename never overwrites.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import BinaryIO

from connectors._sftp.folder import as_bytes, in_groups, path_of
from connectors._sftp.packets import POSIX_RENAME, Attributes, Code, Kind, Refused, on_path, renaming, replacing
from connectors._sftp.session import SMALL, Copied, Session, Task
from core.connecting import Departure, Despatch, Digest, Round
from core.errors import TransportError
from core.remote import DeliverFolder

_MOST_NUMBERS = 1_000
_RESUMED_FROM, _READ_AT_ONCE = 1 << 24, 1 << 20
"""Bytes that must lie there, so that it is worth while to go on behind them."""


def deliver(session: Session, folder: DeliverFolder, despatch: Despatch, unnamed: set[str]) -> Round:
    """One round. Raise TransportError when the place is away; files that are refused are told in the Round.

    ``unnamed`` are those of which the server has said that they did not get their names; kept from round to round.
    """
    done = Round()
    for group in in_groups(despatch.waiting(), lambda departure: departure.size):
        begun = [departure for departure in group if departure.uploaded_as]
        begun = [departure for departure in begun if _is_whole(session, folder, despatch, departure, unnamed)]
        new = _upload(session, folder, [departure for departure in group if not departure.uploaded_as], done)
        there = despatch.uploaded(new)
        ours = {departure.id for departure in there}
        unnamed |= ours
        gone = [departure for departure in new if departure.id not in ours]  # somebody has taken it back meanwhile
        session.together([_removing(path_of(folder.folder, as_bytes(departure.uploaded_as))) for departure in gone])
        order = {departure.id: number for number, departure in enumerate(group)}
        ready = sorted([*begun, *there], key=lambda departure: order[departure.id])
        stand = _show(session, folder, despatch, ready, unnamed, done)
        despatch.delivered(stand)
        done.moved += len(stand)
    return done


# ── uploading ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _upload(session: Session, folder: DeliverFolder, group: Sequence[Departure], done: Round) -> list[Departure]:
    """Write the content under hidden names; returns what lies there whole."""
    small = [departure for departure in group if departure.size <= SMALL]
    largest = max((departure.size for departure in small), default=0)
    storing = session.together([_storing(session, folder, departure) for departure in small], largest)
    copied = dict(zip([departure.id for departure in small], storing, strict=True))
    for departure in group:
        if departure.size > SMALL:
            copied[departure.id] = _stored_long(session, folder, departure)
    uploaded = []
    for departure in group:
        content = copied[departure.id]
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
    hidden = path_of(folder.folder, as_bytes(_hidden_name(departure)))
    return (yield from session.store_small(hidden, content, sync=folder.sync))


def _stored_long(session: Session, folder: DeliverFolder, departure: Departure) -> Copied | Refused | None:
    hidden = path_of(folder.folder, as_bytes(_hidden_name(departure)))
    try:
        with departure.path.open("rb") as source:
            lies_there = _lies_there(session, hidden, source, departure.size)
            return session.store_long(hidden, source, *lies_there, sync=folder.sync)
    except FileNotFoundError:
        return None
    except Refused as refused:
        return refused


def _lies_there(session: Session, hidden: bytes, source: BinaryIO, size: int) -> tuple[int, Digest]:
    """How much of a long file an upload that broke has left there, and its hash: read back, all else is no proof.

    A server that went down may have left anything there. Reading it is no dearer than to send it again, and on most
    lines much cheaper.
    """
    found = session.look(hidden)
    length = min(size, found.size or 0) if found is not None and found.is_file else 0
    digest = hashlib.sha256()
    if length < _RESUMED_FROM:
        return 0, digest
    for start in range(0, length, _READ_AT_ONCE):
        digest.update(source.read(min(_READ_AT_ONCE, length - start)))
    if session.digest(hidden, length) == digest.hexdigest():
        return length, digest
    source.seek(0)
    return 0, hashlib.sha256()


# ── showing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _is_whole(
    session: Session, folder: DeliverFolder, despatch: Despatch, departure: Departure, unnamed: set[str]
) -> bool:
    """What an earlier attempt has uploaded can be renamed; if only a part of it is left, it is uploaded again.

    If nothing is left, it was renamed and the answer got lost, unless we know better: then somebody has deleted it.
    """
    found = session.look(path_of(folder.folder, as_bytes(departure.uploaded_as)))
    if found is None and departure.id not in unnamed:
        return True
    if found is not None and found.size == departure.size:
        unnamed.add(departure.id)
        return True
    despatch.again(departure)
    return False


def _show(
    session: Session,
    folder: DeliverFolder,
    despatch: Despatch,
    ready: Sequence[Departure],
    unnamed: set[str],
    done: Round,
) -> list[Departure]:
    """Give the files their final names, in order; returns those that stand."""
    stand = []
    there = {departure.id for departure in ready if departure.id in unnamed}
    unnamed -= there  # until the server says what became of them
    for departure, became in zip(ready, session.together([_renaming(folder, one) for one in ready]), strict=True):
        if became == _TAKEN:
            result = _where_it_exists(session, folder, departure)
        elif became == _GONE and departure.id in there:
            despatch.again(departure)  # it lay there a moment ago, and nobody else knows this name
            result = Refused(Code.NO_SUCH_FILE, "what was uploaded has vanished before it got its name")
        elif became == _GONE:
            result = departure.name
            if session.look(path_of(folder.folder, as_bytes(departure.name))) is None:
                done.troubles[departure.name] = f"was uploaded to {folder.folder} before, and has been taken from there"
        else:
            result = became
        if isinstance(result, Refused):
            done.troubles[departure.name] = f"cannot get its name in {folder.folder}: {result}"
            unnamed.add(departure.id)
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
