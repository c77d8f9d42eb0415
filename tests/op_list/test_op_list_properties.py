"""Whatever the bytes are: a Batch whose rows can be iterated, or a FormatError; never anything else."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.batch import Origin
from core.errors import FormatError
from core.open_items import OpenItemRow, printed
from formats import op_list

SETTINGS = op_list.Settings(max_unpacked_mb=20, without_key_date="arrival")
GOLDEN = Path(__file__).parents[1] / "golden" / "op_list"
ORIGIN = Origin("x-000001", "bmd", "op.csv", datetime(2026, 11, 20, tzinfo=UTC), "1")
SAMPLES = [path.read_bytes() for path in sorted(GOLDEN.glob("*/input.*")) if path.stat().st_size < 20_000]

heading = st.sampled_from([
    b"Konto;OP-Nr.;Saldo\r\n", b"OP-Nr.;Datum;BK;SOLL;HABEN\r\n", b"Konto\tOP-Nr.\tBetrag\tS/H\tF\xc3\xa4lligkeit\r\n",
])  # fmt: skip
cell = st.sampled_from(
    [b"20001", b"1", b"1,00", b"-5", b"20.11.2026", b"Summe", b"Konto: 20001", b"", b" ", b'"', b"\xfc"]
)
line = st.lists(cell, max_size=6).map(b";".join)


def outcome(content: bytes) -> list[OpenItemRow] | FormatError:
    op_list.sniff(content[:4096], "x.csv")
    with io.BytesIO(content) as source:
        try:
            rows = list(op_list.read(source, ORIGIN, SETTINGS).documents)
        except FormatError as error:
            list(op_list.table(source, SETTINGS))
            return error
    return rows


@given(st.one_of(st.binary(max_size=300), st.builds(lambda a, b: a + b, heading, st.binary(max_size=200))))
def test_any_bytes(content: bytes) -> None:
    found = outcome(content)
    assert found if isinstance(found, list) else found.problems


@given(heading, st.lists(line, max_size=8))
def test_any_cells(first: bytes, lines: list[bytes]) -> None:
    found = outcome(first + b"\r\n".join(lines))
    assert found if isinstance(found, list) else 1 <= len(found.problems) <= 100


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SAMPLES), st.data())
def test_damaged_samples(content: bytes, data: st.DataObject) -> None:
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(0, 4))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    found = outcome(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))
    assert found if isinstance(found, list) else found.problems


item = st.tuples(
    st.integers(10_000, 999_999).map(str),
    st.text("ABab0123456789-/", min_size=1, max_size=12).filter(lambda text: text[0].isdigit()),
    st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    st.one_of(st.none(), st.dates(date(1990, 1, 1), date(2099, 12, 31))),
    st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), max_size=20),
)


@given(st.lists(item, min_size=1, max_size=20, unique_by=lambda row: row[:2]), st.sampled_from(";\t,|"))
def test_what_a_program_writes_is_read(items: list[tuple[str, str, Decimal, date | None, str]], delimiter: str) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerow(["Konto", "OP-Nr.", "offener Betrag", "Datum", "Text"])
    for account, number, amount, day, text in items:
        writer.writerow([account, number, printed(amount), f"{day:%d.%m.%Y}" if day else "", text])
    found = outcome(stream.getvalue().encode("utf-8-sig"))
    assert isinstance(found, list), found
    assert [(row.account, row.number, row.amount, row.document_date, row.text) for row in found] == [
        (account, number, amount, day, text.strip()) for account, number, amount, day, text in items
    ]


def test_a_hundred_problems_are_enough() -> None:
    found = outcome(b"Konto;OP-Nr.;Saldo\r\n" + b"20001;7;x\r\n" * 1000)
    assert isinstance(found, FormatError)
    assert len(found.problems) == 100


def test_a_quotation_mark_behind_another_delimiter_is_no_fault() -> None:
    found = outcome(b'Konto;OP-Nr.;Saldo;Text\r\n20001;7;1,00;","""\r\n20001;8;2,00;x\r\n')
    assert isinstance(found, list)
    assert [row.text for row in found] == [',"', "x"]
