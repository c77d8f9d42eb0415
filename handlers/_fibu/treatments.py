"""What the tax law makes of a VAT group, and which groups cannot be booked as they stand (facts/domain.md 2.5)."""

from collections.abc import Iterator
from decimal import Decimal

from core.documents import CashVatRow, Invoice, VatRow
from core.errors import Problem
from core.fibu.booking import NO_TAX, VatSide
from core.fibu.tax_codes import SELF_ASSESSED, treatment_label
from core.fibu.vat_rates import domestic_rates
from core.money import CENT, ZERO, vat_of_net
from handlers._fibu.source import Source, german

MOST_ROUNDING = 5 * CENT
"""A larger difference between lines and document is no rounding, but a mistake."""
ADVANCE = "advance_received"
"""Treatment of a line on the account of advances."""
NEEDS_VAT_ID = frozenset({"ic_supply", "ic_service", "triangular"})
SHOWS_VAT_ID = NEEDS_VAT_ID | {"rc_domestic", "ic_acquisition", "rc_received"}

_EITHER_SIDE = frozenset({"domestic", "triangular", "rc_domestic", "small_business", "exempt", "out_of_scope", ADVANCE})
_OF_SIDE: dict[VatSide, frozenset[str]] = {
    "ar": _EITHER_SIDE | {"export", "ic_supply", "ic_service", "oss"},
    "ap": _EITHER_SIDE | {"input_vat", "ic_acquisition", "rc_received", "import_vat", "not_deductible"},
}
_WITHOUT_VAT: dict[VatSide, frozenset[str]] = {
    "ar": NEEDS_VAT_ID | {"export", "rc_domestic", "small_business", "exempt", "out_of_scope"},
    "ap": SELF_ASSESSED | {"small_business", "exempt", "out_of_scope"},
}
"""Treatments whose documents charge no VAT."""
_NO_ADVANCES: dict[VatSide, frozenset[str]] = {
    "ar": frozenset({"rc_domestic", "oss"}),
    "ap": SELF_ASSESSED | {"import_vat", "not_deductible"},
}
"""Treatments whose advances no source knows how to book."""
_USUAL_RATE = Decimal(20)
"""Rate of self-assessed VAT where the supplier's document says 0 (facts/fibu.md 1.7: 9 / 20, 19 / 20)."""


def booked_rate(side: VatSide, row: VatRow | CashVatRow) -> Decimal:
    """Rate in percent under which a group is booked."""
    if side == "ap" and row.vat_treatment in SELF_ASSESSED:
        return row.vat_rate or _USUAL_RATE
    return row.vat_rate


def self_assessed(side: VatSide, row: VatRow | CashVatRow, net: Decimal, rate: Decimal) -> Decimal:
    """VAT that we owe on this part of a supplier's document."""
    return vat_of_net(net, rate) if side == "ap" and row.vat_treatment in SELF_ASSESSED else ZERO


def advance_treatment(row: VatRow) -> str:
    """Treatment of a group of an advance invoice: without VAT it is money moved, nothing of the VAT return."""
    return ADVANCE if row.vat else NO_TAX


def destination(invoice: Invoice, row: VatRow) -> str:
    """Country whose VAT is owed, "" where it is no OSS supply."""
    if row.vat_treatment != "oss":
        return ""
    return row.country or (invoice.oss.country if invoice.oss else "")


def row_problems(source: Source, side: VatSide, row: VatRow | CashVatRow, at: str) -> Iterator[Problem]:
    """Yield what speaks against booking a VAT group."""
    label = treatment_label(row.vat_treatment)
    if row.vat_treatment not in _OF_SIDE[side]:
        yield source.problem(
            "fibu_treatment_of_other_side",
            f"{source.label}: Die Steuerart „{label}“ gibt es nur bei "
            f"{'Ausgangsrechnungen' if side == 'ap' else 'Eingangsrechnungen'}.",
            "Bitte berichtigen Sie die Steuerart in CLUE.",
            f"{at}/vat_treatment",
            row.vat_treatment,
        )
        return
    if row.vat and row.vat_treatment in _WITHOUT_VAT[side]:
        yield source.problem(
            "fibu_vat_not_expected",
            f"{source.label}: Zur Steuerart „{label}“ gehört keine Umsatzsteuer, angegeben sind aber "
            f"{german(row.vat)}.",
            "Bitte prüfen Sie Steuerart und Steuerbetrag in CLUE.",
            f"{at}/vat",
            row.vat,
        )
    yield from _rate_problems(source, side, row, at)
    if row.vat_treatment == "import_vat" and row.net:
        yield source.problem(
            "fibu_import_vat_with_net",
            f"{source.label}: Bei der Einfuhrumsatzsteuer wird nur die Steuer gebucht, angegeben ist aber auch ein "
            f"Nettobetrag von {german(row.net)}.",
            "Bitte geben Sie in CLUE bei dieser Steuergruppe 0,00 netto an.",
            f"{at}/net",
            row.net,
        )


def _rate_problems(source: Source, side: VatSide, row: VatRow | CashVatRow, at: str) -> Iterator[Problem]:
    own = side == "ar" and (row.vat_treatment == "domestic" or (row.vat_treatment == ADVANCE and row.vat))
    if own and row.vat_rate not in domestic_rates(source.supply_date):
        yield source.problem(
            "fibu_rate_not_in_force",
            f"{source.label}: Den Steuersatz {german(row.vat_rate)} % gibt es für eine Lieferung oder Leistung am "
            f"{source.supply_date:%d.%m.%Y} im Inland nicht.",
            "Bitte prüfen Sie Steuersatz und Leistungsdatum in CLUE.",
            f"{at}/vat_rate",
            row.vat_rate,
        )
    differs = abs(row.vat - vat_of_net(row.net, row.vat_rate)) > max(MOST_ROUNDING, abs(row.net) / 1000)
    rateless = row.vat and not row.vat_rate and row.vat_treatment not in _WITHOUT_VAT[side]
    if rateless or (row.vat_treatment == "oss" and differs):
        yield source.problem(
            "fibu_vat_differs",
            f"{source.label}: Der Steuerbetrag {german(row.vat)} passt nicht zum Steuersatz {german(row.vat_rate)} % "
            f"von {german(row.net)}.",
            "Bitte prüfen Sie Steuersatz und Steuerbetrag in CLUE.",
            f"{at}/vat",
            row.vat,
        )


def country_problems(source: Source, invoice: Invoice, row: VatRow, at: str) -> Iterator[Problem]:
    """Yield what speaks against the country of an OSS supply."""
    if row.vat_treatment == "oss" and destination(invoice, row) in {"", "AT"}:
        yield source.problem(
            "fibu_oss_country",
            f"{source.label}: Bei der Steuerart „OSS“ fehlt das Land der EU, dessen Umsatzsteuer geschuldet wird.",
            "Bitte geben Sie das Bestimmungsland in CLUE an.",
            f"{at}/country",
            destination(invoice, row) or None,
        )


def advance_problems(source: Source, side: VatSide, row: VatRow, at: str) -> Iterator[Problem]:
    """Yield what speaks against booking a VAT group as an advance."""
    if row.vat_treatment in _NO_ADVANCES[side]:
        yield source.problem(
            "fibu_advance_treatment",
            f"{source.label}: Eine Anzahlung mit der Steuerart „{treatment_label(row.vat_treatment)}“ kann nicht an "
            "die FIBU übergeben werden.",
            "Bitte buchen Sie diesen Beleg in der FIBU von Hand und nehmen Sie ihn aus der Übergabe.",
            f"{at}/vat_treatment",
            row.vat_treatment,
        )


def vat_id_problems(source: Source, treatments: frozenset[str], vat_id: str, party: str) -> Iterator[Problem]:
    """Yield what speaks against a supply into the EU without tax; ``treatments`` are those of the document."""
    if not treatments & NEEDS_VAT_ID:
        return
    if not vat_id:
        yield source.problem(
            "fibu_vat_id_missing",
            f"{source.label}: Für eine steuerfreie Lieferung oder Leistung in die EU fehlt die UID-Nummer von {party}.",
            "Bitte tragen Sie die UID-Nummer in CLUE beim Kunden ein und übergeben Sie den Beleg noch einmal.",
            "/vat_id",
        )
    elif vat_id.startswith("AT"):
        yield source.problem(
            "fibu_vat_id_domestic",
            f"{source.label}: Zu einer steuerfreien Lieferung oder Leistung in die EU gehört die UID-Nummer eines "
            f"anderen Landes, angegeben ist {vat_id}.",
            "Bitte prüfen Sie Steuerart und UID-Nummer in CLUE.",
            "/vat_id",
            vat_id,
        )


def vat_id_warnings(source: Source, treatments: frozenset[str], vat_id: str) -> Iterator[Problem]:
    """Yield what a person should look after: the recipient's number belongs on the invoice (facts/domain.md 2.5)."""
    if "rc_domestic" in treatments and not vat_id:
        yield source.problem(
            "fibu_vat_id_advised",
            f"{source.label}: Die Steuerschuld geht auf den Kunden über, auf dem Beleg fehlt aber seine UID-Nummer.",
            "Bitte ergänzen Sie die UID-Nummer des Kunden in CLUE.",
            "/vat_id",
        )
