"""Numbers and dates as they are written in Austria: facts/fibu.md 5.4."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.open_items import printed
from formats._german import amount_of, amount_of_cell, date_of, date_of_cell


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1.790,50", "1790.50"),
        ("1790,50", "1790.50"),
        ("1790.50", "1790.50"),
        ("1,790.50", "1790.50"),
        ("1.234", "1234"),
        ("1.234.567", "1234567"),
        ("0,5", "0.5"),
        ("12,3400", "12.34"),
        ("-100,00", "-100"),
        ("100,00-", "-100"),
        ("100,00 -", "-100"),
        ("100,00 S", "100"),
        ("100,00H", "-100"),
        ("100,00 Haben", "-100"),
        ("€ 1.000,00", "1000"),
        ("1 000,00 EUR", "1000"),
        ("1\u00a0000,00", "1000"),
        ("1'000,00", "1000"),
        ("(1.120,00)", "-1120"),
        ("1 234 567,00 -", "-1234567"),
        ("\u2212100,00", "-100"),
        ("400,--", "400"),
        ("€ 400,-", "400"),
        ("-400,--", "-400"),
        ("400.5000", "400.50"),
        ("0", "0"),
    ],
)
def test_amount(text: str, amount: str) -> None:
    assert amount_of(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "1,790",
        "1.79x",
        "1..2",
        "12,345",
        "1.23.456",
        "-1,00-",
        "-1,00 H",
        "--1",
        "1e5",
        "NaN",
        "١٢",
        "9" * 14,
        "(-5,00)",
        "(5,00",
        "(5,00)-",
        "(5,00) H",
        "5,-S",
        "12 5,00",
        "12  5,00",
        "1 1.006,00",
        "1234 567,00",
        "400.5001",
        "--5,-",
    ],
)
def test_no_amount(text: str) -> None:
    assert amount_of(text) is None


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=2))
def test_what_we_print_we_read(amount: Decimal) -> None:
    assert amount_of(printed(amount)) == amount


@pytest.mark.parametrize(
    ("cell", "amount"),
    [(790.5, "790.50"), (0.1 + 0.2, "0.30"), (2.675, "2.68"), (5, "5.00"), ("5,10", "5.10"), (-1e-9, "0.00")],
)
def test_amount_of_a_cell(cell: object, amount: str) -> None:
    assert amount_of_cell(cell) == Decimal(amount)


@pytest.mark.parametrize("cell", [True, float("nan"), float("inf"), 1e15, None, date(2026, 1, 1)])
def test_no_amount_in_a_cell(cell: object) -> None:
    assert amount_of_cell(cell) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20.11.2026", date(2026, 11, 20)),
        ("1.6.2021", date(2021, 6, 1)),
        ("20.11.26", date(2026, 11, 20)),
        ("20.11.99", date(1999, 11, 20)),
        ("20261120", date(2026, 11, 20)),
        ("20112026", date(2026, 11, 20)),
        ("20121120", date(2012, 11, 20)),
        ("12112020", date(2020, 11, 12)),
        ("1062021", date(2021, 6, 1)),
        ("2026-11-20", date(2026, 11, 20)),
        ("20.11.2026 00:00:00", date(2026, 11, 20)),
        ("20.11.2026 14:33", date(2026, 11, 20)),
        ("46346", date(2026, 11, 20)),
    ],
)
def test_date(text: str, day: date) -> None:
    assert date_of(text) == day


@pytest.mark.parametrize(
    "text", ["", "heute", "31.02.2026", "20.13.2026", "20.11.1026", "20262011", "99999", "2026/11/20"]
)
def test_no_date(text: str) -> None:
    assert date_of(text) is None


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)))
def test_every_notation_of_a_day_means_that_day(day: date) -> None:
    for text in (f"{day:%d.%m.%Y}", f"{day:%Y%m%d}", f"{day:%d%m%Y}", str((day - date(1899, 12, 30)).days)):
        assert date_of(text) == day
    assert date_of_cell(day) == date_of_cell(datetime(day.year, day.month, day.day)) == day  # noqa: DTZ001


@pytest.mark.parametrize("cell", [True, 3.5, -1, float("inf"), 1e300, date(1066, 1, 1)])
def test_no_date_in_a_cell(cell: object) -> None:
    assert date_of_cell(cell) is None
