"""A clearing list (Auszifferungsliste): every booking that settled something, as evidence of payments.

The list may overlap with others and come again: a booking is counted once (``handlers._reconciliation.proofs``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import islice

from core.batch import Batch
from core.company import Company
from core.contracts import CompanyLedger, Effect, Entry, Hold
from core.errors import Problem, RuleError
from core.money import ZERO
from core.open_items import ClearingRow
from core.tracked import KIND, normalised_number
from handlers._reconciliation import list_problems, notices
from handlers._reconciliation.changes import Change, Changes
from handlers._reconciliation.distribution import Clearing, Document, Placed
from handlers._reconciliation.findings import Findings
from handlers._reconciliation.kinds import Kinds
from handlers._reconciliation.matching import matched
from handlers._reconciliation.proofs import Item, Proof, cleared_again, not_counted
from handlers._reconciliation.settings import Settings

_MOST_ROWS = 300_000
"""Bookings of one clearing may stand anywhere in the list, so it is sorted in memory."""
_CHUNK = 1000
_FEW = 3


class Clearings:
    """One clearing list against the ledger of its company."""

    def __init__(
        self,
        batch: Batch,
        settings: Settings,
        company: Company,
        ledger: CompanyLedger,
        changes: Changes,
        findings: Findings,
    ) -> None:
        self._batch = batch
        self._kinds = Kinds(company, settings)
        self._ledger = ledger
        self._changes = changes
        self._findings = findings
        self._found = self._own = self._differing = 0

    def effects(self, key_date: date, *, released: bool) -> Iterator[Effect]:
        """Everything that follows from the list; the last effect may be a Hold. RuleError: the list is too long."""
        rows = list(islice(self._batch.documents, _MOST_ROWS + 1))
        if len(rows) > _MOST_ROWS:
            raise RuleError(list_problems.clearing_list_too_long(_MOST_ROWS))
        self._findings.rows = len(rows)
        accounts: dict[str, list[ClearingRow]] = {}
        for row in rows:
            accounts.setdefault(row.account.lstrip("0"), []).append(row)
        del rows
        for account in sorted(accounts):
            yield from self._account(accounts.pop(account), key_date)
            yield from self._changes.flush()
        if not released:
            yield from self._hold()

    def _account(self, rows: Sequence[ClearingRow], key_date: date) -> Iterator[Effect]:
        """The bookings of one account: its clearings first, then what they say of each document together."""
        groups: dict[str, list[Placed]] = {}
        for placed in self._placed(rows):
            row = placed.row
            groups.setdefault(
                f"#{row.clearing_number}" if row.clearing_number else normalised_number(row.number), []
            ).append(placed)
        documents: dict[str, list[Document]] = {}
        for group in groups.values():
            clearing = Clearing(group, self._kinds, key_date)
            ours = bool(clearing.documents)
            for key, document in clearing.documents.items():
                documents.setdefault(key, []).append(document)
            for row in clearing.left:
                yield from self._findings.doubtful(row, None, notices.left_over(row, ours=ours), "unmatched")
        for parts in documents.values():
            yield from self._document(parts, key_date)

    def _placed(self, rows: Sequence[ClearingRow]) -> Iterator[Placed]:
        """Each row with its document: by the number before a final invoice took it over, then by its number."""
        earlier: dict[int, Entry] = {}
        moved = [row._replace(number=row.earlier_number, second_number="") for row in rows if row.earlier_number]
        for start in range(0, len(moved), _CHUNK):
            found = matched(moved[start : start + _CHUNK], self._ledger)
            earlier |= {row.row: entry for row, entry, _ in found if entry}
        for start in range(0, len(rows), _CHUNK):
            for row, entry, _ in matched(rows[start : start + _CHUNK], self._ledger):
                before = earlier.get(row.row)
                # A voucher number names the invoice of an invoice's row, but only itself on a payment's.
                by_second = entry is not None and row.second_number and not self._kinds.is_invoice(row)
                known = None if by_second and not _has_number(row, entry) else entry
                yield Placed(row, before or known, before is not None)

    def _document(self, parts: Sequence[Document], key_date: date) -> Iterator[Effect]:
        """What the list says of one document, perhaps in several clearings."""
        entry = parts[0].entry
        document = entry.body
        items = [item for part in parts for item in part.items]
        row = next((part.row for part in parts if part.row), None)
        self._found += 1
        doubt = self._doubt(document, frozenset(name for part in parts for name in part.currencies if name))
        if doubt is not None:
            yield from self._findings.doubtful(row, document, notices.doubtful_document(document, doubt), "doubtful")
            return
        yield from self._own_bookings(parts)
        residual = sum((part.left for part in parts), ZERO) if row else None
        proof = self._proof(entry, items, residual, key_date)
        if proof is None:
            if document.get("first_seen") is None:
                self._changes.seen(entry)
            self._findings.unchanged(row, document, "unchanged")
            return
        if proof.contradicts:
            problem = notices.counted_twice(document, proof.after)
            yield from self._findings.doubtful(row, document, problem, "doubtful")
            return
        change = proof.tell()
        problems = [
            replace(problem, row=row.row if row else None) for problem in self._problems(document, items, change)
        ]
        yield from self._findings.changed(row, document, change, problems)

    def _proof(self, entry: Entry, items: Sequence[Item], residual: Decimal | None, key_date: date) -> Proof | None:
        """What these bookings prove of a document beside those that were counted before; None where there are none."""
        new = not_counted(items, entry.body)
        if not new:
            return None
        again = cleared_again(new, items, entry.body)
        proof = Proof(entry, new, residual, self._changes, key_date, again)
        if not (again and proof.contradicts):
            return proof
        new = [item for item in new if item not in again]  # the others are counted, only in another clearing
        return Proof(entry, new, residual, self._changes, key_date) if new else None

    def _own_bookings(self, parts: Sequence[Document]) -> Iterator[Effect]:
        """Compare the amounts of invoices with what was exported."""
        for part in parts:
            if part.row is None:
                continue
            self._own += 1
            gross = Decimal(part.entry.body["gross"])
            if part.invoice != gross:
                self._differing += 1
                yield from self._findings.notices.show(notices.amount_differs(part.row, gross))

    def _problems(self, document: Mapping[str, object], items: Sequence[Item], change: Change) -> list[Problem]:
        """What a person should know of a document that was told."""
        gross = Decimal(str(document["gross"]))
        if gross > 0 and any(item.kind == "credit_note" and item.amount == gross for item in items):
            return [notices.cancelled_there(document)]
        return [notices.overpaid_document(document, change.after)] if change.status == "overpaid" else []

    def _doubt(self, document: Mapping[str, object], currencies: frozenset[str]) -> str | None:
        if document["status"] == "cancelled":
            return "sie ist in CLUE storniert."
        if not Decimal(str(document["gross"])):
            return "sie hat in CLUE keinen Betrag."
        if currencies - {document["currency"]}:
            return f"sie lautet in CLUE auf {document['currency']}, die Auszifferung nicht."
        return None

    def _hold(self) -> Iterator[Effect]:
        if self._findings.rows and not self._found:
            open_ones = sum(1 for entry in self._ledger.all(KIND) if Decimal(entry.body["amount_open"]))
            if open_ones:
                yield Hold((list_problems.none_of_ours(open_ones),))
        elif self._differing > _FEW and self._differing * 2 > self._own:
            yield Hold((list_problems.other_company(self._differing, self._own),))


def _has_number(row: ClearingRow, entry: Entry | None) -> bool:
    """Whether the row carries the document's number itself."""
    number = normalised_number(row.number)
    if entry is None or not number:
        return False
    theirs = normalised_number(str(entry.body["number"]))
    return number == theirs or (number.isdigit() and number == "".join(filter(str.isdigit, theirs)).lstrip("0"))
