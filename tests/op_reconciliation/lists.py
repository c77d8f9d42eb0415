"""Exported documents, lists and what comes of them, for tests of handlers/op_reconciliation.py."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from core.batch import Batch, Origin
from core.company import Company
from core.contracts import Context, Effect, Emit, Hold, Put, Warn
from core.documents import Payment, Record
from core.op_decisions import DECISION_TYPE, Decision, Verdict
from core.open_items import CLEARING_LIST_TYPE, DOCUMENT_TYPE, ClearingRow, OpenItemRow
from core.tracked import KIND, NUMBERS, TrackedDocument, digits_key, match_key, normalised_number
from handlers import op_reconciliation
from handlers._fibu.open_items import apply_changes
from handlers._reconciliation.decisions import DECISION
from handlers.op_reconciliation import Settings
from tests.ledgers import MemoryLedger

TODAY = date(2026, 11, 23)
COMPANY = "1"


def document(number: str = "2026-1", gross: str = "100.00", **changed: Any) -> TrackedDocument:
    values = {
        "document_id": f"AR-{number}",
        "direction": "ar",
        "number": number,
        "party_id": "K1",
        "ledger_account": "200001",
        "issue_date": date(2026, 10, 1),
        "currency": "EUR",
        "gross": Decimal(gross),
        "exported_by": "x",
        "amount_open": Decimal(gross),
    }
    return TrackedDocument.model_validate({**values, **changed})


def row(
    number: str = "2026-1", amount: str = "100.00", account: str = "200001", second: str = "", currency: str = ""
) -> OpenItemRow:
    return OpenItemRow(2, account, number, Decimal(amount), date(2026, 10, 1), None, second, currency, "")


def booking(number: str, amount: str, day: date, row: int = 2, **changed: Any) -> ClearingRow:
    """A row of a clearing list: a bank payment where nothing else is said."""
    values: dict[str, Any] = {
        "row": row,
        "account": "200001",
        "number": number,
        "amount": Decimal(amount),
        "document_date": day,
        "cleared_on": None,
        "clearing_number": "",
        "earlier_number": "",
        "clearing_mark": "",
        "counter_account": "2800",
        "tax_code": "",
        "symbol": "BK",
        "second_number": "",
        "currency": "",
        "text": "",
    }
    return ClearingRow(**{**values, **changed})


def invoice(number: str, amount: str, day: date = date(2026, 10, 1), row: int = 2, **changed: Any) -> ClearingRow:
    """The row of a document's own booking."""
    own = {"counter_account": "4000", "tax_code": "M20", "symbol": "AR"}
    return booking(number, amount, day, row, **{**own, **changed})


@dataclass(frozen=True)
class Result:
    effects: Sequence[Effect]

    @property
    def payments(self) -> list[Payment]:
        return [record.data for record in self.records("payment")]

    @property
    def states(self) -> list[Record]:
        return self.records("invoice")

    def records(self, document_type: str) -> list[Record]:
        emitted = [e for e in self.effects if isinstance(e, Emit) and e.output.document_type == document_type]
        return [record for effect in emitted for record in effect.documents]

    @property
    def notices(self) -> list[str]:
        return [effect.problem.code for effect in self.effects if isinstance(effect, Warn)]

    @property
    def held(self) -> list[str]:
        return [problem.code for effect in self.effects if isinstance(effect, Hold) for problem in effect.problems]

    @property
    def tracked_puts(self) -> list[Put]:
        return [effect for effect in self.effects if isinstance(effect, Put) and effect.kind == KIND]


@dataclass
class Site:
    """One company's ledger, to which lists are dropped one after the other."""

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    drops: int = 0

    def export(self, *documents: TrackedDocument) -> None:
        for each in documents:
            key, group = match_key(each.ledger_account, each.number), digits_key(each.ledger_account, each.number)
            self.ledger.of(COMPANY).put(Put(COMPANY, KIND, key, each.body(), group))
            self.ledger.of(COMPANY).put(Put(COMPANY, NUMBERS, key, {}, normalised_number(each.number)))

    def drop(
        self,
        key_date: date | None,
        *rows: OpenItemRow,
        released: bool = False,
        kind: str = "both",
        company: str | None = COMPANY,
        today: date = TODAY,
        **settings: Any,
    ) -> Result:
        """Hand a list to the handler and commit what it says, as the engine does."""
        self.drops += 1
        received = datetime.combine(today, time(8), UTC)
        origin = Origin(f"20261123T080000-{self.drops:06}", "bmd", "op.csv", received, company)
        batch = Batch(origin, DOCUMENT_TYPE, rows, {"source": "bmd", "kind": kind, "key_date": key_date})
        given = Settings(**{"complete": True, **settings})
        companies = {COMPANY: Company(id=COMPANY, fibu="bmd", clue_target="clue-1")}
        context = Context(self.ledger, companies, given, today, released=released)
        return Result(self.ledger.commit(op_reconciliation.handle(batch, context)))

    def clear(
        self, key_date: date | None, *rows: ClearingRow, released: bool = False, today: date = TODAY, **settings: Any
    ) -> Result:
        """Hand a clearing list to the handler and commit what it says."""
        self.drops += 1
        received = datetime.combine(today, time(8), UTC)
        origin = Origin(f"20261123T080000-{self.drops:06}", "bmd", "ausz.csv", received, COMPANY)
        head = {"source": "bmd", "kind": "both", "key_date": key_date}
        batch = Batch(origin, CLEARING_LIST_TYPE, rows, head)
        companies = {COMPANY: Company(id=COMPANY, fibu="bmd", clue_target="clue-1")}
        context = Context(self.ledger, companies, Settings(**settings), today, released=released)
        return Result(self.ledger.commit(op_reconciliation.handle(batch, context)))

    def decide(self, number: str, verdict: Verdict, account: str = "200001") -> Result:
        """Hand a person's decision about one document to the handler and commit what it says."""
        self.drops += 1
        received = datetime.combine(TODAY, time(8), UTC)
        origin = Origin(f"20261123T080000-{self.drops:06}", "bmd", "entscheidung.csv", received, COMPANY)
        batch = Batch(origin, DECISION_TYPE, (Decision(2, account, number, verdict),))
        context = Context(self.ledger, {}, Settings(), TODAY)
        return Result(self.ledger.commit(op_reconciliation.handle(batch, context)))

    def pay_at_register(self, number: str, amount: Decimal, account: str = "200001") -> None:
        """Hand over a receipt of CLUE that pays a document, as the export to the FIBU does."""
        key = match_key(account, number)
        entries = dict(self.ledger.of(COMPANY).get_many(KIND, [key]))
        apply_changes({"paid": [[key, str(amount)]]}, entries, 1)
        self.ledger.of(COMPANY).put(Put(COMPANY, KIND, key, entries[key].body, entries[key].group))

    def decided(self, verdict: Verdict) -> set[str]:
        """Keys of the documents about which this was decided, and no list has made use of it yet."""
        entries = self.ledger.of(COMPANY).all(DECISION)
        return {entry.key for entry in entries if entry.body["decision"] == verdict}

    def tracked(self, number: str = "2026-1", account: str = "200001") -> TrackedDocument:
        found = self.find(number, account)
        assert found is not None
        return found

    def find(self, number: str, account: str) -> TrackedDocument | None:
        entry = self.ledger.of(COMPANY).get(KIND, match_key(account, number))
        return TrackedDocument.model_validate(entry.body) if entry else None
