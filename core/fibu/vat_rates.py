"""Austrian VAT rates as data with dates: a rate follows the date of supply, not of the invoice.

Source: facts/domain.md 3, facts 1 and 2.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class VatRate:
    """The rate of one VAT class over one period; both days inclusive, None is open."""

    vat_class: str
    """Class of an article: it stays when its rate changes."""
    rate: Decimal
    valid_from: date | None = None
    valid_to: date | None = None

    def holds(self, day: date) -> bool:
        """Say whether the rate is in force on this day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


VAT_RATES = (
    VatRate("standard", Decimal(20)),
    VatRate("standard_19", Decimal(19)),  # Jungholz and Mittelberg
    VatRate("reduced_13", Decimal(13)),
    VatRate("reduced_10", Decimal(10)),
    VatRate("reduced_4_9", Decimal("4.9"), valid_from=date(2026, 7, 1)),
    VatRate("zero", Decimal(0)),
)


def rate_of(vat_class: str, day: date) -> Decimal | None:
    """Rate in percent of a class for a supply on this day; None where the class has none then."""
    return next((row.rate for row in VAT_RATES if row.vat_class == vat_class and row.holds(day)), None)


def domestic_rates(day: date) -> frozenset[Decimal]:
    """All rates in force on this day, in percent."""
    return frozenset(row.rate for row in VAT_RATES if row.holds(day))


def vat_classes() -> frozenset[str]:
    """Every class that has or had a rate."""
    return frozenset(row.vat_class for row in VAT_RATES)
