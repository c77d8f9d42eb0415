"""Files of one outbox go to a folder outside: uploaded under a hidden name, looked at, renamed, then gone from here.

The hidden name is ours alone and the same at every attempt. So after a crash it tells how far we had come: once the
engine knows that all of a file lies under it, a hidden name that is not there any more means that it was renamed, even
when somebody has already taken the file away. A plain rename never overwrites.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from enum import Enum, auto
from pathlib import PurePath
from typing import BinaryIO

from connectors._sftp.files import SMALL, Copied, fetch_long, same_beginning, store_long, store_small
from connectors._sftp.folder import as_bytes, in_groups, path_of, removing
from connectors._sftp.packets import POSIX_RENAME, Answer, Attributes, Code, Kind, Refused, on_path, renaming, replacing
from connectors._sftp.session import Session, Task
from connectors._words import shown
from core.connecting import Departure, Despatch, Digest, Round
from core.remote import DeliverFolder

_MOST_NUMBERS = 1_000
_RESUMED_FROM = 1 << 24
"""Bytes that must lie there, so that it is worth while to go on behind them."""


class Met(Enum):
    """What stands in the way of a final name."""

    TAKEN = auto()
    """A file of this name."""
    RENAMED = auto()
    """The hidden name is there no more, the final one is."""
    VANISHED = auto()
    """Neither is there."""


def deliver(session: Session, folder: DeliverFolder, despatch: Despatch, unnamed: set[str]) -> Round:
    """One round. Raise TransportError when the place is away; files that are refused are told in the Round.

    ``unnamed`` are those of which the server has said that they did not get their names; kept from round to round.
    """
    done = Round()
    for group in in_groups(despatch.waiting(), lambda departure: departure.size):
        begun = _still_whole(session, folder, despatch, [one for one in group if one.uploaded_as], unnamed, done)
        new = _upload(session, folder, [departure for departure in group if not departure.uploaded_as], done)
        there = despatch.uploaded(new)
        ours = {departure.id for departure in there}
        unnamed |= ours
        gone = [departure for departure in new if departure.id not in ours]  # somebody has taken it back meanwhile
        session.together([removing(_hidden_path(folder, departure)) for departure in gone])
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
        content, name = copied[departure.id], _called(departure)
        if isinstance(content, Refused):
            done.troubles[name] = f"cannot be written to {folder.folder}: {content}"
        elif isinstance(content, OSError):
            done.troubles[name] = f"cannot be read here, in {departure.path.parent}: {content.strerror}"
        elif content is not None and content.size == departure.size:
            if content.seen is None:
                done.troubles[name] = f"has vanished from {folder.folder} as soon as it was written"
            elif content.seen.size is None:
                done.troubles[name] = f"may not lie whole in {folder.folder}: the server does not tell its size"
            elif content.seen.size != content.size:
                done.troubles[name] = f"does not lie whole in {folder.folder}; is the disk there full?"
            else:
                uploaded.append(replace(departure, uploaded_as=_hidden_name(departure), sha256=content.sha256))
    return uploaded


def _called(departure: Departure) -> str:
    return shown(as_bytes(departure.name))


def _hidden_name(departure: Departure) -> str:
    return f".cluedrop-{departure.id}.part"


def _hidden_path(folder: DeliverFolder, departure: Departure) -> bytes:
    return path_of(folder.folder, as_bytes(departure.uploaded_as or _hidden_name(departure)))


def _storing(session: Session, folder: DeliverFolder, departure: Departure) -> Task[Copied | Refused | OSError | None]:
    try:
        content = departure.path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        return error
    return (yield from store_small(session, _hidden_path(folder, departure), content, sync=folder.sync))


def _stored_long(session: Session, folder: DeliverFolder, departure: Departure) -> Copied | Refused | OSError | None:
    hidden = _hidden_path(folder, departure)
    try:
        with departure.path.open("rb") as source:
            done, digest = _lies_there(session, hidden, source, departure.size)
            if done:
                with suppress(Refused):  # not every server lets one go on
                    return store_long(session, hidden, source, done, digest, sync=folder.sync)
                source.seek(0)
            return store_long(session, hidden, source, sync=folder.sync)
    except FileNotFoundError:
        return None
    except (Refused, OSError) as error:
        return error


def _lies_there(session: Session, hidden: bytes, source: BinaryIO, size: int) -> tuple[int, Digest]:
    """How much of a long file an upload that broke has left there, and its hash: read back, all else is no proof.

    A server that went down may have left anything there. Reading it is no dearer than to send it again, and on most
    lines much cheaper.
    """
    found = session.look(hidden)
    length = min(size, found.size or 0) if found is not None and found.is_file else 0
    if length < _RESUMED_FROM:
        return 0, hashlib.sha256()
    alike, digest = same_beginning(session, hidden, length, source)
    if alike >= _RESUMED_FROM:
        return alike, digest
    source.seek(0)
    return 0, hashlib.sha256()


# ── showing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _still_whole(
    session: Session,
    folder: DeliverFolder,
    despatch: Despatch,
    begun: Sequence[Departure],
    unnamed: set[str],
    done: Round,
) -> list[Departure]:
    """What an earlier attempt has uploaded can be renamed; if only a part of it is left, it is uploaded again.

    If nothing is left, it was renamed and the answer got lost, unless we know better: then somebody has deleted it.
    """
    whole = []
    looks = session.together([_looking(_hidden_path(folder, departure)) for departure in begun])
    for departure, found in zip(begun, looks, strict=True):
        if isinstance(found, Refused) and found.code != Code.NO_SUCH_FILE:
            done.troubles[_called(departure)] = f"cannot be looked at in {folder.folder}: {found}"
        elif isinstance(found, Attributes) and found.size == departure.size:
            unnamed.add(departure.id)
            whole.append(departure)
        elif _is_missing(found) and departure.id not in unnamed:
            whole.append(departure)
        else:
            despatch.again(departure)
    return whole


def _looking(path: bytes) -> Task[Answer]:
    [looked] = yield [on_path(Kind.LSTAT, path)]
    return looked


def _is_missing(looked: Answer) -> bool:
    return isinstance(looked, Refused) and looked.code == Code.NO_SUCH_FILE


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
        result: str | Refused = departure.name
        match became:
            case Met.TAKEN:
                result = _where_it_exists(session, folder, departure)
            case Met.RENAMED | Met.VANISHED if departure.id in there:
                despatch.again(departure)  # it lay there a moment ago, and nobody else knows this name
                result = Refused(Code.NO_SUCH_FILE, "what was uploaded has vanished before it got its name")
            case Met.VANISHED:
                done.troubles[_called(departure)] = (
                    f"was uploaded to {folder.folder} before, and has been taken from there"
                )
            case Refused():
                result = became
        if isinstance(result, Refused):
            done.troubles[_called(departure)] = f"cannot get its name in {folder.folder}: {result}"
            unnamed.add(departure.id)
        else:
            stand.append(replace(departure, final=result))
    return stand


def _renaming(folder: DeliverFolder, departure: Departure) -> Task[Met | Refused | None]:
    """Rename, if nothing has the final name; None when that was done.

    It is looked for before, because there are servers that rename over what lies there, and again afterwards.
    """
    hidden, final = _hidden_path(folder, departure), path_of(folder.folder, as_bytes(departure.name))
    renamed: Answer = None
    looks = [on_path(Kind.LSTAT, hidden), on_path(Kind.LSTAT, final)]
    left, taken = yield looks
    if isinstance(left, Attributes) and not isinstance(taken, Attributes):
        [renamed] = yield [renaming(hidden, final)]
        if not isinstance(renamed, Refused):
            return None
        left, taken = yield looks
    if _is_missing(left):
        return Met.VANISHED if _is_missing(taken) else Met.RENAMED
    if isinstance(taken, Attributes):
        return Met.TAKEN
    said = [answer for answer in (renamed, left) if isinstance(answer, Refused)]
    return said[0] if said else Refused(Code.BAD_MESSAGE, "the server does not say what lies there")


def _where_it_exists(session: Session, folder: DeliverFolder, departure: Departure) -> str | Refused:
    """A file of this name lies there: ours from an attempt whose answer got lost, or one that is not picked up yet."""
    hidden = _hidden_path(folder, departure)
    final = path_of(folder.folder, as_bytes(departure.name))
    try:
        if _is_ours(session, final, departure):
            session.together([removing(hidden)])
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
    copied = fetch_long(session, final, departure.size, lambda _piece: None)
    return (copied.size, copied.sha256) == (departure.size, departure.sha256)


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
        if _is_ours(session, path, departure):  # of an attempt that was said to have failed
            session.together([removing(hidden)])
            return name
    raise Refused(Code.FAILURE, f"more than {_MOST_NUMBERS} files of this name lie there")
