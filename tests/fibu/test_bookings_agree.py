"""Whatever is invoiced: both programs get debit = credit, the document's gross and the document's VAT per group."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.company import AccountRange, Accounts, Company, LedgerAccountRule
from core.contracts import Emit, Put
from core.errors import RuleError
from core.fibu.booking import Booking
from core.money import total, vat_of_net
from tests.fibu.rendering import exported, output_files
from tests.ledgers import MemoryLedger

RATES = ("20", "13", "10", "19", "4.9")
AR_SIGN = {"credit_note": -1, "cancellation": -1}
ACCOUNTS = Accounts(
    creditors=AccountRange(first=300000, last=399999, further=("200001-200001",)),
    ledger=tuple(
        LedgerAccountRule(side=side, rate=Decimal(rate), account=f"{first}{index}00")
        for side, first in (("ar", 4), ("ap", 5))
        for index, rate in enumerate(RATES)
    ),
)
PARTY = {
    "name": "Käuferin & Söhne; „Groß“ GmbH",
    "ledger_account": "200001",
    "vat_id": "DE123456789",
    "addresses": [{"kind": "billing", "country": "DE"}],
}
CENTS = st.decimals(min_value="-500.00", max_value="99999.99", places=2, allow_nan=False)


def number(value: str) -> Decimal:
    return Decimal(value.replace(",", "."))


@st.composite
def invoices(draw: st.DrawFn, index: int = 0) -> dict[str, Any]:
    """An invoice of several rates, its lines on articles with and without accounts."""
    direction = draw(st.sampled_from(["ar", "ap"]))
    rows, lines = [], []
    for rate in draw(st.lists(st.sampled_from(RATES), min_size=1, max_size=4, unique=True)):
        nets = draw(st.lists(CENTS, min_size=1, max_size=3))
        net = total(nets)
        rows.append(
            {
                "vat_category": "S",
                "vat_rate": rate,
                "net": str(net),
                "vat": str(vat_of_net(net, Decimal(rate)) + draw(st.sampled_from([0, Decimal("0.01")]))),
                "vat_treatment": "domestic",
                **draw(st.sampled_from([{}, {"account": "4711"}])),
            }
        )
        for part in nets:
            sku = draw(st.sampled_from(["A", "B", "C"]))
            line = {"line_id": str(len(lines)), "sku": sku, "qty": "1", "unit_price": str(part), "net": str(part)}
            lines.append({**line, "vat_category": "S", "vat_rate": rate})
    net, vat = total(Decimal(row["net"]) for row in rows), total(Decimal(row["vat"]) for row in rows)
    return {
        "direction": direction,
        "document_type": draw(st.sampled_from(["invoice", "credit_note", "cancellation", "final_invoice"])),
        "number": f"2026-{index}",
        "external_number": f"R-{index}",
        "issue_date": "2026-08-10",
        "party_id": "P1",
        "party_name": draw(st.text(alphabet='aÄß €;"\r\n\t–', max_size=90)),
        "currency": "EUR",
        "lines": lines,
        "vat_breakdown": rows,
        "totals": {"net": str(net), "vat": str(vat), "gross": str(net + vat), "payable": str(net + vat)},
    }


MESSAGES = (
    st.integers(1, 3)
    .flatmap(lambda count: st.tuples(*(invoices(index) for index in range(count))))
    .filter(lambda message: all(Decimal(invoice["totals"]["gross"]) > 0 for invoice in message))
)


def export_of(fibu: str, message: Sequence[Mapping[str, Any]]) -> tuple[list[Booking], str]:
    """The bookings of a message and the text of the booking file."""
    company = Company(id="1", fibu=fibu, accounts=ACCOUNTS)
    ledger = MemoryLedger()
    for kind in ("customer", "supplier"):
        ledger.of("1").put(Put("1", kind, "P1", {"data": PARTY}))
    for sku, account in (("A", "4801"), ("B", "4802")):
        data = {"revenue_account": account, "expense_account": account}
        ledger.of("1").put(Put("1", "article", sku, {"data": data}))
    records = [{"id": f"I{index}", "data": data} for index, data in enumerate(message)]
    effects = list(exported(company, ledger, records))
    bookings = [
        document
        for effect in effects
        if isinstance(effect, Emit) and effect.output.document_type == "booking"
        for document in effect.documents
    ]
    content = next(content for name, content in output_files(effects).items() if name.endswith("buchungen.csv"))
    return bookings, content.decode("cp1252")


def expected_vat(invoice: Mapping[str, Any]) -> dict[Decimal, Decimal]:
    sign = AR_SIGN.get(invoice["document_type"], 1)
    groups: dict[Decimal, Decimal] = {}
    for row in invoice["vat_breakdown"]:
        rate = Decimal(row["vat_rate"])
        groups[rate] = groups.get(rate, Decimal(0)) + sign * Decimal(row["vat"])
    return {rate: vat for rate, vat in groups.items() if vat}


def groups_of(pairs: Sequence[tuple[Decimal, Decimal]]) -> dict[Decimal, Decimal]:
    groups: dict[Decimal, Decimal] = {}
    for rate, vat in pairs:
        groups[rate] = groups.get(rate, Decimal(0)) + vat
    return {rate: vat for rate, vat in groups.items() if vat}


@given(message=MESSAGES)
@settings(max_examples=60, deadline=None)
def test_a_booking_has_the_documents_gross_and_vat(message: Sequence[Mapping[str, Any]]) -> None:
    bookings, _ = export_of("bmd", message)

    for invoice, booking in zip(message, bookings, strict=True):
        sign = AR_SIGN.get(invoice["document_type"], 1)
        assert booking.lines_total == booking.gross == sign * Decimal(invoice["totals"]["gross"])
        assert groups_of([(line.rate, line.vat) for line in booking.lines]) == expected_vat(invoice)


@given(message=MESSAGES)
@settings(max_examples=60, deadline=None)
def test_bmd_rows_add_up_to_the_document(message: Sequence[Mapping[str, Any]]) -> None:
    _, text = export_of("bmd", message)
    header, *rows = [line.split(";") for line in text.split("\r\n")[:-1]]
    records = [dict(zip(header, row, strict=True)) for row in rows]

    for invoice in message:
        own = [record for record in records if record["belegnr"] == invoice["number"]]
        side = 1 if invoice["direction"] == "ar" else -1
        sign = side * AR_SIGN.get(invoice["document_type"], 1)
        assert total(number(record["betrag"]) for record in own) == sign * Decimal(invoice["totals"]["gross"])
        vat = [(number(record["prozent"]), -side * number(record["steuer"])) for record in own]
        assert groups_of(vat) == expected_vat(invoice)
        assert {record["buchcode"] for record in own} == {"1" if side == 1 else "2"}


@given(message=MESSAGES)
@settings(max_examples=60, deadline=None)
def test_rzl_rows_balance_and_add_up_to_the_document(message: Sequence[Mapping[str, Any]]) -> None:
    _, text = export_of("rzl", message)
    rows = [line.split(";") for line in text.split("\r\n")[:-1]]

    assert {len(row) for row in rows} == {41}
    for invoice in message:
        own = [row for row in rows if row[14] == invoice["number"]]
        side = 1 if invoice["direction"] == "ar" else -1
        debit, credit, vat = (total(number(row[column]) for row in own) for column in (6, 7, 8))
        assert debit - credit - side * vat == 0
        leading = next(row for row in own if row[0] == "200001")
        gross = side * AR_SIGN.get(invoice["document_type"], 1) * Decimal(invoice["totals"]["gross"])
        assert number(leading[6]) - number(leading[7]) == gross
        keys = [(Decimal("4.9") if row[16] == "49" else Decimal(row[16]), number(row[8])) for row in own]
        assert groups_of(keys) == expected_vat(invoice)
        assert all(len(row[23]) <= 40 and len(row[24]) <= 40 for row in own)


def plain_invoice(party_name: str) -> dict[str, Any]:
    """An invoice with one line."""
    return {
        "direction": "ar",
        "document_type": "invoice",
        "number": "1",
        "issue_date": "2026-08-10",
        "party_id": "P1",
        "party_name": party_name,
        "currency": "EUR",
        "lines": [
            {"line_id": "1", "qty": "1", "unit_price": "10", "net": "10.00", "vat_category": "S", "vat_rate": "20"}
        ],
        "vat_breakdown": [
            {"vat_category": "S", "vat_rate": "20", "net": "10.00", "vat": "2.00", "vat_treatment": "domestic"}
        ],
        "totals": {"net": "10.00", "vat": "2.00", "gross": "12.00", "payable": "12.00"},
    }


@pytest.mark.parametrize(("fibu", "separators", "rows"), [("bmd", 23, 2), ("rzl", 40, 2)])
@given(name=st.text(alphabet=st.characters(codec="cp1252"), max_size=90))
@settings(max_examples=80, deadline=None)
def test_a_text_of_the_encoding_stays_in_its_field(fibu: str, separators: int, rows: int, name: str) -> None:
    _, text = export_of(fibu, [plain_invoice(name)])

    assert [row.count(";") for row in text.split("\r\n")] == [separators] * rows + [0]
    assert not {char for char in text.replace("\r\n", "") if char in '\r\n\t"\x00'}


def cannot_hold(char: str) -> bool:
    return not normalize("NFC", char).encode("cp1252", "ignore")


@pytest.mark.parametrize("fibu", ["bmd", "rzl"])
@given(char=st.characters(exclude_categories=["Cs", "Cc"]).filter(cannot_hold))
@settings(max_examples=80, deadline=None)
def test_a_character_that_the_program_cannot_hold_is_named(fibu: str, char: str) -> None:
    with pytest.raises(RuleError) as caught:
        export_of(fibu, [plain_invoice(f"Kunde {char}")])

    assert {(p.code, p.record, p.pointer) for p in caught.value.problems} == {
        ("fibu_character", "I0", "/records/0/data")
    }
