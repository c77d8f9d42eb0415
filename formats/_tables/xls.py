"""Old Excel workbooks (XLS of Excel 97 to 2003, BIFF8): the rows of their sheets (MS-XLS).

Read here and not by python-calamine, which believes what such a file says of itself: it makes room for as much, ends
in a panic or does not end at all.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from formats._tables.delimited import Cells
from formats._tables.ole_file import BrokenFileError, stream_of

_BOF, _EOF, _CONTINUE, _FILE_PASS, _SHEET, _DATE_MODE = 0x0809, 0x000A, 0x003C, 0x002F, 0x0085, 0x0022
_SHARED_TEXTS, _FORMAT, _STYLE = 0x00FC, 0x041E, 0x00E0
_NUMBER, _RK, _MANY_RK, _SHARED, _LABEL, _FORMULA, _STRING, _BOOL = (
    0x0203, 0x027E, 0x00BD, 0x00FD, 0x0204, 0x0006, 0x0207, 0x0205,
)  # fmt: skip
_BIFF8 = 0x0600
_EPOCH = date(1899, 12, 30)
_LAST_DAY = 73_050
_DATES_BUILT_IN = frozenset([*range(14, 18), 22])
_LITERALS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


class ProtectedError(Exception):
    """The workbook asks for a password."""


class OlderError(Exception):
    """The workbook is of a kind that is not read: Excel 95 and older, or with days counted from 1904."""


class _Record(NamedTuple):
    kind: int
    data: bytes
    more: list[bytes]
    """Records that continue it."""


_MOST_COLUMNS = 256


@dataclass(slots=True)
class XlsSheet:
    """A visible sheet."""

    name: str
    cells: dict[int, dict[int, object]] = field(default_factory=dict)
    errors: dict[int, dict[int, str]] = field(default_factory=dict)
    """Row (from 1), column (from 0) -> the error that stands there."""

    def rows(self) -> Iterator[Cells]:
        """Yield the cells of every row, row 1 first, all of them as wide as the widest."""
        width = max((max(row) for row in self.cells.values()), default=-1) + 1
        for number in range(max(self.cells, default=-1) + 1):
            row = self.cells.get(number)
            yield [row.get(column, "") for column in range(width)] if row else []


@dataclass(slots=True)
class _Book:
    """What stands before the sheets and is needed to understand their cells."""

    sheets: list[tuple[int, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    formats: dict[int, str] = field(default_factory=dict)
    styles: list[int] = field(default_factory=list)

    def is_day(self, style: int) -> bool:
        """Say whether cells of a style show days."""
        number = self.styles[style] if style < len(self.styles) else 0
        shown = _LITERALS.sub("", self.formats.get(number, "")).lower()
        return number in _DATES_BUILT_IN or ("d" in shown and "y" in shown) or ("t" in shown and "j" in shown)


def xls_sheets(content: bytes) -> list[XlsSheet]:
    """Read the visible sheets. Raise BrokenFileError, ProtectedError or OlderError."""
    stream = stream_of(content, "Workbook")
    if stream is None:
        if stream_of(content, "EncryptedPackage") is not None:
            raise ProtectedError
        if stream_of(content, "Book") is not None:
            raise OlderError
        raise BrokenFileError("no workbook")
    try:
        book = _globals(stream)
        starts = dict(reversed(book.sheets))  # no place is read twice
        return [_sheet(stream, start, name, book) for start, name in book.sheets if starts.pop(start, None) == name]
    except (struct.error, IndexError, UnicodeDecodeError) as failure:
        raise BrokenFileError(str(failure)) from failure


def _records(stream: bytes, start: int) -> Iterator[_Record]:
    at = start
    waiting: _Record | None = None
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        data = stream[at + 4 : at + 4 + length]
        if len(data) < length:
            raise BrokenFileError("record beyond the end")
        at += 4 + length
        if kind == _CONTINUE and waiting is not None:
            waiting.more.append(data)
            continue
        if waiting is not None:
            yield waiting
        waiting = _Record(kind, data, [])
        if kind == _EOF:
            return
    raise BrokenFileError("no end")


def _globals(stream: bytes) -> _Book:
    book = _Book()
    for kind, data, more in _records(stream, 0):
        if kind == _BOF and struct.unpack_from("<H", data)[0] != _BIFF8:
            raise OlderError
        if kind == _FILE_PASS:
            raise ProtectedError
        if kind == _DATE_MODE and data[:1] == b"\1":
            raise OlderError
        if kind == _SHEET:
            start, hidden, what = struct.unpack_from("<IBB", data)
            if not hidden and not what:
                book.sheets.append((start, _Text([data[6:]]).short()))
        elif kind == _SHARED_TEXTS:
            book.texts = _shared_texts(data, more)
        elif kind == _FORMAT:
            book.formats[struct.unpack_from("<H", data)[0]] = _Text([data[2:]]).plain()
        elif kind == _STYLE:
            book.styles.append(struct.unpack_from("<H", data, 2)[0])
    return book


# ── texts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Text:
    """Reads texts from a record and those that continue it."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = parts
        self._part = self._at = 0

    def short(self) -> str:
        """A text with one byte for its length."""
        return self._characters(self._take(1)[0], wide=self._take(1)[0] & 1)

    def plain(self) -> str:
        """A text with two bytes for its length."""
        (length,) = struct.unpack("<H", self._take(2))
        return self._characters(length, wide=self._take(1)[0] & 1)

    def rich(self) -> str:
        """A shared text, perhaps with formats and phonetics behind it."""
        (length,) = struct.unpack("<H", self._take(2))
        flags = self._take(1)[0]
        runs = struct.unpack("<H", self._take(2))[0] if flags & 8 else 0
        extra = struct.unpack("<I", self._take(4))[0] if flags & 4 else 0
        text = self._characters(length, wide=flags & 1)
        self._pass_over(4 * runs + extra)
        return text

    def _take(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            if self._at == len(self._parts[self._part]):
                self._part, self._at = self._part + 1, 0
            piece = self._parts[self._part][self._at : self._at + size - len(found)]
            self._at += len(piece)
            found += piece
        return found

    def _pass_over(self, size: int) -> None:
        while size > len(self._parts[self._part]) - self._at:
            size -= len(self._parts[self._part]) - self._at
            self._part, self._at = self._part + 1, 0
        self._at += size

    def _characters(self, length: int, *, wide: int) -> str:
        """So many characters; where they go on in the next record, its first byte says how wide they are there."""
        pieces: list[str] = []
        while length:
            part = self._parts[self._part]
            if self._at == len(part):
                self._part, self._at = self._part + 1, 1
                wide = self._parts[self._part][0] & 1
                part = self._parts[self._part]
            piece = part[self._at : self._at + (length << wide)]
            self._at += len(piece)
            length -= len(piece) >> wide
            pieces.append(piece.decode("utf-16-le" if wide else "latin-1"))
            if not piece:
                raise BrokenFileError("text beyond the end")
        return "".join(pieces)


def _shared_texts(data: bytes, more: list[bytes]) -> list[str]:
    (count,) = struct.unpack_from("<I", data, 4)
    if count * 3 > len(data) + sum(map(len, more)):
        raise BrokenFileError("more texts than bytes")
    reader = _Text([data[8:], *more])
    return [reader.rich() for _ in range(count)]


# ── cells ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _sheet(stream: bytes, start: int, name: str, book: _Book) -> XlsSheet:
    sheet = XlsSheet(name)
    formula = (0, 0)
    for number, (kind, data, more) in enumerate(_records(stream, start)):
        if (kind == _BOF) is not (number == 0):
            break  # not the beginning of a sheet; or a chart, which comes behind the cells
        if kind == _STRING:
            _put(sheet, *formula, _Text([data, *more]).plain())
        elif kind == _MANY_RK:
            row, first = struct.unpack_from("<HH", data)
            for column, at in enumerate(range(4, len(data) - 2, 6), first):
                style, packed = struct.unpack_from("<HI", data, at)
                _put(sheet, row, column, _shown(_rk(packed), style, book))
        elif kind in {_NUMBER, _RK, _SHARED, _LABEL, _FORMULA, _BOOL}:
            row, column, style = struct.unpack_from("<HHH", data)
            formula = (row, column)
            value, error = _value(kind, data, book)
            if error:
                sheet.errors.setdefault(row + 1, {})[column] = error
            if value is not None:
                _put(sheet, row, column, _shown(value, style, book))
    return sheet


def _put(sheet: XlsSheet, row: int, column: int, value: object) -> None:
    if column >= _MOST_COLUMNS:
        raise BrokenFileError("column beyond the last")
    sheet.cells.setdefault(row, {})[column] = value


def _value(kind: int, data: bytes, book: _Book) -> tuple[object, str]:
    """The value of a cell and the error that stands in it."""
    if kind == _RK:
        return _rk(struct.unpack_from("<I", data, 6)[0]), ""
    if kind == _SHARED:
        return book.texts[struct.unpack_from("<I", data, 6)[0]], ""
    if kind == _LABEL:
        return _Text([data[6:]]).plain(), ""
    if kind == _BOOL:
        value, is_error = data[6], data[7]
        return (None, _ERRORS.get(value, "#")) if is_error else (bool(value), "")
    if kind == _FORMULA and data[12:14] == b"\xff\xff":
        what = data[6]
        return (bool(data[8]) if what == 1 else None), _ERRORS.get(data[8], "#") if what == 2 else ""
    return struct.unpack_from("<d", data, 6)[0], ""


def _rk(packed: int) -> int | float:
    """A number in 30 bits: whole, or the upper half of a fraction; perhaps a hundred times as large."""
    number: int | float = (packed >> 2) - (1 << 30 if packed & 0x80000000 else 0)
    if not packed & 2:
        (number,) = struct.unpack("<d", struct.pack("<Q", (packed & 0xFFFFFFFC) << 32))
    return number / 100 if packed & 1 else number


def _shown(value: object, style: int, book: _Book) -> object:
    """A number, or the day that it stands for."""
    if not isinstance(value, int | float) or not book.is_day(style) or not 0 < value < _LAST_DAY or value != int(value):
        return value
    return _EPOCH + timedelta(days=int(value))
