"""What can be wrong in a row of an open-item list, said so that a clerk can mend it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from core.errors import FormatError, Problem, shortened
from core.open_items import printed
from formats._op_list.fields import Field
from formats._op_list.headings import Columns
from formats._tables.delimited import Cells, Crossed

_DELIMITER_TODO = (
    "Bitte prüfen Sie, ob in einem Text dieser Zeile das Trennzeichen vorkommt, und exportieren Sie die Liste noch "
    "einmal, am besten als Excel-Datei (XLSX)."
)
_EXPORT_AGAIN = "Bitte exportieren Sie die Liste noch einmal und legen Sie sie vollständig ab."
_LONGEST_VALUE = 80
_CELLS = {
    "missing_number": ("Die OP-Nummer fehlt.", "Bitte tragen Sie die OP-Nummer in der FIBU nach."),
    "wrong_account": (
        "„{value}“ ist keine Kontonummer.",
        "Eine Kontonummer hat drei bis zehn Ziffern. Bitte prüfen Sie das Konto.",
    ),
    "missing_account": ("Die Kontonummer fehlt.", "Bitte exportieren Sie die Liste mit dem Konto in jeder Zeile."),
    "wrong_number": ("„{value}“ ist kein Betrag.", "Erwartet wird ein Betrag wie 1.790,50."),
    "missing_amount": ("Der Betrag fehlt.", "Erwartet wird ein Betrag wie 1.790,50."),
    "wrong_side": ("„{value}“ ist weder S (Soll) noch H (Haben).", "Bitte prüfen Sie die Angabe Soll oder Haben."),
    "wrong_date": ("„{value}“ ist kein Datum.", "Erwartet wird ein Datum wie 20.11.2026."),
}


def cell_problem(code: str, row: int, columns: Columns, field: Field, value: str) -> Problem:
    """One cell is wrong; the code says how."""
    what, todo = _CELLS[code]
    index = columns.index_of[field]
    return Problem(
        code,
        what.format(value=shortened(value, _LONGEST_VALUE)),
        todo,
        row=row,
        column=columns.headings[index],
        column_index=index,
        value=value,
    )


def lacking_values(row: int, columns: Columns, cells: Cells, valueless: Mapping[int, str]) -> list[Problem]:
    """The cells of a row that are needed and seem blank, though a formula without result or an error stands in them."""
    needed = set(columns.index_of.values())
    lacking = [index for index in sorted(needed & valueless.keys()) if cells[index] == ""]
    return [_no_value(row, columns, index, valueless[index]) for index in lacking]


def _no_value(row: int, columns: Columns, index: int, error: str) -> Problem:
    what = "In dieser Zelle steht eine Formel, aber kein Ergebnis."
    todo = "Bitte öffnen Sie die Liste in Excel und speichern Sie sie; dabei werden die Ergebnisse eingetragen."
    if error:
        what = f"In dieser Zelle steht der Fehlerwert „{shortened(error, _LONGEST_VALUE)}“."
        todo = "Bitte berichtigen Sie die Zelle in Excel und speichern Sie die Liste neu."
    return Problem(
        "no_value", what, todo, row=row, column=columns.heading(index), column_index=index, value=error or None
    )


def row_too_long(row: int, cells: Cells, width: int, *, workbook: bool) -> Problem:
    """More cells than headings."""
    if not workbook:
        what = f"Die Zeile hat {len(cells)} Spalten, die Überschrift aber nur {width}."
        return Problem("row_too_long", what, _DELIMITER_TODO, row=row)
    index = next(index for index in range(width, len(cells)) if cells[index] != "")
    return Problem(
        "row_too_long",
        "Neben der Liste steht ein Eintrag in einer Spalte ohne Überschrift.",
        "Bitte geben Sie der Spalte eine Überschrift oder löschen Sie den Eintrag.",
        row=row,
        column_index=index,
        value=str(cells[index]),
    )


def crossed(row: int, cells: Crossed) -> Problem:
    """A line of a print list whose texts run over the edge of a column."""
    return Problem(
        "crossed_columns",
        "In dieser Zeile reicht ein Text über den Rand seiner Spalte; die Werte lassen sich nicht sicher trennen.",
        "Bitte exportieren Sie die Liste als CSV-Datei mit Strichpunkt oder als Excel-Datei (XLSX).",
        row=row,
        column=cells.column,
        column_index=cells.place,
        value=cells.value,
    )


def unplaced_row(row: int, columns: Columns, index: int, words: Sequence[str]) -> Problem:
    """A row that is neither a document nor anything else that lists have."""
    return Problem(
        "unplaced_row",
        "Diese Zeile ist weder ein Posten noch eine Summe oder ein anderer bekannter Teil einer Liste.",
        "Bitte ergänzen Sie, was für einen Posten fehlt, oder löschen Sie die Zeile.",
        row=row,
        column=columns.heading(index),
        column_index=index,
        value=shortened(" ".join(words), _LONGEST_VALUE),
    )


def row_too_short(row: int, cells: int, width: int) -> Problem:
    """Fewer cells than the list needs."""
    return Problem(
        "row_too_short",
        f"Die Zeile hat nur {cells} von {width} Spalten.",
        "Bitte ergänzen Sie die Zeile oder exportieren Sie die Liste noch einmal.",
        row=row,
    )


def truncated(row: int) -> Problem:
    """The last row breaks off."""
    return Problem(
        "truncated",
        "Die Datei endet mitten in dieser Zeile, sie wurde abgeschnitten.",
        _EXPORT_AGAIN,
        row=row,
    )


def wrong_total(row: int, label: str, stated: Decimal, found: Decimal) -> Problem:
    """A printed total is not the sum of the rows above it."""
    return Problem(
        "wrong_total",
        f"In der Summenzeile „{shortened(label, _LONGEST_VALUE)}“ steht {printed(stated)}, die Zeilen darüber ergeben "
        f"aber {printed(found)}.",
        "Vermutlich fehlen Zeilen. " + _EXPORT_AGAIN,
        row=row,
        value=printed(stated),
    )


def wrong_group(row: int, stated: Decimal, found: Decimal) -> Problem:
    """The rows below a row that seems to sum them up do not add up to it."""
    return Problem(
        "wrong_group",
        f"Diese Zeile scheint die Zeilen darunter zusammenzufassen; in ihr steht {printed(stated)}, diese ergeben aber "
        f"{printed(found)}.",
        "Bitte exportieren Sie die Liste ohne Gruppierung.",
        row=row,
        value=printed(stated),
    )


def no_items(columns: Columns) -> Problem:
    """There is a heading, and nothing under it."""
    return Problem(
        "no_rows",
        "Die Liste enthält eine Überschrift, aber keinen einzigen offenen Posten.",
        "Bitte prüfen Sie die Auswahl in der FIBU (Konten, Stichtag) und exportieren Sie die Liste noch einmal.",
        row=columns.row,
    )


def too_many_rows(largest: int) -> FormatError:
    """More rows than the settings allow."""
    return FormatError(
        Problem(
            "too_many_rows",
            f"Die Liste hat mehr als {largest} Zeilen; mehr werden in diesem Eingang nicht angenommen.",
            "Bitte teilen Sie die Liste, zum Beispiel nach Kontenbereichen.",
        )
    )
