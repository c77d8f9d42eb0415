"""Bytes of a JSON file become objects, or a German problem: packed or not, whatever the bytes are."""

import gzip
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, BinaryIO

from core.documents.problems import LIMIT, pointer, shown
from core.errors import FormatError, Problem

MAX_DEPTH = 100
"""Levels of nesting; messages of the format need about ten."""
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKET = bytes(set(range(256)) - set(_STEP))


class _NoNumberError(ValueError):
    """NaN, infinity, or a number beyond all bounds."""


def unpacked(source: BinaryIO, limit: int) -> bytes:
    """Content of the file without BOM, at most ``limit`` bytes. Raise FormatError for more, for none and for damage."""
    packed = source.read(2) == _GZIP
    source.seek(0)
    try:
        content = gzip.GzipFile(fileobj=source).read(limit + 1) if packed else source.read(limit + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        todo = "Bitte die Datei neu erzeugen und noch einmal ablegen."
        raise _refused("damaged", "Die gepackte Datei ist unvollständig oder beschädigt.", todo) from None
    if len(content) > limit:
        what = f"Die Datei ist mit mehr als {limit / 1_000_000:.0f} MB zu groß."
        raise _refused("too_large", what, "Bitte den Inhalt auf mehrere Dateien aufteilen.")
    content = content.removeprefix(_BOM)
    if not content.strip():
        raise _refused("empty", "Die Datei ist leer.", "Bitte die Datei neu erzeugen und noch einmal ablegen.")
    return content


def parsed(content: bytes) -> Any:
    """Parse strictly: UTF-8, no duplicate keys, no NaN, no half characters, limited depth. Raise FormatError."""
    if not content.lstrip().startswith((b"{", b"[", *_UTF_16)):
        what = "Der Inhalt der Datei passt nicht zu diesem Ordner. Erwartet wird: CLUE-Austauschdatei."
        raise _refused("not_a_message", what, "Bitte nachsehen, ob die richtige Datei abgelegt wurde.")
    text = _text(content)
    if _depth(content) > MAX_DEPTH:
        what = f"Die Datei ist mehr als {MAX_DEPTH} Ebenen tief verschachtelt."
        raise _refused("too_deep", what, "Bitte prüfen, womit die Datei erzeugt wurde.")
    twice: list[tuple[dict[str, Any], str]] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) != len(items):
            counts = Counter(name for name, _ in items)
            twice.extend((made, name) for name, count in counts.items() if count > 1)
        return made

    try:
        tree = json.loads(text, object_pairs_hook=pairs, parse_float=_finite, parse_constant=_finite)
    except json.JSONDecodeError as error:
        raise _syntax(error) from None
    except (ValueError, RecursionError) as error:
        named = f" ({error})" if isinstance(error, _NoNumberError) else ""
        what = f"Die Datei enthält eine Zahl{named}, die es in diesem Format nicht gibt."
        raise _refused("number", what, "Bitte prüfen, womit die Datei erzeugt wurde.") from None
    problems = [*_doubled(tree, twice), *(_half_characters(tree) if b"\\u" in content else ())]
    if problems:
        raise FormatError(*problems[:LIMIT])
    return tree


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        what = f"Die Datei enthält in Zeile {row} ein Zeichen, das nicht in UTF-8 geschrieben ist."
        raise _refused("encoding", what, "Bitte die Datei in UTF-8 erzeugen.", row) from None


def _depth(content: bytes) -> int:
    """Deepest nesting of brackets outside texts, before anything recursive sees them."""
    bare = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside = b"".join(bare.split(b'"')[::2]).translate(None, _NO_BRACKET)
    return max(accumulate(map(_STEP.__getitem__, outside)), default=0)


def _finite(text: str) -> float:
    """A number that is no whole one, as what it is in JSON: so the models can refuse an amount that is no text."""
    number = float(text)
    if not math.isfinite(number):
        raise _NoNumberError(shown(text))
    return number


def _syntax(error: json.JSONDecodeError) -> FormatError:
    text = error.doc.rstrip()
    if error.pos >= len(text) or not (text.endswith("}") or error.msg.startswith("Extra data")):
        todo = "Bitte die Datei vollständig übertragen und noch einmal ablegen."
        return _refused("truncated", "Die Datei bricht mitten im Inhalt ab.", todo, error.lineno)
    what = f"Die Datei ist in Zeile {error.lineno}, Zeichen {error.colno}, nicht lesbar (kein gültiges JSON)."
    return _refused("syntax", what, "Bitte die Stelle prüfen oder die Datei neu erzeugen.", error.lineno)


def _doubled(tree: Any, twice: list[tuple[dict[str, Any], str]]) -> Iterator[Problem]:
    if not twice:
        return
    names: dict[int, list[str]] = {}
    for holder, name in twice:
        names.setdefault(id(holder), []).append(name)
    for place, value in _walk(tree):
        for name in names.get(id(value), ()):
            what = f"Die Angabe „{shown(name)}“ steht zweimal an derselben Stelle."
            todo = "Bitte nur eine davon stehen lassen."
            yield Problem("duplicate_key", what, todo, pointer=_whole(place + pointer(name)))


def _half_characters(tree: Any) -> Iterator[Problem]:
    """Find what no file and no database takes: halves of surrogate pairs and the NUL character."""
    for place, value in _walk(tree):
        texts = [value] if isinstance(value, str) else value if isinstance(value, dict) else ()
        if any(_NO_CHARACTER.search(text) for text in texts):
            what = "Ein Text enthält ein Zeichen, das es nicht gibt."
            yield Problem("character", what, "Bitte den Text in CLUE neu eingeben.", pointer=_whole(place))


def _whole(text: str) -> str:
    return "".join("?" if "\ud800" <= char <= "\udfff" else char for char in text)


def _walk(tree: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its pointer; no deeper than MAX_DEPTH, as ``parsed`` has made sure."""
    yield place, tree
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from _walk(value, place + pointer(name))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from _walk(value, place + pointer(index))


def _refused(code: str, what: str, todo: str, row: int | None = None) -> FormatError:
    return FormatError(Problem(code, what, todo, row=row))
