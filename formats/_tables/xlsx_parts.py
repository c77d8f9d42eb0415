"""The parts of an Excel workbook, looked through before anything opens it: is it safe, and which cells hold no value?

python-calamine makes room for what a workbook says of itself, and takes a formula without a result for a blank cell.
Both are found here, in one pass over the parts (facts/performance.md 4, facts/ecosystem.md 11).
"""

import errno
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, BinaryIO
from xml.parsers.expat import ExpatError

from core.errors import FormatError, Problem
from formats._tables.ods import look_at_content

Valueless = Mapping[int, Mapping[int, str]]
"""Row (from 1), column (from 0) -> what stands in a cell instead of a value: "#REF!", or "" for a formula alone."""

_MANIFEST = "META-INF/manifest.xml"
_SMALL = 10 << 20
"""Below so many unpacked bytes any ratio is harmless."""
_LARGEST_RATIO = 200
"""Tables of numbers pack 5 to 20 times; a bomb 1,000 times."""
_MOST_PARTS = 5_000
_START = 2_048
_READ = 1 << 20
_SEARCHED = 4 << 20
_SPARE_ROWS = 1_000
_FAR_COLUMN = rb"((?:[A-Za-z]{3,}|[D-Zd-z][A-Za-z]|[Cc][W-Zw-z])\d+"
"""A reference to a cell beyond column CV, the hundredth."""
_UNUSUAL = (b"r='", b"r =", b"r= ", b"r\t", b"r\n", b"r\r", b"r=\t", b"r=\n", b"r=\r")
"""How an attribute r may be written besides r="..., which a search finds three times as fast."""
_BEFORE_ROOT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?[^>]*>\s*|<!--(?:[^-]|-(?!->))*-->\s*)*(?=<[A-Za-z_])")
_COUNT = re.compile(rb"""[cC]ount\s*=\s*["']([^"']*)["']""")
_LONGEST_CELL = 20_000
"""A formula has at most 8,192 characters."""
_CELL = re.compile(
    rb"<(?:\w+:)?c\b([^<>]*)>\s*"
    rb"(<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*)?"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v\b[^<>]*>([^<]*)</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
"""A cell: its attributes, its formula, its value."""
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["']""")
_IS_ERROR = re.compile(rb"""\bt\s*=\s*["']e["']""")
_IS_TEXT = re.compile(rb"""\bt\s*=\s*["']str["']""")
_FORMULA_HINTS = (b"<f", b":f")
_ERROR_HINTS = (b't="e"', b"t='e'", b"t =", b"t= ")
_MOST_VALUELESS = 10_000
_ZIP_FAULTS = (
    zipfile.BadZipFile,
    EOFError,
    zlib.error,
    RuntimeError,  # a part with a password
    ExpatError,
    OSError, ValueError, OverflowError,  # a part that lies before the beginning or beyond all files
)  # fmt: skip
_PACKED = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""All that a workbook may use (ECMA-376, part 2, annex C)."""
_OF_THE_FILE = frozenset({None, errno.EINVAL})
"""Numbers of an OSError that comes of what stands in the file; others tell of trouble with the disk."""
_SAVE_ANEW = "Bitte öffnen Sie die Liste in Excel und speichern Sie sie neu als XLSX-Datei."


def look_through(source: BinaryIO, largest: int) -> Valueless:
    """Look at every part of a workbook whose unpacked parts hold at most ``largest`` bytes together.

    Raise FormatError for a damaged one, a bomb, one that declares XML entities and one with cells far from its list.
    """
    found: dict[int, dict[int, str]] = {}
    with faults_are_damage(*_ZIP_FAULTS), zipfile.ZipFile(source) as container:
        parts = container.infolist()
        _refuse_bomb(parts, largest)
        _refuse_encrypted(container)
        for part in parts:
            with container.open(part) as content:
                _look_at(part, content, found)
    return found


@contextmanager
def faults_are_damage(*faults: type[Exception]) -> Iterator[None]:
    """Raise FormatError for these, because the workbook is damaged; but let pass the OSError of a disk in trouble."""
    try:
        yield
    except faults as failure:
        for error in (failure, failure.__context__):  # zipfile makes one of the other
            if isinstance(error, OSError) and error.errno not in _OF_THE_FILE:
                raise error from None
        raise damaged() from failure


def _refuse_encrypted(container: zipfile.ZipFile) -> None:
    """An encrypted OpenDocument says so in its manifest."""
    if _MANIFEST in container.namelist():
        with container.open(_MANIFEST) as content:
            if b"encryption-data" in content.read(_READ):
                raise FormatError(encrypted())


def _refuse_bomb(parts: list[zipfile.ZipInfo], largest: int) -> None:
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    what = ""
    if unpacked > largest or (unpacked > _SMALL and unpacked > _LARGEST_RATIO * packed):
        what = f"Die Excel-Datei wäre entpackt {unpacked >> 20} MB groß; das braucht keine Liste."
    elif len(parts) > _MOST_PARTS:
        what = f"Die Excel-Datei besteht aus {len(parts)} Teilen; das braucht keine Liste."
    if what:
        raise FormatError(
            Problem(
                "zip_bomb",
                what,
                "Bitte exportieren Sie die Liste neu, bei sehr vielen Zeilen als CSV-Datei.",
            )
        )
    if len({part.filename for part in parts}) < len(parts):
        raise damaged()  # which of two counts would be a matter of taste
    if any(part.compress_type not in _PACKED for part in parts):
        raise damaged()


def _look_at(part: zipfile.ZipInfo, content: IO[bytes], found: dict[int, dict[int, str]]) -> None:
    start = content.read(_START)
    name = part.filename.lower()
    if not name.endswith((".xml", ".rels")) and not start.lstrip().startswith((b"<", b"\xef\xbb\xbf<")):
        return  # a picture
    declares = b"<!" in start.replace(b"\0", b"").replace(b"<!--", b"")
    # Behind a long preamble nothing could be seen here; no program writes one.
    if declares or not (_BEFORE_ROOT.match(start) or name.startswith("customxml/")):
        raise FormatError(
            Problem(
                "xml_entities",
                "Die Excel-Datei enthält Anweisungen, die in einer Liste nichts zu suchen haben.",
                _SAVE_ANEW,
            )
        )
    if b"<sst" in start or b":sst" in start:
        _refuse_false_count(start, part.file_size)
    if name == "content.xml":
        look_at_content(start, content)
    if b"<worksheet" in start or b":worksheet" in start:
        for chunk in _without_far_cells(start, content, part.file_size):
            if _may_lack_values(chunk):
                _note_valueless(chunk, found)


def _refuse_false_count(start: bytes, size: int) -> None:
    """Refuse shared texts that claim to be more than they can be: calamine makes room for as many."""
    tag = start[start.find(b"sst") :].split(b">", 1)[0]
    if any(not count.isdigit() or len(count) > 10 or int(count) > size for count in _COUNT.findall(tag)):
        raise damaged()


def _without_far_cells(start: bytes, rest: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield a sheet in chunks that overlap by a cell; refuse a cell far from all others, for which calamine makes room.

    A row with a cell takes at least twenty bytes, so no list has a cell in a row far beyond what this allows. Only the
    first megabytes are searched, small files whole: to search all would cost a third of the time that reading takes.
    What gets through is left to the memory limit of the process that reads.
    """
    reference = _FAR_COLUMN + rb"|[A-Za-z]*(?:" + _above(_SPARE_ROWS + size // 20) + rb"))"
    usual, any_spelling = re.compile(rb'r="' + reference), re.compile(rb"""r\s*=\s*["']""" + reference)
    chunk, searched = start, 0
    while chunk:
        if searched < _SEARCHED:
            unusual = any(spelling in chunk for spelling in _UNUSUAL)
            found = (any_spelling if unusual else usual).search(chunk)
            if found is not None:
                name = found[1].decode("ascii")
                raise _far_cell(f"Zeile {name}" if name.isdigit() else name)
        yield chunk
        searched += _READ
        more = rest.read(_READ)
        chunk = chunk[-_LONGEST_CELL:] + more if more else b""


def _above(rows: int) -> bytes:
    """A pattern of numbers with more digits than this one, or with a higher start: at most a tenth too generous."""
    digits = str(rows)
    first, second, others = int(digits[0]), int(digits[1]), len(digits) - 2
    ways = [rf"\d{{{len(digits) + 1},}}"]
    if first < 9:
        ways.append(rf"[{first + 1}-9]\d{{{others + 1}}}")
    if second < 9:
        ways.append(rf"{first}[{second + 1}-9]\d{{{others}}}")
    return "|".join(ways).encode("ascii")


def _far_cell(name: str) -> FormatError:
    return FormatError(
        Problem(
            "far_cell",
            f"In der Excel-Datei steht weit außerhalb der Liste noch ein Eintrag ({name}).",
            "Bitte löschen Sie in Excel die Zeilen und Spalten hinter der Liste und speichern Sie sie neu.",
        )
    )


def _may_lack_values(chunk: bytes) -> bool:
    """Say whether there may be formulas or errors; a single letter, which most sheets lack, is found much faster."""
    return (b"f" in chunk and any(hint in chunk for hint in _FORMULA_HINTS)) or (
        b"e" in chunk and any(hint in chunk for hint in _ERROR_HINTS)
    )


def _note_valueless(chunk: bytes, found: dict[int, dict[int, str]]) -> None:
    for attributes, formula, value in (match.groups() for match in _CELL.finditer(chunk)):
        is_error = _IS_ERROR.search(attributes) is not None
        is_blank_text = value is not None and _IS_TEXT.search(attributes) is not None
        if not is_error and (not formula or value or is_blank_text):
            continue
        place = _PLACE.search(attributes)
        if place is None or len(found) > _MOST_VALUELESS:
            raise FormatError(
                Problem(
                    "formula_without_value",
                    "In der Excel-Datei stehen Formeln ohne Ergebnis oder mit einem Fehler.",
                    _SAVE_ANEW,
                )
            )
        said = (value or b"").decode("utf-8", "replace") if is_error else ""
        found.setdefault(int(place[2]), {})[_column(place[1])] = said


def _column(letters: bytes) -> int:
    index = 0
    for letter in letters.upper():
        index = index * 26 + letter - 64
    return index - 1


def encrypted() -> Problem:
    """The workbook asks for a password."""
    return Problem(
        "encrypted",
        "Die Excel-Datei ist mit einem Kennwort geschützt.",
        "Bitte speichern Sie die Liste in Excel als XLSX-Datei ohne Kennwort und legen Sie sie neu ab.",
    )


def damaged() -> FormatError:
    """The workbook cannot be opened."""
    return FormatError(
        Problem(
            "damaged_workbook",
            "Die Excel-Datei ist beschädigt oder unvollständig und lässt sich nicht öffnen.",
            "Bitte exportieren Sie die Liste noch einmal und legen Sie sie vollständig ab.",
        )
    )
