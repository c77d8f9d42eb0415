"""Clearing lists: what each kind of booking becomes, and that nothing is told twice (facts/domain.md 3.2)."""

from datetime import date
from decimal import Decimal

import pytest

from core.open_items import ClearingRow
from tests.op_reconciliation.lists import Result, Site, booking, document, invoice, row

DAY, LATER, STILL_LATER = date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)
OTHER = row("2026-9", "50.00")


def site(**changed: object) -> Site:
    made = Site()
    made.export(document(**changed), document("2026-9", "50.00"))
    return made


def told(result: Result) -> list[tuple[str, ...]]:
    fields = ("amount", "discount_amount", "write_off_amount", "fx_difference", "offset_amount")
    return [
        tuple(str(value) for name in fields if (value := getattr(payment, name)) is not None)
        for payment in result.payments
    ]


def test_a_payment_and_its_skonto_are_one_payment() -> None:
    made = site()
    rows = (
        invoice("2026-1", "100.00"),
        booking("2026-1", "-97.00", DAY, 3),
        booking("2026-1", "-3.00", DAY, 4, counter_account="4400"),
    )
    result = made.clear(LATER, *rows)
    [payment] = result.payments
    assert (payment.amount, payment.discount_amount, payment.date) == (Decimal("97.00"), Decimal("3.00"), DAY)
    assert (payment.source, payment.inferred, payment.date_inferred) == ("clearing", False, False)
    assert (payment.evidence_list, payment.evidence_row) == ("ausz.csv", 3)
    assert payment.id == "clr:1:200001:-:2026-1:2026-11-02"
    assert [record.data for record in result.states] == [{"status": "paid", "amount_open": "0.00"}]
    again = made.clear(STILL_LATER, *rows)
    assert (again.payments, again.states, again.notices) == ([], [], [])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ("100.00",)),
        ({"counter_account": "", "symbol": "KA"}, ("100.00",)),
        ({"counter_account": "5800"}, ("0.00", "100.00")),
        ({"counter_account": "7860"}, ("0.00", "100.00")),
        ({"counter_account": "7800"}, ("0.00", "100.00")),
        ({"counter_account": "200002", "symbol": "UB"}, ("0.00", "100.00")),
        ({"counter_account": "3999", "symbol": "UM"}, ("0.00", "100.00")),
        ({"counter_account": "4000", "symbol": "GU"}, ("0.00", "100.00")),
        ({"counter_account": "4000", "symbol": "ST"}, ("0.00", "100.00")),
        ({"counter_account": "", "symbol": "BK", "text": "Skonto 3 %"}, ("0.00", "100.00")),
    ],
)
def test_the_account_says_what_a_booking_is(changed: dict[str, str], said: tuple[str, ...]) -> None:
    result = site().clear(LATER, invoice("2026-1", "100.00"), booking("2026-1", "-100.00", DAY, 3, **changed))
    assert told(result) == [said]
    assert not result.payments[0].inferred


@pytest.mark.parametrize("account", ["", "1100"])
def test_a_booking_of_which_nothing_is_known_is_inferred(account: str) -> None:
    result = site().clear(
        LATER, invoice("2026-1", "100.00"), booking("2026-1", "-60.00", DAY, 3, counter_account=account, symbol="")
    )
    assert [(payment.amount, payment.inferred) for payment in result.payments] == [(Decimal("60.00"), True)]
    assert result.states[0].data == {"status": "partly_paid", "amount_open": "40.00"}


def test_what_was_concluded_gives_way_to_what_is_proved() -> None:
    made = site()
    made.drop(DAY, row(), OTHER)
    [concluded] = made.drop(LATER, OTHER).payments
    result = made.clear(
        LATER,
        invoice("2026-1", "100.00"),
        booking("2026-1", "-97.00", DAY, 3),
        booking("2026-1", "-3.00", DAY, 4, counter_account="4400"),
    )
    back, proved = result.payments
    assert (back.amount, back.reverses, back.inferred) == (Decimal("-100.00"), concluded.id, True)
    assert (proved.amount, proved.discount_amount, proved.inferred) == (Decimal("97.00"), Decimal("3.00"), False)
    assert result.states == []


def test_what_is_not_proved_stays_concluded() -> None:
    made = site()
    made.drop(DAY, row(), OTHER)
    made.drop(LATER, OTHER)
    result = made.clear(LATER, invoice("2026-1", "100.00"), booking("2026-1", "-40.00", DAY, 3))
    assert [(payment.amount, payment.inferred) for payment in result.payments] == [
        (Decimal("-100.00"), True),
        (Decimal("40.00"), False),
        (Decimal("60.00"), True),
    ]
    assert made.tracked().amount_open == 0


def test_a_returned_debit_takes_its_payment_back() -> None:
    made = site()
    rows = [invoice("2026-1", "100.00"), booking("2026-1", "-100.00", DAY, 3)]
    [first] = made.clear(DAY, *rows).payments
    result = made.clear(LATER, *rows, booking("2026-1", "100.00", LATER, 4, text="Rücklastschrift"))
    assert [(payment.amount, payment.reverses) for payment in result.payments] == [(Decimal("-100.00"), first.id)]
    assert result.states[0].data == {"status": "open", "amount_open": "100.00"}


def test_one_payment_for_several_documents_is_divided() -> None:
    made = site()
    rows = (
        invoice("2026-1", "100.00", row=2, clearing_number="7"),
        invoice("2026-9", "50.00", row=3, clearing_number="7"),
        booking("BK311", "-150.00", DAY, 4, clearing_number="7"),
    )
    result = made.clear(LATER, *rows)
    assert [(p.id, p.amount, p.inferred) for p in result.payments] == [
        ("clr:1:200001:7:2026-1:2026-11-02", Decimal("100.00"), False),
        ("clr:1:200001:7:2026-9:2026-11-02", Decimal("50.00"), False),
    ]
    assert made.clear(LATER, *rows).payments == []


def test_a_credit_note_is_set_against_an_invoice_and_the_rest_is_money() -> None:
    made = site()
    made.export(document("GU-3", "-30.00"))
    result = made.clear(
        LATER,
        invoice("2026-1", "100.00", row=2, clearing_number="7"),
        invoice("GU-3", "-30.00", row=3, clearing_number="7", symbol="GU"),
        booking("BK311", "-70.00", DAY, 4, clearing_number="7"),
    )
    assert sorted((p.document_number or "", *said) for p, said in zip(result.payments, told(result), strict=True)) == [
        ("2026-1", "0.00", "30.00"),
        ("2026-1", "70.00"),
        ("GU-3", "0.00", "-30.00"),
    ]
    assert {record.data["status"] for record in result.states} == {"paid"}


def set_off(*rows: tuple[str, str]) -> set[tuple[str, str, str, bool]]:
    """What one clearing of these becomes: document, money, set off, and whether it is inferred."""
    made = site()
    made.export(document("GU-3", "-30.00"))
    looks = {"AR": {"counter_account": "4000", "tax_code": "M20"}, "GU": {"counter_account": "4000"}, "BK": {}}
    bookings = []
    for place, (number, amount) in enumerate(rows, 2):
        symbol = "GU" if number == "GU-3" else "BK" if amount.startswith("-") else "AR"
        bookings.append(booking(number, amount, DAY, place, symbol=symbol, clearing_number="7", **looks[symbol]))
    payments = made.clear(LATER, *bookings).payments
    return {(p.document_number or "", str(p.amount), str(p.offset_amount or ""), p.inferred) for p in payments}


def test_a_credit_note_against_several_invoices_is_certain_where_nothing_else_settles_them() -> None:
    assert set_off(("2026-1", "20.00"), ("2026-9", "10.00"), ("GU-3", "-30.00")) == {
        ("2026-1", "0.00", "20.00", False),
        ("2026-9", "0.00", "10.00", False),
        ("GU-3", "0.00", "-30.00", False),
    }


def test_what_a_credit_note_and_a_payment_settle_of_several_invoices_is_a_guess() -> None:
    assert set_off(("2026-1", "100.00"), ("2026-9", "50.00"), ("GU-3", "-30.00"), ("BK1", "-120.00")) == {
        ("2026-1", "70.00", "30.00", True),
        ("2026-9", "50.00", "", True),
        ("GU-3", "0.00", "-30.00", False),
    }


def test_a_payment_that_leaves_a_rest_of_several_invoices_is_a_guess() -> None:
    assert set_off(("2026-1", "100.00"), ("2026-9", "50.00"), ("BK1", "-120.00")) == {
        ("2026-1", "100.00", "", True),
        ("2026-9", "20.00", "", True),
    }


def test_what_is_guessed_does_not_make_a_guess_of_a_document_s_own_payment() -> None:
    rows = (("2026-1", "100.00"), ("2026-1", "-40.00"), ("2026-9", "50.00"), ("BK1", "-100.00"))
    assert set_off(*rows) == {
        ("2026-1", "40.00", "", False),
        ("2026-1", "60.00", "", True),
        ("2026-9", "40.00", "", True),
    }


def test_a_clearing_in_several_currencies_is_not_told() -> None:
    result = site().clear(
        LATER,
        invoice("2026-1", "100.00", currency="EUR", clearing_number="7"),
        invoice("2026-8", "50.00", row=3, currency="USD", clearing_number="7"),
        booking("BK1", "-150.00", DAY, 4, currency="EUR", clearing_number="7"),
    )
    assert (result.payments, result.notices) == ([], ["in_doubt"])


def test_a_payment_in_another_currency_is_not_told_where_the_invoice_is_missing() -> None:
    result = site().clear(LATER, booking("2026-1", "-100.00", DAY, currency="USD"))
    assert (result.payments, result.notices) == ([], ["in_doubt"])


def test_what_is_transferred_to_a_document_is_not_taken_for_the_document() -> None:
    result = site().clear(LATER, booking("2026-1", "30.00", DAY, counter_account="200002", symbol="UM"))
    assert (told(result), result.notices) == ([("0.00", "-30.00")], [])


def test_two_equal_payments_of_a_day_are_two() -> None:
    made = site()
    first = [invoice("2026-1", "100.00"), booking("2026-1", "-40.00", DAY, 3)]
    assert told(made.clear(DAY, *first)) == [("40.00",)]
    result = made.clear(LATER, *first, booking("2026-1", "-40.00", DAY, 4))
    assert [(p.id, p.amount) for p in result.payments] == [("clr:1:200001:-:2026-1:2026-11-02:2", Decimal("40.00"))]


def test_a_credit_note_of_the_day_and_amount_of_a_payment_is_another_booking() -> None:
    made = site()
    paid = booking("2026-1", "-100.00", DAY, 4)
    assert told(made.clear(DAY, invoice("2026-1", "100.00"), paid)) == [("100.00",)]
    cancelled = booking("2026-1", "-100.00", DAY, 3, symbol="GU", counter_account="4000")
    assert told(made.clear(LATER, invoice("2026-1", "100.00"), cancelled, paid)) == [("0.00", "100.00")]


def test_a_payment_that_was_hung_to_the_final_invoice_is_the_advance_s() -> None:
    made = Site()
    made.export(document("A1", "120.00"), document("S1", "880.00", deducts=("200001/A1",)))
    made.clear(DAY, invoice("A1", "120.00"), booking("A1", "-120.00", DAY, 3))
    result = made.clear(
        LATER,
        invoice("S1", "880.00"),
        booking("S1", "-120.00", DAY, 3, earlier_number="A1"),
        booking("S1", "-880.00", LATER, 4),
    )
    assert [(p.document_number, p.amount) for p in result.payments] == [("S1", Decimal("880.00"))]


def test_a_payment_at_the_register_is_not_told_again() -> None:
    made = site(known_paid=Decimal("100.00"))
    result = made.clear(
        LATER, invoice("2026-1", "100.00"), booking("2026-1", "-100.00", DAY, 3, counter_account="2700")
    )
    assert (result.payments, result.states[0].data["status"]) == ([], "paid")


def test_a_payment_at_the_register_that_a_list_has_shown_is_not_counted_again() -> None:
    made = site(known_paid=Decimal("100.00"))
    made.drop(DAY, row(), OTHER)
    assert made.drop(LATER, OTHER).payments == []
    rows = (invoice("2026-1", "100.00"), booking("2026-1", "-100.00", DAY, 3, counter_account="2700"))
    result = made.clear(LATER, *rows)
    assert (result.payments, result.states) == ([], [])
    assert made.tracked().amount_open == 0


@pytest.mark.parametrize(
    ("changed", "rows"),
    [
        ({"status": "cancelled"}, (invoice("2026-1", "100.00"), booking("2026-1", "-100.00", DAY, 3))),
        ({}, (invoice("2026-1", "100.00", currency="USD"), booking("2026-1", "-100.00", DAY, 3))),
    ],
)
def test_a_doubtful_document_is_not_told(changed: dict[str, object], rows: tuple[ClearingRow, ...]) -> None:
    result = site(**changed).clear(LATER, *rows)
    assert (result.payments, result.notices) == ([], ["in_doubt"])


def test_the_same_booking_under_another_day_is_not_told_twice() -> None:
    made = site()
    made.clear(DAY, invoice("2026-1", "100.00"), booking("2026-1", "-100.00", DAY, 3))
    result = made.clear(LATER, invoice("2026-1", "100.00"), booking("2026-1", "-100.00", LATER, 3))
    assert (result.payments, result.notices) == ([], ["in_doubt"])


def test_an_open_item_list_of_the_same_day_does_not_overrule_bookings() -> None:
    made = site()
    made.drop(DAY, row(), OTHER)
    made.clear(LATER, invoice("2026-1", "100.00"), booking("2026-1", "-100.00", DAY, 3))
    result = made.drop(LATER, row(), OTHER)
    assert (result.payments, result.notices) == ([], ["in_doubt"])


def test_a_list_of_another_company_is_held() -> None:
    made = Site()
    numbers = [f"N{number}" for number in range(5)]
    made.export(*(document(number) for number in numbers))
    rows = [invoice(number, "77.00", row=place) for place, number in enumerate(numbers, 2)]
    assert made.clear(LATER, *rows).held == ["other_company"]
    assert made.clear(LATER, booking("X", "-5.00", DAY)).held == ["none_of_ours"]
    assert made.clear(LATER, *rows, released=True).held == []


def test_a_storno_is_no_payment() -> None:
    result = site().clear(LATER, invoice("2026-1", "100.00"), invoice("2026-1", "-100.00", DAY, 3, tax_code="AN20s"))
    assert told(result) == [("0.00", "100.00")]
    assert result.notices == ["cancelled_there"]


def test_a_supplier_invoice_is_paid_by_debits() -> None:
    made = site()
    made.export(document("ER-7", "1200.00", direction="ap", ledger_account="300001"))
    result = made.clear(
        LATER,
        invoice("ER-7", "-1200.00", account="300001", symbol="ER", counter_account="5000"),
        booking("ER-7", "1176.00", DAY, 3, account="300001"),
        booking("ER-7", "24.00", DAY, 4, account="300001", counter_account="5800"),
    )
    assert told(result) == [("1176.00", "24.00")]
    assert result.payments[0].direction == "ap"


def test_a_supplier_s_credit_note_is_no_write_off() -> None:
    made = site()
    made.export(document("ER-7", "1200.00", direction="ap", ledger_account="300001"))
    result = made.clear(
        LATER,
        invoice("ER-7", "-1200.00", account="300001", symbol="ER", counter_account="5000"),
        booking("ER-7", "200.00", DAY, 3, account="300001", symbol="EG", counter_account="5000"),
    )
    assert [payment.offset_amount for payment in result.payments] == [Decimal("200.00")]
