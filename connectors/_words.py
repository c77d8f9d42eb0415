"""What a server calls its files and what it says, as our people may read it: both may hold anything."""

from core.errors import shortened

_LONGEST = 300


def shown(name: bytes) -> str:
    """A name outside; what is no text, or could rewrite a terminal, as a backslash escape."""
    return _printable(name.decode("utf-8", "backslashreplace"))


def plain(text: str) -> str:
    """A server's text on one line."""
    return _printable(" ".join(text[: 2 * _LONGEST].split()))


def _printable(text: str) -> str:
    whole = text if text.isprintable() else "".join(map(_escaped, text))
    return shortened(whole, _LONGEST)


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
