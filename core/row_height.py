"""How high must a row of a sheet be, so that the wrapped texts in it do not cover those of the next row?

Not every program finds that out when it opens or prints a workbook, so workbooks for people say it.
"""

from collections.abc import Iterable
from textwrap import wrap

_LINE = 15.0
"""Points of a line of Calibri 11."""
_SPARE = 0.9
"""Widths of columns are counted in digits; words with wide letters need more."""
_HIGHEST = 409.0
"""Points; Excel has no higher row."""


def row_height(texts: Iterable[tuple[str, int]]) -> float | None:
    """Height in points of a row with these texts in columns of these widths; None where one line is enough."""
    lines = max((_lines(text, width) for text, width in texts), default=1)
    return min(lines * _LINE, _HIGHEST) if lines > 1 else None


def _lines(text: str, width: int) -> int:
    if len(text) <= width * _SPARE and "\n" not in text:
        return 1
    return sum(max(1, len(wrap(line, max(1, int(width * _SPARE))))) for line in text.split("\n"))
