"""The ways of a place outside into the house and out of it: one for each folder, with the memory of all of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.remote import CollectFolder, DeliverFolder, RemotePlace
from core.site import Site
from spool.folders.ownership import Ownership
from spool.journal.remote import RemoteMemory
from spool.remote.despatch import OutboxDespatch
from spool.remote.landing import InboxLanding
from spool.site_memory import SiteMemory


@dataclass(slots=True)
class Ways:
    """The ways of one place into the house and out of it, with their memory."""

    site: Site
    place: RemotePlace
    hint: Callable[[str, str], None]
    memory: RemoteMemory = field(init=False)
    landings: dict[CollectFolder, InboxLanding] = field(init=False)
    despatches: dict[DeliverFolder, OutboxDespatch] = field(init=False)
    moved: dict[str, int] = field(init=False)
    """Files "collected" and "delivered" ever."""
    reached_at: datetime | None = field(init=False)
    """When the place had answered last before these ways were opened."""

    def __post_init__(self) -> None:
        """Open the memory, in the thread that will use it."""
        site, place = self.site, self.place
        self.memory = RemoteMemory(site.journal_url, place.name)
        owner, ownership = SiteMemory(site.state).number()[:8], Ownership(site)
        routes = {route.name: route for route in site.routes}
        known = self.memory.state() or {}
        reached = known.get("reached_at")
        self.reached_at = None if reached is None else datetime.fromtimestamp(reached / 1000, UTC)
        self.moved = {what: known.get(what, 0) for what in ("collected", "delivered")}
        self.landings = {
            folder: InboxLanding(
                routes[folder.route],
                folder.folder,
                self.memory,
                ownership,
                owner,
                site.limits.free_bytes,
                self.hint,
            )
            for folder in place.collect
            if folder.route in routes  # one that is switched off takes nothing
        }
        self.despatches = {
            folder: OutboxDespatch(site.targets[folder.target], folder, self.memory, owner) for folder in place.deliver
        }
