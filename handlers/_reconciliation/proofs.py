"""What bookings of a clearing list prove of one document, beside what was concluded from lists of open items before.

A booking is counted once, whatever list shows it again. What was only concluded is taken back as far as it is proved
now, so that CLUE has each payment once; only what goes beyond it changes the open amount.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from core.contracts import Entry
from core.documents import Record
from core.money import ZERO
from handlers._reconciliation.changes import Change, Changes, overlap
from handlers._reconciliation.kinds import Kind
from handlers._reconciliation.payments import Evidence, Parts, mark_taken_back

_PART_OF: Mapping[Kind, str] = {
    "payment": "amount",
    "reversal": "amount",
    "discount": "discount_amount",
    "write_off": "write_off_amount",
    "fx": "fx_difference",
}
"""Everything else is settled against another document."""


class Item(NamedTuple):
    """What one booking takes from the open amount of a document."""

    kind: Kind
    day: date
    day_known: bool
    """False: the list prints no day of the booking."""
    amount: Decimal
    """In the sign of the document."""
    row: int
    clearing: str
    guessed: bool
    """Its kind, or its share of a booking that settles several documents, is only a guess."""


def not_counted(items: Sequence[Item], document: Mapping[str, Any]) -> list[Item]:
    """The bookings that no list has shown yet. Day and amount count; kind and clearing only tell two apart."""
    known = [
        (seen["day"], Decimal(seen["amount"]), seen["kind"], seen["clearing"]) for seen in document.get("bookings", ())
    ]
    new = sorted(items, key=lambda item: not item.clearing)
    for alike in (3, 2, 1, 0) if known else ():  # another list may say less of the booking, or guess another kind
        new = [item for item in new if not _take(item, known, alike)]
    return new


def _take(item: Item, known: list[tuple[str, Decimal, str, str]], alike: int) -> bool:
    """Take a booking out of those that are known; ``alike``: how far kind and clearing must agree."""
    for seen in known:
        day, amount, kind, clearing = seen
        if (day, amount) != (item.day.isoformat(), item.amount) or (clearing and item.clearing not in {"", clearing}):
            continue
        if 2 * (kind == item.kind) + (clearing == item.clearing) >= alike:
            known.remove(seen)
            return True
    return False


def cleared_again(new: Sequence[Item], items: Sequence[Item], document: Mapping[str, Any]) -> list[Item]:
    """New bookings of a day and amount that an earlier list has shown in a clearing which this list (``items``) lacks.

    That clearing was probably undone and made anew under another number; else they are second ones of day and amount.
    """
    shown = {"", *(item.clearing for item in items)}
    gone = Counter(
        (seen["day"], Decimal(seen["amount"])) for seen in document.get("bookings", ()) if seen["clearing"] not in shown
    )
    found = []
    for item in new:
        seen = item.day.isoformat(), item.amount
        if item.clearing and gone[seen]:
            gone[seen] -= 1
            found.append(item)
    return found


class Proof:
    """The new bookings of one document, and what follows from them."""

    def __init__(
        self,
        entry: Entry,
        new: Sequence[Item],
        residual: Decimal | None,
        changes: Changes,
        key_date: date,
        again: Sequence[Item] = (),
    ) -> None:
        """``residual``: what the list itself leaves open, None where it does not show the document's own booking.

        ``again``: those of the new bookings that were probably cleared before (``cleared_again``).
        """
        self._entry = entry
        self._new = sorted(new, key=lambda item: (*_told_together(item), item.row))
        # A document stands in one clearing: where the list shows it there, the other clearing is no more.
        self._again = frozenset(again) if residual is not None else frozenset()
        self._changes = changes
        self._key_date = key_date
        self.body = dict(entry.body)
        self._before = Decimal(self.body["amount_open"])
        self._live = [
            told for told in self.body.get("told", ()) if told["source"] == "op_diff" and not told["taken_back"]
        ]
        self._sign = 1 if Decimal(self.body["gross"]) > 0 else -1
        self._concluded = sum((Parts.of(told).total for told in self._live), ZERO)
        self._told = [self._less_register(item) for item in self._new]
        """Each booking with what of it CLUE does not know from the register."""
        self._kept = self._still_concluded()
        self.after = self._open_after()
        """What is open after everything."""
        not_overpaid = residual is not None and residual * self._sign >= 0
        if not_overpaid and self.after * self._sign < 0 and self._kept:
            self._kept = ZERO  # the list knows better than what was concluded
            self.after = self._open_after()
        self.contradicts = not_overpaid and self.after * self._sign < 0
        """The bookings settle more than there is, and the list says that they do not."""

    def _less_register(self, item: Item) -> tuple[Item, Decimal, Decimal]:
        """A booking, what of it is news for CLUE, and what of it is news for the open amount."""
        if item.kind not in {"payment", "reversal"}:
            return item, item.amount, item.amount
        shown = overlap(item.amount, Decimal(self.body.get("register_seen") or 0))
        known = overlap(item.amount - shown, Decimal(self.body.get("known_paid") or 0))
        if shown:
            self.body["register_seen"] = str(Decimal(self.body["register_seen"]) - shown)
        if known:
            self.body["known_paid"] = str(Decimal(self.body["known_paid"]) - known)
        return item, item.amount - shown - known, item.amount - shown

    def _open_after(self) -> Decimal:
        taken = sum((taken for _, _, taken in self._told), ZERO)
        return self._before - taken - self._kept + self._concluded

    def _still_concluded(self) -> Decimal:
        """What stays concluded: the part of it that these bookings do not prove.

        A booking after the last list that changed the document is news where it takes back money, or where nothing
        was concluded that it could prove. So is one that is cleared again after a list has shown the document as open.
        """
        sign = self._sign
        concluded = self._concluded * sign
        last = self.body.get("last_key_date") or ""
        proved = ZERO
        for item, _, taken in self._told:
            is_news = item.day.isoformat() > last and (taken * sign < 0 or concluded <= 0)
            is_news = is_news or (item in self._again and taken * concluded * sign < 0)
            proved += ZERO if is_news else taken * sign
        if not proved or not concluded:
            return self._concluded
        rest = concluded - proved
        return sign * (max(rest, ZERO) if concluded > 0 else min(rest, ZERO))

    def tell(self) -> Change:
        """Tell CLUE, and remember what was counted."""
        status = self._changes.status(Decimal(self.body["gross"]), self.after)
        outcome = (status, self.after)
        teller, records = self._changes.teller, list[Record]()
        if self._kept != self._concluded:
            records += [self._take_back(told, outcome) for told in self._live]
        taken_back = len(records)
        for _, group in groupby(self._told, key=lambda told: _told_together(told[0])):
            told = list(group)
            parts = _parts([(item, news) for item, news, _ in told])
            if any(parts):
                first = told[0][0]
                evidence = Evidence("clearing", first.day, first.row, first.guessed, not first.day_known)
                payment_id = teller.proof_id(self.body, first.clearing, first.day)
                reversed_one = self._reversed(parts) if first.kind == "reversal" else ""
                records.append(teller.tell(self.body, payment_id, parts, evidence, outcome, reversed_one))
        if self._kept and self._kept != self._concluded:
            evidence = Evidence("op_diff", self._key_date, None, inferred=True, date_inferred=True)
            payment_id = f"{teller.prefix(self.body)}:{self._key_date.isoformat()}:{self._kept}"
            records.append(teller.tell(self.body, payment_id, Parts(self._kept), evidence, outcome))
        seen = [
            {"kind": item.kind, "day": item.day.isoformat(), "amount": str(item.amount), "clearing": item.clearing}
            for item in self._new
        ]
        self.body["bookings"] = [*self.body.get("bookings", ()), *seen]
        self._changes.proved(self._entry, self.body, records, self.after)
        money = sum((record.data.amount for record in records), ZERO)
        other = self._before - self.after - money
        concluded = any(record.data.inferred for record in records[taken_back:])
        return Change(status, self._before, self.after, money, other, concluded)

    def _take_back(self, told: Mapping[str, Any], outcome: tuple[Any, Decimal]) -> Record:
        """The opposite of what was concluded before."""
        evidence = Evidence("clearing", date.fromisoformat(told["day"]), None, inferred=True, date_inferred=True)
        parts, name = Parts.of(told).turned(), str(told["id"])
        record = self._changes.teller.tell(self.body, f"{name}:back", parts, evidence, outcome, name)
        mark_taken_back(self.body, {name, record.id})
        return record

    def _reversed(self, parts: Parts) -> str:
        """Id of the last proved payment of exactly the opposite amount, "" where there is none; it is marked."""
        wanted = parts.turned()
        found = (told for told in reversed(self.body.get("told", ())) if told["source"] == "clearing")
        name = next((str(told["id"]) for told in found if not told["taken_back"] and Parts.of(told) == wanted), "")
        mark_taken_back(self.body, {name})
        return name


def _told_together(item: Item) -> tuple[date, str, bool, bool]:
    """Bookings that make one payment: of one day and clearing; what was taken back, or guessed, stands for itself."""
    return item.day, item.clearing, item.kind == "reversal", item.guessed


def _parts(items: Sequence[tuple[Item, Decimal]]) -> Parts:
    amounts = dict.fromkeys(Parts._fields, ZERO)
    for item, news in items:
        amounts[_PART_OF.get(item.kind, "offset_amount")] += news
    return Parts(**amounts)
