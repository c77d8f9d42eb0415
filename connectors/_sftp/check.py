"""Does a place work? Logs in and tries every folder with a probe file, the way the two verbs will use it."""

import secrets
from collections.abc import Callable, Iterator
from typing import Protocol

from connectors._sftp.folder import path_of
from connectors._sftp.packets import Code, Kind, Refused, Request, making_folder, on_path, renaming
from connectors._sftp.session import Session
from core.errors import ConfigError, TransportError
from core.remote import CollectFolder, DeliverFolder, RemotePlace


class Opened(Protocol):
    """An open connection, as far as a check needs it."""

    session: Session

    def close(self) -> None:
        """End it."""


def check_place(place: RemotePlace, connect: Callable[[RemotePlace], Opened]) -> Iterator[tuple[str, str | None]]:
    """Yields what was tried, and what is wrong with it; probe files are removed again."""
    login = place.access.login
    subject = f"sftp {place.name} ({login.user}@{login.host}:{login.port})"
    try:
        opened = connect(place)
    except (TransportError, ConfigError) as error:
        yield subject, str(error)
        return
    yield subject, None
    try:
        for collected in place.collect:
            yield f"{subject}, collect from {collected.folder}", _trouble(opened.session, _collecting, collected)
        for delivered in place.deliver:
            yield f"{subject}, deliver to {delivered.folder}", _trouble(opened.session, _delivering, delivered)
    finally:
        opened.close()


def _trouble(session: Session, tried: Callable[..., str | None], folder: CollectFolder | DeliverFolder) -> str | None:
    try:
        found = session.look(path_of(folder.folder))
        if found is None:
            return "this folder is not there"
        return tried(session, folder)
    except Refused as refused:
        return f"the server refuses to look at it: {refused}"
    except TransportError as error:
        return str(error)


def _collecting(session: Session, folder: CollectFolder) -> str | None:
    for _ in session.listing(path_of(folder.folder)):
        break
    if folder.after == "keep":
        return None
    trouble = _probe(session, folder.folder, folder.folder)
    if trouble is not None:
        return f'{trouble}. Files would be fetched, but stay there; if that is meant: after = "keep"'
    if folder.after == "move":
        _ask(session, making_folder(path_of(folder.move_to)))  # it is there already, as a rule
        return _probe(session, folder.folder, folder.move_to)
    return None


def _delivering(session: Session, folder: DeliverFolder) -> str | None:
    return _probe(session, folder.folder, folder.folder)


def _probe(session: Session, here: str, there: str) -> str | None:
    """Write a file, rename it as a claim or a delivery is, and remove it; says what cannot be done."""
    mark = secrets.token_hex(6)
    written = path_of(here, f".cluedrop-probe-{mark}.part".encode())
    renamed = path_of(there, f".cluedrop-probe-{mark}".encode())
    [stored] = session.together([session.store_small(written, b"probe", sync=False)])
    if isinstance(stored, Refused):
        return f"no file can be written in {here}: {_why(stored)}"
    if stored.seen is None or stored.seen.size != len(b"probe"):
        _ask(session, on_path(Kind.REMOVE, written))
        return f"what is written in {here} does not lie there whole; is the disk there full?"
    refused = _ask(session, renaming(written, renamed))
    if refused is not None:
        left = _ask(session, on_path(Kind.REMOVE, written))
        also = " nor deleted" if left is not None else ""
        return f"files cannot be renamed{also} in {here}: {_why(refused)}"
    refused = _ask(session, on_path(Kind.REMOVE, renamed))
    if refused is not None:
        return f"files cannot be deleted in {there} ({_why(refused)}); our probe {renamed.decode()} is left there"
    return None


def _ask(session: Session, request: Request) -> Refused | None:
    try:
        session.ask(request)
    except Refused as refused:
        return refused
    return None


def _why(refused: Refused) -> str:
    return "no right to" if refused.code == Code.DENIED else str(refused)
