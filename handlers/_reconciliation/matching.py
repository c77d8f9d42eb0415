"""Which tracked document a row of a list speaks of (facts/domain.md 3.2, "Matching order").

Always by account and number, never by amount. RZL keeps only the digits of a number (facts/fibu.md 3.3), so a number
of digits alone also finds the one document of that account with these digits. A number alone, on another account,
finds a document only where it is the only one with that number.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from core.contracts import CompanyLedger, Entry
from core.tracked import KIND, NUMBERS, digits_key, match_key, normalised_number


class Row(Protocol):
    """What a row must have to be matched."""

    @property
    def row(self) -> int:
        """Row in the file."""

    @property
    def account(self) -> str:
        """Ledger account of the party."""

    @property
    def number(self) -> str:
        """OP-Nummer."""

    @property
    def second_number(self) -> str:
        """Another number of the document, or ""."""


AnyRow = TypeVar("AnyRow", bound=Row)


def matched(rows: Sequence[AnyRow], ledger: CompanyLedger) -> Iterator[tuple[AnyRow, Entry | None, bool]]:
    """Yield every row with its document and whether several would fit, in the order of the rows."""
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


def _by_other_ways(rows: Sequence[AnyRow], ledger: CompanyLedger) -> Mapping[int, Sequence[Entry]]:
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


def by_number_alone(rows: Sequence[AnyRow], ledger: CompanyLedger) -> Mapping[int, Entry]:
    """The only documents with the numbers of these rows, whatever their account; by row."""
    numbers = {row.row: {normalised_number(number) for number in (row.number, row.second_number)} for row in rows}
    wanted = sorted({number for found in numbers.values() for number in found if number})
    keys = {number: [entry.key for entry in entries] for number, entries in ledger.get_groups(NUMBERS, wanted).items()}
    documents = ledger.get_many(KIND, sorted({key for found in keys.values() for key in found}))
    alone: dict[int, Entry] = {}
    for row, candidates in numbers.items():
        found = {key for number in candidates for key in keys.get(number, ()) if key in documents}
        if len(found) == 1:
            alone[row] = documents[found.pop()]
    return alone
