"""Totals of a document and its VAT groups, with the sums that must hold (facts/domain.md 2.4, 3.1)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Self

from pydantic import model_validator

from core.documents.base import Account, Broken, Model, Money, Percent, Text, VatCategory, refuse
from core.documents.parties import VatTreatment
from core.money import ZERO, vat_of_net

VAT_TOLERANCE = Decimal("0.05")
"""What VAT summed up line by line may differ from VAT of the group (facts/domain.md 3.1)."""


def unequal(at: str, label: str, stated: Decimal, computed: Decimal, how: str) -> Iterator[Broken]:
    """Yield a broken rule where a stated sum is not the computed one."""
    if stated != computed:
        what = f"{label} ist mit {stated} angegeben, {how} ergibt aber {computed}."
        yield Broken(at, "sum_differs", what, "Bitte die Beträge in CLUE prüfen und neu übergeben.", str(stated))


def wrong_vat(at: str, net: Decimal, rate: Decimal, vat: Decimal, tolerance: Decimal) -> Iterator[Broken]:
    """Yield a broken rule where the VAT of a group differs from its net by more than rounding explains."""
    expected = vat_of_net(net, rate)
    if abs(vat - expected) > tolerance:
        what = f"{rate} % von {net} sind {expected}, angegeben sind aber {vat}."
        yield Broken(at, "vat_differs", what, "Bitte Steuersatz und Steuerbetrag in CLUE prüfen.", str(vat))


class Totals(Model):
    """Totals; ``payable`` = gross - prepaid + rounding."""

    net: Money
    vat: Money
    gross: Money
    prepaid: Money = ZERO
    rounding: Money = ZERO
    payable: Money

    @model_validator(mode="after")
    def _sums(self) -> Self:
        payable = self.gross - self.prepaid + self.rounding
        refuse(
            [
                *unequal("/gross", "Der Bruttobetrag", self.gross, self.net + self.vat, "netto plus Umsatzsteuer"),
                *unequal(
                    "/payable", "Der Zahlbetrag", self.payable, payable, "brutto weniger Anzahlungen plus Rundung"
                ),
            ]
        )
        return self


class VatRow(Model):
    """One VAT group of an invoice."""

    vat_category: VatCategory
    vat_rate: Percent
    net: Money
    vat: Money
    vat_treatment: VatTreatment
    account: Account | None = None
    """Revenue or expense account of the FIBU line."""
    country: str | None = None
    """Country whose rate it is, for ``oss``."""
    cost_center: Text | None = None
    cost_object: Text | None = None
    text: Text | None = None
