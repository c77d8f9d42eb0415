"""Exact money: rounding half up (half away from zero) to cents, VAT per group (facts/domain.md 3.1)."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def cents(amount: Decimal) -> Decimal:
    """Round to two decimals, half away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Exact sum; 0.00 for nothing."""
    return sum(amounts, ZERO)


def vat_of_net(net: Decimal, rate: Decimal) -> Decimal:
    """VAT of a group priced net; ``rate`` in percent."""
    return cents(net * rate / 100)


def vat_in_gross(gross: Decimal, rate: Decimal) -> Decimal:
    """VAT contained in a group priced gross; ``rate`` in percent."""
    return gross - cents(gross * 100 / (100 + rate))
