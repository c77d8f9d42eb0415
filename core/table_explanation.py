"""How a reader has understood the columns of a table, and which settings would make it understand the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ExplainedColumn:
    """One column of a table."""

    place: str
    """As a spreadsheet calls it: "A"."""
    heading: str
    """As the file spells it; "" where it has none."""
    meaning: str
    """What it was taken for, in German; "" where it was not understood."""
    samples: tuple[str, ...]
    """A few of its values."""


@dataclass(frozen=True, slots=True)
class TableExplanation:
    """What a reader makes of a table that was refused."""

    heading_row: int
    """Row of the headings, counted from 1."""
    columns: tuple[ExplainedColumn, ...]
    missing: tuple[str, ...] = ()
    """What the reader needs and has not found, in German."""
    proposal: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Settings of the format that a person may save after a look at them: name -> table of names."""
