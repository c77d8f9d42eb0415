"""Each field at its limit goes through, one over is refused; texts are cut; a character without a place is named."""

import importlib
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.company import Company
from core.fibu.bmd55_options import Bmd55Options
from core.fibu.booking import Booking, PersonAccount
from core.fibu.datev_options import DatevOptions
from core.fibu.datev_rows import datev_rows, vat_of_row
from core.fibu.limits import account_problems, booking_problems
from core.fibu.options import BmdOptions, RzlOptions
from core.fibu.program import ProgramOptions
from core.fibu.tax_codes import DatevTaxKey
from core.money import CENT, total, vat_of_net
from handlers._fibu.files import booking_files
from tests.fibu.rendering import head_of, origin, written

PROGRAMS: dict[str, ProgramOptions] = {
    "bmd": BmdOptions(part_invoices=True),
    "bmd55": Bmd55Options(part_invoices=True),
    "bmd55 fixed": Bmd55Options(form="fixed", part_invoices=True),
    "rzl": RzlOptions(),
    "datev": DatevOptions(tax_keys=(DatevTaxKey(side="ar", treatment="domestic", key="3"),)),
}
WHOLE = {
    "bmd": {"number": 20, "external_number": 20, "vat_id": 15, "symbol": 2, "account": 9, "order_number": 20},
    "bmd55": {"number": 9, "external_number": 12, "vat_id": 15, "symbol": 2, "account": 9, "order_number": 9},
    "bmd55 fixed": {"number": 9, "external_number": 12, "vat_id": 15, "symbol": 2, "account": 9, "order_number": 9},
    "rzl": {"number": 15, "external_number": 19, "vat_id": 14, "symbol": 3, "account": 9, "payment_reference": 35},
    "datev": {"number": 36, "external_number": 210, "vat_id": 15, "symbol": 20, "account": 6, "order_number": 30},
}
"""Fields of a booking that are whole or refused, with their longest value (facts/fibu.md 1.3, 1.9, 3.2, 6)."""
PARTS = {
    "bmd": {"account": 9, "cost_center": 9, "cost_object": 9},
    "bmd55": {"account": 9, "cost_center": 9, "cost_object": 9},
    "bmd55 fixed": {"account": 9, "cost_center": 9, "cost_object": 9},
    "rzl": {"account": 9, "cost_center": 7, "cost_object": 9},
    "datev": {"account": 5, "cost_center": 8, "cost_object": 8},
}
"""The same for the fields of a line."""


def booking(*, net: str = "10.00", line: dict[str, Any] | None = None, **fields: Any) -> Booking:
    """A booking that every program takes."""
    amount = Decimal(net)
    vat = vat_of_net(amount, Decimal(20))
    values = {"account": "4000", "net": amount, "vat": vat, "rate": "20", "treatment": "domestic", **(line or {})}
    basic = {"document_id": "1", "kind": "ar", "side": "debit", "account": "200001", "number": "1"}
    more = {"document_date": date(2026, 8, 10), "gross": amount + vat, "lines": [values]}
    return Booking.model_validate(basic | more | fields)


def limits(of: dict[str, dict[str, int]]) -> list[tuple[str, str, int]]:
    """Program, field, length."""
    return [(program, name, length) for program, fields in of.items() for name, length in fields.items()]


@pytest.mark.parametrize(("program", "name", "length"), limits(WHOLE))
def test_a_field_of_a_booking_is_whole_or_refused(program: str, name: str, length: int) -> None:
    options = PROGRAMS[program]
    filler = "1" if name in {"number", "account"} else "A"
    at_limit, over = booking(**{name: filler * (length - 1) + "1"}), booking(**{name: filler * length + "1"})

    assert booking_problems(at_limit, options) == []
    assert booking_problems(over, options) != []


@pytest.mark.parametrize("options", [BmdOptions(), Bmd55Options(), RzlOptions()])
def test_what_is_not_written_is_never_too_long(options: ProgramOptions) -> None:
    assert booking_problems(booking(stage="advance", order_number="A" * 40), options) == []


@pytest.mark.parametrize(("program", "name", "length"), limits(PARTS))
def test_a_field_of_a_line_is_whole_or_refused(program: str, name: str, length: int) -> None:
    options = PROGRAMS[program]

    assert booking_problems(booking(line={name: "1" * length}), options) == []
    assert booking_problems(booking(line={name: "1" * (length + 1)}), options) != []


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_amount_that_has_no_place_is_refused(program: str) -> None:
    options = PROGRAMS[program]
    largest = options.LIMITS.largest
    exempt = {"vat": 0, "rate": 0, "treatment": "out_of_scope"}

    fits = booking(line={**exempt, "net": largest}, gross=largest)
    over = booking(line={**exempt, "net": largest + CENT}, gross=largest + CENT)

    assert booking_problems(fits, options) == []
    assert [problem.code for problem in booking_problems(over, options)] == ["fibu_amount_too_large"]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(("char", "encodings"), [("€", {"cp1252", "iso-8859-15", "utf-8"}), ("Ł", {"utf-8"})])
def test_a_character_without_a_place_is_refused_by_name(program: str, char: str, encodings: set[str]) -> None:
    for encoding in ("cp1252", "iso-8859-1", "iso-8859-15", "cp850", "utf-8"):
        options = PROGRAMS[program].model_copy(update={"encoding": encoding})
        problems = booking_problems(booking(party_name=f"Käse {char}"), options)

        assert (problems == []) == (encoding in encodings)
        assert all(problem.value == char for problem in problems)


@pytest.mark.parametrize(("program", "longest"), [("bmd", 72), ("bmd55", 18), ("rzl", 40), ("datev", 60)])
def test_a_text_is_cut(program: str, longest: int) -> None:
    options = PROGRAMS[program]
    module = importlib.import_module(f"formats.{program}_bookings")
    document = booking(text="T" * (longest + 1))
    content = written(module, head_of(options, [document]), [document])

    assert b"T" * longest in content
    assert b"T" * (longest + 1) not in content


def test_a_person_account_of_datev_has_one_digit_more() -> None:
    person = {"kind": "customer", "party_id": "P", "name": "x"}
    found = {
        digits: account_problems(PersonAccount(account="2" * digits, **person), PROGRAMS["datev"])
        for digits in (5, 6, 7)
    }

    assert {digits for digits, problems in found.items() if not problems} == {6}


@pytest.mark.parametrize("rate", ["20", "13", "10", "19", "4.9"])
@pytest.mark.parametrize("off", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("net", ["0.99", "10.00", "123.45", "-99.99", "100000.01"])
def test_the_rows_of_datev_give_the_documents_vat(net: str, off: int, rate: str) -> None:
    vat = vat_of_net(Decimal(net), Decimal(rate)) + off * CENT
    line = booking(line={"net": net, "vat": vat, "rate": rate}, gross=Decimal(net) + vat).lines[0]

    rows = datev_rows(line)

    if rows is None:
        assert abs(Decimal(net)) < 5  # too small to be cut: refused
    else:
        assert total(rows) == line.gross
        assert total(vat_of_row(row, line.rate) for row in rows) == vat
        assert all((row > 0) == (line.gross > 0) for row in rows)


def test_vat_that_is_no_rounding_is_refused_for_datev() -> None:
    document = booking(line={"vat": "2.50"}, gross="12.50")

    assert [problem.code for problem in booking_problems(document, PROGRAMS["datev"])] == ["fibu_vat_differs"]


def test_datev_gets_a_file_for_each_fiscal_year() -> None:
    company = Company(id="1", fibu="datev", datev=DatevOptions(fiscal_year_start=7))
    days = [date(2026, 6, 30), date(2026, 7, 1), date(2027, 6, 30)]
    documents = [booking(number=str(number), document_date=day) for number, day in enumerate(days, 1)]

    files = list(booking_files(documents, company, origin()))

    assert [[document.number for document in contents] for _, contents in files] == [["1"], ["2", "3"]]
    assert [output.name for output, _ in files] == [
        "EXTF_1_20261122-081500_abc001_2_buchungen_2025-07.csv",
        "EXTF_1_20261122-081500_abc001_2_buchungen_2026-07.csv",
    ]
    assert [dict(output.head)["last"] for output, _ in files] == [days[0], days[2]]


@pytest.mark.parametrize("fibu", ["bmd", "bmd55", "rzl", "datev"])
def test_a_program_that_wants_them_gets_a_file_for_each_booking_month(fibu: str) -> None:
    company = Company(id="1", fibu=fibu, file_per="month")
    days = [date(2026, 12, 31), date(2026, 11, 1), date(2026, 11, 30)]
    documents = [booking(number=str(number), document_date=day) for number, day in enumerate(days, 1)]

    files = list(booking_files(documents, company, origin()))

    assert [[document.number for document in contents] for _, contents in files] == [["2", "3"], ["1"]]
    assert [output.name.partition("_2_buchungen_")[2][:7] for output, _ in files] == ["2026-11", "2026-12"]
