"""What is shown on a terminal can be used: ids are whole, however narrow it is."""

import io
from contextlib import redirect_stdout

import pytest

from spool.verbs.console import print_table

DROP = "1a20930c3110004f0ccf"
ROWS = ((DROP, "bmd", 0, "2026-11-23T17:15:20+01:00", "Ein langer Dateiname einer OP-Liste vom November.csv"),)
HEADINGS = ("id", "route", "held", "claimed at", "file")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [50, 80, 200])
def test_a_terminal_shows_ids_whole_and_cuts_nothing(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))

    with redirect_stdout(_Terminal()) as terminal:
        print_table(HEADINGS, ROWS)

    shown = terminal.getvalue()
    assert DROP in shown
    assert "…" not in shown
    assert "held" not in shown


def test_a_program_gets_every_value_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(HEADINGS, ROWS)

    assert capsys.readouterr().out.rstrip("\n").split("\t") == [str(value) for value in ROWS[0]]
