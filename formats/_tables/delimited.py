"""Delimited text: which characters it is written in, and its rows.

No detector guesses: a byte order mark, else strict UTF-8, else the codec of the settings
(facts/ecosystem.md 11, design.md 5).
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import BinaryIO

from core.errors import FormatError, Problem

Cells = list[object]


class Crossed(list[object]):
    """The cells of a line of fixed width in which a text runs over the edge of a column."""

    place = 0
    """Position of the column that is left too far."""
    column = ""
    value = ""
    """What stands there, over the edge."""


DELIMITERS = (";", "\t", ",", "|")
HEADING_AREA = 50
"""A heading row is looked for in so many rows from the top."""

_CHUNK = 1 << 20
_ROWS = 256
"""Rows that are taken from the csv module at a time, to look at them together."""
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_PLAIN = bytes([9, 10, 12, 13, *range(32, 127), *range(128, 256)])
_DOS_END = b"\x1a"
"""How old programs end a text file."""
_C1_IN_UTF8 = re.compile(rb"\xc2[\x80-\x9f]")
_DOS_UMLAUT = re.compile(rb"[A-Za-z][\x84\x94][a-z]|[a-z]\x81[a-z]")
"""ä, ö, ü of cp850; in cp1252 these bytes are closing and opening quotes, which never stand inside a word."""


def encoding_of(source: BinaryIO, fallback: str) -> str:
    """Find out how the whole file is encoded; ``fallback`` is the codec for text that is not UTF-8.

    Raises FormatError for an empty file, for bytes that the codec does not know and for control characters.
    """
    source.seek(0)
    start = source.read(4)
    if not start.strip():
        source.seek(0)
        if not source.read(_CHUNK).strip():
            raise FormatError(
                Problem(
                    "empty_file",
                    "Die Datei ist leer.",
                    "Bitte exportieren Sie die Liste noch einmal und legen Sie sie neu ab.",
                )
            )
    marked = next((name for bom, name in _BOMS if start.startswith(bom)), None)
    if marked is not None:
        _check(source, marked)
        return marked
    try:
        _check(source, "utf-8")
    except UnicodeDecodeError:
        _check(source, fallback)
        return fallback
    return "utf-8"


def _check(source: BinaryIO, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    source.seek(0)
    lines_before = 0
    beyond_ascii = False
    while True:
        chunk = source.read(_CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as failure:
            if not chunk and beyond_ascii and encoding.startswith("utf"):
                raise _cut_character() from failure
            if encoding == "utf-8":
                raise
            raise _wrong_encoding(encoding, failure.object, failure.start, lines_before) from failure
        beyond_ascii = beyond_ascii or not text.isascii()
        plain = text.encode("utf-8", "surrogatepass") if encoding.startswith("utf-16") else chunk
        _check_characters(plain, encoding, lines_before)
        if not chunk:
            return
        lines_before += plain.count(b"\n")


def _cut_character() -> FormatError:
    """The text was good up to its last byte."""
    return FormatError(
        Problem(
            "truncated",
            "Die Datei endet mitten in einem Zeichen, sie wurde abgeschnitten.",
            "Bitte exportieren Sie die Liste noch einmal und legen Sie sie vollständig ab.",
        )
    )


def _around(content: bytes, at: int) -> str:
    """The word that cannot be read, as far as it can."""
    before = re.split(rb"[\s;,|\"]", content[max(0, at - 30) : at])[-1]
    behind = re.split(rb"[\s;,|\"]", content[at : at + 30])[0]
    return (before + behind).decode("ascii", "replace")


def _check_characters(plain: bytes, encoding: str, lines_before: int) -> None:
    controls = plain.rstrip(_DOS_END).translate(None, _PLAIN)
    if controls:
        at = plain.index(controls[:1])
        raise FormatError(
            Problem(
                "not_a_table",
                "Die Datei enthält Steuerzeichen, die in einer Liste nicht vorkommen; sie ist keine Texttabelle.",
                "Bitte exportieren Sie die Liste als CSV- oder Excel-Datei (XLSX).",
                row=lines_before + plain.count(b"\n", 0, at) + 1,
            )
        )
    if len(plain) >= _CHUNK and b"\n" not in plain and b"\r" not in plain:
        raise FormatError(
            Problem(
                "not_a_table",
                "Die Datei enthält eine Zeile mit mehr als einer Million Zeichen; sie ist keine Tabelle.",
                "Bitte exportieren Sie die Liste als CSV- oder Excel-Datei (XLSX).",
                row=lines_before + 1,
            )
        )
    wrong = None
    if encoding == "cp1252" and any(byte in plain for byte in (b"\x81", b"\x84", b"\x94")):
        wrong = _DOS_UMLAUT.search(plain)
    elif encoding.startswith("utf"):
        wrong = _C1_IN_UTF8.search(plain)
    if wrong is not None:
        raise _wrong_encoding(encoding, plain, wrong.start(), lines_before)


def _wrong_encoding(encoding: str, content: bytes, at: int, lines_before: int) -> FormatError:
    names = {"cp1252": "Windows (cp1252)", "cp850": "DOS (cp850)", "utf-8-sig": "UTF-8", "utf-16": "UTF-16"}
    return FormatError(
        Problem(
            "wrong_encoding",
            f"Die Umlaute der Datei lassen sich mit dem Zeichensatz {names.get(encoding, encoding)} nicht lesen.",
            "Bitte speichern Sie die Liste als „CSV UTF-8“ oder als Excel-Datei (XLSX), oder lassen Sie den "
            "Zeichensatz dieses Eingangs richtig einstellen.",
            row=lines_before + content.count(b"\n", 0, at) + 1,
            value=_around(content, at),
        )
    )


def text_rows(source: BinaryIO, encoding: str, delimiter: str) -> Iterator[Cells]:
    """Yield the cells of every row, an empty list for a blank line; the source stays open.

    Raises FormatError where a quotation mark is never closed.
    """
    source.seek(0)
    text = io.TextIOWrapper(source, encoding, newline="")
    try:
        reader = csv.reader(text, delimiter=delimiter)
        done = lines = 0
        while rows := list(islice(reader, _ROWS)):
            if reader.line_num != lines + len(rows):
                _refuse_open_quote(rows, delimiter, done)
            done, lines = done + len(rows), reader.line_num
            yield from rows  # type: ignore[misc]  # a list of str is only read as a list of objects
    except csv.Error as failure:
        raise _open_quote(reader.line_num) from failure
    finally:
        with suppress(ValueError):  # who left off iterating may have closed the source already
            text.detach()


def _refuse_open_quote(rows: list[list[str]], delimiter: str, done: int) -> None:
    """Some cell runs over several lines: good in a long text, but not when it swallowed the cells behind it."""
    for row, cells in enumerate(rows, done + 1):
        if any(("\n" in cell or "\r" in cell) and delimiter in cell for cell in cells):
            raise _open_quote(row)


def _open_quote(row: int) -> FormatError:
    return FormatError(
        Problem(
            "open_quote",
            "Ein Anführungszeichen wird geöffnet und nicht mehr geschlossen; die Zeile lässt sich nicht lesen.",
            "Bitte entfernen Sie das Anführungszeichen oder exportieren Sie die Liste als Excel-Datei (XLSX).",
            row=row,
        )
    )


def first_rows(source: BinaryIO, encoding: str, delimiter: str) -> list[Cells]:
    """The rows in which a heading is looked for."""
    rows = text_rows(source, encoding, delimiter)
    try:
        return list(islice(rows, HEADING_AREA))
    finally:
        rows.close()  # type: ignore[attr-defined]  # a generator: gives the source back at once
