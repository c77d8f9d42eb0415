"""What the FIBU readers share: lines of text, cells that are checked, and problems that name line, field and value."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO, NoReturn

from pydantic import BaseModel, ConfigDict, Field

from core.documents.problems import LIMIT, shown
from core.errors import FormatError, Problem
from core.fibu.booking import BookingKind

_AMOUNT = re.compile(r"-?[0-9]{1,15},[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{1,12}(,[0-9]{1,12})?")
_COUNT = re.compile(r"[0-9]{1,6}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_BOM = b"\xef\xbb\xbf"
_LONGEST_LINE = 20_000
EXPORT_AGAIN = "Bitte erzeugen Sie die Datei im FIBU-Programm noch einmal."
ASK_SETTINGS = "Bitte lassen Sie es in den Einstellungen dieses Eingangs eintragen."


class ReadingSettings(BaseModel):
    """What the file does not say of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$", description="Currency of the books.")
    symbols: Mapping[str, BookingKind] = Field(
        default_factory=dict,
        description='Further booking symbols or document circles by what they stand for, e.g. { K2 = "cash" }.',
    )
    max_rows: int = Field(default=2_000_000, ge=1, description="Longer files are refused.")


class Found:
    """What is wrong with a file; many problems, not only the first."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, problem: Problem) -> None:
        """Take a problem. Raises FormatError when there are so many that more help nobody."""
        self.problems.append(problem)
        if len(self.problems) >= LIMIT:
            self.refuse()

    def refuse(self) -> None:
        """Raise FormatError where something is wrong."""
        if self.problems:
            raise FormatError(*sorted(self.problems, key=lambda problem: problem.row or 0))


class Cells:
    """One row: values by heading, each checked when it is asked for; ``bad`` tells that one of them was wrong."""

    __slots__ = ("_found", "_values", "bad", "row")

    def __init__(self, row: int, values: Mapping[str, str], found: Found) -> None:
        self.row = row
        self.bad = False
        self._values = values
        self._found = found

    def text(self, name: str) -> str:
        """The value as it stands; "" where the column is missing."""
        return self._values.get(name, "")

    def items(self) -> Iterable[tuple[str, str]]:
        """Headings and values, in order."""
        return self._values.items()

    def wrong(self, name: str, code: str, what: str, todo: str = EXPORT_AGAIN) -> None:
        """Tell that a value cannot be taken."""
        self.bad = True
        place = list(self._values)
        self._found.add(
            Problem(
                code=code,
                what=f"Zeile {self.row}, Feld „{name}“: {what}",
                todo=todo,
                row=self.row,
                column=name,
                column_index=place.index(name) if name in place else None,
                value=shown(self.text(name)),
            )
        )

    def needed(self, name: str) -> str:
        """A value that must be there."""
        value = self.text(name)
        if not value:
            self.wrong(name, "fibu_missing", "Die Angabe fehlt.")
        return value

    def amount(self, name: str) -> Decimal:
        """``-1234,50``; 0 for an empty cell."""
        value = self.text(name)
        if not value:
            return Decimal(0)
        if not _AMOUNT.fullmatch(value):
            self.wrong(name, "fibu_amount", f"„{shown(value)}“ ist kein Betrag in der Form 1234,50.")
            return Decimal(0)
        return Decimal(value.replace(",", "."))

    def number(self, name: str) -> Decimal | None:
        """``20`` or ``4,9``; None for an empty cell."""
        value = self.text(name)
        if value and not _NUMBER.fullmatch(value):
            self.wrong(name, "fibu_number", f"„{shown(value)}“ ist keine Zahl in der Form 4,9.")
            return None
        return Decimal(value.replace(",", ".")) if value else None

    def count(self, name: str) -> int | None:
        """Whole number; None for an empty cell."""
        value = self.text(name)
        if value and not _COUNT.fullmatch(value):
            self.wrong(name, "fibu_number", f"„{shown(value)}“ ist keine ganze Zahl.")
            return None
        return int(value) if value else None

    def day(self, name: str, form: str) -> date | None:
        """A date in this form; None for an empty cell."""
        value = self.text(name)
        if not value:
            return None
        try:
            day = datetime.strptime(value, form).date()  # noqa: DTZ007 - a calendar day has no time zone
            if day.strftime(form) == value:
                return day
        except ValueError:
            pass
        example = date(2026, 1, 31).strftime(form)
        self.wrong(name, "fibu_date", f"„{shown(value)}“ ist kein Datum in der Form {example}.")
        return None

    def currency(self, name: str, default: str) -> str:
        """ISO code of a currency."""
        value = self.text(name) or default
        if not _CURRENCY.fullmatch(value):
            self.wrong(name, "fibu_currency", f"„{shown(value)}“ ist keine Währung mit drei Großbuchstaben.")
            return default
        return value

    def account(self, name: str) -> str:
        """An account: up to nine digits."""
        value = self.needed(name)
        if value and not (value.isascii() and value.isdigit() and len(value) <= 9):
            self.wrong(name, "fibu_account", f"„{shown(value)}“ ist keine Kontonummer mit höchstens 9 Ziffern.")
        return value

    def one_of(self, name: str, allowed: Sequence[str]) -> str:
        """One of the values that may stand here."""
        value = self.text(name)
        if value not in allowed:
            listed = ", ".join(f"„{one}“" if one else "leer" for one in allowed)
            self.wrong(name, "fibu_value", f"„{shown(value)}“ ist nicht vorgesehen, erlaubt ist: {listed}.")
            return allowed[0]
        return value


# ── lines and rows ────────────────────────────────────────────────────────────────────────────────────────────────


def text_lines(source: BinaryIO, encoding: str, max_rows: int) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file with their numbers, from 1; empty ones at the end are left out.

    Raises FormatError at once for what is no text of this encoding.
    """
    source.seek(0)
    empty = True
    for row, raw in enumerate(iter(lambda: source.readline(_LONGEST_LINE + 1), b""), 1):
        if row > max_rows:
            _refuse("fibu_too_long", f"Die Datei hat mehr als {max_rows} Zeilen.", row)
        if len(raw) > _LONGEST_LINE:
            _refuse("fibu_no_table", f"Zeile {row} hat mehr als {_LONGEST_LINE} Zeichen.", row)
        if row == 1 and raw.startswith(_BOM):
            raw, encoding = raw.removeprefix(_BOM), "utf-8"  # noqa: PLW2901 - the mark is no part of the line
        try:
            text = raw.rstrip(b"\r\n").decode(encoding)
        except UnicodeDecodeError as error:
            what = f"Zeile {row} enthält Zeichen, die es im eingestellten Zeichensatz {encoding} nicht gibt."
            raise FormatError(Problem("fibu_encoding", what, EXPORT_AGAIN, row=row)) from error
        if not text.isprintable() and any(ord(char) < 32 or ord(char) == 127 for char in text):
            _refuse("fibu_no_table", f"Zeile {row} enthält Steuerzeichen; die Datei ist keine Texttabelle.", row)
        if text:
            empty = False
            yield row, text
    if empty:
        _refuse("fibu_empty", "Die Datei ist leer.", None)


def _refuse(code: str, what: str, row: int | None) -> NoReturn:
    raise FormatError(Problem(code, what, EXPORT_AGAIN, row=row))


def headed_rows(source: BinaryIO, encoding: str, needed: Iterable[str], found: Found, max_rows: int) -> Iterator[Cells]:
    """Yield the rows below a header of names. Raises FormatError where a needed column is missing."""
    lines = text_lines(source, encoding, max_rows)
    header_row, text = next(lines)
    header = text.split(";")
    missing = [name for name in needed if name not in header]
    if missing:
        names = ", ".join(f"„{name}“" for name in missing)
        _refuse("fibu_columns", f"In der Kopfzeile fehlen die Spalten {names}.", header_row)
    for row, line in lines:
        values = line.split(";")
        if len(values) != len(header):
            found.add(wrong_width(row, len(values), len(header)))
            continue
        yield Cells(row, dict(zip(header, values, strict=True)), found)


def placed_rows(source: BinaryIO, encoding: str, fields: Sequence[str], found: Found, max_rows: int) -> Iterator[Cells]:
    """Yield the rows of a file whose fields go by position; a first row with their names is passed over."""
    for row, line in text_lines(source, encoding, max_rows):
        values = line.split(";")
        if row == 1 and values[0] == fields[0]:
            continue
        if len(values) != len(fields):
            found.add(wrong_width(row, len(values), len(fields)))
            continue
        yield Cells(row, dict(zip(fields, values, strict=True)), found)


def wrong_width(row: int, have: int, want: int) -> Problem:
    """A row has too many or too few fields."""
    what = f"Zeile {row} hat {have} Felder, es müssen {want} sein."
    return Problem("fibu_width", what, EXPORT_AGAIN, row=row)


def sniffed_row(head: bytes, encoding: str = "cp1252") -> list[str]:
    """The cells of the first line, as far as it is text with semicolons."""
    first = head.removeprefix(_BOM).split(b"\n", 1)[0].rstrip(b"\r")
    return first.decode(encoding, "replace").split(";")
