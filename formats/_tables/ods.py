"""The content of an OpenDocument spreadsheet (ODS), looked through before anything opens it.

A few bytes can say "a million times the same row" there, and python-calamine would write all of them out. Where a tag
is never closed, it would look for its end for ever.
"""

import re
from collections.abc import Iterator
from typing import IO
from xml.parsers.expat import ParserCreate

from core.errors import FormatError, Problem

MIME_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"

_READ = 1 << 20
_MOST_ROWS = 1_000
_MOST_COLUMNS = 100
"""Blank rows between rows and blank columns between columns that a list may have."""
_TOKEN = re.compile(
    rb"""<table:table-row\b[^<>]*?number-rows-repeated\s*=\s*["'](?P<rows>[^"'<>]*)|"""
    rb"""<table:(?:covered-)?table-cell\b[^<>]*?number-columns-repeated\s*=\s*["'](?P<columns>[^"'<>]*)[^<>]*|"""
    rb"""(?P<end>/table:table(?:-row)?\s*>)|(?P<value>value-type|<text:p)"""
)
_FORMULA = re.compile(rb"<table:table-cell\b[^<>]*?table:formula[^<>]*>")


def look_at_content(start: bytes, rest: IO[bytes]) -> None:
    """Raise FormatError for cells far from their list and for formulas without a result, ExpatError for broken XML."""
    parser = ParserCreate("UTF-8")
    far_rows = far_columns = False
    for piece in _pieces(start, rest):
        parser.Parse(piece)
        if b"table:formula" in piece and any(b"value-type" not in tag[0] for tag in _FORMULA.finditer(piece)):
            raise FormatError(_no_result())
        for token in _TOKEN.finditer(piece):
            if token["rows"] is not None:
                far_rows = far_rows or _count(token["rows"]) > _MOST_ROWS
            elif token["columns"] is not None:
                far_columns = far_columns or _count(token["columns"]) > _MOST_COLUMNS
                if far_columns and b"value-type" in token[0]:
                    raise FormatError(_far())
            elif token["end"] is not None:
                far_columns = False
                far_rows = far_rows and b"-row" in token["end"]
            elif far_rows or far_columns:
                raise FormatError(_far())
    parser.Parse(b"", True)


def _pieces(start: bytes, rest: IO[bytes]) -> Iterator[bytes]:
    """The content in pieces that end with a tag."""
    left = start
    while more := rest.read(_READ):
        whole, bracket, left = (left + more).rpartition(b">")
        if not bracket and len(left) > 2 * _READ:
            raise FormatError(_far())  # no tag is as long as that
        yield whole + bracket
    yield left


def _count(digits: bytes) -> int:
    return int(digits) if digits.isdigit() and len(digits) < 10 else _MOST_ROWS * _MOST_ROWS


def _far() -> Problem:
    return Problem(
        "far_cell",
        "In der Tabelle steht weit außerhalb der Liste noch ein Eintrag, oder ein Eintrag wiederholt sich sehr oft.",
        "Bitte löschen Sie die Zeilen und Spalten hinter der Liste und speichern Sie sie neu.",
    )


def _no_result() -> Problem:
    return Problem(
        "formula_without_value",
        "In der Tabelle stehen Formeln ohne Ergebnis.",
        "Bitte öffnen Sie die Liste in einer Tabellenkalkulation und speichern Sie sie neu.",
    )
