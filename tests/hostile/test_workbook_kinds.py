"""What we read of a workbook that is more than a list: formulas, errors, hidden rows, macros, links, calendars."""

import errno
import io
import os
import zipfile
from datetime import date
from pathlib import Path

import pytest

from core.batch import Batch
from core.errors import FormatError
from core.open_items import OpenItemRow
from formats._tables.workbook import visible_sheets
from tests.fuzzing.contract import READERS, Case, default_settings, exercise
from tests.fuzzing.mutations import unzipped, zipped
from tests.fuzzing.structured import sheet_of, workbook

ITEM = '<c r="A2"><v>20001</v></c><c r="B2"><v>7</v></c>'


def _read(content: bytes, name: str = "OP 2026-11-20.xlsx") -> list[OpenItemRow]:
    found = exercise(Case("op_list", content, name, default_settings("op_list")))
    assert isinstance(found, Batch), found
    return list(found.documents)


def _refused(content: bytes, name: str = "OP 2026-11-20.xlsx") -> FormatError:
    found = exercise(Case("op_list", content, name, default_settings("op_list")))
    assert isinstance(found, FormatError)
    return found


def test_of_a_formula_its_result_is_read() -> None:
    [item] = _read(workbook(sheet_of([f'{ITEM}<c r="C2"><f>SUM(Z1:Z9)</f><v>12.5</v></c>'])))
    assert str(item.amount) == "12.5"


@pytest.mark.parametrize("cell", ["<f>SUM(Z1:Z9)</f>", "<f>1</f><v/>", "<f>1</f><v></v>", '<f t="shared" si="0"/>'])
@pytest.mark.parametrize(
    ("letter", "heading"), [("A", "Konto"), ("B", "OP-Nr."), ("C", "Saldo"), ("D", "Fälligkeit"), ("E", "Text")]
)
def test_a_formula_without_its_result_is_named_by_its_cell(cell: str, letter: str, heading: str) -> None:
    """As blank it could pass for no due date, and nobody would know."""
    values = {
        "A": "<v>20001</v>",
        "B": "<v>7</v>",
        "C": "<v>12.5</v>",
        "D": "<v>46000</v>",
        "E": "<v>1</v>",
        letter: cell,
    }
    refused = _refused(workbook(sheet_of(["".join(f'<c r="{name}2">{value}</c>' for name, value in values.items())])))
    [problem] = refused.problems
    assert (problem.code, problem.row, problem.column, problem.column_index) == (
        "no_value",
        2,
        heading,
        ord(letter) - 65,
    )
    assert problem.what == "In dieser Zelle steht eine Formel, aber kein Ergebnis."


def test_an_error_in_a_cell_is_named() -> None:
    refused = _refused(
        workbook(sheet_of([f'{ITEM}<c r="C2"><v>1</v></c><c r="D2" t="e"><f>1/0</f><v>#DIV/0!</v></c>']))
    )
    [problem] = refused.problems
    assert (problem.row, problem.column, problem.value) == (2, "Fälligkeit", "#DIV/0!")


def test_a_formula_that_gives_a_blank_text_is_a_blank_cell() -> None:
    [item] = _read(workbook(sheet_of([f'{ITEM}<c r="C2"><v>1</v></c><c r="E2" t="str"><f>IF(1,"")</f><v></v></c>'])))
    assert item.text == ""


def test_formulas_beside_the_list_are_nobody_s_business() -> None:
    [item] = _read(workbook(sheet_of([f'{ITEM}<c r="C2"><v>1</v></c><c r="H2"><f>1</f></c>'])))
    assert item.number == "7"


def test_a_formula_in_the_middle_of_a_long_list_is_found() -> None:
    """Where the parts of the file that are looked at together meet, too."""
    row = '<c r="A{n}"><v>20001</v></c><c r="B{n}"><v>{n}</v></c><c r="C{n}"><v>1</v></c><c r="D{n}"><v>46000</v></c>'
    rows = [row.replace("{n}", str(number)) for number in range(2, 30_000)]
    rows[25_000] = rows[25_000].replace("<v>46000</v>", "<f>TODAY()</f>")
    [problem] = _refused(workbook(sheet_of(rows))).problems
    assert (problem.code, problem.row) == ("no_value", 25_002)


def test_hidden_rows_are_read_and_hidden_sheets_are_not() -> None:
    """Who has filtered a list has not shortened it; what is on a hidden sheet nobody has seen."""
    sheet = sheet_of([f'{ITEM}<c r="C2"><v>1</v></c>']).replace('<row r="2">', '<row r="2" hidden="1">')
    assert [item.number for item in _read(workbook(sheet))] == ["7"]
    assert _refused(workbook(sheet, hidden="hidden")).problems[0].code == "empty_file"


@pytest.mark.parametrize(("date1904", "day"), [(False, date(2026, 11, 20)), (True, date(2030, 11, 21))])
def test_days_are_counted_as_the_workbook_says(date1904: bool, day: date) -> None:
    sheet = sheet_of([f'{ITEM}<c r="C2"><v>1</v></c><c r="D2" s="1"><v>46346</v></c>'])
    [item] = _read(workbook(sheet, date1904=date1904))
    assert item.due_date == day


def test_macros_and_links_to_other_files_are_never_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xlsx"
    secret.write_bytes(workbook(sheet_of([f'{ITEM}<c r="C2"><v>99999</v></c>'])))
    parts = unzipped(workbook(sheet_of([f'{ITEM}<c r="C2"><f>[1]Liste!C2</f><v>12.5</v></c>'])))
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    link = f'<Relationships xmlns="{package}"><Relationship Id="rId1" Target="file://{secret}" TargetMode="External"/>'
    parts |= {
        "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" + b"macro" * 100,
        "xl/externalLinks/_rels/e.xml.rels": link.encode(),
    }
    for name in ("OP 2026-11-20.xlsx", "OP 2026-11-20.xlsm"):
        assert READERS["op_list"].sniff(zipped(parts)[:4096], name)
        assert [str(item.amount) for item in _read(zipped(parts), name)] == ["12.5"]


def _one_part(packed: int = zipfile.ZIP_DEFLATED, place: int = 0) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", packed) as container:
        container.writestr("xl/workbook.xml", "<workbook/>")
        container.infolist()[0].header_offset = place
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
            "mit einem Kennwort",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "beschädigt"),
        (b"PK\x03\x04" + b"\0" * 600, "beschädigt"),
        (_one_part(zipfile.ZIP_LZMA), "beschädigt"),
        (_one_part(place=1 << 63), "beschädigt"),
        (b"PK\x05\x06" + b"\0" * 18, "Steuerzeichen"),
    ],
)
def test_other_containers_are_told_apart(content: bytes, said: str) -> None:
    assert said in _refused(content).problems[0].what


class _Failing(io.BytesIO):
    """A file on a disk that goes away after so many reads."""

    def __init__(self, content: bytes, reads: int) -> None:
        super().__init__(content)
        self.left = reads

    def read(self, size: int | None = -1) -> bytes:
        if self.left == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self.left -= 1
        return super().read(size)


def test_trouble_with_the_disk_is_no_damage_of_the_workbook() -> None:
    """What is rejected comes back to the clerk; what the disk does not give is tried again."""
    content = workbook(sheet_of([f'{ITEM}<c r="C2"><v>1</v></c>']))
    whole = _Failing(content, 1_000)
    [sheet] = visible_sheets(whole, len(content) * 100)
    assert len(list(sheet.rows())) == 2

    for reads in range(1_000 - whole.left):
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            visible_sheets(_Failing(content, reads), len(content) * 100)
