"""Which format reads this file? Exactly one of the route's, or an answer that says why not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class Sniffer(Protocol):
    """The part of a Reader that routing needs."""

    def sniff(self, head: bytes, name: str) -> bool:
        """Say whether these first bytes and this name are of the format."""


@dataclass(frozen=True, slots=True)
class Choice:
    """``formats`` holds exactly one id when all is well; ``elsewhere`` names routes that would take the file."""

    formats: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()


def choose(
    head: bytes,
    name: str,
    own: Iterable[str],
    readers: Mapping[str, Sniffer],
    others: Mapping[str, Sequence[str]],
) -> Choice:
    """Ask every format of the route; only when none says yes, ask those of the other routes (route -> formats).

    Where nobody knows the file, it is the route's single format, or else the one that explains tables: its reader,
    which also knows the route's settings, can say better than anyone what is missing.
    """
    expected = tuple(own)
    formats = tuple(format_id for format_id in expected if readers[format_id].sniff(head, name))
    if formats:
        return Choice(formats)
    elsewhere = tuple(
        route for route, ids in others.items() if any(readers[format_id].sniff(head, name) for format_id in ids)
    )
    last = expected if len(expected) == 1 else tuple(name for name in expected if hasattr(readers[name], "explain"))
    return Choice((), elsewhere) if elsewhere or len(last) != 1 else Choice(last)
