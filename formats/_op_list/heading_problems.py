"""What can be wrong with the headings of a list, said so that a clerk can mend it."""

import re
from collections.abc import Iterable, Mapping, Sequence

from core.errors import FormatError, Problem, shortened
from formats._op_list.fields import GERMAN_NAMES, Field, normalised
from formats._op_list.headings import Columns, columns_of, fields_of, heading_row, other_list
from formats._tables.delimited import Cells

_LONGEST_HEADING, _SHOWN_HEADINGS = 40, 20
_ODD_DELIMITER = re.compile(r"\s{2,}|[^\w\s.,;|/()%-]+")
HARMLESS: frozenset[Field] = frozenset({"text", "name", "second_number", "symbol", "counter_account", "tax_code"})
"""Of these the first column is read, where there are two."""


def check_columns(columns: Columns, given: Mapping[Field, str]) -> None:
    """Raise FormatError where a needed column is missing or stands there twice, naming the headings found."""
    other = other_list(columns)
    if other is not None:
        raise FormatError(
            Problem(
                "other_list",
                f"Die Datei ist {other} und keine Liste offener Posten.",
                "Bitte legen Sie sie in den Eingang, der für diese Liste vorgesehen ist.",
                row=columns.row,
            )
        )
    problems = [_missing(columns, [field], given) for field in given if field not in columns.index_of]
    if "number" not in columns.index_of and "number" not in given:
        problems.append(_missing(columns, ["number"], given))
    has = columns.index_of.keys()
    if not has & {"open", "amount"} and not has >= {"debit", "credit"}:
        problems.append(_missing(columns, ["open", "debit", "credit"], given))
    names = [normalised(heading) for heading in columns.headings]
    for field, index in columns.index_of.items():
        if names[index] and names.count(names[index]) > 1 and field not in HARMLESS and "#" not in given.get(field, ""):
            problems.append(_twice(columns, field, index))
    if problems:
        raise FormatError(*problems)


def missing_account(columns: Columns) -> Problem:
    """The list has neither a column for the account nor group rows that name it."""
    return _missing(columns, ["account"], {})


def _missing(columns: Columns, fields: Iterable[Field], given: Mapping[Field, str]) -> Problem:
    wanted = " / ".join(f"„{given.get(field, GERMAN_NAMES[field])}“" for field in fields)
    shown = [f"„{shortened(heading, _LONGEST_HEADING)}“" for heading in columns.headings if heading]
    more = f" und {len(shown) - _SHOWN_HEADINGS} weitere" if len(shown) > _SHOWN_HEADINGS else ""
    return Problem(
        "missing_column",
        f"In der Überschrift fehlt die Spalte {wanted}. Gefunden wurden: {', '.join(shown[:_SHOWN_HEADINGS])}{more}.",
        "Bitte nehmen Sie die Spalte in die Liste auf und exportieren Sie sie noch einmal. Heißt sie nur anders, "
        "lassen Sie bitte ihren Namen in den Einstellungen dieses Eingangs eintragen.",
        row=columns.row,
    )


def _twice(columns: Columns, field: Field, index: int) -> Problem:
    return Problem(
        "duplicate_column",
        f"Die Spalte „{shortened(columns.headings[index], _LONGEST_HEADING)}“ ({GERMAN_NAMES[field]}) kommt in der "
        "Überschrift zweimal vor.",
        "Bitte lassen Sie eine der beiden Spalten weg und exportieren Sie die Liste noch einmal.",
        row=columns.row,
        column=columns.headings[index],
        column_index=index,
    )


def no_heading(top: Sequence[Cells]) -> Problem:
    """Say why there is no heading row: another delimiter, a missing column (raised), or no list at all."""
    for row, cells in enumerate(top, 1):
        line = " ".join(str(cell) for cell in cells)
        parts: Cells = [part.strip() for part in _ODD_DELIMITER.split(line)]
        if len(parts) > len(cells) and heading_row([parts], {}) is not None:
            return Problem(
                "wrong_delimiter",
                "Die Spalten der Liste sind nicht durch Strichpunkt, Tabulator, Beistrich oder | getrennt.",
                "Bitte exportieren Sie die Liste als CSV-Datei mit Strichpunkt oder als Excel-Datei (XLSX).",
                row=row,
                value=line[:80],
            )
    best = max(enumerate(top, 1), key=lambda row: len(fields_of(row[1], {})), default=(1, []))
    if len(fields_of(best[1], {})) >= 2:
        check_columns(columns_of(best[0], best[1], {}), {})
    return Problem(
        "no_heading",
        "In den ersten 50 Zeilen steht keine Überschrift mit Konto, OP-Nr. und Betrag; die Datei ist keine OP-Liste.",
        "Bitte exportieren Sie die OP-Liste mit Spaltenüberschriften.",
    )
