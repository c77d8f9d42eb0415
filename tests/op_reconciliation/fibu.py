"""A FIBU that is only simulated: it books, pays, sets off, takes back, and prints the lists that a clerk would export.

Amounts of bookings are what they take from the open amount, in the sign in which an invoice is positive.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from core.open_items import ClearingRow, OpenItemRow
from tests.op_reconciliation.lists import booking, invoice

PARTS = ("amount", "discount_amount", "write_off_amount", "fx_difference", "offset_amount")
PART_OF = {
    "payment": "amount",
    "reversal": "amount",
    "discount": "discount_amount",
    "write_off": "write_off_amount",
    "fx": "fx_difference",
    "credit_note": "offset_amount",
    "transfer": "offset_amount",
}
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Posted:
    """One booking on a document, beside its own."""

    day: date
    kind: str
    amount: Decimal
    contra: str = ""
    """Account against which it is booked, "" for the usual one of its kind."""
    hung_to: str = ""
    """Final invoice to which the FIBU has hung it, "" for none: its lists show it there."""
    hung_on: date = date.max


@dataclass
class Item:
    """One document in the books, or a payment on account."""

    number: str
    account: str
    ap: bool
    gross: Decimal
    day: date
    ours: bool = True
    """CLUE has exported it; the others were booked in the FIBU itself."""
    kind: str = "invoice"
    foreign: bool = False
    """It is in another currency, which some lists print; the books are in euro all the same."""
    posted: list[Posted] = field(default_factory=list)
    deleted: bool = False
    """Somebody has removed the open item by hand, without any booking."""
    joint: "Joint | None" = None
    """The clearing that settles it together with others."""
    before: int = 0
    """So many of its bookings are a part of that clearing."""
    undone: bool = False
    """A clearing that settled it was undone: lists may have told of it all the same."""

    def direct(self, day: date = date.max) -> list[Posted]:
        """Its own bookings up to a day."""
        return [posted for posted in self.posted if posted.day <= day]

    def open_on(self, day: date) -> Decimal:
        """What is really open."""
        joint = self.joint.shares[self.number] if self.joint and self.joint.day <= day else ZERO
        return self.gross - joint - sum((posted.amount for posted in self.direct(day)), ZERO)

    def truth(self, day: date) -> dict[str, Decimal]:
        """What was booked on it, by part; without its share of a clearing of which nobody can say what it consists."""
        sums = dict.fromkeys(PARTS, ZERO)
        for posted in self.direct(day):
            sums[PART_OF[posted.kind]] += posted.amount
        for name, amount in (self.joint.known.get(self.number, {}) if self.joint else {}).items():
            sums[name] += amount
        return sums

    def kinds(self) -> Counter[tuple[date, str, Decimal]]:
        """Its own bookings as a clearing list tells them: what takes back money is a reversal."""
        return Counter(
            (posted.day, "reversal" if posted.kind == "payment" and posted.amount * self.gross < 0 else posted.kind,
             posted.amount)
            for posted in self.posted
        )  # fmt: skip


@dataclass(frozen=True)
class Joint:
    """A clearing that settles several documents together."""

    number: str
    day: date
    extras: tuple[tuple[str, Decimal], ...]
    """Its bookings that stand under no document's number: kind and amount."""
    shares: Mapping[str, Decimal]
    """What it takes from each document, by number."""
    known: Mapping[str, Mapping[str, Decimal]]
    """What that is, by part, for the documents of which it can be known."""
    divided: bool
    """It leaves a rest, and nobody can say on which of several documents."""
    total: Mapping[str, Decimal]
    """What it takes from all of its documents together, by part; empty where it takes from others too, or is divided:
    then a list may contradict what was guessed of it, and a person is asked."""


@dataclass(frozen=True)
class _Side:
    """What stands in a clearing against what is on the other side."""

    part: str
    amount: Decimal
    item: Item | None = None


def _known(
    item: Item, sides: Sequence[_Side], rest: Decimal, shares: Mapping[str, Decimal]
) -> Mapping[str, Decimal] | None:
    """What settles a document, by part; None where nobody can say.

    Of several others nobody can say which settles which of several, nor which of several keeps a rest.
    """
    [own] = [side for side in sides if side.item is item]
    mine = [side for side in sides if side.amount * own.amount > 0]
    others = [side for side in sides if side.amount * own.amount < 0]
    rest_here = rest * own.amount > 0
    parts = {side.part for side in others}
    if len(mine) > 1 and rest_here:
        return None
    if len(others) == 1 or parts == {"offset_amount"}:
        return {parts.pop(): shares[item.number]}
    if len(mine) > 1 or (rest and not rest_here):
        return None
    sums = dict.fromkeys(parts, ZERO)
    for side in others:
        sums[side.part] -= side.amount
    return sums


_LOOKS: Mapping[str, Mapping[str, str]] = {
    "payment": {"counter_account": "2800", "symbol": "BK"},
    "discount": {"counter_account": "4400", "symbol": "BK"},
    "write_off": {"counter_account": "7800", "symbol": "SO"},
    "fx": {"counter_account": "4860", "symbol": "SO"},
    "credit_note": {"counter_account": "4000", "symbol": "GU"},
    "transfer": {"counter_account": "3999", "symbol": "UM"},
}
_AP_LOOKS: Mapping[str, Mapping[str, str]] = {
    **_LOOKS,
    "discount": {"counter_account": "5800", "symbol": "BK"},
    "credit_note": {"counter_account": "5000", "symbol": "EG"},
}


class Fibu:
    """All documents, and the lists of any day."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        """By number; those of others under a key of their own."""
        self._clearings = 0

    @property
    def ours(self) -> dict[str, Item]:
        """What CLUE has exported."""
        return {key: item for key, item in self.items.items() if item.ours}

    def open_items(
        self, day: date, without: frozenset[str] = frozenset(), *, foreign: bool = False
    ) -> tuple[OpenItemRow, ...]:
        """The list of open items of a day, perhaps without some accounts, perhaps in the documents' own currencies."""
        rows = []
        for item in self._in_order():
            left = self._shown_open(item, day)
            if left and not item.deleted and item.day <= day and item.account not in without:
                amount = -left if item.ap else left
                place, printed = len(rows) + 2, "EUR"
                if foreign and item.foreign:
                    amount, printed = amount * 2, "USD"
                rows.append(OpenItemRow(place, item.account, item.number, amount, item.day, None, "", printed, ""))
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
            replace(posted, hung_to=final, hung_on=day) if posted.kind == "payment" and not posted.hung_to else posted
            for posted in advance.posted
        ]

    def is_hung(self, item: Item) -> bool:
        """Whether a payment was hung away from the document, or to it."""
        others = (posted.hung_to for other in self.items.values() for posted in other.posted)
        return any(posted.hung_to for posted in item.posted) or item.number in others

    def settle_together(self, items: Sequence[Item], day: date, *extras: tuple[str, Decimal]) -> None:
        """Clear documents of one account, with bookings under no document's number; a rest stays on the last one."""
        sides = [
            _Side("offset_amount" if item.kind == "invoice" else "amount", item.open_on(day), item) for item in items
        ]
        sides += [_Side(PART_OF[kind], -amount) for kind, amount in extras]
        rest = sum((side.amount for side in sides), ZERO)
        keeps = next(
            (side.item for side in reversed(sides) if side.item and side.amount * rest >= rest * rest > 0), None
        )
        shares = {item.number: item.open_on(day) - (rest if item is keeps else ZERO) for item in items}
        known = {item.number: parts for item in items if (parts := _known(item, sides, rest, shares)) is not None}
        total = dict.fromkeys(PARTS, ZERO)
        for kind, amount in extras:
            total[PART_OF[kind]] += amount
        told = all(item.ours for item in items) and all(side.item or side.amount * rest <= 0 for side in sides)
        self._clearings += 1
        divided = sum(side.amount * rest > 0 for side in sides) > 1
        joint = Joint(f"Z{self._clearings}", day, extras, shares, known, divided, total if told and not divided else {})
        for item in items:
            item.joint, item.before = joint, len(item.posted)

    def undo(self, joint: Joint) -> None:
        """Undo a clearing: its documents are open again, and so is what was paid; other bookings of it are reversed."""
        [account, *_] = [item.account for item in self.items.values() if item.joint is joint]
        for item in self.items.values():
            if item.joint is joint:
                item.joint, item.before, item.undone = None, 0, True
        for kind, amount in joint.extras:
            if kind == "payment":
                number = f"X{len(self.items) + 1}"
                is_ap = account.startswith("3")
                self.items[number] = Item(number, account, is_ap, -amount, joint.day, ours=False, kind="payment")

    def clearings(
        self, day: date, since: date, accounts: frozenset[str], *, foreign: bool = False
    ) -> tuple[ClearingRow, ...]:
        """The clearing list: every booking on documents of these accounts from one day to another."""
        rows: list[ClearingRow] = []
        told: set[tuple[str, str]] = set()
        for item in self._in_order():
            if item.account not in accounts:
                continue
            joint = item.joint if item.joint and since <= item.joint.day <= day else None
            before, after = item.posted[: item.before], item.posted[item.before :]
            after = [posted for posted in after if since <= posted.day <= day]
            if joint:  # a clearing shows everything that it settles
                rows += self._rows_of(item, before, len(rows) + 2, joint.number)
                if (item.account, joint.number) not in told:
                    told.add((item.account, joint.number))
                    rows += self._extras(item, joint, len(rows) + 2)
            elif not item.joint or day < item.joint.day:
                after = [posted for posted in item.posted if since <= posted.day <= day]
            if after:
                rows += self._rows_of(item, after, len(rows) + 2, "", own=not item.joint or day < item.joint.day)
        return tuple(self._in_own_currency(row) for row in rows) if foreign else tuple(rows)

    def _in_own_currency(self, row: ClearingRow) -> ClearingRow:
        item = self.items.get(row.number)
        return (
            row._replace(amount=row.amount * 2, currency="USD")
            if item and item.foreign
            else row._replace(currency="EUR")
        )

    def _rows_of(
        self, item: Item, posted: Iterable[Posted], first: int, clearing: str, *, own: bool = True
    ) -> Iterator[ClearingRow]:
        sign = -1 if item.ap else 1
        looks = _AP_LOOKS if item.ap else _LOOKS
        common = {"account": item.account, "clearing_number": clearing}
        if own and item.kind == "payment":
            yield booking(item.number, str(sign * item.gross), item.day, first, **common, **looks["payment"])
        elif own:
            look = {"symbol": "ER", "counter_account": "5000"} if item.ap else {"symbol": "AR"}
            yield invoice(item.number, str(sign * item.gross), item.day, first, **common, **look)
        for place, one in enumerate(posted, first + own):
            look = {**looks[one.kind], **({"counter_account": one.contra} if one.contra else {})}
            number, earlier = (one.hung_to, item.number) if one.hung_to else (item.number, "")
            yield booking(number, str(-sign * one.amount), one.day, place, earlier_number=earlier, **common, **look)

    def _extras(self, item: Item, joint: Joint, first: int) -> Iterator[ClearingRow]:
        sign, looks = (1, _AP_LOOKS) if item.ap else (-1, _LOOKS)
        for place, (kind, amount) in enumerate(joint.extras, first):
            look: dict[str, Any] = {"account": item.account, "clearing_number": joint.number, **looks[kind]}
            yield booking(f"Z{joint.number}-{place}", str(sign * amount), joint.day, place, **look)

    def _in_order(self) -> list[Item]:
        return sorted(self.items.values(), key=lambda item: (item.account, item.number))
