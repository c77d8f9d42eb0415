"""Advance invoices and the final invoice that deducts them: what is refused, what waits, what is open afterwards."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.batch import Batch
from core.company import Accounts, Company, LedgerAccountRule
from core.contracts import Context, Emit, Put, Wait, Warn
from core.errors import RuleError
from core.fibu.booking import Booking
from core.open_items import DOCUMENT_TYPE, OpenItemRow
from core.tracked import KIND
from handlers import op_reconciliation
from handlers._fibu.export import export
from tests.fibu.rendering import context, emitted, exported, origin, parsed
from tests.ledgers import MemoryLedger

COMPANY = Company(
    id="1",
    fibu="rzl",
    accounts=Accounts(ledger=(LedgerAccountRule(side="ar", rate=Decimal(13), account="4002"),)),
)
CUSTOMER = {"name": "Kunde", "ledger_account": "200001", "addresses": [{"kind": "billing", "country": "AT"}]}


def invoice(
    number: str, kind: str, net: str, *, rate: str = "20", prepaid: str = "0.00", **more: Any
) -> dict[str, Any]:
    vat = Decimal(net) * Decimal(rate) / 100
    gross = Decimal(net) + vat
    group = {"vat_category": "S", "vat_rate": rate, "net": net, "vat": f"{vat:.2f}", "vat_treatment": "domestic"}
    line = {"line_id": "1", "qty": "1", "unit_price": net, "net": net, "vat_category": "S", "vat_rate": rate}
    totals = {"net": net, "vat": f"{vat:.2f}", "gross": f"{gross:.2f}", "prepaid": prepaid}
    data = {
        "direction": "ar",
        "document_type": kind,
        "number": number,
        "issue_date": "2026-11-20",
        "party_id": "K1",
        "currency": "EUR",
        "lines": [line],
        "vat_breakdown": [group],
        "totals": {**totals, "payable": f"{gross - Decimal(prepaid):.2f}"},
        **more,
    }
    return {"id": f"I{number}", "data": data}


def final(*advances: dict[str, str], prepaid: str, number: str = "S1", kind: str = "final_invoice") -> dict[str, Any]:
    return invoice(number, kind, "3000.00", prepaid=prepaid, advance_invoices=list(advances))


ADVANCE = invoice("A1", "advance_invoice", "1000.00")
DEDUCTED = {"number": "A1", "net": "1000.00", "vat": "200.00", "gross": "1200.00"}


@pytest.fixture
def ledger() -> MemoryLedger:
    made = MemoryLedger()
    made.of("1").put(Put("1", "customer", "K1", {"data": CUSTOMER}))
    return made


def refused(ledger: MemoryLedger, *message: dict[str, Any]) -> list[str]:
    with pytest.raises(RuleError) as caught:
        list(exported(COMPANY, ledger, message, 9))
    return [problem.code for problem in caught.value.problems]


def released(ledger: MemoryLedger, record: dict[str, Any]) -> list[Any]:
    documents = [(0, record["id"], parsed(record["id"], record["data"]))]
    return list(export(documents, COMPANY, replace(context(COMPANY, ledger), released=True), origin()))


def test_a_final_invoice_waits_for_its_advance(ledger: MemoryLedger) -> None:
    effects = list(exported(COMPANY, ledger, [final(DEDUCTED, prepaid="1200.00")]))

    assert [effect.problem.code for effect in effects if isinstance(effect, Wait)] == ["fibu_advance_unknown"]
    assert len(effects) == 1


def test_an_advance_that_was_booked_by_hand_is_deducted_as_the_final_invoice_states_it(ledger: MemoryLedger) -> None:
    effects = released(ledger, final(DEDUCTED, prepaid="1200.00"))

    [booking] = emitted(effects, "booking")
    assert [(line.account, str(line.net), str(line.vat), line.treatment) for line in booking.lines] == [
        ("4000", "3000.00", "600.00", "domestic"),
        ("3200", "-1000.00", "-200.00", "advance_received"),
    ]
    assert [effect.problem.code for effect in effects if isinstance(effect, Warn)] == ["fibu_advance_not_ours"]


def test_nobody_guesses_the_rate_of_an_advance_that_was_booked_by_hand(ledger: MemoryLedger) -> None:
    strange = {"number": "A1", "net": "1000.00", "vat": "160.00", "gross": "1160.00"}

    with pytest.raises(RuleError) as caught:
        released(ledger, final(strange, prepaid="1160.00"))

    assert [problem.code for problem in caught.value.problems] == ["fibu_advance_rate_unclear"]


def test_an_advance_is_deducted_once(ledger: MemoryLedger) -> None:
    ledger.commit(exported(COMPANY, ledger, [ADVANCE, final(DEDUCTED, prepaid="1200.00")]))

    assert refused(ledger, final(DEDUCTED, prepaid="1200.00", number="S2")) == ["fibu_advance_deducted_twice"]
    assert refused(ledger, final(DEDUCTED, DEDUCTED, prepaid="2400.00", number="S3")) == [
        "fibu_advance_deducted_twice",
        "fibu_advance_deducted_twice",
    ]


def test_two_final_invoices_of_one_message_do_not_deduct_the_same(ledger: MemoryLedger) -> None:
    both = [final(DEDUCTED, prepaid="1200.00"), final(DEDUCTED, prepaid="1200.00", number="S2")]

    assert refused(ledger, ADVANCE, *both) == ["fibu_advance_deducted_twice"]


def test_a_deduction_must_be_what_was_invoiced(ledger: MemoryLedger) -> None:
    ledger.commit(exported(COMPANY, ledger, [ADVANCE]))
    other = {"number": "A1", "net": "900.00", "vat": "180.00", "gross": "1080.00"}

    assert refused(ledger, final(other, prepaid="1080.00")) == ["fibu_advance_differs"]


def test_an_ordinary_invoice_cannot_be_deducted(ledger: MemoryLedger) -> None:
    ledger.commit(exported(COMPANY, ledger, [invoice("A1", "invoice", "1000.00")]))

    assert refused(ledger, final(DEDUCTED, prepaid="1200.00")) == ["fibu_advance_is_none"]


def test_what_was_paid_must_be_deducted(ledger: MemoryLedger) -> None:
    ledger.commit(exported(COMPANY, ledger, [ADVANCE]))

    assert refused(ledger, final(DEDUCTED, prepaid="0.00")) == ["fibu_prepaid_differs"]


def test_a_final_invoice_that_deducts_but_names_no_advance_is_told(ledger: MemoryLedger) -> None:
    effects = list(exported(COMPANY, ledger, [invoice("S1", "final_invoice", "3000.00", prepaid="1200.00")]))

    codes = [effect.problem.code for effect in effects if isinstance(effect, Warn)]
    assert codes == ["fibu_prepaid_without_advances"]
    assert emitted(effects, "booking")[0].gross == Decimal("3600.00")


def test_a_cancelled_final_invoice_names_the_same_advances(ledger: MemoryLedger) -> None:
    ledger.commit(exported(COMPANY, ledger, [ADVANCE, final(DEDUCTED, prepaid="1200.00")]))
    forgetful = invoice("X1", "cancellation", "3000.00", corrects={"number": "S1"})

    assert refused(ledger, forgetful) == ["fibu_advances_not_restored"]


def test_an_advance_is_deducted_or_cancelled_but_not_both(ledger: MemoryLedger) -> None:
    cancelling = invoice("X1", "cancellation", "1000.00", corrects={"number": "A1"})
    ledger.commit(exported(COMPANY, ledger, [ADVANCE, invoice("A2", "advance_invoice", "500.00")]))
    ledger.commit(exported(COMPANY, ledger, [cancelling], 2))
    second = {"number": "A2", "net": "500.00", "vat": "100.00", "gross": "600.00"}
    ledger.commit(exported(COMPANY, ledger, [final(second, prepaid="600.00")], 3))

    assert refused(ledger, final(DEDUCTED, prepaid="1200.00", number="S2")) == ["fibu_advance_deducted_twice"]
    again = invoice("X2", "cancellation", "500.00", corrects={"number": "A2"})
    assert refused(ledger, again) == ["fibu_advance_used_up"]


def test_a_credit_note_on_an_advance_goes_to_the_account_of_advances(ledger: MemoryLedger) -> None:
    ledger.commit(exported(COMPANY, ledger, [ADVANCE]))
    credit = invoice("G1", "credit_note", "1000.00", corrects={"number": "A1", "id": "IA1"})

    [booking] = emitted(list(exported(COMPANY, ledger, [credit], 2)), "booking")

    assert [(line.account, line.treatment, line.net) for line in booking.lines] == [
        ("3200", "advance_received", Decimal("-1000.00"))
    ]


def test_an_advance_at_a_rate_without_a_code_is_refused(ledger: MemoryLedger) -> None:
    """facts/fibu.md 3.4 names special codes for deposits, facts/domain.md 2.5 only at 20, 13 and 10 %."""
    assert refused(ledger, invoice("A2", "advance_invoice", "100.00", rate="19")) == ["fibu_tax_code_missing"]


def test_an_advance_paid_at_the_register_is_told(ledger: MemoryLedger) -> None:
    ledger.commit(exported(COMPANY, ledger, [ADVANCE]))
    data = {
        "register_id": "K",
        "receipt_number": "1",
        "issued_at": "2026-11-21T10:00:00+01:00",
        "receipt_type": "invoice_payment",
        "total": "1200.00",
        "vat_breakdown": [],
        "payments": [{"method": "cash", "amount": "1200.00"}],
        "invoice_id": "IA1",
    }
    effects = list(exported(COMPANY, ledger, [{"id": "R1", "data": data}], 2))

    assert [effect.problem.code for effect in effects if isinstance(effect, Warn)] == ["fibu_advance_paid_in_cash"]


# ── what is open on the FIBU's list ───────────────────────────────────────────────────────────────────────────────


def fibu_list(ledger: MemoryLedger, day: int, **amounts: str) -> list[tuple[str, str, str]]:
    """Compare a complete list with the ledger; the payments and states that CLUE is told."""
    rows = [
        OpenItemRow(index + 1, "200001", number, Decimal(amount), date(2026, 11, 20), None, "", "EUR", "")
        for index, (number, amount) in enumerate(amounts.items())
    ]
    settings = op_reconciliation.Settings(complete=True)
    batch = Batch(origin(day), DOCUMENT_TYPE, rows, {"key_date": date(2026, 11, day), "source": "rzl", "kind": "both"})
    checked = Context(ledger, {"1": COMPANY}, settings, date(2026, 11, 30), released=True)
    effects = ledger.commit(op_reconciliation.handle(batch, checked))
    records = [record for effect in effects if isinstance(effect, Emit) for record in effect.documents]
    return [
        ("payment", record.data.document_number, str(record.data.amount))
        if record.op == "upsert"
        else ("state", record.id, record.data["status"])
        for record in records
    ]


def test_lists_after_a_final_invoice_tell_of_payments_only(ledger: MemoryLedger) -> None:
    """A1 is paid, of A2 a half, A3 never: with S1 the rests of A2 and A3 are gone without a payment."""
    advances = [invoice(number, "advance_invoice", "1000.00") for number in ("A1", "A2", "A3")]
    ledger.commit(exported(COMPANY, ledger, advances))
    assert fibu_list(ledger, 21, A1="1200", A2="1200", A3="1200") == []
    assert sorted(fibu_list(ledger, 22, A2="600", A3="1200")) == [
        ("payment", "A1", "1200.00"),
        ("payment", "A2", "600.00"),
        ("state", "IA1", "paid"),
        ("state", "IA2", "partly_paid"),
    ]

    named = [
        DEDUCTED,
        {**DEDUCTED, "number": "A2", "paid": "600.00"},
        {**DEDUCTED, "number": "A3", "paid": "0.00"},
    ]
    ledger.commit(exported(COMPANY, ledger, [final(*named, prepaid="1800.00")], 2))

    assert fibu_list(ledger, 23, S1="1800") == []
    assert fibu_list(ledger, 24, S1="800") == [("payment", "S1", "1000.00"), ("state", "IS1", "partly_paid")]


def test_a_payment_that_no_list_has_shown_yet_is_told_after_the_final_invoice(ledger: MemoryLedger) -> None:
    ledger.commit(exported(COMPANY, ledger, [ADVANCE]))
    fibu_list(ledger, 21, A1="1200")
    half = {**DEDUCTED, "paid": "600.00"}
    ledger.commit(exported(COMPANY, ledger, [final(half, prepaid="600.00")], 2))

    assert fibu_list(ledger, 22, S1="3000") == [("payment", "A1", "600.00"), ("state", "IA1", "paid")]


def test_a_final_invoice_on_which_nothing_is_left_is_paid_at_once(ledger: MemoryLedger) -> None:
    """Zero invoices get no open item (facts/domain.md 0, finding 2), so no list would ever tell of it."""
    whole = invoice("S1", "final_invoice", "1000.00", prepaid="1200.00", advance_invoices=[DEDUCTED])
    effects = ledger.commit(exported(COMPANY, ledger, [ADVANCE, whole]))

    [told] = [effect for effect in effects if isinstance(effect, Emit) and effect.output.document_type == "invoice"]
    assert [(record.id, record.data["status"]) for record in told.documents] == [("IS1", "paid")]
    entry = ledger.of("1").get(KIND, "200001/S1")
    assert entry is not None
    assert entry.body["status"] == "paid"


def test_an_advance_in_another_currency_is_taken_back_at_its_own_rate(ledger: MemoryLedger) -> None:
    """Later rates do not change the VAT (facts/domain.md 3, fact 11)."""
    swiss = {"currency": "CHF"}
    advance = invoice("A1", "advance_invoice", "1000.00", **swiss, exchange={"rate": "0.8", "vat_amount_eur": "250.00"})
    last = final(DEDUCTED, prepaid="1200.00")
    last["data"] |= {**swiss, "exchange": {"rate": "1.0", "vat_amount_eur": "600.00"}}
    effects = ledger.commit(exported(COMPANY, ledger, [advance, last]))

    bookings: list[Booking] = emitted(effects, "booking")
    assert [(b.number, str(b.gross), str(b.foreign.rate) if b.foreign else "") for b in bookings] == [
        ("A1", "1500.00", "0.8"),
        ("S1", "3600.00", "1.0"),
        ("S1", "-1500.00", "0.8"),
    ]
    entry = ledger.of("1").get(KIND, "200001/S1")
    assert entry is not None
    assert entry.body["amount_open"] == "2100.00"
