"""Which column holds what: headings by their synonyms, behind any preamble (facts/fibu.md 5.2, 5.3)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, NamedTuple

from core.errors import FormatError, Problem, shortened
from formats._german import date_of
from formats._tables import Cells

Field = Literal[
    "account", "number", "document_date", "due_date", "open", "amount", "debit", "credit", "side", "currency", "symbol",
    "text",
]  # fmt: skip


def _words(words: str) -> tuple[str, ...]:
    return tuple(words.split())


SYNONYMS: Mapping[Field, tuple[str, ...]] = MappingProxyType({
    "account": _words("konto kontonummer kontonr ktonr kto personenkonto personenkontonr personenkontonummer "
                      "debitor debitorennr debitorennummer kreditor kreditorennr kreditorennummer"),
    "number": _words("opnr opnummer op rechnungsnr rechnungsnummer belegnr belegnummer extbelegnr extbelegnummer "
                     "externebelegnr fremdbeleg fremdbelegnr fremdbelegnummer belegfeld1"),
    "document_date": _words("belegdatum rechnungsdatum datum buchungsdatum buchdatum"),
    "due_date": _words("fälligkeitsdatum fälligkeit faelligkeit fälligam nettodatum valutadatum"),
    "open": _words("offenerbetrag betragoffen offen opbetrag opsaldo restbetrag saldo"),
    "amount": _words("betrag"),
    "debit": _words("soll betragsoll sollbetrag"),
    "credit": _words("haben betraghaben habenbetrag"),
    "side": _words("sh sollhaben sollhabenkz sollhabenkennzeichen"),
    "currency": _words("währung waehrung whg wkz"),
    "symbol": _words("bk belegkreis bs buchsymbol symbol"),
    "text": _words("text buchungstext"),
})  # fmt: skip
"""Normalised headings by what they mean, the best one first."""

_OTHER_LISTS: Mapping[str, str] = MappingProxyType({
    "satzart": "eine Buchungsdatei für den Import",
    "buchcode": "eine Buchungsdatei für den Import",
    "ausgeglichenam": "eine Auszifferungsliste",
    "ausgleichsdatum": "eine Auszifferungsliste",
    "auszifferungsdatum": "eine Auszifferungsliste",
    "auszifferungsnummer": "eine Auszifferungsliste",
    "ausznr": "eine Auszifferungsliste",
    "auszdatum": "eine Auszifferungsliste",
    "opnrvorsr": "eine Auszifferungsliste",
})  # fmt: skip
"""Headings that no open-item list has, and what the file is instead."""

_KNOWN = frozenset(name for synonyms in SYNONYMS.values() for name in synonyms)

_GERMAN_NAMES: Mapping[Field, str] = MappingProxyType({
    "account": "Konto", "number": "OP-Nr.", "document_date": "Datum", "due_date": "Fälligkeit",
    "open": "offener Betrag", "amount": "Betrag", "debit": "Soll", "credit": "Haben", "side": "S/H",
    "currency": "Währung", "symbol": "Belegkreis", "text": "Text",
})  # fmt: skip

_LONGEST_HEADING, _SHOWN_HEADINGS = 40, 20
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_DAY = r"(\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2})(?!\d)"
_KEY_DATES = (
    re.compile(r"Stichtag\D{0,12}?" + _DAY, re.IGNORECASE),
    re.compile(r"\b(?:per|zum)\s+" + _DAY, re.IGNORECASE),
)


class Columns(NamedTuple):
    """The heading row and the meaning of its columns."""

    row: int
    """Row of the headings, counted from 1."""
    headings: tuple[str, ...]
    """As the file spells them."""
    index_of: Mapping[Field, int]
    """Position of each column that was found, counted from 0."""
    second_number: int | None
    """Position of another document number."""

    def heading(self, index: int) -> str:
        """The heading at a position, as the file spells it."""
        return self.headings[index] if index < len(self.headings) else ""


def normalised(heading: object) -> str:
    """Make headings comparable: lower case, letters and digits only."""
    return _normalised(str(heading))


@lru_cache(maxsize=4096)
def _normalised(heading: str) -> str:
    return _NOT_ALPHANUMERIC.sub("", heading.casefold())


def heading_row(rows: Sequence[Cells], given: Mapping[Field, str]) -> Columns | None:
    """Find the first row with a number or account and an amount; None where there is none.

    ``given`` maps fields to headings and wins over the synonyms.
    """
    for row, cells in enumerate(rows, 1):
        if len(cells) < 2:
            continue
        columns = columns_of(row, cells, given)
        amounts = columns.index_of.keys() & {"open", "amount", "debit", "credit"}
        if amounts and columns.index_of.keys() & {"number", "account"} and len(set(columns.index_of.values())) > 1:
            return columns
    return None


def is_plausible(columns: Columns | None) -> bool:
    """Say whether these headings can be those of an open-item list and of nothing else."""
    return columns is not None and "number" in columns.index_of and other_list(columns) is None


def other_list(columns: Columns) -> str | None:
    """What the file is, in German, where its headings are those of another list."""
    return next((_OTHER_LISTS[name] for name in map(normalised, columns.headings) if name in _OTHER_LISTS), None)


def fields_of(cells: Cells, given: Mapping[Field, str]) -> frozenset[Field]:
    """What columns a row would name if it were the heading row."""
    return frozenset(columns_of(1, cells, given).index_of)


def columns_of(row: int, cells: Cells, given: Mapping[Field, str]) -> Columns:
    """Understand a row as the heading row."""
    names = [normalised(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    position = {name: at for at, name in reversed(list(enumerate(names)))}  # of two equal ones the first
    index: dict[Field, int] = {}
    if given or not _KNOWN.isdisjoint(position):
        for field, synonyms in SYNONYMS.items():
            wanted = (normalised(given[field]),) if field in given else synonyms
            found = next((position[name] for name in wanted if name in position), None)
            if found is not None:
                index[field] = found
    number = index.get("number")
    second = None
    if number is not None:
        others = [position[name] for name in reversed(SYNONYMS["number"]) if name in position]
        second = next((other for other in others if other != number), None)
    headings = tuple(str(cell).strip() for cell in cells[: len(names)])
    return Columns(row, headings, MappingProxyType(index), second)


def check_columns(columns: Columns, given: Mapping[Field, str]) -> None:
    """Raise FormatError where a needed column is missing or stands there twice, naming the headings found."""
    other = other_list(columns)
    if other is not None:
        raise FormatError(
            Problem(
                "other_list",
                f"Die Datei ist {other} und keine OP-Liste.",
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
        if names.count(names[index]) > 1:
            problems.append(_twice(columns, field, index))
    if problems:
        raise FormatError(*problems)


def missing_account(columns: Columns) -> Problem:
    """The list has neither a column for the account nor group rows that name it."""
    return _missing(columns, ["account"], {})


def _missing(columns: Columns, fields: Iterable[Field], given: Mapping[Field, str]) -> Problem:
    wanted = " / ".join(f"„{given.get(field, _GERMAN_NAMES[field])}“" for field in fields)
    shown = [f"„{shortened(heading, _LONGEST_HEADING)}“" for heading in columns.headings if heading]
    more = f" und {len(shown) - _SHOWN_HEADINGS} weitere" if len(shown) > _SHOWN_HEADINGS else ""
    return Problem(
        "missing_column",
        f"In der Überschrift fehlt die Spalte {wanted}. Gefunden wurden: {', '.join(shown[:_SHOWN_HEADINGS])}{more}.",
        "Bitte nehmen Sie die Spalte in die Liste auf und exportieren Sie sie noch einmal.",
        row=columns.row,
    )


def _twice(columns: Columns, field: Field, index: int) -> Problem:
    return Problem(
        "duplicate_column",
        f"Die Spalte „{shortened(columns.headings[index], _LONGEST_HEADING)}“ ({_GERMAN_NAMES[field]}) kommt in der "
        "Überschrift zweimal vor.",
        "Bitte lassen Sie eine der beiden Spalten weg und exportieren Sie die Liste noch einmal.",
        row=columns.row,
        column=columns.headings[index],
        column_index=index,
    )


def key_date_of(preamble: Sequence[Cells]) -> date | None:
    """The key date that stands above the headings: "Stichtag: 20.11.2026", "per 20.11.2026"."""
    lines = [" ".join(_printed(cell) for cell in cells) for cells in preamble]
    for pattern in _KEY_DATES:
        for line in lines:
            match = pattern.search(line)
            found = date_of(match[1]) if match else None
            if found is not None:
                return found
    return None


def _printed(cell: object) -> str:
    if isinstance(cell, datetime | date):
        return cell.strftime("%d.%m.%Y")
    return str(cell)
