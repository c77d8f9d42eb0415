"""Into which rows a posting must be cut, so that the VAT that DATEV works out is the document's.

A row of DATEV holds a gross amount and a rate; the VAT is worked out on import, rounded row by row. Where the
document's VAT is a cent off (a supplier's rounding, a group divided over accounts), some cents in rows of their own put
it right. A row whose VAT lies just between two cents is avoided too: nobody has told which way DATEV rounds it.
"""

from collections.abc import Sequence
from decimal import Decimal

from core.fibu.booking import BookingLine
from core.money import CENT, ZERO, cents, vat_of_net

_MOST_OFF = 3
_MOST_ROWS = 12
_LARGEST_PART = 60


def datev_rows(line: BookingLine) -> tuple[Decimal, ...] | None:
    """Gross amounts of the rows of a line, signed as the line is; None where no rows give its VAT."""
    if line.self_assessed_vat:
        return (line.gross,) if line.self_assessed_vat == vat_of_net(line.net, line.rate) else None
    sign = -1 if line.gross < 0 else 1
    parts = _parts(int(sign * line.gross / CENT), int(sign * line.vat / CENT), int(line.rate * 100))
    return None if parts is None else tuple(sign * part * CENT for part in parts)


def vat_of_row(gross: Decimal, rate: Decimal) -> Decimal:
    """The VAT that DATEV works out of a row; half a cent counts as a whole one."""
    return cents(gross * rate / (100 + rate))


def foreign_rows(line: BookingLine, rows: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """The foreign amount of a line, divided as its rows are; the first takes what is left."""
    whole = (line.foreign_net or ZERO) + (line.foreign_vat or ZERO)
    rest = [cents(whole * row / line.gross) for row in rows[1:]]
    return (whole - sum(rest, ZERO), *rest)


def _parts(gross: int, vat: int, rate: int) -> tuple[int, ...] | None:
    """The same in cents, positive; ``rate`` in hundredths of a percent."""
    off = vat - _vat(gross, rate)
    if off == 0 and not _is_between(gross, rate):
        return (gross,)
    if abs(off) <= _MOST_OFF:
        for count in range(1, _MOST_ROWS):
            for part in range(1, min(_LARGEST_PART, gross // (count + 1))):
                rest = gross - count * part
                if _is_between(part, rate) or _is_between(rest, rate):
                    continue
                if count * _vat(part, rate) + _vat(rest, rate) == vat:
                    return (rest, *[part] * count)
    return (gross,) if off == 0 else None


def _vat(gross: int, rate: int) -> int:
    whole = 10_000 + rate
    return (2 * gross * rate + whole) // (2 * whole)


def _is_between(gross: int, rate: int) -> bool:
    whole = 10_000 + rate
    return 2 * gross * rate % (2 * whole) == whole
