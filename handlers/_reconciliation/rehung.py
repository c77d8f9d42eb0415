"""Payments that the FIBU has moved between an advance invoice and its final invoice (facts/domain.md 3, fact 9).

Then the final invoice shows less and the advance more than before, although nobody has paid or taken back anything: so
both are looked at together before anything is told.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from core.contracts import CompanyLedger, Effect
from core.money import ZERO
from core.tracked import KIND
from handlers._reconciliation import notices
from handlers._reconciliation.changes import Changes, overlap
from handlers._reconciliation.findings import Findings
from handlers._reconciliation.payments import Parts
from handlers._reconciliation.snapshot import Snapshot


class Rehung:
    """The documents of one list of which more is open than before, and the final invoices that may be the reason."""

    def __init__(
        self, snapshot: Snapshot, ledger: CompanyLedger, changes: Changes, findings: Findings, key_text: str
    ) -> None:
        self._snapshot = snapshot
        self._ledger = ledger
        self._changes = changes
        self._findings = findings
        self._key_text = key_text
        self._left = {
            key: late.amount - Decimal(late.entry.body["amount_open"]) for key, late in snapshot.grown.items()
        }

    def moved(self, document: Mapping[str, Any], less: Decimal) -> Decimal:
        """How much of what a final invoice shows less stands at its advance invoices now; it is counted once."""
        found = ZERO
        for key in document.get("deducts", ()):
            if key in self._left:
                part = overlap(less - found, self._left[key])
                self._left[key] -= part
                found += part
        return found

    def tell_finals(self) -> Iterator[Effect]:
        """Final invoices that the list holds with less than before."""
        for late in self._snapshot.finals.values():
            row, entry, amount = late
            less = Decimal(entry.body["amount_open"]) - amount
            moved = self.moved(entry.body, less)
            if moved:
                yield from self._findings.notices.show(notices.moved_to_final(row, moved))
            if moved == less:
                self._snapshot.keep(late)
                self._findings.unchanged(row, entry.body, "unchanged")
            elif not moved and amount and self._deducted_again(entry.body, less):
                self._snapshot.keep(late)
                problem = notices.deducted_again(row, less)
                yield from self._findings.doubtful(row, entry.body, problem, "doubtful")
            else:
                yield from self._snapshot.tell(late._replace(amount=amount + moved))
        yield from self._changes.flush()

    def _deducted_again(self, document: Mapping[str, Any], less: Decimal) -> bool:
        """Whether it shows less by exactly what was paid of an advance, or of all: CLUE was told of that already.

        What lists of this key date have concluded counts or not: the same list must say the same when it comes again.
        """
        advances = [entry.body for entry in self._ledger.get_many(KIND, list(document["deducts"])).values()]
        paid = [Decimal(body["gross"]) - Decimal(body["amount_open"]) for body in advances]
        before = [amount - self._told_today(body) for amount, body in zip(paid, advances, strict=True)]
        return less in [amount for amount in (*paid, sum(paid, ZERO), *before, sum(before, ZERO)) if amount]

    def _told_today(self, body: Mapping[str, Any]) -> Decimal:
        told = (one for one in body.get("told", ()) if (one["source"], one["day"]) == ("op_diff", self._key_text))
        return sum((Parts.of(one).total for one in told if not one["taken_back"]), ZERO)

    def tell_grown(self) -> Iterator[Effect]:
        """Documents of which more is open than before, as far as no final invoice says why."""
        for key, late in self._snapshot.grown.items():
            row, entry, amount = late
            before = Decimal(entry.body["amount_open"])
            left = self._left[key]
            if not left:
                self._snapshot.keep(late)
                problem = notices.held_against_final(row, amount - before)
                yield from self._findings.doubtful(row, entry.body, problem, "doubtful")
            elif self._is_proved(entry.body):
                self._snapshot.keep(late)
                problem = notices.doubtful(
                    row, "eine Auszifferungsliste mit diesem Stichtag sagt, dass mehr bezahlt ist."
                )
                yield from self._findings.doubtful(row, entry.body, problem, "doubtful")
            else:
                yield from self._snapshot.tell(late._replace(amount=before + left))
        yield from self._changes.flush()

    def _is_proved(self, document: Mapping[str, Any]) -> bool:
        """Whether a clearing list of the same key date has said what is open."""
        last = [payment["source"] for payment in document.get("told", ())][-1:]
        return last == ["clearing"] and document.get("last_key_date") == self._key_text
