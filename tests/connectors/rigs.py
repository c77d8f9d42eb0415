"""One place outside with real memory and real folders, driven round by round, without an engine."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from connectors import sftp
from connectors.sftp import SftpConnection
from core.connecting import Arrival, Departure, Round
from core.remote import CollectFolder, DeliverFolder, RemotePlace
from spool.folders.ownership import Ownership
from spool.journal.database import upgrade
from spool.journal.remote import RemoteMemory
from spool.remote.despatch import OutboxDespatch
from spool.remote.drafts import Draft
from spool.remote.landing import InboxLanding
from spool.site_memory import SiteMemory
from tests.sftp_servers import SftpServer
from tests.sites import a_site, visible

OWN = {"rejected", "held", "notes"}


class Meddled(InboxLanding):
    """A landing beside which something happens outside at a certain moment."""

    meddle: Callable[[], object] = staticmethod(lambda: None)

    def draft(self, arrival: Arrival) -> Draft:
        opened = super().draft(arrival)
        self.meddle()
        return opened


class MeddledDespatch(OutboxDespatch):
    """A despatch beside which something happens just before the files get their names."""

    meddle: Callable[[], object] = staticmethod(lambda: None)

    def uploaded(self, departures: Iterable[Departure]) -> list[Departure]:
        self.meddle()
        return list(super().uploaded(list(departures)))


class Rig:
    """One site and its way to and from one server. Its folder outside is ``out`` to collect, ``in`` to deliver."""

    def __init__(self, root: Path, server: SftpServer, **collect: object) -> None:
        self.server = server
        self.outside = server.folder("out")
        self.inside = server.folder("in")
        self.site = a_site(root)
        for folder in (self.site.state, self.inbox, self.outbox):
            folder.mkdir(parents=True, exist_ok=True)
        upgrade(self.site.journal_url)
        values: dict[str, object] = {"folder": str(self.outside), "route": "in", "settle_seconds": 0.0}
        self.collecting = CollectFolder(**{**values, **collect})  # type: ignore[arg-type]
        self.delivering = DeliverFolder(str(self.inside), "out")
        self.place = RemotePlace("partner", "sftp", server.access(), (self.collecting,), (self.delivering,))
        self.hinted: list[str] = []
        self.open()

    def open(self) -> None:
        """Begin, or begin anew as after a restart."""
        self.memory = RemoteMemory(self.site.journal_url, "partner")
        self.owner = SiteMemory(self.site.state).number()[:8]
        self.landing = Meddled(
            self.site.routes[0],
            self.collecting.folder,
            self.memory,
            Ownership(self.site),
            self.owner,
            0,
            lambda _folder, name: self.hinted.append(name),
        )
        self.despatch = MeddledDespatch(self.site.targets["out"], self.delivering, self.memory, self.owner)
        self.connection: SftpConnection = sftp.connect(self.place)

    def restart(self) -> None:
        self.close()
        self.open()

    def close(self) -> None:
        self.connection.close()
        self.memory.close()

    def deliver_with(self, **more: object) -> None:
        self.delivering = replace(self.delivering, **more)  # type: ignore[arg-type]
        self.restart()

    # ── rounds ───────────────────────────────────────────────────────────────────────────────────────────────────

    def collect(self) -> Round:
        self.landing.prepare()
        return self.connection.collect(self.collecting, self.landing)

    def deliver(self) -> Round:
        return self.connection.deliver(self.delivering, self.despatch)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def inbox(self) -> Path:
        return self.site.routes[0].folder

    @property
    def outbox(self) -> Path:
        return self.site.targets["out"].folder

    def lay(self, name: str, content: bytes = b"content\n") -> Path:
        return self.server.lay(self.outside / name, content)

    def publish(self, name: str, content: bytes = b"content\n") -> Path:
        path = self.outbox / name
        path.write_bytes(content)
        return path

    def came(self) -> dict[str, bytes]:
        return {name: (self.inbox / name).read_bytes() for name in visible(self.inbox) - OWN}

    def stands(self) -> dict[str, bytes]:
        return {name: (self.inside / name).read_bytes() for name in visible(self.inside)}

    def left(self) -> set[str]:
        """Everything that lies in the folder outside, hidden names too."""
        return {path.name for path in self.outside.iterdir()}

    def drafts(self) -> list[str]:
        return [path.name for path in (self.inbox / ".arriving").iterdir() if path.name != ".owner"]


def after(seconds: float, act: Callable[[], object]) -> threading.Timer:
    """Let something happen a little later."""
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
    return timer
