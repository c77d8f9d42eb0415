"""The report of a run: it says what was handed over to the cent, and nothing in it harms whoever opens it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.company import Company
from core.contracts import Effect, Emit
from core.errors import Problem
from core.fibu.booking import Booking, BookingLine, Side, Stage, VatSide
from core.fibu.run_report import Amounts, RunReport
from core.fibu.uva import UvaMonth, uva_months
from core.money import total
from formats import run_report_txt, run_report_xlsx
from formats._reports import workbook as _people_workbook
from handlers._fibu.report import run_report
from tests.fibu.rendering import emitted, exported, written
from tests.fibu.test_documents_add_up import (
    ACCOUNTS,
    BMD,
    RZL,
    ZERO,
    chains,
    companies,
    ledger,
    messages,
    receipts,
    stated_vat,
)

TARGET = "protokolle"
CREATED = datetime(2026, 11, 22, 9, 15, tzinfo=UTC)
FIRST = "„Müller; Söhne“ GmbH"
HARMFUL = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "=cmd|'/c calc'!A1",
    "#REF!",
    "\u202egpj.exe",
    "a\r\nb",
    "\x1b]0;x\x07",
)


def report_of(effects: Sequence[Effect]) -> RunReport:
    """The one report of an export; both files show the same."""
    first, second = (effect.documents for effect in effects if _is_report(effect))
    assert first is second or first == second
    [report] = first
    assert isinstance(report, RunReport)
    return report


def _is_report(effect: Effect) -> bool:
    return isinstance(effect, Emit) and effect.output.document_type == "run_report"


def amounts_of(bookings: Sequence[Booking]) -> Amounts:
    return Amounts.of(line for booking in bookings for line in booking.lines)


def prove(report: RunReport, bookings: Sequence[Booking], count: int) -> None:
    """Whatever way the report looks at a run, it finds what stands in the files."""
    assert report.agrees
    assert report.count == count
    written_sum = amounts_of(bookings)
    by_side = {side: amounts_of([b for b in bookings if b.vat_side == side]) for side in ("ar", "ap")}
    for side, expected in by_side.items():
        assert sum((a.amounts for a in report.accounts if a.side == side), Amounts()) == expected
    assert sum((entry.amounts for entry in report.documents), Amounts()) == written_sum
    assert sum((kind.amounts for kind in report.kinds), Amounts()) == written_sum
    assert sum((balance.documents for balance in report.balances), Amounts()) == written_sum
    assert sum(balance.bookings for balance in report.balances) == len(bookings)
    assert total(booking.gross for booking in bookings) == written_sum.gross


@pytest.mark.slow
@given(company=companies(), message=messages())
@settings(max_examples=150, deadline=None)
def test_the_sum_of_the_documents_is_the_sum_of_the_bookings(company: Company, message: list[dict[str, Any]]) -> None:
    effects = list(exported(company.model_copy(update={"report_target": TARGET}), ledger(), message))

    report = report_of(effects)
    prove(report, emitted(effects, "booking"), len(message))
    assert [entry.number for entry in report.documents] == [record["data"]["number"] for record in message]


@pytest.mark.slow
@given(fibu=st.sampled_from(["bmd", "rzl"]), form=st.sampled_from(["single", "daily"]), message=receipts())
@settings(max_examples=150, deadline=None)
def test_a_days_closing_agrees_with_its_receipts(fibu: str, form: str, message: list[dict[str, Any]]) -> None:
    company = Company(
        id="1",
        fibu=fibu,
        accounts=ACCOUNTS,
        bmd=BMD,
        rzl=RZL,
        cash_bookings=form,
        report_target=TARGET,  # type: ignore[arg-type]
    )
    effects = list(exported(company, ledger(), message))

    prove(report_of(effects), emitted(effects, "booking"), len(message))


@pytest.mark.slow
@given(company=companies(), chain=chains())
@settings(max_examples=100, deadline=None)
def test_advances_and_what_deducts_them_leave_the_supply_in_the_vat_return(
    company: Company, chain: tuple[str, list[dict[str, Any]], dict[str, Any]]
) -> None:
    """What was paid of advances was taxed when it was paid: the month of the final invoice takes the rest."""
    direction, earlier, final = chain
    effects = list(exported(company.model_copy(update={"report_target": TARGET}), ledger(), [*earlier, final]))

    report = report_of(effects)
    prove(report, emitted(effects, "booking"), len(earlier) + 1)
    [month] = report.uva
    numbers = {"022", "029", "006", "037", "124"} if direction == "ar" else {"060"}
    now = total(row.tax or ZERO for row in month.sums if row.number in numbers)
    when_paid = total(row.tax for row in month.rest if row.label.startswith("Anzahlung"))
    assert now + when_paid == total(stated_vat(final["data"]["vat_breakdown"], 1).values())
    advances = [record["data"] for record in earlier if record["data"]["document_type"] == "advance_invoice"]
    assert ZERO <= when_paid <= total(Decimal(data["totals"]["vat"]) for data in advances)


def booking(side: Side, lines: Sequence[BookingLine], **more: Any) -> Booking:
    values: dict[str, Any] = {
        "document_id": "1",
        "kind": "ar" if side == "debit" else "ap",
        "side": side,
        "account": "200001",
        "number": "1",
        "document_date": date(2026, 11, 20),
        "gross": total(line.gross for line in lines),
        "lines": tuple(lines),
        **more,
    }
    return Booking(**values)


def shown_uva(side: VatSide, treatment: str, rate: str, stage: Stage = "") -> Mapping[str, tuple[str, str]]:
    """Base and tax by Kennzahl of a posting of 100 with 7 VAT, of which we owe 3 ourselves."""
    line = BookingLine(
        account="1",
        net=Decimal(100),
        vat=Decimal(7),
        self_assessed_vat=Decimal(3),
        treatment=treatment,
        rate=Decimal(rate),
    )
    [month] = uva_months([booking("debit" if side == "ar" else "credit", [line], stage=stage)])
    assert bool(month.sums) != bool(month.rest)
    assert all(row.reason for row in month.rest)
    return {row.number: (str(row.base or ""), str(row.tax or "")) for row in month.sums}


SALE, BASE, INPUT, OWED = ("100.00", "7.00"), ("100.00", ""), ("", "7.00"), ("", "3.00")


@pytest.mark.parametrize(
    ("side", "treatment", "rate", "expected"),
    [
        *(("ar", "domestic", rate, {kz: SALE}) for rate, kz in zip(
            ("20", "10", "13", "19", "4.9"), ("022", "029", "006", "037", "124"), strict=True)),
        ("ar", "export", "0", {"011": BASE}),
        ("ar", "ic_supply", "0", {"017": BASE}),
        ("ar", "rc_domestic", "0", {"021": BASE}),
        ("ar", "small_business", "0", {"016": BASE}),
        ("ar", "exempt", "0", {"020": BASE}),
        *(("ar", nowhere, "0", {}) for nowhere in ("ic_service", "triangular", "oss", "out_of_scope", "none")),
        ("ar", "domestic", "0", {}),
        *(("ap", bought, "20", {"060": INPUT}) for bought in ("input_vat", "domestic")),
        *(("ap", "ic_acquisition", rate, {"070": BASE, kz: ("100.00", "3.00"), "065": OWED}) for rate, kz in zip(
            ("20", "10", "13", "19", "4.9"), ("072", "073", "008", "088", "125"), strict=True)),
        ("ap", "rc_received", "20", {"057": OWED, "066": OWED}),
        ("ap", "rc_domestic", "20", {"048/032/044": OWED, "082/089/087": OWED}),
        ("ap", "import_vat", "20", {"061/083": INPUT}),
        *(("ap", nowhere, "0", {}) for nowhere in ("not_deductible", "exempt", "small_business", "out_of_scope")),
        ("ap", "none", "0", {}),
        ("ap", "triangular", "20", {}),
        ("ar", "something_new", "20", {}),
    ],
)  # fmt: skip
def test_a_treatment_goes_into_the_kennzahlen_of_the_facts(
    side: VatSide, treatment: str, rate: str, expected: dict[str, tuple[str, str]]
) -> None:
    """The table of facts/domain.md 2.5."""
    assert shown_uva(side, treatment, rate) == expected


@pytest.mark.parametrize(("side", "number", "row"), [("ar", "022", SALE), ("ap", "060", INPUT)])
def test_an_advance_counts_only_where_a_final_invoice_takes_it_back(
    side: VatSide, number: str, row: tuple[str, str]
) -> None:
    for stage in ("", "advance", "partial"):
        assert shown_uva(side, "advance_received", "20", stage) == {}  # type: ignore[arg-type]
    assert shown_uva(side, "advance_received", "20", "final") == {number: row}


def test_a_booking_counts_in_the_month_that_it_names() -> None:
    line = BookingLine(account="4000", net=Decimal(100), vat=Decimal(20), treatment="domestic", rate=Decimal(20))
    usual, later = booking("debit", [line]), booking("debit", [line], posting_date=date(2026, 12, 1))

    assert [(month.month, sum_of(month)) for month in uva_months([later, usual, later])] == [
        (date(2026, 11, 1), Decimal(20)),
        (date(2026, 12, 1), Decimal(40)),
    ]


def sum_of(month: UvaMonth) -> Decimal:
    return total(row.tax or ZERO for row in month.sums)


def test_what_does_not_agree_is_said_loudly() -> None:
    line = BookingLine(account="4000", net=Decimal(100), vat=Decimal(20), treatment="domestic", rate=Decimal(20))
    report = run_report(
        "r", Company(id="1", fibu="bmd"), CREATED, (), [("Rechnung 1", [booking("debit", [line])])], (), ()
    )

    assert not report.agrees
    assert "Achtung: Belege und Buchungen stimmen nicht überein." in text_of(report)
    assert "stimmen auf den Cent" not in text_of(report)


@pytest.mark.parametrize("wanted", ["", TARGET])
def test_nobody_gets_a_report_who_wants_none_or_of_a_run_without_documents(
    wanted: str, case: dict[str, Any], ledger: Any
) -> None:
    company = Company(id="1", fibu="bmd", report_target=wanted)
    proforma = {**case["messages"][0][0], "data": {**case["messages"][0][0]["data"], "document_type": "proforma"}}

    assert [effect for effect in exported(company, ledger, [proforma]) if _is_report(effect)] == []
    reports = [effect.output for effect in exported(company, ledger, case["messages"][0][:1]) if _is_report(effect)]  # type: ignore[union-attr]
    names = [f"1_20261122-081500_abc001_3_uebergabeprotokoll.{ending}" for ending in ("txt", "xlsx")]
    assert [(output.target, output.name) for output in reports] == (
        [(TARGET, name) for name in names] if wanted else []
    )


# ── what people open ──────────────────────────────────────────────────────────────────────────────────────────────


def one_report(name: str, number: str, amount: Decimal = Decimal(100)) -> RunReport:
    """A report in which these words stand wherever a word of somebody else can stand."""
    line = BookingLine(account="4000", net=amount, treatment=name or "none", destination=name)
    entry = booking("debit", [line], number=number or "1", party_name=name, text=name)
    company = Company(id="1", name=name, fibu="bmd")
    problem = Problem("x", f"{name} stimmt nicht.", name)
    return run_report(
        name, company, CREATED, [name], [(f"Rechnung {number}", [entry, entry])], [entry, entry], [problem]
    )


def text_of(report: RunReport) -> str:
    return written(run_report_txt, (), [report]).decode("utf-8-sig")


NAMES = st.text(max_size=120) | st.sampled_from(HARMFUL)
NUMBERS = st.text(alphabet="AR-2026/Ä 0123456789\n\t", max_size=60)


@given(name=NAMES, number=NUMBERS, amount=st.decimals("-9999999999.99", "9999999999.99", places=2))
@settings(max_examples=150, deadline=None)
def test_a_text_stays_in_its_columns_whatever_stands_in_it(name: str, number: str, amount: Decimal) -> None:
    content = written(run_report_txt, (), [one_report(name, number, amount)])

    assert content.startswith(b"\xef\xbb\xbf\xc3\x9cbergabeprotokoll")
    lines = content.decode("utf-8-sig").split("\r\n")
    assert lines.pop() == ""
    assert [line for line in lines if len(line) > 100 and " " in line.strip()] == []
    assert all(line == line.rstrip() and (line.isprintable() or not line) for line in lines)


@given(name=NAMES, number=NUMBERS)
@settings(max_examples=60, deadline=None)
def test_no_cell_of_a_workbook_calculates(name: str, number: str) -> None:
    book = openpyxl.load_workbook(BytesIO(written(run_report_xlsx, (), [one_report(name, number)])))

    for cell in (cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None):
        assert cell.data_type in {"s", "n", "d"}, cell.coordinate
        assert cell.hyperlink is None
        assert not str(cell.value).startswith(("=", "+", "@")) or cell.quotePrefix


def test_the_same_report_gives_the_same_bytes() -> None:
    first, second = (written(run_report_xlsx, (), [one_report(FIRST, "AR-1")]) for _ in range(2))

    assert first == second
    properties = openpyxl.load_workbook(BytesIO(first)).properties
    assert properties.created == properties.modified == CREATED.replace(tzinfo=None)


def test_a_sheet_that_would_be_too_long_says_where_the_rest_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_people_workbook, "MOST_ROWS", 1)
    book = openpyxl.load_workbook(BytesIO(written(run_report_xlsx, (), [one_report(FIRST, "AR-1")])))

    assert [row[0].value for row in book["Belege"].iter_rows()] == [
        "Beleg",
        "Rechnung AR-1",
        "Weitere Zeilen: 1. Sie stehen im Bericht als Text.",
    ]


def test_an_amount_that_a_spreadsheet_would_round_is_a_text() -> None:
    amount = Decimal("12345678901234567.89")
    book = openpyxl.load_workbook(BytesIO(written(run_report_xlsx, (), [one_report(FIRST, "AR-1", amount)])))

    assert "12.345.678.901.234.567,89" in {cell.value for row in book["Belege"].iter_rows() for cell in row}
