"""Which tracked document a row of an open-item list speaks of (facts/domain.md 3.2, "Matching order").

Always by account and number, never by amount. RZL keeps only the digits of a number (facts/fibu.md 3.3), so a number
of digits alone also finds the one document of that account with these digits.
"""

from collections.abc import Iterator, Mapping, Sequence

from core.contracts import CompanyLedger, Entry
from core.open_items import OpenItemRow
from core.tracked import KIND, digits_key, match_key, normalised_number

Match = tuple[OpenItemRow, Entry | None, bool]
"""Row, its document, and whether several documents would fit."""


def matched(rows: Sequence[OpenItemRow], ledger: CompanyLedger) -> Iterator[Match]:
    """Yield every row with its document, in the order of the rows."""
    keys = [match_key(row.account, row.number) for row in rows]
    found = ledger.get_many(KIND, keys)
    missed = [row for row, key in zip(rows, keys, strict=True) if key not in found]
    others = _by_other_ways(missed, ledger) if missed else {}
    for row, key in zip(rows, keys, strict=True):
        entry = found.get(key)
        if entry is not None:
            yield row, entry, False
        else:
            candidates = others.get(row.row, ())
            yield row, candidates[0] if len(candidates) == 1 else None, len(candidates) > 1


def _by_other_ways(rows: Sequence[OpenItemRow], ledger: CompanyLedger) -> Mapping[int, Sequence[Entry]]:
    """Documents found by the second number of a row, or by the digits of its first; by row."""
    second = {row.row: match_key(row.account, row.second_number) for row in rows if row.second_number}
    by_second = ledger.get_many(KIND, list(second.values())) if second else {}
    found: dict[int, Sequence[Entry]] = {row: [by_second[key]] for row, key in second.items() if key in by_second}
    digits = {
        row.row: digits_key(row.account, row.number)
        for row in rows
        if row.row not in found and normalised_number(row.number).isdigit()
    }
    by_digits = ledger.get_groups(KIND, sorted(set(digits.values()))) if digits else {}
    found.update({row: by_digits[key] for row, key in digits.items() if key in by_digits})
    return found
