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

from formats._op_list.fields import FIELD_OF, Field, normalised
from formats._op_list.headings import Columns, heading_row, is_plausible
from formats._op_list.layout import Rows
from formats._op_list.other_rows import signature, what_is
from formats._tables.delimited import HEADING_AREA, Cells, Crossed

_SAMPLE = 2_000
_WORD = re.compile(r"\S+")
_RUN = re.compile(r"\S+(?: \S+)*")
_AMOUNT = re.compile(r"[-+]?\d[\d.,']*[.,]\d{2}(?:\s?[-SH])?")
_HAS_AMOUNT = re.compile(r"\d,\d{2}(?!\d)|(?<![\d.])\d+\.\d{2}(?![\d.])")
_MAY_BE_OTHER = re.compile(
    r"summe|saldo|gesamt|total|übertrag|uebertrag|differenz|seite|blatt|page|konto|kto|debitor|kreditor|kunde|lieferant",
    re.IGNORECASE,
)
_SIDE_MARKS = {"S", "H"}
_NO_TEXT: frozenset[Field] = frozenset({"open", "amount", "debit", "credit", "side"})
_LONGEST_HEADING = 3
_Span = tuple[int, int]


class _Edges(NamedTuple):
    """Where the columns of a print list are."""

    columns: Columns
    heading: str
    """The line of the headings."""
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
    """Row (from 0) and places of the headings."""
    known = frozenset(FIELD_OF) | {normalised(heading) for heading in given.values()}
    spans = [_headings_in(line, known) for line in lines]
    rows: list[Cells] = [
        [line[first:last] for first, last in places] for line, places in zip(lines, spans, strict=True)
    ]
    columns = heading_row([cells if len(cells) > 1 else [] for cells in rows], given)
    if columns is None or columns.height > 1:
        return None
    return columns.row - 1, spans[columns.row - 1]


def _headings_in(line: str, known: frozenset[str]) -> list[_Span]:
    """The headings of a line: apart by two blanks, or by one where each of them is known."""
    found: list[_Span] = []
    for run in _runs(line):
        words = [
            (run[0] + first, run[0] + last) for first, last in (m.span() for m in _WORD.finditer(line[slice(*run)]))
        ]
        parts = _known_parts(line, words, known)
        found += parts if parts and normalised(line[slice(*run)]) not in known else [run]
    return found


def _known_parts(line: str, words: Sequence[_Span], known: frozenset[str]) -> list[_Span]:
    """Words put together to known headings, the longest ones first; nothing where one of them is not known."""
    found: list[_Span] = []
    at = 0
    while at < len(words):
        sizes = range(min(_LONGEST_HEADING, len(words) - at), 0, -1)
        places = ((size, (words[at][0], words[at + size - 1][1])) for size in sizes)
        part = next(((size, place) for size, place in places if normalised(line[slice(*place)]) in known), None)
        if part is None:
            return []
        at += part[0]
        found.append(part[1])
    return found


def _runs(line: str) -> list[_Span]:
    return [match.span() for match in _RUN.finditer(line)]


def _edges(sample: Sequence[str], row: int, tokens: Sequence[_Span], given: Mapping[Field, str]) -> _Edges | None:
    columns = heading_row([[sample[row][first:last] for first, last in tokens]], given)
    if columns is None:
        return None
    preamble = frozenset(signature(line.split()) for line in sample[:row] if line.strip())
    lines = [line for line in sample[row + 1 :] if _is_data(line, columns, preamble)]
    return _Edges(columns._replace(row=row + 1), sample[row], _gaps(lines, tokens), preamble)


def _is_data(line: str, columns: Columns, preamble: frozenset[str]) -> bool:
    if _HAS_AMOUNT.search(line) is None:
        return False
    return what_is([line[first:last] for first, last in _runs(line)], columns, preamble) == "unknown"


def _gaps(lines: Sequence[str], tokens: Sequence[_Span]) -> tuple[_Span, ...]:
    """Between each two headings: the positions that part their columns."""
    used = _used(lines, tokens[-1][1])
    blocks = _blocks(used, few=len(lines) // 100)
    anchors = [_block_of(token, blocks) for token in tokens]
    gaps: list[_Span] = []
    for (left, right), (before, behind) in zip(pairwise(anchors), pairwise(tokens), strict=True):
        chain = [left, *(block for block in blocks if left[1] <= block[0] and block[1] <= right[0]), right]
        free = [(first[1], second[0]) for first, second in pairwise(chain) if first[1] < second[0]]
        if not free:  # their values touch: part them where fewest do
            at = min(range(before[1], behind[0]), key=used.__getitem__)
            free = [(at, at + 1)]
        gaps.append(max(reversed(free), key=lambda gap: gap[1] - gap[0]))
    return tuple(gaps)


def _used(lines: Sequence[str], width: int) -> list[int]:
    """In how many lines something stands at a position."""
    used = [0] * (max((len(line) for line in lines), default=0) + width)
    for line in lines:
        for match in _WORD.finditer(line):
            for at in range(*match.span()):
                used[at] += 1
    return used


def _blocks(used: Sequence[int], few: int) -> list[_Span]:
    """Positions that stand together and are used in more than a few lines."""
    found: list[_Span] = []
    start = None
    for at, count in enumerate([*used, 0]):
        if count > few and start is None:
            start = at
        elif count <= few and start is not None:
            found.append((start, at))
            start = None
    return found


def _block_of(token: _Span, blocks: Sequence[_Span]) -> _Span:
    """What stands below a heading: the block that begins or ends with it, else the one that it covers most.

    The heading itself where nothing stands there.
    """
    below = [block for block in blocks if block[0] < token[1] and token[0] < block[1]]
    in_line = [block for block in below if block[0] == token[0] or block[1] == token[1]]
    return max(in_line or below, key=lambda block: min(block[1], token[1]) - max(block[0], token[0]), default=token)


# ── cutting lines ─────────────────────────────────────────────────────────────────────────────────────────────────


def _cells(line: str, edges: _Edges) -> Cells:
    """The cells of a line; an empty list for a blank one."""
    if not line.strip():
        return []
    if line == edges.heading:
        return list(edges.columns.headings)
    if _HAS_AMOUNT.search(line) is None or _MAY_BE_OTHER.search(line):
        runs = _runs(line)
        crosses = any(start < last and first < end for start, end in runs for first, last in edges.gaps)
        words = [line[first:last] for first, last in runs]
        if crosses and what_is(words, edges.columns, edges.preamble) != "unknown":
            return _cells_of_other(line, edges)  # the blank in "Summe 20001" may stand where two columns part
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
    """The cells of a line that does not keep to the columns: of one without amounts its text, else ``Crossed``."""
    if _HAS_AMOUNT.search(line) is None:
        return _cells_of_other(line, edges)
    places = _runs(line)
    words = [line[first:last] for first, last in places]
    width = len(edges.gaps) + 1
    found = Crossed([*[*words, *([""] * width)][:width], ""])
    found.place, found.column = index, edges.columns.heading(index)
    found.value = next((line[first:last] for first, last in places if last > edges.gaps[index][0]), "")
    return found


def _cells_of_other(line: str, edges: _Edges) -> Cells:
    """The cells of a group, a total or a page: amounts in their columns, all texts in one that holds no amounts."""
    cells: Cells = [""] * (len(edges.gaps) + 1)
    texts = []
    for first, last in _runs(line):
        word = line[first:last]
        if _AMOUNT.fullmatch(word) or word in _SIDE_MARKS:
            cells[sum(1 for gap, _ in edges.gaps if last > gap)] = word
        else:
            texts.append(word)
    taken = {index for field, index in edges.columns.index_of.items() if field in _NO_TEXT}
    free = [index for index, cell in enumerate(cells) if cell == ""]
    place = next((index for index in free if index not in taken), free[0] if free else 0)
    cells[place] = " ".join(texts)
    return cells
