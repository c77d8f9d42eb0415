"""Everything that can go wrong, and what becomes of the file in each case.

    CluedropError
    ├── ConfigError      settings are wrong        -> the start is refused, every mistake listed
    ├── JournalError     the journal is not to be believed -> the daemon stops and says how to rebuild it
    ├── TransportError   the world is in the way   -> tried again later, nothing rejected
    ├── ContentError     the file is wrong         -> rejected with a German note
    │   ├── FormatError      it cannot be read
    │   └── RuleError        it can be read, but breaks a rule
    └── Unclear          an outside call may or may not have taken effect -> parked for a check or a person

Any other exception is a bug of ours: that one file is rejected with a reference number and the daemon goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_SENTENCE, LONGEST_PLACE = 1_000, 400
"""Characters that a problem keeps of a sentence, and of anything that it quotes from the file."""


def shortened(text: str, longest: int) -> str:
    """A text that somebody else has written, cut in its middle where it is longer than a person would read."""
    if len(text) <= longest:
        return text
    tail = longest // 4
    return f"{text[: longest - tail - 3]} … {text[len(text) - tail :]}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, said so that a clerk can mend it.

    ``what`` and ``todo`` are German sentences that name things as the clerk sees them; ``code`` is a stable
    English slug for programs. Of the places only those that the file has are filled. Whatever the file holds, a
    problem stays small: it travels through pipes, and is kept in journal and archive.
    """

    code: str
    what: str
    todo: str = ""
    row: int | None = None
    """Row or line as a spreadsheet shows it, counted from 1."""
    column: str | None = None
    """Heading of the column as the file spells it."""
    column_index: int | None = None
    """Position of the column, counted from 0; with ``row`` it is the cell to mark."""
    pointer: str | None = None
    """JSON pointer (RFC 6901) into the file."""
    record: str | None = None
    """Id of the record, as its sender knows it."""
    value: str | None = None
    """The offending value, as it stands in the file."""

    def __post_init__(self) -> None:
        """Cut what is too long, wherever it came from."""
        for name, text, longest in (
            ("what", self.what, LONGEST_SENTENCE),
            ("todo", self.todo, LONGEST_SENTENCE),
            ("column", self.column, LONGEST_PLACE),
            ("pointer", self.pointer, LONGEST_PLACE),
            ("record", self.record, LONGEST_PLACE),
            ("value", self.value, LONGEST_PLACE),
        ):
            if text and len(text) > longest:
                object.__setattr__(self, name, shortened(text, longest))


class CluedropError(Exception):
    """Base of every error that Cluedrop raises on purpose."""


class ConfigError(CluedropError):
    """The settings are wrong; ``mistakes`` holds every one, each as ``file:line: key: what, what is allowed``."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class JournalError(CluedropError):
    """The journal is damaged, of a later version, or does not know what has happened: to go on would double results.

    ``doubtful``: a disk that fails for a while would look the same; a second look decides.
    """

    def __init__(self, message: str, *, doubtful: bool = False) -> None:
        super().__init__(message)
        self.doubtful = doubtful


class TransportError(CluedropError):
    """A folder, share, server or disk is away or full; trying again later can heal it."""


class ContentError(CluedropError):
    """The content of one file is wrong; ``problems`` says where and what to do, never empty."""

    def __init__(self, *problems: Problem) -> None:
        if not problems:
            raise ValueError("a ContentError needs at least one Problem")
        super().__init__("; ".join(problem.what for problem in problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type["ContentError"], tuple[Problem, ...]]:
        return (type(self), self.problems)


class FormatError(ContentError):
    """The bytes are not what the format asks for."""


class RuleError(ContentError):
    """The documents could be read, but a business rule forbids to go on."""


class Unclear(CluedropError):  # noqa: N818 - the word of the design, a state rather than a fault
    """A call to the outside was sent and its answer is unknown; never repeated without a check or a person."""
