"""Nothing that we write for people calculates, links or commands when they open it, whatever the dropped file holds."""

import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from core.errors import Problem
from formats._fibu.text import clean
from spool.results.marked_table import marked_workbook
from spool.results.notes import NoteKind, note_text
from tests.fuzzing.mutations import unzipped
from tests.sites import Running

COMMANDS = (
    "=cmd|'/c calc'!A1", "=1+1", "+1+cmd|x", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|x", "\t=1+1", "\r=1+1",
    "=HYPERLINK(\"http://x\")", "http://evil.example/",
    "file:///etc/passwd", "mailto:a@b", "#REF!", "#N/A", "=", "+", "@", "{=1}", "DDE(1)",
)  # fmt: skip


@pytest.mark.parametrize("value", COMMANDS)
def test_no_cell_of_a_marked_table_is_a_formula_or_a_link(tmp_path: Path, value: str) -> None:
    what = f"„{value}“ stimmt nicht."
    problems = [Problem("x", what, value, row=row, column=value, column_index=1, value=value) for row in (1, 2, 3)]
    path = tmp_path / "a.hinweis.xlsx"
    marked_workbook([["Konto", value], [value, value], ["x", value]], problems, path)

    book = openpyxl.load_workbook(path)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.coordinate
                assert cell.data_type != "e", cell.coordinate
                assert cell.hyperlink is None or cell.hyperlink.target is None, "only places in the workbook itself"
                starts = isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@", "\t", "\r"))
                assert not starts or cell.quotePrefix, cell.coordinate
    shown = [cell.value for cell in book["Tabelle"]["B"]]
    assert shown.count(value.replace("\r", "\n")) == 3 or shown.count(value) == 3


def test_a_marked_table_has_no_formula_no_link_and_no_macro_inside(tmp_path: Path) -> None:
    path = tmp_path / "a.hinweis.xlsx"
    rows = [["Konto", "Text"], *([command, command] for command in COMMANDS)]
    marked_workbook(rows, [Problem("x", "Falsch.", row=2, column_index=0)], path)
    parts = unzipped(path.read_bytes())
    sheets = b"".join(content for name, content in parts.items() if name.startswith("xl/worksheets/sheet"))
    assert b"<f" not in sheets.replace(b"<filter", b"")
    assert not re.search(rb"Target(Mode)?=.{0,20}(http|file|mailto|External)", b"".join(parts.values()))
    assert not [name for name in parts if "vba" in name.lower() or "external" in name.lower()]


def test_a_workbook_that_comes_back_calculates_nothing(site: Running) -> None:
    site.drop("a.csv", "Konto,Betrag\n=cmd|'/c calc'!A1,x\n@SUM(A1),2\n")
    site.until(lambda: "a.csv.hinweis.xlsx" in site.rejected())
    found = site.inbox() / "rejected" / "a.csv.hinweis.xlsx"
    book = openpyxl.load_workbook(found)
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds <= {"s", "n"}
    assert zipfile.ZipFile(io.BytesIO(found.read_bytes())).testzip() is None


@pytest.mark.parametrize("value", [*COMMANDS, "\x1b]0;evil\x07", "a\nb", "\u202egpj.exe"])
def test_a_note_shows_what_stands_there_and_obeys_nothing(value: str) -> None:
    problem = Problem("x", "Das stimmt nicht.", "Bitte berichtigen.", row=7, column=value, value=value, record=value)
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    note = note_text(NoteKind.REJECTED, value, [problem], received_at=moment, route_label=value, reference="1")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", note)
    for line in note.lstrip("\ufeff").split("\r\n"):
        assert "\n" not in line
        assert not line.startswith(("=", "+", "@")) or set(line) == {"="}, line


@pytest.mark.parametrize("value", COMMANDS)
def test_a_text_for_a_fibu_keeps_what_it_says_and_cannot_become_another_cell_or_row(value: str) -> None:
    """Programs read these files, and a text that begins with "=" is a text to them: it is not altered."""
    text = clean(f"{value};x\r\n\u2028\x85y", 60)
    assert not set(text) & set(';"\r\n\t\u2028\x85')
    assert text.startswith(value.strip().replace('"', "'").replace(";", ","))
