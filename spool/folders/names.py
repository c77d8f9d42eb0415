"""What may a file be called? Names that Linux, Windows, SMB and SFTP all accept, and that are still free."""

import os
import re
import unicodedata
from collections.abc import Sequence

MAX_BYTES = 200
"""UTF-8 bytes of a safe name; leaves room below the 255 of file systems for ``.hinweis.xlsx`` and a hidden prefix."""

_NAMELESS = "unbenannt"
_PLAIN = re.compile(
    r"(?![A-Z]{3}\d? *(?:\.|$))[A-Z0-9_ÄÖÜß][A-Z0-9_ÄÖÜß() .-]{0,96}[A-Z0-9_ÄÖÜß)]", re.ASCII | re.IGNORECASE
)
"""Names that need no look: nearly all of a burst."""
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_EDGES = re.compile(r"\A[\s.]+|[\s.]+\Z")
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:\.[A-Za-z0-9]{1,8}(?=\.(?:gz|bz2|xz|zip)$))?\.[A-Za-z0-9]{1,16}$", re.IGNORECASE)


def safe_name(name: str) -> str:
    """Return the nearest name that every system accepts; a safe name comes back unchanged.

    The result is NFC, keeps umlauts, is at most 200 bytes of UTF-8 with its suffix kept, does not start with a dot (it
    would be hidden), ends in no dot or blank, and holds no separator, control character, invisible formatting mark or
    undecodable byte (surrogate escape), and is no reserved device name of Windows.
    """
    if _PLAIN.fullmatch(name):
        return name
    cleaned = "".join(
        "_" if unicodedata.category(character) in _UNPRINTABLE else character
        for character in unicodedata.normalize("NFC", name)
    )
    return _shortened(_unreserved(_trimmed(_FORBIDDEN.sub("_", cleaned))))


def visible_name(name: str) -> str:
    """A dropped name as it can be shown and stored: bytes that are no text appear as \\xNN."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def free_name(folder: str | os.PathLike[str], name: str, also: Sequence[str] = ()) -> str:
    """Return ``name`` made safe, numbered like "name (2).csv" where it is taken in ``folder``.

    With ``also``, the name followed by each of these endings is free too, so that a note never describes another
    file. Somebody else may take the name a moment later: create the file so that it refuses to overwrite, and ask
    again.
    """
    safe = safe_name(name)
    return numbered(safe, free_number(folder, safe, also))


def free_number(folder: str | os.PathLike[str], safe: str, also: Sequence[str] = (), *, after: int = 0) -> int:
    """A number behind ``after`` under which a safe name (``numbered``) is free, as ``free_name`` means it."""
    endings = ("", *also)

    def taken(number: int) -> bool:
        path = os.path.join(folder, numbered(safe, number))
        return any(os.path.lexists(path + ending) for ending in endings)

    # Doubling and halving: the thousandth file of one name must not ask for all that came before it.
    low, high = after, after + 1
    while taken(high):
        low, high = high, high + 2 * (high - low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if taken(middle) else (low, middle)
    return high


def numbered(safe: str, number: int) -> str:
    """The safe name with a number before its suffix, still short enough; number 1 is the name itself."""
    if number == 1:
        return safe
    stem, suffix = _split(safe)
    return _cut(stem, suffix, f" ({number})")


def _trimmed(name: str) -> str:
    return _EDGES.sub("", name) or _NAMELESS


def _unreserved(name: str) -> str:
    return f"_{name}" if _RESERVED.fullmatch(name.split(".", 1)[0].rstrip()) else name


def _shortened(name: str) -> str:
    if len(name.encode("utf-8")) <= MAX_BYTES:
        return name
    return _cut(*_split(name), "")


def _split(name: str) -> tuple[str, str]:
    """Split into stem and suffix; ``a.json.gz`` keeps both parts of its suffix."""
    found = _SUFFIX.search(name)
    if found is None or found.start() == 0:
        return name, ""
    return name[: found.start()], found.group()


def _cut(stem: str, suffix: str, number: str) -> str:
    room = MAX_BYTES - len((number + suffix).encode("utf-8"))
    return stem.encode("utf-8")[:room].decode("utf-8", "ignore").rstrip(". ") + number + suffix
