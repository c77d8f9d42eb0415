"""The workbook beside a refused table can be opened, read and printed by those whom it is for."""

import os
import stat
from pathlib import Path

import pytest
from openpyxl import load_workbook

from core.errors import Problem
from core.row_height import row_height
from spool.results.marked_table import marked_workbook


@pytest.mark.parametrize(
    ("texts", "height"),
    [
        ([], None),
        ([("kurz", 60)], None),
        ([("Wort " * 24, 60), ("kurz", 60)], 45.0),
        ([("eins\nzwei", 60)], 30.0),
        ([("x" * 500, 60)], 150.0),
        ([("Wort " * 9_000, 60)], 409.0),
    ],
)
def test_a_row_is_as_high_as_its_longest_text(texts: list[tuple[str, int]], height: float | None) -> None:
    assert row_height(texts) == height


def test_the_list_of_problems_gives_long_texts_room_and_prints_across_one_page(tmp_path: Path) -> None:
    problems = [Problem("a", "Kurz.", "Kurz.", row=1), Problem("b", "Was " * 50, "Wie " * 100, row=2)]
    marked_workbook([["Konto"], ["x"]], problems, tmp_path / "hinweis.xlsx")

    sheet = load_workbook(tmp_path / "hinweis.xlsx")["Hinweise"]

    assert sheet.row_dimensions[2].height is None
    assert sheet.row_dimensions[3].height == 8 * 15
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToHeight == 0


def test_the_workbook_is_readable_like_the_note_beside_it_though_workers_keep_what_they_write(tmp_path: Path) -> None:
    before = os.umask(0o077)  # as spool/work/worker.py sets it
    try:
        marked_workbook([["Konto"], ["x"]], [Problem("a", "Falsch.", row=2)], tmp_path / "hinweis.xlsx")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "hinweis.xlsx").stat().st_mode) == 0o640
