"""Lists of the FIBU become payments and invoice states for CLUE (facts/domain.md 3.2).

A list is evidence, not a command. What a list of open items says of a document that we exported is compared with what
was open before, what a clearing list says with the bookings that were counted before; what is doubtful is reported and
changes nothing. A document that is missing from a list of open items is taken as settled only where the list is
declared complete and every guard holds.
"""

from collections.abc import Iterator
from datetime import date

from core.batch import Batch
from core.company import Company
from core.contracts import CompanyLedger, Context, Effect, Hold, Put
from core.errors import RuleError
from core.op_decisions import DECISION_TYPE
from core.open_items import CLEARING_LIST_TYPE, DOCUMENT_TYPE
from core.tracked import KIND
from handlers._reconciliation import list_problems
from handlers._reconciliation.changes import Changes
from handlers._reconciliation.clearing import Clearings
from handlers._reconciliation.decisions import decide
from handlers._reconciliation.doubts import too_many_implausible
from handlers._reconciliation.findings import Findings
from handlers._reconciliation.missing import LISTS_TO_WAIT, Missing, Scope
from handlers._reconciliation.rehung import Rehung
from handlers._reconciliation.settings import Settings, bounds
from handlers._reconciliation.snapshot import Snapshot

__all__ = ["ACCEPTS", "ANSWERS_DUPLICATES", "LABEL", "LAST_LIST", "Settings", "handle"]

LABEL = "OP-Abgleich"
ACCEPTS = frozenset({DOCUMENT_TYPE, CLEARING_LIST_TYPE, DECISION_TYPE})
ANSWERS_DUPLICATES = False

LAST_LIST = "op_list"
"""Kind of the ledger entry that remembers the key dates of the last lists of a company, source and kind of list."""

_DIRECTIONS = {"customers": frozenset({"ar"}), "suppliers": frozenset({"ap"}), "both": frozenset({"ar", "ap"})}


def handle(batch: Batch, context: Context) -> Iterator[Effect]:
    """Compare a list with what is known; a list that says nothing new produces no file for CLUE.

    Raises RuleError for a route without a company, for an older key date and for a list that names a document twice.
    """
    if batch.origin.company is None:
        raise RuleError(list_problems.company_missing())
    if batch.document_type == DECISION_TYPE:
        yield from decide(batch, batch.origin.company, context.ledger.of(batch.origin.company))
        return
    yield from _Reconciliation(batch, context, batch.origin.company).effects()


class _Reconciliation:
    """One list against the ledger of its company."""

    def __init__(self, batch: Batch, context: Context, company: str) -> None:
        self._batch = batch
        self._settings: Settings = context.settings
        self._released = context.released
        self._company = context.companies.get(company) or Company(id=company, fibu="bmd")
        self._ledger: CompanyLedger = context.ledger.of(company)
        # A key date that lies ahead ("per Monatsende") cannot know more than today, and must not block tomorrow's list.
        self._key_date: date = min(batch.head.get("key_date") or context.today, context.today)
        target = self._settings.target or self._company.clue_target
        self._changes = Changes(batch.origin, company, self._key_date, target, self._settings.tolerance)
        self._findings = Findings()

    def effects(self) -> Iterator[Effect]:
        """Everything that follows from the list; the last effect may be a Hold."""
        if self._batch.document_type == CLEARING_LIST_TYPE:
            clearings = Clearings(
                self._batch, self._settings, self._company, self._ledger, self._changes, self._findings
            )
            yield from clearings.effects(self._key_date, released=self._released)
        else:
            yield from self._open_items()
        yield from self._findings.notices.rest()
        complete = self._settings.complete and self._batch.document_type == DOCUMENT_TYPE
        yield from self._findings.files(self._batch, self._company, self._key_date, complete=complete)

    def _open_items(self) -> Iterator[Effect]:
        """What follows from a list of open items."""
        key_text, kind = self._key_date.isoformat(), str(self._batch.head.get("kind", "both"))
        list_key = "/".join([str(self._batch.head.get("source", "")), kind, *self._settings.complete_accounts])
        last = self._ledger.get(LAST_LIST, list_key)
        key_dates: list[str] = list(last.body["key_dates"]) if last else []
        if key_dates and key_dates[-1] > key_text:
            raise RuleError(list_problems.older_key_date(self._key_date, date.fromisoformat(key_dates[-1])))
        scope = Scope(_DIRECTIONS[kind], bounds(self._settings.complete_accounts), key_text)
        snapshot = Snapshot(self._batch, self._key_date, self._ledger, self._changes, self._findings)
        yield from snapshot.compare()
        rehung = Rehung(snapshot, self._ledger, self._changes, self._findings, key_text)
        complete = self._settings.complete
        missing = Missing(
            snapshot, rehung, scope, self._settings, self._ledger, self._changes, self._findings, self._company.id
        )
        if snapshot.rows and not snapshot.matched and not self._released:
            # Perhaps another company's list: its key date must not block our next one.
            open_ones = sum(1 for entry in self._ledger.all(KIND) if scope.holds(entry.body))
            if open_ones:
                would_be_paid = missing.would_be_paid() if complete else ()
                yield Hold((list_problems.none_of_ours(open_ones, complete=complete), *would_be_paid))
            return
        if too_many_implausible(snapshot.implausible, snapshot.matched) and not self._released:
            problem = list_problems.implausible_amounts(snapshot.implausible, snapshot.matched)
            yield Hold((problem, *snapshot.implausible_shown))
            return
        yield from rehung.tell_finals()
        if complete:
            yield from missing.settle(key_dates, released=self._released)
        yield from rehung.tell_grown()
        if not key_dates or key_dates[-1] != key_text:
            key_dates = [*key_dates, key_text][-LISTS_TO_WAIT:]
            yield Put(self._company.id, LAST_LIST, list_key, {"key_dates": key_dates})
