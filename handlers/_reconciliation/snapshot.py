"""A list of open items against what was open before (facts/domain.md 3.2, "From successive OP lists")."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from core.batch import Batch
from core.contracts import CompanyLedger, Effect, Entry
from core.errors import Problem, RuleError
from core.money import ZERO, cents
from core.open_items import OpenItemRow
from handlers._reconciliation import notices
from handlers._reconciliation.changes import Changes
from handlers._reconciliation.disappeared import SHOWN
from handlers._reconciliation.doubts import is_implausible, strange
from handlers._reconciliation.findings import Findings
from handlers._reconciliation.key_set import KeySet
from handlers._reconciliation.matching import by_number_alone, matched

_CHUNK = 1000
_MOST_LATE = 20_000
"""So many rows are looked at once more at the end of the list."""


class Late(NamedTuple):
    """A row that can be judged only when the whole list is known."""

    row: OpenItemRow
    entry: Entry
    amount: Decimal
    """In the sign of the document."""


class Snapshot:
    """One list while it is compared: ``compare`` first, then what it found is judged by others."""

    def __init__(
        self, batch: Batch, key_date: date, ledger: CompanyLedger, changes: Changes, findings: Findings
    ) -> None:
        self._batch = batch
        self._key_text = key_date.isoformat()
        self._ledger = ledger
        self._changes = changes
        self._findings = findings
        self._unmatched: list[OpenItemRow] = []
        self.rows = self.matched = 0
        self.implausible = 0
        """Rows with an amount that the document can hardly have."""
        self.implausible_shown: list[Problem] = []
        """The first of them, for the note."""
        self.present = KeySet()
        """Documents that the list holds."""
        self.elsewhere: set[str] = set()
        """Documents that stand in the list on another account."""
        self.unplaced = KeySet()
        """Rows that belong to no document, by ``place``."""
        self.finals: dict[str, Late] = {}
        """Final invoices of which less is open than before, by key."""
        self.grown: dict[str, Late] = {}
        """Documents of which more is open than before, by key."""

    def compare(self) -> Iterator[Effect]:
        """What follows from the rows alone. Raises RuleError for a list that names a document twice."""
        for rows in _chunks(self._batch.documents):
            yield from self._compare(rows)
        if self.present.freeze():
            raise RuleError(*self._repeated())
        self._findings.rows = self.rows
        yield from self._look_elsewhere()
        yield from self._changes.flush()
        self.unplaced.freeze()

    def _compare(self, rows: list[OpenItemRow]) -> Iterator[Effect]:
        present: list[str] = []
        findings = self._findings
        self.rows += len(rows)
        strange = unchanged = ZERO
        for row, entry, several in matched(rows, self._ledger):
            if entry is None:
                strange += row.amount
                yield from self._without_document(row, several)
                continue
            present.append(entry.key)
            document = entry.body
            amount = -row.amount if document["direction"] == "ap" else row.amount
            if Decimal(document["amount_open"]) == amount and document.get("first_seen") is not None:
                unchanged += row.amount
                findings.unchanged(row, document, "unchanged")
            else:
                findings.listed_ours += row.amount
                yield from self._differs(Late(row, entry, amount))
        findings.count(strange=strange, unchanged=unchanged)
        self.matched += len(present)
        self.present.add_all(present)
        yield from self._changes.flush()

    def _without_document(self, row: OpenItemRow, several: bool) -> Iterator[Effect]:
        if not several and len(self._unmatched) < _MOST_LATE:
            self._unmatched.append(row)
            return
        self.unplaced.add_all([place(row.account, row.amount, row.document_date)])
        problem = notices.ambiguous(row) if several else notices.unmatched(row)
        yield from self._findings.doubtful(row, None, problem, "unmatched")

    def _look_elsewhere(self) -> Iterator[Effect]:
        """Rows whose number is known on another account alone; what is left belongs to no document."""
        for start in range(0, len(self._unmatched), _CHUNK):
            rows = self._unmatched[start : start + _CHUNK]
            alone = by_number_alone(rows, self._ledger)
            for row in rows:
                entry = alone.get(row.row)
                amount = ZERO if entry is None else -row.amount if entry.body["direction"] == "ap" else row.amount
                if (
                    entry is None
                    or entry.key in self.present
                    or entry.key in self.elsewhere
                    or not _fits(row, entry, amount)
                ):
                    self.unplaced.add_all([place(row.account, row.amount, row.document_date)])
                    yield from self._findings.doubtful(row, None, notices.unmatched(row), "unmatched")
                    continue
                self.elsewhere.add(entry.key)
                self.matched += 1
                self._findings.strange -= row.amount
                self._findings.listed_ours += row.amount
                yield from self._findings.notices.show(notices.other_account(row, entry.body))
                yield from self._differs(Late(row, entry, amount))

    def _differs(self, late: Late) -> Iterator[Effect]:
        """A row that says something new."""
        row, entry, amount = late
        document = entry.body
        before = Decimal(document["amount_open"])
        if is_implausible(document, amount):
            self.implausible += 1
            if len(self.implausible_shown) < SHOWN:
                self.implausible_shown.append(notices.implausible(row, Decimal(document["gross"])))
        doubt = self._doubt(row, document) or strange(row, document, amount, self._key_text)
        if doubt is not None:
            self.keep(late)
            yield from self._findings.doubtful(row, document, notices.doubtful(row, doubt), "doubtful")
        elif before == amount:
            first = document.get("first_seen") is None
            self.keep(late)
            self._findings.unchanged(row, document, "new" if first else "unchanged")
            if first:
                self._changes.seen(entry)
        elif (amount - before) * Decimal(document["gross"]) > 0 and len(self.grown) < _MOST_LATE:
            self.grown[entry.key] = late
        elif document.get("deducts"):
            self.finals[entry.key] = late
        else:
            yield from self.tell(late)

    def tell(self, late: Late) -> Iterator[Effect]:
        """The open amount has changed, and CLUE is told."""
        row, entry, amount = late
        document = entry.body
        before, gross = Decimal(document["amount_open"]), Decimal(document["gross"])
        change = self._changes.observed(entry, amount, row.row)
        self.keep(late, amount)
        problems = []
        if (amount - before) * gross > 0:
            problems.append(notices.reversal(row, before))
        elif change.status == "overpaid":
            problems.append(notices.overpaid(row))
        yield from self._findings.changed(row, document, change, problems)

    def keep(self, late: Late, after: Decimal | None = None) -> None:
        """Count what is open of a document of the list, as CLUE sees it."""
        amount = Decimal(late.entry.body["amount_open"]) if after is None else after
        self._findings.ours += -amount if late.entry.body["direction"] == "ap" else amount

    def _doubt(self, row: OpenItemRow, document: Mapping[str, Any]) -> str | None:
        """Why a row must not be believed, in German; None where it may be."""
        if document["status"] == "cancelled":
            return "die Rechnung ist in CLUE storniert."
        if not Decimal(document["gross"]):
            return "die Rechnung hat in CLUE keinen Betrag."
        if row.currency and row.currency != document["currency"]:
            return f"die Rechnung lautet in CLUE auf {document['currency']}."
        if (document.get("last_key_date") or "") > self._key_text:
            return "eine Liste mit späterem Stichtag hat ihn schon gemeldet."
        return None

    def _repeated(self) -> list[Problem]:
        """Go over the list once more, to name the rows that speak of the same document."""
        first: dict[str, OpenItemRow] = {}
        found: list[Problem] = []
        for rows in _chunks(self._batch.documents):
            for row, entry, _ in matched(rows, self._ledger):
                if entry is not None and first.setdefault(entry.key, row) is not row and len(found) < 100:
                    found.append(notices.repeated(first[entry.key], row))
        return found


def place(account: str, amount: Decimal, document_date: date | None) -> str:
    """What a document that was given another number keeps (facts/domain.md 3.2, re-hang)."""
    return f"{account.lstrip('0')}/{cents(amount)}/{document_date}"


def _fits(row: OpenItemRow, entry: Entry, amount: Decimal) -> bool:
    """Whether a row on another account can be the document at all: its side, its day, and not more than its gross."""
    gross = Decimal(entry.body["gross"])
    same_day = row.document_date is None or row.document_date.isoformat() == entry.body["issue_date"]
    return same_day and amount * gross > 0 and abs(amount) <= abs(gross)


def _chunks(rows: Iterable[OpenItemRow]) -> Iterator[list[OpenItemRow]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
