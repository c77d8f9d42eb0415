"""Old Excel workbooks are read by code of our own: it must see what python-calamine sees in sound ones."""

import io
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from formats._tables.ole_file import BrokenFileError
from formats._tables.xls import OlderError, ProtectedError, XlsSheet, xls_sheets
from tests.op_list.spreadsheets import xls

cells = st.one_of(
    st.none(),
    st.integers(-(2**29), 2**29 - 1),
    st.floats(-1e9, 1e9).map(lambda number: round(number, 2)),
    st.dates(date(1990, 1, 1), date(2060, 12, 31)),
    st.text(st.characters(exclude_categories=["Cc", "Cs"], max_codepoint=0xFFFF), min_size=1, max_size=20),
)


@given(st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=8))
def test_what_calamine_reads_is_read(rows: list[list[object]]) -> None:
    rows = [["Konto", 1, None], *rows]
    content = xls(rows)

    [sheet] = xls_sheets(content)
    other = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)

    def filled(found: list[list[object]]) -> list[list[object]]:
        return [[cell for cell in row if cell != ""] for row in found]

    expected = filled([list(row) for row in other.iter_rows()])
    assert filled(list(sheet.rows()))[: len(expected)] == expected
    assert sheet.name == "Liste"


@given(st.data())
def test_a_damaged_file_is_broken_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(xls([["Konto", "OP-Nr.", "Saldo"], [20001, 1, 5.5], [20001, 2, date(2026, 11, 20)]]))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    sheets: list[XlsSheet] = []
    with suppress(BrokenFileError, ProtectedError, OlderError):
        sheets = xls_sheets(bytes(content))
    assert all(len(row) <= 256 for sheet in sheets for row in sheet.rows())


@pytest.mark.parametrize("content", [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(600)])
def test_what_is_no_workbook_is_broken(content: bytes) -> None:
    with pytest.raises(BrokenFileError):
        xls_sheets(content)
