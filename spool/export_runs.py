"""The runs of the FIBU export: which there are, what is in them, and the orders that are given for them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from core.errors import CluedropError
from core.fibu.export_run import EXPORTED, OPEN_RUN, RUN, ExportRun, order_message
from core.site import Site
from spool.journal.store import Journal
from spool.journal.tables import ledger
from spool.verbs.orders import Order


@dataclass(frozen=True, slots=True)
class Found:
    """A run with its company and id."""

    company: str
    run_id: str
    run: ExportRun


def all_runs(journal: Journal, companies: Iterable[str]) -> Iterator[Found]:
    """Every run of these companies, the oldest of a company first."""
    for company in companies:
        rows = select(ledger.c.key, ledger.c.body).where(ledger.c.company == company, ledger.c.kind == RUN)
        for row in journal.stream(rows.order_by(ledger.c.key)):
            yield Found(company, row["key"], ExportRun.model_validate_json(row["body"]))


def open_run(journal: Journal, company: str) -> Found | None:
    """The run of a company that takes up documents now."""
    marks = select(ledger.c.body).where(
        ledger.c.company == company, ledger.c.kind == OPEN_RUN, ledger.c.key == OPEN_RUN
    )
    for mark in journal.stream(marks):
        run_id = json.loads(mark["body"])["run"]
        rows = select(ledger.c.body).where(ledger.c.company == company, ledger.c.kind == RUN, ledger.c.key == run_id)
        for row in journal.stream(rows):
            return Found(company, run_id, ExportRun.model_validate_json(row["body"]))
    return None


def find_run(journal: Journal, site: Site, beginning: str) -> Found:
    """The one run whose id begins so. Raise CluedropError where there is none, or more than one."""
    matching = [found for found in all_runs(journal, site.companies) if found.run_id.startswith(beginning)]
    if len(matching) != 1:
        raise CluedropError(f"there is no run {beginning}, or more than one begins like this")
    return matching[0]


def documents_of(journal: Journal, found: Found) -> list[Mapping[str, Any]]:
    """What is remembered of the documents of a run, in order of their keys; nothing once it is taken back."""
    rows = select(ledger.c.body).where(
        ledger.c.company == found.company, ledger.c.kind == EXPORTED, ledger.c.group == found.run_id
    )
    return [json.loads(row["body"]) for row in journal.stream(rows.order_by(ledger.c.key))]


def drops_of(journal: Journal, found: Found) -> list[str]:
    """Ids of the drops that the documents of a run came with, in their order."""
    rows = (
        select(ledger.c.drop_id)
        .distinct()
        .where(ledger.c.company == found.company, ledger.c.kind == EXPORTED, ledger.c.group == found.run_id)
    )
    return sorted(row["drop_id"] for row in journal.stream(rows))


def write_order(found: Found, at: datetime) -> Order:
    """The order to write an open run."""
    content = order_message({"action": "write", "run": found.run_id}, found.company, at)
    return Order(f"fibu-uebergabe-{found.company}-{at:%Y%m%d-%H%M%S}.json", content.decode())


def take_back_order(found: Found, at: datetime, reason: str, *, even_if_booked: bool) -> Order:
    """The order to take a run back."""
    order = {"action": "take_back", "run": found.run_id, "even_if_booked": even_if_booked}
    content = order_message(order | ({"reason": reason} if reason else {}), found.company, at)
    return Order(f"fibu-ruecknahme-{found.company}-{at:%Y%m%d-%H%M%S}.json", content.decode())
