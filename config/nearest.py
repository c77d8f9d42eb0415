"""Words for a name that nobody knows: the nearest known one, and all that are allowed."""

from collections.abc import Iterable
from difflib import get_close_matches


def unknown(noun: str, name: str, known: Iterable[str]) -> str:
    """One English sentence, e.g. ``there is no handler "bank", did you mean "banking"? allowed: "banking", "clue"``."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1) or [other for other in names if other.casefold() == name.casefold()]
    hint = f', did you mean "{near[0]}"?' if near else ","
    return f'there is no {noun} "{name}"{hint} allowed: {quoted(names) or "none are known"}'


def quoted(names: Iterable[str]) -> str:
    """The names in double quotes, with commas between."""
    return ", ".join(f'"{name}"' for name in names)
