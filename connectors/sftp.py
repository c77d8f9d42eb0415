"""Files come from SFTP servers and go to them: partners, shops, a CLUE on another server.

One connection a place, one SFTP session over it. ``_ssh_login`` reaches a server and proves who is who, ``_sftp_wire``
and ``_sftp_session`` speak SFTP, ``_sftp_collect`` and ``_sftp_deliver`` are the two verbs, ``_sftp_check`` tries a
place before it is used.
"""

from collections.abc import Iterator
from contextlib import suppress

from connectors._sftp.check import check_place
from connectors._sftp.collect import collect
from connectors._sftp.deliver import deliver
from connectors._sftp.folder import Collecting
from connectors._sftp.packets import Kind, Refused, on_path
from connectors._sftp.session import Session
from connectors._sftp.wire import Wire
from connectors._ssh.login import Entered, enter
from core.connecting import Despatch, Landing, Round
from core.remote import CollectFolder, DeliverFolder, RemotePlace


def connect(place: RemotePlace) -> "SftpConnection":
    """Reach a place and log in. Raise TransportError in words for an administrator, ConfigError for a wrong secret."""
    entered, flow = enter(place.access)
    try:
        wire = Wire(flow, place.access.answer_seconds)
    except BaseException:
        entered.close()
        raise
    return SftpConnection(entered, Session(wire, place.access.bytes_per_second))


def check(place: RemotePlace) -> Iterator[tuple[str, str | None]]:
    """Try login and every folder with a probe file; yields what was tried, and what is wrong with it."""
    yield from check_place(place, connect)


class SftpConnection:
    """An open connection to one place. Not thread-safe but for ``close``."""

    def __init__(self, entered: Entered, session: Session) -> None:
        self._entered = entered
        self.session = session
        self._collecting: dict[CollectFolder, Collecting] = {}
        self._unnamed: dict[DeliverFolder, set[str]] = {}

    def collect(self, folder: CollectFolder, landing: Landing) -> Round:
        """Bring every finished file of a folder outside into an inbox. Raise TransportError when the place is away."""
        return collect(self.session, self._collecting.setdefault(folder, Collecting(folder)), landing)

    def deliver(self, folder: DeliverFolder, despatch: Despatch) -> Round:
        """Take every file of an outbox outside. Raise TransportError when the place is away."""
        return deliver(self.session, folder, despatch, self._unnamed.setdefault(folder, set()))

    def probe(self) -> None:
        """Return when the place still answers: SSH's own keepalive asks, and does not count the answers."""
        with suppress(Refused):  # that is an answer too
            self.session.ask(on_path(Kind.REALPATH, b"."))

    def close(self) -> None:
        """End the connection, at once and from any thread."""
        self._entered.close()
