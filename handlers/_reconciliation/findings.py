"""What is found about each row and document of a list, collected for the notes and for the Abgleichsbericht."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from core.batch import Batch, Output
from core.company import Company
from core.contracts import Effect, Emit, Put, Warn
from core.errors import Problem
from core.money import ZERO
from core.open_items import DOCUMENT_TYPE, IGNORED_LABELS, ClearingRow, ListReading, OpenItemRow
from core.reconciliation_report import FINDINGS, Finding, FindingSum, OpenSums, ReconciliationReport, ReportLine
from handlers._reconciliation.changes import Change
from handlers._reconciliation.notices import Notices

REPORT = "reconciliation_report"
"""Document type of a report."""

READ_LIST = "read_list"
"""Ledger kind: a list that was compared, and what it showed; key = id of the drop."""

_MOST_LINES = 20_000
_MOST_UNCHANGED = 5_000
_FINDING_OF: Mapping[str, Finding] = {
    "paid": "paid", "partly_paid": "partly_paid", "overpaid": "overpaid", "open": "unchanged", "cancelled": "paid",
}  # fmt: skip
_FORMATS = (("reconciliation_report_xlsx", "xlsx"), ("reconciliation_report_txt", "txt"))


class Findings:
    """Counts everything, keeps the lines that a person can still read, and tells notices."""

    def __init__(self) -> None:
        self.notices = Notices()
        self._lines: list[ReportLine] = []
        self._unchanged: list[ReportLine] = []
        self._quiet = 0
        self._counts: Counter[Finding] = Counter()
        self._paid: dict[Finding, Decimal] = {}
        self.rows = 0
        self.strange = self.listed_ours = self.ours = self.missing = ZERO
        """Sums of the list: rows that belong to no document, the others; what of these is open, and of missing ones."""

    def count(self, *, strange: Decimal, unchanged: Decimal) -> None:
        """Amounts of rows that belong to no document, and of those that say nothing new."""
        self.strange += strange
        self.listed_ours += unchanged
        self.ours += unchanged

    def unchanged(self, row: OpenItemRow | ClearingRow | None, document: Mapping[str, Any], finding: Finding) -> None:
        """Nothing new is said of a document ("unchanged"), or it is seen for the first time ("new")."""
        self._counts[finding] += 1
        self._quiet += 1
        if self._quiet <= _MOST_UNCHANGED:
            amount = Decimal(document["amount_open"])
            self._unchanged.append(_line(finding, document, row, amount, amount))

    def changed(
        self,
        row: OpenItemRow | ClearingRow | None,
        document: Mapping[str, Any],
        change: Change,
        problems: Sequence[Problem] = (),
    ) -> Iterator[Warn]:
        """A document was told as changed; ``row`` is None where the list holds it no more."""
        grew = (change.after - change.before) * Decimal(document["gross"]) > 0
        finding: Finding = _FINDING_OF[change.status]
        if grew:
            finding = "reversal"
        self._paid[finding] = self._paid.get(finding, ZERO) + change.paid
        line = _line(finding, document, row, change.before, change.after)
        reason = " ".join(problem.what for problem in problems)
        self._add(line._replace(paid=change.paid, discount=change.other, inferred=change.inferred, reason=reason))
        for problem in problems:
            yield from self.notices.show(problem)

    def doubtful(
        self,
        row: OpenItemRow | ClearingRow | None,
        document: Mapping[str, Any] | None,
        problem: Problem,
        finding: Finding,
    ) -> Iterator[Warn]:
        """Something was found that a person should look at; nothing is told to CLUE."""
        amount = Decimal(document["amount_open"]) if document else None
        self._add(_line(finding, document, row, amount, amount)._replace(reason=problem.what))
        yield from self.notices.show(problem)

    def _add(self, line: ReportLine) -> None:
        self._counts[line.finding] += 1
        if len(self._lines) < _MOST_LINES:
            self._lines.append(line)

    def files(self, batch: Batch, company: Company, key_date: date, *, complete: bool) -> Iterator[Effect]:
        """The Abgleichsbericht as workbook and as text, where the company wants reports; and an entry in the ledger."""
        made = self.report(batch, company, key_date, complete=complete)
        origin = batch.origin
        stem = f"{company.id}_{origin.received_at:%Y%m%d-%H%M%S}_{origin.drop_id[-6:]}_abgleich"
        for format_id, ending in _FORMATS if company.report_target else ():
            yield Emit(Output(company.report_target, format_id, f"{stem}.{ending}", REPORT), [made])
        yield Put(company.id, READ_LIST, origin.drop_id, _remembered(made, batch))

    def report(self, batch: Batch, company: Company, key_date: date, *, complete: bool) -> ReconciliationReport:
        """Everything that was found."""
        sums = batch.document_type == DOCUMENT_TYPE
        reading = batch.head.get("reading") or ListReading()
        order = {finding: place for place, finding in enumerate(FINDINGS)}
        # Some of very many unchanged ones would help nobody.
        unchanged = self._unchanged if self._quiet <= _MOST_UNCHANGED else []
        lines = sorted([*self._lines, *unchanged], key=lambda line: (order[line.finding], line.account, line.number))
        counted = sum(self._counts.values())
        return ReconciliationReport(
            company=company.id,
            company_name=company.name,
            currency=company.currency,
            list_name=batch.origin.name,
            list_label="OP-Liste" if sums else "Auszifferungsliste",
            key_date=key_date,
            key_date_printed=batch.head.get("key_date") == key_date,
            complete=complete,
            total_checked=reading.grand_total_checked,
            drop=batch.origin.drop_id,
            created=batch.origin.received_at,
            sums=OpenSums(self.listed_ours + self.strange, self.listed_ours, self.ours, self.missing) if sums else None,
            findings=tuple(
                FindingSum(finding, self._counts[finding], self._paid.get(finding, ZERO))
                for finding in FINDINGS
                if self._counts[finding]
            ),
            rows=self.rows,
            joined=reading.joined,
            ignored=tuple((IGNORED_LABELS[reason], count) for reason, count in sorted(reading.ignored.items())),
            lines=tuple(lines),
            hidden=counted - len(lines),
        )


def _remembered(report: ReconciliationReport, batch: Batch) -> Mapping[str, Any]:
    """What the ledger keeps of a list: what it was, and what was found."""
    body: dict[str, Any] = {
        "name": report.list_name,
        "type": batch.document_type,
        "source": str(batch.head.get("source", "")),
        "kind": str(batch.head.get("kind", "both")),
        "key_date": report.key_date.isoformat(),
        "at": report.created.isoformat(),
        "rows": report.rows,
        "findings": {one.finding: one.documents for one in report.findings},
    }
    if report.sums is not None:
        body["open"] = str(report.sums.listed)
    return body


def _line(
    finding: Finding,
    document: Mapping[str, Any] | None,
    row: OpenItemRow | ClearingRow | None,
    before: Decimal | None,
    after: Decimal | None,
) -> ReportLine:
    return ReportLine(
        finding=finding,
        account=row.account if row else str(document["ledger_account"]) if document else "",
        number=str(document["number"]) if document else row.number if row else "",
        document_id=str(document["document_id"]) if document else "",
        row=row.row if row else None,
        listed=row.amount if row else None,
        before=before,
        paid=ZERO,
        discount=ZERO,
        after=after,
        inferred=False,
        reason="",
    )
