"""Print lists of fixed width: lines of text without a delimiter, whose columns stand below their headings.

Where a column begins and ends is found from the headings and from what is blank in the lines below them. A line whose
texts run over such an edge is never guessed at: its cells come as ``Crossed``.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice, pairwise
from typing import BinaryIO, NamedTuple

from formats._headings import Columns, heading_row, is_plausible
from formats._op_fields import FIELD_OF, Field, normalised
from formats._op_layout import Rows
from formats._op_other_rows import signature, what_is
from formats._tables import HEADING_AREA, Cells, Crossed

_SAMPLE = 2_000
_WORD = re.compile(r"\S+")
_RUN = re.compile(r"\S+(?: \S+)*")
_AMOUNT = re.compile(r"[-+]?\d[\d.,']*[.,]\d{2}(?:\s?[-SH])?")
_HAS_AMOUNT = re.compile(r"\d[.,]\d{2}(?!\d)")
_LONGEST_HEADING = 3
_Span = tuple[int, int]


class _Edges(NamedTuple):
    """Where the columns of a print list are."""

    columns: Columns
    gaps: tuple[_Span, ...]
    """Between two columns: the positions that are blank in nearly every line."""
    preamble: frozenset[str]


def fixed_width_rows(source: BinaryIO, encoding: str, given: Mapping[Field, str]) -> tuple[list[Cells], Rows] | None:
    """The first rows of a print list, and a way to read all; None where the text is none."""
    sample = list(islice(_lines(source, encoding), _SAMPLE))
    found = _heading(sample[:HEADING_AREA], given)
    if found is None:
        return None
    row, tokens = found
    edges = _edges(sample, row, tokens, given)
    if edges is None:
        return None
    return [_cells(line, edges) for line in sample[:HEADING_AREA]], partial(_rows, source, encoding, edges)


def has_headings(lines: Sequence[str]) -> bool:
    """Say whether one of these lines has the headings of a print list."""
    found = _heading(lines[:HEADING_AREA], {})
    if found is None:
        return False
    row, tokens = found
    return is_plausible(heading_row([[lines[row][first:last] for first, last in tokens]], {}))


def _lines(source: BinaryIO, encoding: str) -> Iterator[str]:
    source.seek(0)
    text = io.TextIOWrapper(source, encoding, newline=None)
    try:
        for line in text:
            yield line.rstrip("\n").replace("\f", " ").replace("\xa0", " ").expandtabs()
    finally:
        with suppress(ValueError):  # who left off iterating may have closed the source already
            text.detach()


def _rows(source: BinaryIO, encoding: str, edges: _Edges) -> Iterator[Cells]:
    for line in _lines(source, encoding):
        yield _cells(line, edges)


# ── finding the columns ───────────────────────────────────────────────────────────────────────────────────────────


def _heading(lines: Sequence[str], given: Mapping[Field, str]) -> tuple[int, list[_Span]] | None:
    """Row (from 0) and places of the headings: apart by two blanks, or by one where each is known."""
    known = frozenset(FIELD_OF) | {normalised(heading) for heading in given.values()}
    for cut in (_runs, partial(_known_headings, known=known)):
        spans = [cut(line) for line in lines]
        rows: list[Cells] = [
            [line[first:last] for first, last in places] for line, places in zip(lines, spans, strict=True)
        ]
        columns = heading_row(rows, given)
        if columns is not None and columns.height == 1:
            return columns.row - 1, spans[columns.row - 1]
    return None


def _runs(line: str) -> list[_Span]:
    return [match.span() for match in _RUN.finditer(line)]


def _known_headings(line: str, known: frozenset[str]) -> list[_Span]:
    """Words of a line, those that make a known heading together as one."""
    words = [match.span() for match in _WORD.finditer(line)]
    found: list[_Span] = []
    at = 0
    while at < len(words):
        size = next(
            (
                size
                for size in range(min(_LONGEST_HEADING, len(words) - at), 1, -1)
                if normalised(line[words[at][0] : words[at + size - 1][1]]) in known
            ),
            1,
        )
        found.append((words[at][0], words[at + size - 1][1]))
        at += size
    return found


def _edges(sample: Sequence[str], row: int, tokens: Sequence[_Span], given: Mapping[Field, str]) -> _Edges | None:
    columns = heading_row([[sample[row][first:last] for first, last in tokens]], given)
    if columns is None:
        return None
    preamble = frozenset(signature(line.split()) for line in sample[:row] if line.strip())
    lines = [line for line in sample[row + 1 :] if _is_data(line, columns)]
    used = _used(lines, tokens)
    gaps = tuple(_gap(used, left, right, len(lines)) for left, right in pairwise(tokens))
    return _Edges(columns._replace(row=row + 1), gaps, preamble)


def _is_data(line: str, columns: Columns) -> bool:
    if _HAS_AMOUNT.search(line) is None:
        return False
    return what_is([line[first:last] for first, last in _runs(line)], columns, frozenset()) == "unknown"


def _used(lines: Sequence[str], tokens: Sequence[_Span]) -> list[int]:
    """In how many lines something stands at a position; everywhere below a heading all of them."""
    width = max((len(line) for line in lines), default=0)
    used = [0] * (max(width, tokens[-1][1]) + 1)
    for line in lines:
        for match in _WORD.finditer(line):
            for at in range(*match.span()):
                used[at] += 1
    return used


def _gap(used: Sequence[int], left: _Span, right: _Span, lines: int) -> _Span:
    """The positions between two headings where least stands; of several such places the last but one column's.

    Values may begin left of their heading (amounts) or reach right of it (texts), so the place is looked for from the
    beginning of the one to the end of the other.
    """
    few = lines // 100
    within = range(left[0] + 1, right[1])
    between = [at for at in range(left[1], right[0]) if used[at] <= few]
    pool = between or [at for at in within if used[at] <= few] or [min(range(left[1], right[0]), key=used.__getitem__)]
    # Free places inside a long text come first; those before the next column last.
    last = pool[-1]
    first = last
    while first - 1 in pool:
        first -= 1
    return first, last + 1


# ── cutting lines ─────────────────────────────────────────────────────────────────────────────────────────────────


def _cells(line: str, edges: _Edges) -> Cells:
    """The cells of a line; an empty list for a blank one."""
    if not line.strip():
        return []
    cells: Cells = []
    start = 0
    for first, last in edges.gaps:
        gap = line[first:last]
        cut = first
        if gap and not gap.isspace():
            blank = _only_blank(gap)
            if blank is None:
                return _crossed(line, edges, len(cells))
            cut = first + blank
        cells.append(line[start:cut].strip())
        start = cut
    cells.append(line[start:].strip())
    return cells


def _only_blank(gap: str) -> int | None:
    """Position of the one stretch of blanks in a gap that is not all blank; None where there is none, or several."""
    stretches = [match.start() for match in re.finditer(r"\s+", gap)]
    return stretches[0] if len(stretches) == 1 else None


def _crossed(line: str, edges: _Edges, index: int) -> Cells:
    """The cells of a line that does not keep to the columns: a group, a total or a page; else ``Crossed``."""
    places = _runs(line)
    words = [line[first:last] for first, last in places]
    width = len(edges.gaps) + 1
    if _HAS_AMOUNT.search(line) and what_is(words, edges.columns, edges.preamble) == "unknown":
        found = Crossed([*[*words, *([""] * width)][:width], ""])
        found.place, found.column = index, edges.columns.heading(index)
        found.value = next((line[first:last] for first, last in places if last > edges.gaps[index][0]), "")
        return found
    cells: Cells = [""] * width
    texts = []
    for (_, last), word in zip(places, words, strict=True):
        if _AMOUNT.fullmatch(word):
            cells[sum(1 for first, _ in edges.gaps if last > first)] = word
        else:
            texts.append(word)
    cells[0] = " ".join(texts)
    return cells
