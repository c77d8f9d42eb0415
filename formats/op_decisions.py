"""Decisions about single documents of a doubtful open-item list: a table with Konto, Beleg and Entscheidung.

A clerk lays it into the inbox of the list before a held list is released. Text with semicolons or tabs, as Excel saves
it; "offen", "bezahlt" or "aufgehoben" as decision, rows without one are passed over. Other columns may stand beside.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, Field

from core.batch import Batch, Origin
from core.errors import FormatError, Problem, shortened
from core.op_decisions import DECISION_TYPE, VERDICTS, Decision

LABEL = "Entscheidungen zu offenen Posten (Text oder CSV)"

_COLUMNS: Mapping[str, frozenset[str]] = {
    "Konto": frozenset({"konto", "kontonummer", "konto-nr."}),
    "Beleg": frozenset({"beleg", "op-nr.", "rechnung", "belegnummer"}),
    "Entscheidung": frozenset({"entscheidung"}),
}
_MOST_PROBLEMS = 100


class Settings(BaseModel):
    """Settings of a route for this format."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: int = Field(default=1_000_000, ge=1000, description="Larger files of decisions are refused.")


def sniff(head: bytes, name: str) -> bool:  # noqa: ARG001 - the headings say it, whatever the name
    """Say whether the first row has the three headings."""
    rows = _rows(_decoded(head.partition(b"\n")[0]) or "")
    return bool(rows) and _places(rows[0]) is not None


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    """Read the decisions (``core.op_decisions.Decision``). Raises FormatError with up to 100 problems."""
    content = source.read(settings.max_bytes + 1)
    rows = _rows(_decoded(content[: settings.max_bytes]) or "")
    places = _places(rows[0]) if rows else None
    if len(content) > settings.max_bytes or places is None:
        raise FormatError(
            Problem(
                "not_decisions",
                "Die Datei ist keine Tabelle mit den Spalten Konto, Beleg und Entscheidung.",
                "Bitte speichern Sie die Tabelle in Excel als CSV-Datei mit diesen Überschriften in der ersten Zeile.",
            )
        )
    problems: list[Problem] = []
    decisions = tuple(_decisions(rows[1:], places, problems))
    if problems:
        raise FormatError(*problems[:_MOST_PROBLEMS])
    return Batch(origin, DECISION_TYPE, decisions)


def _rows(text: str) -> list[Sequence[str]]:
    """The rows of the table, cells without blanks around them; none where it is no table."""
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ";"
    try:
        return [
            [cell.strip() for cell in cells] for cells in csv.reader(StringIO(text, newline=""), delimiter=delimiter)
        ]
    except csv.Error:
        return []


def _decisions(rows: Sequence[Sequence[str]], places: Sequence[int], problems: list[Problem]) -> Iterator[Decision]:
    for row, cells in enumerate(rows, start=2):
        account, number, verdict = (cells[place] if place < len(cells) else "" for place in places)
        if not verdict:
            continue
        known = VERDICTS.get(verdict.lower())
        if known is None:
            what = f"„{shortened(verdict, 80)}“ ist keine Entscheidung."
            todo = "Bitte schreiben Sie offen, bezahlt oder aufgehoben."
            problems.append(Problem("unknown_decision", what, todo, row, "Entscheidung", places[2], value=verdict))
        elif not account.isdecimal() or not number:
            what = "In dieser Zeile fehlt das Konto oder der Beleg."
            problems.append(Problem("incomplete_decision", what, "Bitte ergänzen Sie die Zeile.", row))
        else:
            yield Decision(row, account, number, known)


def _places(headings: Sequence[str]) -> tuple[int, int, int] | None:
    """Positions of the three columns; None where one is missing."""
    found = [
        next((place for place, heading in enumerate(headings) if heading.lower() in names), None)
        for names in _COLUMNS.values()
    ]
    account, number, verdict = found
    return None if account is None or number is None or verdict is None else (account, number, verdict)


def _decoded(content: bytes) -> str | None:
    """UTF-8, else the code page of Windows; None where it is neither."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
