"""Spreadsheets of the kinds that openpyxl cannot write, made by hand: OpenDocument (ODS) and old Excel (XLS)."""

import io
import struct
import zipfile
from collections.abc import Sequence
from datetime import date
from html import escape

_NAMES = "".join(
    f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)
TAIL = (
    '<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/>'
    "</table:table-row>"
)
"""How LibreOffice ends every table."""


def ods(rows: Sequence[Sequence[object]], *, after: str = TAIL, manifest: str = "") -> bytes:
    """An OpenDocument spreadsheet with one table; ``after`` comes behind its rows."""
    body = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content{_NAMES}><office:body><office:spreadsheet>'
        f'<table:table table:name="Liste">{body}{after}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{manifest}'
            "</manifest:manifest>",
        )
    return made.getvalue()


def _ods_cell(value: object) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, date):
        kind = f'office:value-type="date" office:date-value="{value}"'
    elif isinstance(value, int | float):
        kind = f'office:value-type="float" office:value="{value}"'
    else:
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{escape(str(value))}</text:p></table:table-cell>"


# ── XLS ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_STYLES = (0, 14)
"""Number formats: general, day."""


def xls(rows: Sequence[Sequence[object]], *, hidden: bool = False, version: int = 0x0600, more: bytes = b"") -> bytes:
    """An old Excel workbook with one sheet; ``more`` are records among the globals."""
    texts = [value for row in rows for value in row if isinstance(value, str)]
    shared = list(dict.fromkeys(texts))
    before = _record(0x0809, struct.pack("<HHIII", version, 5, 0, 0, 0)) + more
    before += b"".join(_record(0x00E0, struct.pack("<HH16x", 0, style)) for style in _STYLES)
    table = _shared_texts(len(texts), shared) + _record(0x000A, b"")
    name = b"Liste"
    size = len(before) + 4 + 8 + len(name) + len(table)
    sheet = _record(0x0085, struct.pack("<IBBBB", size, int(hidden), 0, len(name), 0) + name)
    cells = b"".join(
        _xls_cell(at, column, value, shared)
        for at, row in enumerate(rows)
        for column, value in enumerate(row)
        if value is not None
    )
    body = _record(0x0809, struct.pack("<HHIII", version, 16, 0, 0, 0)) + cells + _record(0x000A, b"")
    return compound(before + sheet + table + body)


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _shared_texts(count: int, shared: Sequence[str]) -> bytes:
    """Shared texts, going on in another record in the middle of the last one."""
    data = struct.pack("<II", count, len(shared))
    for text in shared:
        wide = any(ord(char) > 255 for char in text)
        data += struct.pack("<HB", len(text), wide) + text.encode("utf-16-le" if wide else "latin-1")
    last_is_wide = bool(shared) and any(ord(char) > 255 for char in shared[-1])
    if not shared or last_is_wide or len(shared[-1]) < 2:
        return _record(0x00FC, data)
    return _record(0x00FC, data[:-1]) + _record(0x003C, b"\0" + data[-1:])


def _xls_cell(row: int, column: int, value: object, shared: Sequence[str]) -> bytes:
    if isinstance(value, str):
        return _record(0x00FD, struct.pack("<HHHI", row, column, 0, shared.index(value)))
    if isinstance(value, date):
        days = (value - date(1899, 12, 30)).days
        return _record(0x027E, struct.pack("<HHHI", row, column, 1, days << 2 | 2))
    assert isinstance(value, int | float)
    if isinstance(value, int):
        return _record(0x027E, struct.pack("<HHHi", row, column, 0, int(value) << 2 | 2))
    return _record(0x0203, struct.pack("<HHHd", row, column, 0, value))


def compound(stream: bytes, name: str = "Workbook") -> bytes:
    """A compound file with one stream."""
    stream = stream.ljust(4096, b"\0")
    count = -(-len(stream) // 512)
    chain = [*range(3, count + 2), 0xFFFFFFFE]
    fat = [0xFFFFFFFD, 0xFFFFFFFE, *chain]
    assert len(fat) <= 128, "one sector of the table is enough for a sample"
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header += bytes(10) + struct.pack("<8I", 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<128I", *fat, *[0xFFFFFFFF] * (128 - len(fat)))
    entries = _entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1) + _entry(name, 2, 2, len(stream))
    return header + table + entries + bytes(512 - len(entries)) + stream.ljust(count * 512, b"\0")


def _entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    named = name.encode("utf-16-le")
    length = len(named) + 2
    return (
        named.ljust(64, b"\0")
        + struct.pack("<HBBIII", length, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        + bytes(36)
        + struct.pack("<III", start, size, 0)
    )
