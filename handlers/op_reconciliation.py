"""Open-item lists of the FIBU become payments and invoice states for CLUE (facts/domain.md 3.2).

A list is evidence, not a command. What it says of a document that we exported is compared with what was open before;
what is doubtful is reported and changes nothing. A document that is missing from a list is taken as settled only where
the list is declared complete and every guard holds.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from core.batch import Batch
from core.contracts import Context, Effect, Entry, Hold, Put
from core.errors import Problem, RuleError
from core.money import ZERO, cents
from core.open_items import DOCUMENT_TYPE, OpenItemRow
from core.tracked import KIND
from handlers import _op_notices as notices
from handlers._key_set import KeySet
from handlers._op_changes import Changes
from handlers._op_matching import matched

LABEL = "OP-Abgleich"
ACCEPTS = frozenset({DOCUMENT_TYPE})
ANSWERS_DUPLICATES = False

LAST_LIST = "op_list"
"""Kind of the ledger entry that remembers the key dates of the last lists of a company, source and kind of list."""

_CHUNK = 1000
_LISTS_TO_WAIT = 3
"""A document that is older than so many lists and stood in none of them was probably never booked."""


class Settings(BaseModel):
    """How far the lists of a route may be trusted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str = Field(
        default="", description="Target of the payments and invoice states; empty: the company's clue_target."
    )
    complete: bool = Field(
        default=False,
        description="The lists hold every open item, so that a document that is no longer in them is settled.",
    )
    complete_accounts: tuple[Annotated[str, Field(pattern=r"^[0-9]{3,10}-[0-9]{3,10}$")], ...] = Field(
        default=(), description='Ranges of accounts that the lists hold whole, e.g. ["20000-29999"]; empty: all.'
    )
    tolerance: Decimal = Field(default=ZERO, ge=0, le=10, description="Open amounts up to this count as paid.")
    hold_share: int = Field(
        default=40, ge=0, le=100, description="More disappeared documents than this (percent) hold the file."
    )
    hold_count: int = Field(default=20, ge=0, description="So few disappeared documents never hold the file.")


def handle(batch: Batch, context: Context) -> Iterator[Effect]:
    """Compare a list with what was open before; an unchanged list produces no file.

    Raises RuleError for a route without a company, for an older key date and for a list that names a document twice.
    """
    if batch.origin.company is None:
        raise RuleError(notices.company_missing())
    yield from _Reconciliation(batch, context, batch.origin.company).effects()


class _Reconciliation:
    """One list against the ledger of its company."""

    def __init__(self, batch: Batch, context: Context, company: str) -> None:
        self._batch = batch
        self._settings: Settings = context.settings
        self._released = context.released
        self._company = company
        self._ledger = context.ledger.of(company)
        self._kind = batch.head.get("kind", "both")
        # A key date that lies ahead ("per Monatsende") cannot know more than today, and must not block tomorrow's list.
        self._key_date: date = min(batch.head.get("key_date") or context.today, context.today)
        self._key_text = self._key_date.isoformat()
        known = context.companies.get(company)
        target = self._settings.target or (known.clue_target if known else "clue")
        self._changes = Changes(batch.origin, company, self._key_date, target, self._settings.tolerance)
        bounds = [accounts.split("-") for accounts in self._settings.complete_accounts]
        self._ranges = [(int(first), int(last)) for first, last in bounds]
        self._notices = notices.Notices()
        self._rows = self._matched = 0
        self._present = KeySet()
        self._unplaced = KeySet()

    def effects(self) -> Iterator[Effect]:
        """Everything that follows from the list; the last effect may be a Hold."""
        list_key = "/".join([str(self._batch.head.get("source", "")), self._kind, *self._settings.complete_accounts])
        last = self._ledger.get(LAST_LIST, list_key)
        key_dates: list[str] = list(last.body["key_dates"]) if last else []
        if key_dates and key_dates[-1] > self._key_text:
            raise RuleError(notices.older_key_date(self._key_date, date.fromisoformat(key_dates[-1])))
        for rows in _chunks(self._batch.documents):
            yield from self._compare(rows)
        if self._present.freeze():
            raise RuleError(*self._repeated())
        self._unplaced.freeze()
        if self._rows and not self._matched and not self._released:
            # Perhaps another company's list: its key date must not block our next one.
            open_ones = sum(1 for entry in self._ledger.all(KIND) if self._is_expected(entry.body))
            yield from self._notices.rest()
            if open_ones:
                yield Hold((notices.none_of_ours(open_ones),))
            return
        if self._settings.complete:
            yield from self._settle_missing(key_dates)
        yield from self._notices.rest()
        if not key_dates or key_dates[-1] != self._key_text:
            key_dates = [*key_dates, self._key_text][-_LISTS_TO_WAIT:]
            yield Put(self._company, LAST_LIST, list_key, {"key_dates": key_dates})

    def _compare(self, rows: list[OpenItemRow]) -> Iterator[Effect]:
        """What follows from the rows that are there."""
        present: list[str] = []
        self._rows += len(rows)
        for row, entry, several in matched(rows, self._ledger):
            if entry is None:
                self._unplaced.add_all([_place(row.account, row.amount, row.document_date)])
                yield from self._notices.show(notices.ambiguous(row) if several else notices.unmatched(row))
                continue
            present.append(entry.key)
            self._matched += 1
            document = entry.body
            amount = -row.amount if document["direction"] == "ap" else row.amount
            if Decimal(document["amount_open"]) != amount or document.get("first_seen") is None:
                yield from self._differs(row, entry, amount)
        self._present.add_all(present)
        yield from self._changes.flush()

    def _differs(self, row: OpenItemRow, entry: Entry, amount: Decimal) -> Iterator[Effect]:
        doubt = self._doubt(row, entry.body)
        if doubt is not None:
            yield from self._notices.show(notices.doubtful(row, doubt))
            return
        before = Decimal(entry.body["amount_open"])
        if before == amount:
            self._changes.seen(entry)
            return
        self._changes.paid(entry, before, amount)
        owed_more = (before - amount < 0) != (Decimal(entry.body["gross"]) < 0)
        if owed_more:
            yield from self._notices.show(notices.reversal(row, before))
        elif self._changes.status(Decimal(entry.body["gross"]), amount) == "overpaid":
            yield from self._notices.show(notices.overpaid(row))

    def _doubt(self, row: OpenItemRow, document: Any) -> str | None:
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

    def _settle_missing(self, key_dates: list[str]) -> Iterator[Effect]:
        """Take as settled what the list should hold and does not; hold the file where that is too much."""
        gone = expected = 0
        unbooked_before = key_dates[-_LISTS_TO_WAIT] if len(key_dates) >= _LISTS_TO_WAIT else ""
        newer = not key_dates or key_dates[-1] < self._key_text
        for entry in self._ledger.all(KIND):
            document = entry.body
            if entry.key in self._present:
                expected += 1
                continue
            if not self._is_expected(document):
                continue
            if document.get("first_seen") is None:
                if document["issue_date"] < unbooked_before:
                    yield from self._notices.show(notices.not_booked(document))
                continue
            if not newer or max(document["first_seen"], document.get("last_key_date") or "") >= self._key_text:
                continue
            expected += 1
            if self._has_moved(document):
                yield from self._notices.show(notices.moved(document))
                continue
            gone += 1
            self._changes.paid(entry, Decimal(document["amount_open"]), ZERO)
            if len(self._changes) >= _CHUNK:
                yield from self._changes.flush()
        yield from self._changes.flush()
        if not self._released and gone:
            yield from self._hold(gone, expected)

    def _has_moved(self, document: Any) -> bool:
        """Say whether its account, amount and date stand under another number: then it is there all the same."""
        amount = Decimal(document["amount_open"])
        signed = -amount if document["direction"] == "ap" else amount
        return _place(document["ledger_account"], signed, date.fromisoformat(document["issue_date"])) in self._unplaced

    def _hold(self, gone: int, expected: int) -> Iterator[Effect]:
        if gone > self._settings.hold_count and gone * 100 > expected * self._settings.hold_share:
            yield Hold((notices.too_many_gone(gone, expected),))
        elif gone == expected:
            yield Hold((notices.none_of_ours(gone),))

    def _is_expected(self, document: Any) -> bool:
        """Say whether a complete list must hold the document, were it still open."""
        if document["status"] == "cancelled" or not Decimal(document["amount_open"]):
            return False
        if self._kind != "both" and document["direction"] != {"customers": "ar", "suppliers": "ap"}[self._kind]:
            return False
        if document["issue_date"] > self._key_text:
            return False
        account = document["ledger_account"]
        return not self._ranges or (
            account.isdigit() and any(first <= int(account) <= last for first, last in self._ranges)
        )

    def _repeated(self) -> list[Problem]:
        """Go over the list once more, to name the rows that speak of the same document."""
        first: dict[str, OpenItemRow] = {}
        found: list[Problem] = []
        for rows in _chunks(self._batch.documents):
            for row, entry, _ in matched(rows, self._ledger):
                if entry is not None and first.setdefault(entry.key, row) is not row and len(found) < 100:
                    found.append(notices.repeated(first[entry.key], row))
        return found


def _chunks(rows: Iterable[OpenItemRow]) -> Iterator[list[OpenItemRow]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk


def _place(account: str, amount: Decimal, document_date: date | None) -> str:
    """What a document that was given another number keeps (facts/domain.md 3.2, re-hang)."""
    return f"{account.lstrip('0')}/{cents(amount)}/{document_date}"
