"""What a complete list does not hold any more, and when that must not be believed (facts/domain.md 3.2, "Guards")."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from core.contracts import CompanyLedger, Effect, Entry, Hold
from core.errors import Problem
from core.money import CENT, cents
from core.tracked import KIND
from handlers._reconciliation import list_problems, notices
from handlers._reconciliation.changes import Changes
from handlers._reconciliation.decisions import decisions, forget
from handlers._reconciliation.disappeared import SHOWN, Disappeared
from handlers._reconciliation.findings import Findings
from handlers._reconciliation.payments import Parts
from handlers._reconciliation.rehung import Rehung
from handlers._reconciliation.settings import Settings, lies_in
from handlers._reconciliation.snapshot import Snapshot, place

LISTS_TO_WAIT = 3
"""A document that is older than so many lists and stood in none of them was probably never booked."""

_CHUNK = 1000


class Scope(NamedTuple):
    """Which documents a list would hold, were they open."""

    directions: frozenset[str]
    ranges: tuple[tuple[int, int], ...]
    """Empty: all accounts."""
    key_text: str

    def holds(self, document: Mapping[str, Any]) -> bool:
        """Say whether a complete list must hold the document, were it still open."""
        if document["status"] == "cancelled" or not Decimal(document["amount_open"]):
            return False
        if document["direction"] not in self.directions or document["issue_date"] > self.key_text:
            return False
        return not self.ranges or lies_in(document["ledger_account"], self.ranges)


class Missing:
    """Takes as settled what a complete list should hold and does not; holds the file where that is too much."""

    def __init__(
        self,
        snapshot: Snapshot,
        rehung: Rehung,
        scope: Scope,
        settings: Settings,
        ledger: CompanyLedger,
        changes: Changes,
        findings: Findings,
        company: str,
    ) -> None:
        self._company = company
        self._snapshot = snapshot
        self._rehung = rehung
        self._scope = scope
        self._settings = settings
        self._ledger = ledger
        self._changes = changes
        self._findings = findings
        self._gone = Disappeared()

    def settle(self, key_dates: list[str], *, released: bool) -> Iterator[Effect]:
        """Everything that follows from what is missing; the last effect may be a Hold."""
        key_text = self._scope.key_text
        unbooked_before = key_dates[-LISTS_TO_WAIT] if len(key_dates) >= LISTS_TO_WAIT else ""
        newer = not key_dates or key_dates[-1] < key_text
        booked_runs = self._booked_runs()
        decided = decisions(self._ledger)
        for entry in self._ledger.all(KIND):
            document = entry.body
            if entry.key in self._snapshot.present or entry.key in self._snapshot.elsewhere:
                self._gone.count(document, gone=False)
                if entry.key in decided:
                    yield forget(entry.key, self._company)
                continue
            if not self._scope.holds(document):
                continue
            seen = document.get("first_seen")
            verdict = decided.get(entry.key)
            if seen is None and document["exported_by"] not in booked_runs and verdict != "settled":
                self._leave(document)
                if document["issue_date"] < unbooked_before:
                    yield from self._findings.doubtful(None, document, notices.not_booked(document), "not_booked")
                continue
            if not newer or max(seen or "", document.get("last_key_date") or "") >= key_text:
                if not newer:  # what explained a grown advance in the first list of the day explains it again
                    self._rehung.moved(document, Decimal(document["amount_open"]))
                self._leave(document)
                continue
            yield from self._judge(entry, verdict)
            if len(self._changes) >= _CHUNK:
                yield from self._changes.flush()
        yield from self._changes.flush()
        if not released:
            yield from self._hold()

    def would_be_paid(self) -> Iterator[Problem]:
        """What a list that holds nothing of ours would settle: the first of the documents that lists have shown."""
        decided = decisions(self._ledger)
        gone = (entry for entry in self._ledger.all(KIND) if decided.get(entry.key) != "open")
        seen = (e.body for e in gone if e.body.get("first_seen") is not None and self._scope.holds(e.body))
        yield from map(notices.would_be_paid, islice(seen, SHOWN))

    def _judge(self, entry: Entry, decided: str | None) -> Iterator[Effect]:
        """A document that has disappeared since the last list."""
        document = entry.body
        problem = None
        if decided == "open":
            problem = notices.decided_open(document)
        elif decided is None and self._has_moved(document):
            problem = notices.moved(document)
        if problem:
            self._gone.count(document, gone=False)
            self._leave(document)
            yield from self._findings.doubtful(None, document, problem, "doubtful")
            return
        after = self._rehung.moved(document, Decimal(document["amount_open"]))
        self._gone.count(document, gone=decided is None and not after)
        change = self._changes.observed(entry, after, None, None if after else self._parts(document))
        yield from self._findings.changed(None, document, change)
        if decided is not None:
            yield forget(entry.key, self._company)

    def _parts(self, document: Mapping[str, Any]) -> Parts | None:
        """What the rest of a partly paid document probably was, where it was not money."""
        rest, gross = Decimal(document["amount_open"]), Decimal(document["gross"])
        if rest == gross or rest * gross < 0:
            return None
        if abs(rest) <= self._settings.write_off_limit:
            return Parts(write_off_amount=rest)
        paid_on = max((payment["day"] for payment in document.get("told", ())), default=self._scope.key_text)
        for term in document.get("discounts", ()):
            last_day = date.fromisoformat(term["until"]) + timedelta(self._settings.discount_grace)
            most = cents(abs(gross) * Decimal(term["percent"]) / 100) + CENT
            if abs(rest) <= most and paid_on <= last_day.isoformat():
                return Parts(discount_amount=rest)
        return None

    def _has_moved(self, document: Mapping[str, Any]) -> bool:
        """Say whether its account, amount and date stand under another number: then it is there all the same."""
        amount = Decimal(document["amount_open"])
        signed = -amount if document["direction"] == "ap" else amount
        return self._snapshot.unplaced.take(
            place(document["ledger_account"], signed, date.fromisoformat(document["issue_date"]))
        )

    def _leave(self, document: Mapping[str, Any]) -> None:
        """It stays open, though the list does not hold it."""
        amount = Decimal(document["amount_open"])
        self._findings.missing += -amount if document["direction"] == "ap" else amount

    def _booked_runs(self) -> frozenset[str]:
        """Export runs of which a list has shown a document; none, where that proves nothing on this route."""
        if not self._settings.confirmed_runs:
            return frozenset()
        everything = self._ledger.all(KIND)
        return frozenset(
            entry.body["exported_by"]
            for entry in everything
            if entry.body.get("first_seen") is not None or entry.key in self._snapshot.present
        )

    def _hold(self) -> Iterator[Effect]:
        problem = self._too_much()
        if problem is not None:
            yield Hold((problem, *self._gone.shown))

    def _too_much(self) -> Problem | None:
        gone, expected, settings = self._gone.gone, self._gone.expected, self._settings
        if not gone:
            return None
        if gone == expected:
            return list_problems.none_of_ours(gone, complete=True)
        if gone > settings.hold_count and gone * 100 > expected * settings.hold_share:
            return list_problems.too_many_gone(gone, expected)
        run = self._gone.longest_run()
        if settings.hold_accounts and run.accounts >= settings.hold_accounts:
            return list_problems.accounts_missing(run.accounts, run.first, run.last, run.documents)
        direction = self._gone.whole_direction()
        return list_problems.direction_missing(direction, self._gone.of_direction(direction)) if direction else None
