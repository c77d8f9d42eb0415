"""What was written is read back: the same bookings and accounts, and written again the same bytes.

What a program has no field for is lost on the way and said in ``kept``; nothing else is.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.fibu.bmd55_options import Bmd55Options
from core.fibu.booking import Booking, PersonAccount
from core.fibu.datev_options import DatevOptions
from core.fibu.options import BMD_ACCOUNT_COLUMNS, BMD_COLUMNS, BmdOptions, RzlOptions
from core.fibu.program import ProgramOptions
from core.fibu.tax_codes import BmdTaxCode, DatevTaxKey
from tests.fibu.generated import RATES, batches, persons
from tests.fibu.kept import (
    KeptBooking,
    by_bmd,
    by_bmd55,
    by_datev,
    by_rzl,
    person_by_bmd,
    person_by_datev,
    person_by_rzl,
)
from tests.fibu.rendering import head_of, read_back, written

ALL_COLUMNS = (
    *BMD_COLUMNS, "kotraeger", "fwbetrag", "fwsteuer", "fwkurs", "ausz-belegnr", "skontopz2", "skontotage2",
    "Nettodatum", "ts-ablauftyp", "ts-ablaufnr",
)  # fmt: skip
DOMESTIC = tuple(
    DatevTaxKey(side=side, treatment="domestic", rate=rate, key=f"{first}{index}")
    for side, first in (("ar", 3), ("ap", 9))
    for index, rate in enumerate(RATES)
)
KEYS = (
    *DOMESTIC,
    DatevTaxKey(side="ar", treatment="ic_supply", key="1"),
    DatevTaxKey(side="ap", treatment="rc_received", key="70"),
    DatevTaxKey(side="ap", treatment="ic_acquisition", key="71"),
    DatevTaxKey(side="ap", treatment="triangular", key="72"),
)
TRIANGULAR = BmdTaxCode(side="ap", treatment="triangular", code="99")
AR = ("domestic", "ic_supply", "none")
AP = ("domestic", "ic_acquisition", "rc_received", "none")
AP_NAMED = (*AP, "triangular")
"""With what a client must name a code for."""


@dataclass(frozen=True)
class Program:
    """One way to set up a program, and what it keeps."""

    format: str
    options: ProgramOptions
    kept: KeptBooking
    ar: tuple[str, ...] = AR
    ap: tuple[str, ...] = AP
    more: dict[str, bool] = field(default_factory=lambda: {"foreign": True})


def bmd(*, ap: tuple[str, ...] = AP, **options: Any) -> Program:
    """BMD NTCS with every column."""
    ar = (*AR, "export", "ic_service")
    return Program("bmd_bookings", BmdOptions(columns=ALL_COLUMNS, **options), by_bmd, ar, ap)


def rzl(**options: Any) -> Program:
    """RZL; of foreign amounts it keeps no VAT of single lines."""
    return Program("rzl_bookings", RzlOptions(**options), by_rzl, (*AR, "export"), more={"foreign": False})


PROGRAMS = {
    "bmd": bmd(),
    "bmd part invoices": bmd(part_invoices=True),
    "bmd ledger account leads": bmd(leading="ledger"),
    "bmd positive tax": bmd(tax_sign="positive"),
    "bmd other dates": bmd(date_format="%Y%m%d", document_column="dokumente", fiscal_year_start=10),
    "bmd utf-8": bmd(encoding="utf-8"),
    "bmd codes of the client": bmd(tax_codes=(TRIANGULAR,), ap=AP_NAMED),
    "bmd55": Program("bmd55_bookings", Bmd55Options(), by_bmd55),
    "bmd55 part invoices": Program("bmd55_bookings", Bmd55Options(part_invoices=True), by_bmd55),
    "bmd55 fixed": Program("bmd55_fixed", Bmd55Options(form="fixed"), by_bmd55, more={"foreign": False}),
    "rzl": rzl(),
    "rzl negated": rzl(credit_note="negate", header_row=True),
    "rzl collective last": rzl(collective_line="last", split_contra="zero"),
    "rzl gross self-assessed": rzl(self_assessed_amount="gross", reverse_charge="code_3_special_05"),
    "datev": Program("datev_bookings", DatevOptions(tax_keys=KEYS), by_datev, ap=AP_NAMED),
    "datev accounts as they are": Program(
        "datev_bookings", DatevOptions(tax_keys=KEYS, short_accounts="keep", fiscal_year_start=1), by_datev
    ),
}


def round_trip(program: Program, batch: Sequence[Booking]) -> None:
    """Write, read, compare; write again, compare."""
    module = importlib.import_module(f"formats.{program.format}")
    head = head_of(program.options, batch)
    content = written(module, head, batch)
    reading = module.Settings.model_validate(program.options.model_dump())
    found = read_back(module, content, reading).documents

    assert tuple(found) == tuple(program.kept(booking, program.options) for booking in batch)
    assert all(booking.lines_total == booking.gross for booking in found)
    again = written(module, head, tuple(found))
    assert sorted(again.splitlines()) == sorted(content.splitlines())  # the collective row may stand elsewhere


def some_of(program: Program) -> st.SearchStrategy[tuple[Booking, ...]]:
    return batches({"ar": program.ar, "ap": program.ap}, **program.more)


@pytest.mark.parametrize("name", PROGRAMS)
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_bookings_come_back(name: str, data: st.DataObject) -> None:
    round_trip(PROGRAMS[name], data.draw(some_of(PROGRAMS[name])))


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
@given(data=st.data())
@settings(max_examples=400, deadline=None)
def test_thousands_of_batches_come_back(name: str, data: st.DataObject) -> None:
    round_trip(PROGRAMS[name], data.draw(some_of(PROGRAMS[name])))


ACCOUNTS = {
    "bmd": (
        "bmd_accounts",
        BmdOptions(account_columns=(*BMD_ACCOUNT_COLUMNS, "Matchcode", "SktoProz2", "SktoTage2")),
        person_by_bmd,
    ),
    "rzl": ("rzl_accounts", RzlOptions(), person_by_rzl),
    "rzl with names": ("rzl_accounts", RzlOptions(header_row=True), person_by_rzl),
    "datev": ("datev_accounts", DatevOptions(), person_by_datev),
}


@pytest.mark.parametrize("name", ACCOUNTS)
@given(people=st.lists(persons(), min_size=1, max_size=5).map(tuple))
@settings(max_examples=30, deadline=None)
def test_accounts_come_back(name: str, people: tuple[PersonAccount, ...]) -> None:
    format_id, options, kept = ACCOUNTS[name]
    module = importlib.import_module(f"formats.{format_id}")
    head = head_of(options, people)
    content = written(module, head, people)
    found = read_back(module, content, module.Settings.model_validate(options.model_dump())).documents

    assert tuple(found) == tuple(kept(person) for person in people)
    assert written(module, head, tuple(found)) == content


@pytest.mark.parametrize("credit_note", ["inverted", "swapped"])
@pytest.mark.parametrize("kind", ["ar", "ap"])
def test_a_credit_note_of_bmd_comes_back_however_it_is_written(credit_note: str, kind: str) -> None:
    program = bmd(credit_note=credit_note)
    side, account = ("debit", "200001") if kind == "ar" else ("credit", "300001")
    values = {"document_id": "9", "kind": kind, "side": side, "account": account, "number": "9", "gross": "-12.00"}
    line = {"account": "4000", "net": "-10.00", "vat": "-2.00", "treatment": "domestic", "rate": Decimal(20)}

    round_trip(program, (Booking.model_validate({**values, "document_date": "2026-08-10", "lines": [line]}),))
