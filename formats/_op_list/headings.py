"""Which column holds what: the heading row behind any preamble, and the meaning of its columns (facts/fibu.md 5.2)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

from formats._op_list.fields import FIELD_OF, OTHER_LISTS, SYNONYMS, Field, normalised, says_cleared
from formats._tables.delimited import Cells

_AMOUNTS = frozenset({"open", "amount", "debit", "credit"})
_DIGIT = re.compile(r"\d")
_NTH = re.compile(r"(.*\S)\s*#(\d)", re.DOTALL)
_LETTER = re.compile(r"#([A-Za-z]{1,2})")


class Columns(NamedTuple):
    """The heading row and the meaning of its columns."""

    row: int
    """Row of the headings, counted from 1; the lower one where they stand in two rows."""
    headings: tuple[str, ...]
    """As the file spells them."""
    index_of: Mapping[Field, int]
    """Position of each column that was found, counted from 0."""
    height: int = 1
    """Rows that the headings take."""
    is_clearing: bool = False
    """The list is a clearing list (Auszifferungsliste)."""

    def heading(self, index: int) -> str:
        """The heading at a position, as the file spells it."""
        return self.headings[index] if index < len(self.headings) else ""


_WIDEST = 500
"""Cells of headings in two rows at most: a row of many thousands is no list that anybody has laid out."""


def heading_row(rows: Sequence[Cells], given: Mapping[Field, str]) -> Columns | None:
    """Find the row that names most columns, a number or account and an amount among them; None where there is none.

    ``given`` maps fields to headings and wins over the synonyms. Headings may stand in two rows below each other.
    """
    best: Columns | None = None
    for row, cells in enumerate(rows, 1):
        if len(cells) < 2:
            continue
        for found in _understood(row, rows, given):
            if _is_heading(found) and (best is None or _count(found) > _count(best)):
                best = found
    return best


def _understood(row: int, rows: Sequence[Cells], given: Mapping[Field, str]) -> Iterator[Columns]:
    """A row as the heading row, and as the lower one of two; data is told from headings quickly."""
    if given or _may_name_columns(rows[row - 1]):
        yield columns_of(row, rows[row - 1], given)
    if (found := _in_two_rows(row, rows, given)) is not None:
        yield found


def _may_name_columns(cells: Cells) -> bool:
    # no heading that we know begins with a digit
    texts = (text for text in map(str, cells) if text and not text[0].isdigit())
    return len({FIELD_OF[name] for name in map(normalised, texts) if name in FIELD_OF}) > 1


def _count(columns: Columns) -> int:
    return len(set(columns.index_of.values()))


def _is_heading(columns: Columns) -> bool:
    has = columns.index_of.keys()
    return bool(has & _AMOUNTS and has & {"number", "account"}) and _count(columns) > 1


def _in_two_rows(row: int, rows: Sequence[Cells], given: Mapping[Field, str]) -> Columns | None:
    """Understand a row as the lower of two heading rows ("Betrag" in merged cells above "Soll" and "Haben")."""
    if row < 2 or max(map(len, rows[row - 2 : row])) > _WIDEST:
        return None
    if any(map(_DIGIT.search, map(str, chain(rows[row - 1], rows[row - 2])))):
        return None
    upper, lower = ([str(cell).strip() for cell in cells] for cells in (rows[row - 2], rows[row - 1]))
    if sum(map(bool, upper)) < 2 or not any(lower):
        return None
    width = max(len(upper), len(lower))
    upper += [""] * (width - len(upper))
    lower += [""] * (width - len(lower))
    known = FIELD_OF.keys() | {normalised(heading) for heading in given.values()}
    joined: Cells = []
    merged = ""
    for above, below in zip(upper, lower, strict=True):
        merged = above or merged
        ways = (f"{above} {below}".strip(), f"{merged} {below}" if below else "", below, above)
        joined.append(next((way for way in ways if normalised(way) in known), ways[0]))
    return columns_of(row, joined, given)._replace(height=2)


def is_plausible(columns: Columns | None) -> bool:
    """Say whether these headings can be those of a list of open items and of nothing else."""
    return columns is not None and "number" in columns.index_of and other_list(columns) is None


def other_list(columns: Columns) -> str | None:
    """What the file is, in German, where its headings are those of another list."""
    return next((OTHER_LISTS[name] for name in map(normalised, columns.headings) if name in OTHER_LISTS), None)


def fields_of(cells: Cells, given: Mapping[Field, str]) -> frozenset[Field]:
    """What columns a row would name if it were the heading row."""
    return frozenset(columns_of(1, cells, given).index_of)


def columns_of(row: int, cells: Cells, given: Mapping[Field, str]) -> Columns:
    """Understand a row as the heading row."""
    names = [normalised(str(cell)) for cell in cells]
    widest = max((place for wanted in given.values() if (place := _letter_position(wanted)) is not None), default=-1)
    while len(names) > widest + 1 and not names[-1]:
        names.pop()
    position = {name: at for at, name in reversed(list(enumerate(names)))}  # of two equal ones the first
    index: dict[Field, int] = {}
    if given or not FIELD_OF.keys().isdisjoint(position):
        for field, synonyms in SYNONYMS.items():
            found = next((position[name] for name in synonyms if name in position), None)
            if field in given:
                found = _given_position(given[field], names)
            if found is not None:
                index[field] = found
        if index.keys() >= {"number"} and "second_number" not in given:
            _find_second_number(index, position)
    headings = tuple(str(cell).strip() for cell in cells[: len(names)])
    return Columns(row, headings, MappingProxyType(index), is_clearing=says_cleared(index, tuple(names)))


def _given_position(wanted: str, names: Sequence[str]) -> int | None:
    """Where a heading stands that a person has named: "Saldo", "Saldo#2" (the second one), "#E" (the fifth column)."""
    place = _letter_position(wanted)
    if place is not None and any(names):
        return place if place < len(names) else None
    nth = _NTH.fullmatch(wanted.strip())
    name, which = (nth[1], int(nth[2])) if nth else (wanted, 1)
    places = [at for at, found in enumerate(names) if found == normalised(name)]
    return places[which - 1] if 0 < which <= len(places) else None


def _letter_position(wanted: str) -> int | None:
    letter = _LETTER.fullmatch(wanted.strip())
    if letter is None:
        return None
    index = 0
    for char in letter[1].upper():
        index = index * 26 + ord(char) - 64
    return index - 1


def _find_second_number(index: dict[Field, int], position: Mapping[str, int]) -> None:
    others = [position[name] for name in reversed(SYNONYMS["number"]) if name in position]
    second = next((other for other in others if other not in index.values()), None)
    if second is not None:
        index["second_number"] = second


def repeats_headings(cells: Iterable[str], columns: Columns) -> bool:
    """Say whether a row has nothing but headings of the list in its cells, two or more of them."""
    names = [normalised(cell) for cell in cells]
    known = {normalised(heading) for heading in columns.headings}
    return len(names) > 1 and all(name in known or name in FIELD_OF for name in names)
