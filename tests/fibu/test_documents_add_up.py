"""Whatever companies and documents there are: what is booked of them is what they say, to the cent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.company import Accounts, Company, LedgerAccountRule, PaymentMethodAccount
from core.contracts import Effect, Put
from core.fibu.booking import NO_TAX, Booking
from core.fibu.options import BmdOptions, RzlOptions
from core.fibu.tax_codes import BmdTaxCode, RzlTaxCode
from core.money import cents, total, vat_in_gross, vat_of_net
from core.tracked import KIND
from tests.fibu.rendering import emitted, exported
from tests.ledgers import MemoryLedger

ZERO = Decimal("0.00")
EXAMPLES = 250
"""Of each promise; every example holds several documents."""
SIGNS = {"credit_note": -1, "cancellation": -1}
ADVANCE = "advance_received"
TAXED = ("20", "13", "10", "19", "4.9")
AR_FREE = ("export", "ic_supply", "ic_service", "rc_domestic", "small_business", "exempt", "out_of_scope")
AP_FREE = ("ic_acquisition", "rc_received", "small_business", "exempt", "out_of_scope")
KINDS = ("invoice", "credit_note", "cancellation", "partial_invoice", "self_billing", "debit_note", "advance_invoice")
PARTY = {"name": "Partner", "vat_id": "DE123456789", "addresses": [{"kind": "billing", "country": "DE"}]}
NETS = st.decimals("0.01", "20000", places=2)

ACCOUNTS = Accounts(
    ledger=tuple(
        LedgerAccountRule(side=side, treatment=treatment, account=account)
        for side, treatments, account in (
            ("ar", ("domestic", *AR_FREE), "4000"),
            ("ap", ("domestic", "input_vat", "not_deductible", *AP_FREE), "5000"),
            ("ar", (ADVANCE,), "3200"),
            ("ap", (ADVANCE,), "1800"),
        )
        for treatment in treatments
    ),
    payment_methods=(PaymentMethodAccount(method="voucher", account="3490"),),
)
BMD = BmdOptions(
    tax_codes=tuple(BmdTaxCode(side=side, treatment=ADVANCE, code="1") for side in ("ar", "ap"))  # type: ignore[arg-type]
)
RZL = RzlOptions(
    tax_codes=tuple(
        RzlTaxCode(side=side, treatment=treatment, key="20", code="2")  # type: ignore[arg-type]
        for side, treatment in (("ar", ADVANCE), ("ap", ADVANCE), ("ar", "rc_domestic"))
    )
)


@st.composite
def companies(draw: st.DrawFn) -> Company:
    return Company(
        id="1",
        fibu=draw(st.sampled_from(["bmd", "rzl"])),
        accounts=ACCOUNTS,
        bmd=BMD,
        rzl=RZL,
        cash_bookings=draw(st.sampled_from(["single", "daily"])),
    )


@st.composite
def groups(draw: st.DrawFn, direction: str, *, advance: bool = False) -> list[dict[str, str]]:
    """VAT groups, priced net or gross."""
    rows = []
    for rate in draw(st.lists(st.sampled_from(TAXED), min_size=1, max_size=3, unique=True)):
        amount = draw(NETS)
        vat = vat_of_net(amount, Decimal(rate))
        if draw(st.booleans()):
            vat = vat_in_gross(amount, Decimal(rate))
            amount -= vat
        treatments = ("domestic",) if direction == "ar" or advance else ("input_vat", "not_deductible")
        rows.append(row(draw(st.sampled_from(treatments)), "S", rate, amount, vat))
    free = draw(st.sampled_from(("", *(AR_FREE if direction == "ar" else AP_FREE))))
    if free and not advance:
        rows.append(row(free, "E", "0", draw(NETS), ZERO))
    return rows


def row(treatment: str, category: str, rate: str, net: Decimal, vat: Decimal) -> dict[str, str]:
    return {
        "vat_treatment": treatment,
        "vat_category": category,
        "vat_rate": rate,
        "net": str(cents(net)),
        "vat": str(cents(vat)),
    }


def sums(rows: Iterable[Mapping[str, str]]) -> tuple[Decimal, Decimal]:
    rows = list(rows)
    return total(Decimal(row["net"]) for row in rows), total(Decimal(row["vat"]) for row in rows)


def invoice(
    number: str, kind: str, direction: str, rows: list[dict[str, str]], prepaid: Decimal = ZERO, **more: Any
) -> dict[str, Any]:
    net, vat = sums(rows)
    lines = [
        {
            "line_id": str(index),
            "qty": "1",
            "unit_price": group["net"],
            "net": group["net"],
            "vat_category": group["vat_category"],
            "vat_rate": group["vat_rate"],
        }
        for index, group in enumerate(rows)
    ]
    data = {
        "direction": direction,
        "document_type": kind,
        "number": number,
        "external_number": number,
        "issue_date": "2026-08-10",
        "party_id": "P1",
        "currency": "EUR",
        "lines": lines,
        "vat_breakdown": rows,
        "totals": {
            "net": str(net),
            "vat": str(vat),
            "gross": str(net + vat),
            "prepaid": str(prepaid),
            "payable": str(net + vat - prepaid),
        },
        **more,
    }
    return {"id": f"I{number}", "data": data}


@st.composite
def messages(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Documents of all kinds that stand alone."""
    made = []
    for index in range(draw(st.integers(1, 4))):
        kind, direction = draw(st.sampled_from(KINDS)), draw(st.sampled_from(["ar", "ap"]))
        rows = draw(groups(direction, advance=kind == "advance_invoice"))
        made.append(invoice(str(index + 1), kind, direction, rows))
    return made


def ledger() -> MemoryLedger:
    made = MemoryLedger()
    for kind, account in (("customer", "200001"), ("supplier", "300001")):
        made.of("1").put(Put("1", kind, "P1", {"data": {**PARTY, "ledger_account": account}}))
    return made


def vat_by_rate(bookings: Iterable[Booking]) -> dict[Decimal, Decimal]:
    found: dict[Decimal, Decimal] = defaultdict(lambda: ZERO)
    for line in (line for booking in bookings for line in booking.lines):
        found[line.rate] += line.vat
    return {rate: vat for rate, vat in found.items() if vat}


def stated_vat(rows: Iterable[Mapping[str, str]], sign: int) -> dict[Decimal, Decimal]:
    found: dict[Decimal, Decimal] = defaultdict(lambda: ZERO)
    for group in rows:
        if group["vat_treatment"] != "not_deductible":
            found[Decimal(group["vat_rate"])] += sign * Decimal(group["vat"])
    return {rate: vat for rate, vat in found.items() if vat}


@pytest.mark.slow
@given(company=companies(), message=messages())
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_document_is_booked_with_its_gross_and_its_vat(company: Company, message: list[dict[str, Any]]) -> None:
    effects = list(exported(company, ledger(), message))
    bookings = emitted(effects, "booking")

    assert [booking.document_id for booking in bookings] == [record["id"] for record in message]
    for record, booking in zip(message, bookings, strict=True):
        data = record["data"]
        sign = SIGNS.get(data["document_type"], 1)
        assert booking.gross == booking.lines_total == sign * Decimal(data["totals"]["gross"])
        assert vat_by_rate([booking]) == stated_vat(data["vat_breakdown"], sign)
        assert booking.side == ("debit" if data["direction"] == "ar" else "credit")
    assert run_gross(effects) == total(booking.gross for booking in bookings)
    assert open_amounts(effects) == total(booking.gross for booking in bookings)


def run_gross(effects: Sequence[Effect]) -> Decimal:
    [run] = [put.body for put in effects if isinstance(put, Put) and put.kind == "export_run"]
    assert run is not None
    return Decimal(run["gross"])


def open_amounts(effects: Sequence[Effect]) -> Decimal:
    """What is open on the FIBU's lists, if nothing is paid."""
    bodies = [put.body for put in effects if isinstance(put, Put) and put.kind == KIND]
    return total(Decimal(body["amount_open"]) for body in bodies if body)


@st.composite
def chains(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]], dict[str, Any]]:
    """Advance and partial invoices, paid or not, and the final invoice that deducts them."""
    direction = draw(st.sampled_from(["ar", "ap"]))
    earlier, named, paid_sum = [], [], ZERO
    for index in range(draw(st.integers(1, 3))):
        rows = draw(groups(direction, advance=True))
        kind = draw(st.sampled_from(["advance_invoice", "partial_invoice"]))
        if direction == "ap" and kind == "partial_invoice":
            rows = [{**group, "vat_treatment": "input_vat"} for group in rows]
        earlier.append(invoice(f"A{index + 1}", kind, direction, rows))
        net, vat = sums(rows)
        paid = draw(st.one_of(st.none(), st.just(ZERO), st.decimals("0", net + vat, places=2)))
        paid_sum += net + vat if paid is None else paid
        named.append({"number": f"A{index + 1}", "net": str(net), "vat": str(vat), "gross": str(net + vat)})
        named[-1] |= {} if paid is None else {"paid": str(paid)}
    final_rows = draw(groups(direction))
    final = invoice("S1", "final_invoice", direction, final_rows, paid_sum, advance_invoices=named)
    return direction, earlier, final


@pytest.mark.slow
@given(company=companies(), chain=chains(), at_once=st.booleans())
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_final_invoice_leaves_the_whole_supply_and_nothing_of_its_advances(
    company: Company, chain: tuple[str, list[dict[str, Any]], dict[str, Any]], at_once: bool
) -> None:
    """Of all documents together the revenue, the VAT and the receivable of the final invoice are left."""
    direction, earlier, final = chain
    books = ledger()
    first = [*earlier, final] if at_once else earlier
    done = books.commit(exported(company, books, first))
    if not at_once:
        done += books.commit(exported(company, books, [final], 2))
    bookings = emitted(done, "booking")

    whole = Decimal(final["data"]["totals"]["gross"])
    paid = Decimal(final["data"]["totals"]["prepaid"])
    own = [booking for booking in bookings if booking.number == "S1"]
    assert total(booking.gross for booking in own) == whole - paid
    assert total(booking.gross for booking in bookings) == whole
    assert vat_by_rate(bookings) == stated_vat(final["data"]["vat_breakdown"], 1)
    advances = "3200" if direction == "ar" else "1800"
    assert total(line.net for b in bookings for line in b.lines if line.account == advances) == 0
    entries = [entry.body for entry in books.of("1").all(KIND)]
    assert total(Decimal(body["amount_open"]) for body in entries) == whole
    assert total(Decimal(body["gross"]) for body in entries if body["number"] != "S1") == paid


@pytest.mark.slow
@given(company=companies(), chain=chains())
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_cancelled_final_invoice_leaves_what_was_there_before(
    company: Company, chain: tuple[str, list[dict[str, Any]], dict[str, Any]]
) -> None:
    _, earlier, final = chain
    books = ledger()
    books.commit(exported(company, books, earlier))
    before = {entry.key: dict(entry.body) for entry in books.of("1").all(KIND)}
    turned = {**final["data"], "document_type": "cancellation", "number": "X1", "external_number": "X1"}
    turned["corrects"] = {"number": "S1"}
    done = books.commit(exported(company, books, [final], 2))
    done += books.commit(exported(company, books, [{"id": "IX1", "data": turned}], 3))
    by_account: dict[tuple[str, Decimal, str], Decimal] = defaultdict(lambda: ZERO)
    for line in (line for booking in emitted(done, "booking") for line in booking.lines):
        by_account[line.account, line.rate, line.treatment] += line.gross

    assert set(by_account.values()) <= {ZERO}
    after = {entry.key: dict(entry.body) for entry in books.of("1").all(KIND) if entry.key in before}
    assert after == before
    again = {**final, "id": "IS2", "data": {**final["data"], "number": "S2", "external_number": "S2"}}
    assert emitted(list(exported(company, books, [again], 4)), "booking")


@given(
    company=companies(),
    rows=groups("ar"),
    rate=st.decimals("0.2", "5", places=4),
    off=st.sampled_from(["0.00", "0.01", "-0.02"]),
)
@settings(max_examples=40, deadline=None)
def test_another_currency_keeps_the_stated_vat_in_euro(
    company: Company, rows: list[dict[str, str]], rate: Decimal, off: str
) -> None:
    """VAT as the document states it in euro, gross as converted, and the document's own amounts beside them."""
    net, vat = sums(rows)
    in_euro = max(ZERO, cents(vat / rate) + Decimal(off)) if vat else ZERO
    exchange = {"rate": str(rate), "vat_amount_eur": str(in_euro)}
    record = invoice("1", "invoice", "ar", rows, currency="CHF", exchange=exchange)

    [booking] = emitted(list(exported(company, ledger(), [record])), "booking")

    assert booking.gross == booking.lines_total == cents((net + vat) / rate)
    assert total(line.vat for line in booking.lines) == in_euro
    assert total(line.foreign_net or ZERO for line in booking.lines) == net
    assert total(line.foreign_vat or ZERO for line in booking.lines) == vat
    assert booking.foreign is not None
    assert booking.foreign.rate == rate


@st.composite
def receipts(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Sales and cancellations at two registers over two days, paid by several means."""
    made = []
    for index in range(draw(st.integers(1, 8))):
        rows = [
            {"vat_rate": rate, "net": str(net), "vat": str(vat_of_net(net, Decimal(rate)))}
            for rate in draw(st.lists(st.sampled_from(TAXED), min_size=1, max_size=2, unique=True))
            for net in [draw(NETS)]
        ]
        gross = total(Decimal(row["net"]) + Decimal(row["vat"]) for row in rows)
        other = draw(st.one_of(st.just(ZERO), st.decimals("0", gross, places=2)))
        payments = [
            {"method": draw(st.sampled_from(["card", "voucher"])), "amount": str(other)},
            {"method": "cash", "amount": str(gross - other)},
        ]
        data = {
            "register_id": draw(st.sampled_from(["K1", "K2"])),
            "receipt_number": str(index + 1),
            "issued_at": f"2026-08-1{draw(st.integers(0, 1))}T10:00:00+02:00",
            "receipt_type": draw(st.sampled_from(["sale", "sale", "cancellation"])),
            "total": str(gross),
            "vat_breakdown": rows,
            "payments": payments,
        }
        made.append({"id": f"R{index + 1}", "data": data})
    return made


def posted(bookings: Iterable[Booking]) -> dict[tuple[object, ...], tuple[Decimal, Decimal]]:
    """Net and VAT by day, account and VAT group, from both sides of the bookings."""
    found: dict[tuple[object, ...], tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for booking in bookings:
        sign = 1 if booking.side == "debit" else -1
        for line in booking.lines:
            for account, net, vat in (
                (booking.account, sign * line.gross, ZERO),
                (line.account, -sign * line.net, -sign * line.vat),
            ):
                treatment = (NO_TAX, ZERO) if account == booking.account else (line.treatment, line.rate)
                key = (booking.document_date, account, *treatment)
                found[key] = (found[key][0] + net, found[key][1] + vat)
    return {key: amounts for key, amounts in found.items() if any(amounts)}


@pytest.mark.slow
@given(fibu=st.sampled_from(["bmd", "rzl"]), message=receipts())
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_days_closing_holds_what_its_receipts_hold(fibu: str, message: list[dict[str, Any]]) -> None:
    both = {}
    for form in ("single", "daily"):
        company = Company(id="1", fibu=fibu, accounts=ACCOUNTS, bmd=BMD, rzl=RZL, cash_bookings=form)  # type: ignore[arg-type]
        both[form] = emitted(list(exported(company, ledger(), message)), "booking")

    assert posted(both["daily"]) == posted(both["single"])
    sales = [booking for booking in both["daily"] if booking.side == "debit"]
    assert len(sales) == len({(booking.text.split()[1], booking.number) for booking in sales})
    assert len(both["daily"]) <= len(both["single"])
