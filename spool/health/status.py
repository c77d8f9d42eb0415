"""How is the site? One look at journal and folders, for people and for programs; needs no running daemon."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.company import Company
from core.cron import cron_trigger
from core.errors import CluedropError, TransportError
from core.readiness import FOLDERS_OF_SYSTEMS
from core.site import Site
from spool.archive.manifest import entry_folder
from spool.export_runs import Found, open_run
from spool.folders.reach import check_answers
from spool.inbox.intake import OWN_FOLDERS, REJECTED
from spool.instance import is_running
from spool.journal.store import Journal
from spool.journal.tables import Row
from spool.results.committing import PARKED
from spool.results.publishing import NOTE_ENDINGS

_SHOWN_DROPS = 20


@dataclass(frozen=True, slots=True)
class RouteStatus:
    """One route: what lies there and how it has fared."""

    name: str
    folder: str
    waiting: int
    """Files in the inbox that are not taken yet."""
    in_work: int
    held: int
    """Files that a person must release or discard."""
    unclear: int
    to_correct: int
    """Rejected files that nobody has taken away yet."""
    archived: int
    rejected: int
    duplicate: int
    discarded: int
    last_drop: str | None
    last_canary: str | None
    paused: str | None
    """Why it pauses; None when it does not."""


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """One target: how many files wait to be picked up."""

    name: str
    folder: str
    waiting: int


@dataclass(frozen=True, slots=True)
class RemoteStatus:
    """One place outside: whether it can be reached, and what has come and gone."""

    name: str
    connected: bool
    trouble: str | None
    next_try: str | None
    """When it is tried again; None when it works."""
    reached: str | None
    """When it has answered last."""
    collected: int
    delivered: int


@dataclass(frozen=True, slots=True)
class OpenRunStatus:
    """A run of the FIBU export that waits for its time."""

    run: str
    company: str
    documents: int
    gross: str
    """Sum of its documents."""
    since: str
    hand_over: str | None
    """When it is handed over; None where that is not laid down."""


@dataclass(frozen=True, slots=True)
class DropStatus:
    """One drop, in short."""

    id: str
    route: str
    name: str
    state: str
    at: str


@dataclass(frozen=True, slots=True)
class Status:
    """The whole site."""

    site: str
    running: bool
    routes: list[RouteStatus]
    targets: list[TargetStatus]
    attention: list[DropStatus]
    """Drops that wait for a person or for something else."""
    last: list[DropStatus]
    alerts: list[dict[str, str]] = field(default_factory=list)
    remote: list[RemoteStatus] = field(default_factory=list)
    open_runs: list[OpenRunStatus] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON types."""
        return asdict(self)


def status_of(site: Site, journal: Journal) -> Status:
    """Take one look. Times are local, ISO 8601."""
    zone = ZoneInfo(site.timezone)
    known = journal.routes()
    unfinished = journal.unfinished()
    states = Counter((row["route"], row["state"]) for row in unfinished)
    return Status(
        site.name,
        is_running(site.state),
        [_route(route.name, str(route.folder), known.get(route.name, {}), states, zone) for route in site.routes],
        [
            TargetStatus(target.name, str(target.folder), _visible(str(target.folder)))
            for target in site.targets.values()
        ],
        [drop_status(row, zone) for row in unfinished if row["state"] in PARKED | {"waiting"}],
        [drop_status(row, zone) for row in journal.latest(_SHOWN_DROPS)],
        [
            {
                "code": row["code"],
                "subject": row["subject"],
                "text": row["text"],
                "since": _moment(row["raised_at"], zone),
            }
            for row in journal.alerts()
        ],
        [_remote(place.name, journal.remote_places().get(place.name, {}), zone) for place in site.remote],
        [_open_run(found, company.export_at, zone) for company, found in _open_runs(site, journal)],
    )


def _open_runs(site: Site, journal: Journal) -> Iterator[tuple[Company, Found]]:
    for name, company in site.companies.items():
        found = open_run(journal, name)
        if found is not None:
            yield company, found


def _open_run(found: Found, export_at: str, zone: ZoneInfo) -> OpenRunStatus:
    run, due = found.run, None
    if export_at:
        due = cron_trigger(export_at, zone).get_next_fire_time(None, datetime.now(zone))
    since = run.opened_at.astimezone(zone).isoformat(timespec="seconds")
    due_text = due.isoformat(timespec="seconds") if due else None
    return OpenRunStatus(found.run_id, found.company, run.documents, str(run.gross), since, due_text)


def drop_status(row: Row, zone: ZoneInfo) -> DropStatus:
    """One journal row, in short."""
    return DropStatus(row["id"], row["route"], row["name"], row["state"], _moment(row["claimed_at"], zone))


def _route(name: str, folder: str, row: Row, states: Counter[tuple[str, str]], zone: ZoneInfo) -> RouteStatus:
    last, canary = row.get("last_drop_at"), row.get("canary_at")
    return RouteStatus(
        name,
        folder,
        _visible(folder),
        sum(number for (route, state), number in states.items() if route == name and state not in PARKED),
        states[name, "held"],
        states[name, "unclear"],
        _visible(f"{folder}/{REJECTED}"),
        row.get("archived", 0),
        row.get("rejected", 0),
        row.get("duplicate", 0),
        row.get("discarded", 0),
        _moment(last, zone) if last else None,
        _moment(canary, zone) if canary else None,
        row.get("pause_reason"),
    )


def _remote(name: str, row: Row, zone: ZoneInfo) -> RemoteStatus:
    next_try, reached = row.get("next_try_at"), row.get("reached_at")
    return RemoteStatus(
        name,
        row.get("connected", False),
        row.get("trouble"),
        _moment(next_try, zone) if next_try else None,
        _moment(reached, zone) if reached else None,
        row.get("collected", 0),
        row.get("delivered", 0),
    )


def _moment(milliseconds: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, tz=zone).isoformat(timespec="seconds")


def _visible(folder: str) -> int:
    """Files that people see in a folder, notes aside; none where it does not answer."""
    with suppress(OSError, TransportError):
        check_answers(folder)
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name not in OWN_FOLDERS | FOLDERS_OF_SYSTEMS]
            return sum(1 for name in names if not name.startswith(".") and not name.endswith(NOTE_ENDINGS))
    return 0


def drop_details(site: Site, journal: Journal, drop_id: str) -> dict[str, Any]:
    """All that is known of one drop. Raise CluedropError when there is none, or several begin like this."""
    row = journal.drop(drop_id)
    if row is None:
        raise CluedropError(f"there is no drop {drop_id}, or more than one begins like this")
    zone = ZoneInfo(site.timezone)
    folder = site.archive / entry_folder(datetime.fromtimestamp(row["claimed_at"] / 1000, tz=zone), row["id"])
    report = json.loads(row["report"]) if row["report"] else {"problems": [], "warnings": []}
    return {
        "id": row["id"],
        "route": row["route"],
        "name": row["name"],
        "state": row["state"],
        "size": row["size"],
        "sha256": row["sha256"],
        "claimed": _moment(row["claimed_at"], zone),
        "finished": _moment(row["finished_at"], zone) if row["finished_at"] else None,
        "archive": str(folder) if folder.is_dir() else None,
        "outputs": [
            {"target": output["target"], "name": output["name"], "size": output["size"], "sha256": output["sha256"]}
            for output in journal.outputs_of([row["id"]]).get(row["id"], ())
        ],
        **report,
    }
