"""Can the first rows of a list mean what its headings say? What may be read wrongly is refused, never guessed at.

"Saldo" heads open amounts in some lists, and a running balance in others. "Betrag" is what is open where it stands
alone, and what was open once where another column tells of payments. A column of S and H turns the signs.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from itertools import combinations

from core.errors import Problem
from formats._german import amount_of_cell
from formats._op_list.amounts import AMOUNTS, Amounts
from formats._op_list.cells import text_of
from formats._op_list.contents import has_number, holds_money, is_money, values_of
from formats._op_list.fields import PASSED_OVER, Field, normalised
from formats._op_list.headings import Columns
from formats._op_list.layout import Rows
from formats._tables.delimited import Cells, Crossed

SAMPLE = 2_000
"""So many rows below the headings are looked at."""
_ENOUGH = 2
"""So many rows in a row have to run on from the one above, where each of them could be what its heading says."""
_SIDES = (frozenset({"S", "H"}), frozenset({"H"}), frozenset({"SOLL", "HABEN"}), frozenset({"HABEN"}))
_HYPHEN = frozenset({"-"})
_SIGNS = tuple(map(frozenset, ("DC", "C", "+-", "-", ("DR", "CR"), ("CR",))))
_CLEARED = frozenset({"AUSGEGLICHEN", "AUSGEZIFFERT", "BEZAHLT", "ERLEDIGT"})
_NOT_CLEARED = frozenset({"N", "NEIN", "OFFEN", "0", "-", ""})
_OF_CLEARING = re.compile(r"ausgl|ausgez|ausz|bezahlt|erledigt")
_THOUSAND = re.compile(r"[+-]?\d{1,3}\.\d{3}", re.ASCII)
_POINT = re.compile(r"[+-]?\d+\.\d{1,2}", re.ASCII)
_SHOWN = 5
_MOST_COLUMNS = 200


def doubts(columns: Columns, rows: Sequence[Cells], amounts: Amounts) -> Iterator[Problem]:
    """What speaks against reading the amounts of a list; ``rows`` are the first ones below its headings."""
    filled = [
        [*cells, *[""] * (len(columns.headings) - len(cells))] for cells in rows if not isinstance(cells, Crossed)
    ]
    documents = [cells for cells in filled if has_number(cells, columns)]
    found = (
        _running_balance(columns, filled, amounts),
        _several_amounts(columns, documents),
        _unread_clearing(columns, documents),
        _unread_side(columns, documents),
        _unclear_thousands(columns, documents),
    )
    yield from filter(None, found)


def first_rows_below(columns: Columns, rows: Rows) -> list[Cells]:
    """The rows that are looked at."""
    found: list[Cells] = []
    for row, cells in enumerate(rows()):
        if row >= columns.row + SAMPLE:
            break
        if row >= columns.row:
            found.append(cells)
    return found


# ── a balance that runs on ────────────────────────────────────────────────────────────────────────────────────────


def _running_balance(columns: Columns, rows: Sequence[Cells], amounts: Amounts) -> Problem | None:
    """Say so where the open amounts add up from row to row; to read them would be quite wrong."""
    if "open" not in columns.index_of or columns.is_clearing:
        return None
    places = [index for index in (columns.index_of.get("amount"), *_unread(columns)) if index is not None]
    changes: list[Callable[[Cells], Decimal | None]] = [amounts.difference]
    changes += [partial(_amount_at, index=index) for index in places]
    if not any(_runs_on(columns, rows, amounts, change) for change in changes):
        return None
    return _column_problem(
        columns,
        columns.index_of["open"],
        "running_balance",
        "Die Spalte {heading} enthält keinen offenen Betrag, sondern einen Saldo, der von Zeile zu Zeile weiterläuft.",
        "Bitte exportieren Sie die Liste mit dem offenen Betrag je Posten, oder ohne diese Spalte.",
    )


def _runs_on(
    columns: Columns, rows: Sequence[Cells], amounts: Amounts, change_in: Callable[[Cells], Decimal | None]
) -> bool:
    balance: Decimal | None = None
    running = 0
    for cells in rows:
        change, stated = change_in(cells), amounts.single(cells, "open")
        if change is None or stated is None or not has_number(cells, columns):
            balance, running = stated, 0
            continue
        goes_on = balance is not None and balance != 0 and stated != change and stated == balance + change
        running = running + 1 if goes_on else 0
        if running == _ENOUGH or (goes_on and not _may_be_rest(stated, change)):
            return True
        balance = stated
    return False


def _amount_at(cells: Cells, index: int) -> Decimal | None:
    return amount_of_cell(cells[index]) if is_money(cells[index]) else None


def _may_be_rest(stated: Decimal, change: Decimal) -> bool:
    """Say whether so much can still be open of a booking."""
    return stated * change >= 0 and abs(stated) <= abs(change)


# ── columns that nobody has read ──────────────────────────────────────────────────────────────────────────────────


def _unread(columns: Columns) -> list[int]:
    """The columns that were not understood."""
    read = set(columns.index_of.values())
    names = [normalised(heading) for heading in columns.headings[:_MOST_COLUMNS]]
    return [index for index, name in enumerate(names) if index not in read and name not in PASSED_OVER]


def unread_amounts(columns: Columns, documents: Sequence[Cells]) -> list[int]:
    """Columns of other amounts, in a list that does not call one of them what is open."""
    has = columns.index_of.keys()
    if ("open" in has and not columns.is_clearing) or not ("amount" in has or has >= {"debit", "credit"}):
        return []
    used: list[Field] = [field for field in AMOUNTS if field in columns.index_of]
    read = [[amount_of_cell(cells[columns.index_of[field]]) for cells in documents] for field in used]
    found = []
    for index in _unread(columns):
        if not holds_money(values_of(documents, index)):
            continue
        amounts = [amount_of_cell(cells[index]) for cells in documents]
        if any(amounts) and amounts not in read:
            found.append(index)
    return found


def rest_column(columns: Columns, documents: Sequence[Cells]) -> int | None:
    """The column that is what was invoiced less what was paid, in every row; None where there is no such column."""
    others = unread_amounts(columns, documents)
    if "amount" not in columns.index_of:
        return None
    for paid, rest in combinations(others, 2):
        rows = (
            [amount_of_cell(cells[index]) for index in (columns.index_of["amount"], paid, rest)] for cells in documents
        )
        if all(None not in row and row[0] - row[1] == row[2] for row in rows):  # type: ignore[operator]
            return rest
    return None


def _several_amounts(columns: Columns, documents: Sequence[Cells]) -> Problem | None:
    others = unread_amounts(columns, documents)
    if not others:
        return None
    shown = ", ".join(f"„{columns.headings[index]}“" for index in others[:_SHOWN] if columns.headings[index])
    field = next(field for field in AMOUNTS if field in columns.index_of)
    what = f"Neben der Spalte {{heading}} stehen noch andere Beträge in der Liste{f' ({shown})' if shown else ''}; "
    if columns.is_clearing:
        what += "was davon eine Zahlung ist, lässt sich nicht sicher sagen."
        todo = "Bitte exportieren Sie die Liste mit einer eigenen Zeile für jede Buchung (Rechnung, Zahlung, Skonto)."
    else:
        what += "welche Spalte den offenen Betrag enthält, lässt sich nicht sicher sagen."
        todo = (
            "Bitte exportieren Sie die Liste nur mit dem offenen Betrag, oder lassen Sie in den Einstellungen dieses "
            "Eingangs eintragen, welche Spalte ihn enthält."
        )
    return _column_problem(columns, columns.index_of[field], "several_amounts", what, todo)


def _unread_clearing(columns: Columns, documents: Sequence[Cells]) -> Problem | None:
    """Say so where some items of a list of open items seem to be settled already."""
    if columns.is_clearing:
        return None
    for index in _unread(columns):
        values = {text_of(value).upper() for value in values_of(documents, index)} - _NOT_CLEARED
        says_so = bool(values & _CLEARED) or _OF_CLEARING.match(normalised(columns.headings[index])) is not None
        if says_so and any(amount_of_cell(value) is None for value in values):
            return _column_problem(
                columns,
                index,
                "unread_clearing",
                "Die Spalte {heading} scheint zu sagen, welche Posten schon ausgeglichen sind; das lässt sich aber "
                "nicht sicher sagen.",
                "Bitte exportieren Sie die Liste nur mit den offenen Posten, oder als Auszifferungsliste mit der "
                "Spalte „Ausgeglichen am“.",
            )
    return None


def unread_side(columns: Columns, documents: Sequence[Cells]) -> int | None:
    """The column that seems to say which amounts are debit and which credit, though its heading does not."""
    names: tuple[Field, ...] = ("open", "amount")
    single = next((field for field in names if field in columns.index_of), None)
    if single is None or "side" in columns.index_of:
        return None
    amounts = [amount_of_cell(value) for value in values_of(documents, columns.index_of[single])]
    if any(amount is not None and amount < 0 for amount in amounts):
        return None
    for index in _unread(columns):
        values = values_of(documents, index)
        marks = {text_of(value).upper() for value in values}
        if marks == _HYPHEN and len(values) == len(documents):
            continue  # how people say that there is nothing to say
        if marks in (*_SIDES, *_SIGNS):
            return index
    return None


def _unread_side(columns: Columns, documents: Sequence[Cells]) -> Problem | None:
    index = unread_side(columns, documents)
    if index is None:
        return None
    marks = {text_of(value).upper() for value in values_of(documents, index)}
    todo = (
        "Bitte geben Sie der Spalte die Überschrift „S/H“, oder lassen Sie ihren Namen in den Einstellungen dieses "
        "Eingangs eintragen."
    )
    return _column_problem(
        columns,
        index,
        "unread_side",
        "Die Spalte {heading} scheint zu sagen, welche Beträge Soll und welche Haben sind; das lässt sich aber nicht "
        "sicher sagen.",
        todo if marks in _SIDES else "Bitte exportieren Sie die Liste mit Vorzeichen beim Betrag, oder mit S und H.",
    )


# ── amounts that may mean two things ──────────────────────────────────────────────────────────────────────────────


def _unclear_thousands(columns: Columns, documents: Sequence[Cells]) -> Problem | None:
    """Say so where "98.820" may be 98,82 as well as 98.820,00."""
    for field in AMOUNTS:
        if field not in columns.index_of:
            continue
        index = columns.index_of[field]
        texts = [value.strip() for value in values_of(documents, index) if isinstance(value, str)]
        unclear = [text for text in texts if _THOUSAND.fullmatch(text)]
        points = [text for text in texts if _POINT.fullmatch(text)]
        if unclear and (len(unclear) == len(texts) or (points and not any("," in text for text in texts))):
            return _column_problem(
                columns,
                index,
                "unclear_thousands",
                f"In der Spalte {{heading}} stehen Beträge wie „{unclear[0]}“; ob der Punkt Tausender oder Cent "
                "abtrennt, lässt sich nicht sicher sagen.",
                "Bitte exportieren Sie die Liste mit Beträgen wie 1.790,50.",
            )
    return None


def _column_problem(columns: Columns, index: int, code: str, what: str, todo: str) -> Problem:
    heading = columns.headings[index]
    return Problem(
        code,
        what.format(heading=f"„{heading}“" if heading else "ohne Überschrift"),
        todo,
        row=columns.row,
        column=heading or None,
        column_index=index,
    )
