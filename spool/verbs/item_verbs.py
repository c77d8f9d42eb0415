"""Deciding about single documents of a held list from the command line: the same small table that a clerk may drop."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from core.errors import CluedropError
from core.op_decisions import Verdict, decision_table
from core.site import Site
from spool.journal.store import Journal
from spool.verbs.asking import give
from spool.verbs.orders import Order

_FORMAT = "op_decisions"


def decide_items(site: Site, journal: Journal, drop_id: str, items: Sequence[str], verdict: Verdict) -> bool:
    """Decide about documents of a held list, each "account/number", and print what became of it; False when refused.

    Raises CluedropError for a drop that is not held, a route that takes no decisions, and an item without account.
    """
    row = journal.drop(drop_id)
    if row is None:
        raise CluedropError(f"there is no drop {drop_id}, or more than one begins like this")
    if row["state"] != "held":
        raise CluedropError(f"the drop is {row['state']}, so there is nothing to decide about it")
    route = next((route for route in site.routes if route.name == row["route"]), None)
    if route is None or _FORMAT not in route.formats:
        raise CluedropError(f'route {row["route"]} takes no decisions; add "{_FORMAT}" to its formats')
    documents = [_document(item) for item in items]
    moment = datetime.now(ZoneInfo(site.timezone))
    order = Order(f"entscheidung-{moment:%Y%m%d-%H%M%S}.csv", decision_table(documents, verdict))
    return give(site, journal, row["id"], order)


def _document(item: str) -> tuple[str, str]:
    account, _, number = item.partition("/")
    if not account.isdecimal() or not number.strip():
        raise CluedropError(f"{item} is no document; write ACCOUNT/NUMBER, for example 200001/2026-17")
    return account, number.strip()
