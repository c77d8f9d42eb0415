"""A FIBU that is only simulated: it books, pays, takes back, and prints the lists that a clerk would export."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from core.open_items import ClearingRow, OpenItemRow
from tests.op_reconciliation.lists import booking, invoice

PARTS = ("amount", "discount_amount", "write_off_amount", "fx_difference", "offset_amount")


@dataclass(frozen=True)
class Posted:
    """One booking on a document, beside its own."""

    day: date
    part: str
    amount: Decimal
    """What it takes from the open amount, in the sign of the document."""
    hung_to: str = ""
    """Final invoice to which the FIBU has hung it, "" for none: its lists show it there."""
    hung_on: date = date.max
    joint: bool = False
    """Its share of one payment that settles several documents."""


@dataclass
class Item:
    """One document in the books."""

    number: str
    account: str
    ap: bool
    gross: Decimal
    day: date
    posted: list[Posted] = field(default_factory=list)
    deleted: bool = False
    """Somebody has removed the open item by hand, without any booking."""
    clearing: str = ""
    """Number of the clearing that settles it together with others; nothing is booked on it after that."""

    def open_on(self, day: date) -> Decimal:
        """What is really open."""
        return self.gross - sum((posted.amount for posted in self.posted if posted.day <= day), Decimal(0))

    def truth(self, day: date) -> dict[str, Decimal]:
        sums = dict.fromkeys(PARTS, Decimal("0.00"))
        for posted in self.posted:
            sums[posted.part] += posted.amount if posted.day <= day else 0
        return sums

    def bookings(self) -> Counter[tuple[date, Decimal]]:
        return Counter((posted.day, posted.amount) for posted in self.posted)


_ACCOUNTS = {
    "amount": "2800",
    "discount_amount": "4400",
    "write_off_amount": "7800",
    "fx_difference": "4860",
    "offset_amount": "4000",
}
_SYMBOLS = {"offset_amount": "GU"}


class Fibu:
    """All documents, and the lists of any day."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}

    def open_items(self, day: date, without: frozenset[str] = frozenset()) -> tuple[OpenItemRow, ...]:
        """The list of open items of a day, perhaps without some accounts."""
        rows = []
        for item in self._in_order():
            left = self._shown_open(item, day)
            if left and not item.deleted and item.day <= day and item.account not in without:
                amount = -left if item.ap else left
                rows.append(
                    OpenItemRow(len(rows) + 2, item.account, item.number, amount, item.day, None, "", "EUR", "")
                )
        return tuple(rows)

    def _shown_open(self, item: Item, day: date) -> Decimal:
        """What the lists show as open: payments of an advance may have been hung to its final invoice."""
        left = item.open_on(day)
        for other in self.items.values():
            for posted in other.posted:
                if posted.hung_on <= day and other is item:
                    left += posted.amount
                elif posted.hung_on <= day and posted.hung_to == item.number:
                    left -= posted.amount
        return left

    def hang(self, advance: Item, final: str, day: date) -> None:
        """Hang the payments of an advance to its final invoice: nobody has paid anything."""
        advance.posted = [
            replace(posted, hung_to=final, hung_on=day) if posted.part == "amount" and not posted.hung_to else posted
            for posted in advance.posted
        ]

    def pay_together(self, items: Sequence[Item], day: date) -> None:
        """Settle several documents of an account with one payment."""
        clearing = f"Z{len({item.clearing for item in self.items.values()})}"
        for item in items:
            item.posted.append(Posted(day, "amount", item.open_on(day), joint=True))
            item.clearing = clearing

    def is_hung(self, item: Item) -> bool:
        """Whether a payment was hung away from the document, or to it."""
        others = (posted.hung_to for other in self.items.values() for posted in other.posted)
        return any(posted.hung_to for posted in item.posted) or item.number in others

    def clearings(self, day: date, since: date, accounts: frozenset[str]) -> tuple[ClearingRow, ...]:
        """The clearing list: every booking on documents of these accounts from one day to another."""
        rows: list[ClearingRow] = []
        joint: dict[tuple[str, str], ClearingRow] = {}
        for item in self._in_order():
            posted = [posted for posted in item.posted if since <= posted.day <= day]
            if not posted or item.account not in accounts:
                continue
            last = posted[-1]
            if last.joint:  # a clearing shows everything that it settles
                posted = item.posted[:-1]
                sign = 1 if item.ap else -1
                row = joint.get((item.account, item.clearing))
                amount = sign * last.amount + (row.amount if row else 0)
                given = {"account": item.account, "clearing_number": item.clearing}
                joint[item.account, item.clearing] = booking(item.clearing, str(amount), last.day, **given)
            rows += self._rows_of(item, posted, len(rows) + 2, item.clearing if last.joint else "")
        rows += [row._replace(row=place) for place, row in enumerate(joint.values(), len(rows) + 2)]
        return tuple(rows)

    def _rows_of(self, item: Item, posted: list[Posted], first: int, clearing: str) -> Iterator[ClearingRow]:
        sign = -1 if item.ap else 1
        own = {"account": item.account, "symbol": "ER" if item.ap else "AR", "clearing_number": clearing}
        yield invoice(item.number, str(sign * item.gross), item.day, first, **own)
        for place, one in enumerate(posted, first + 1):
            changed = {"account": item.account, "counter_account": _ACCOUNTS[one.part], "symbol": "BK"}
            changed["clearing_number"] = clearing
            if one.part in _SYMBOLS:
                changed["symbol"] = _SYMBOLS[one.part]
            number, earlier = (one.hung_to, item.number) if one.hung_to else (item.number, "")
            yield booking(number, str(-sign * one.amount), one.day, place, earlier_number=earlier, **changed)

    def _in_order(self) -> list[Item]:
        return sorted(self.items.values(), key=lambda item: (item.account, item.number))
