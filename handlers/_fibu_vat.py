"""VAT groups of a document as posting lines: which account, how much net, how much VAT (facts/domain.md 3.1).

One posting per VAT group. A group is divided only where its articles have different revenue accounts; then its VAT is
divided too, and what rounding leaves over goes to the largest part, so that the group's VAT stays the document's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.booking import BookingLine, VatSide
from core.company import Company
from core.documents import CashVatRow, Invoice, InvoiceLine, Posting, VatRow
from core.errors import Problem
from core.money import CENT, ZERO, total, vat_of_net
from core.tax_codes import treatment_label
from core.vat_rates import domestic_rates
from handlers._fibu_source import Source, german

MOST_ROUNDING = 5 * CENT
"""A larger difference between lines and document is no rounding, but a mistake."""

_TAX_FREE = frozenset(
    {"export", "ic_supply", "ic_service", "triangular", "rc_domestic", "small_business", "exempt", "out_of_scope"}
)
"""Treatments of outgoing documents that charge no VAT."""
_SELF_ASSESSED = frozenset({"ic_acquisition", "rc_received", "rc_domestic"})
"""Treatments of incoming documents whose VAT we owe ourselves."""
_USUAL_RATE = Decimal(20)
"""Rate of self-assessed VAT where the supplier's document says 0 (facts/fibu.md 1.7: 9 / 20, 19 / 20)."""


@dataclass(frozen=True, slots=True)
class Articles:
    """Revenue and expense accounts of the articles, by SKU."""

    revenue: Mapping[str, str]
    expense: Mapping[str, str]

    def account(self, side: VatSide, sku: str | None) -> str | None:
        """The article's account, or None where it has none."""
        accounts = self.revenue if side == "ar" else self.expense
        return accounts.get(sku) if sku else None


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a VAT group that goes to one account."""

    account: str | None
    cost_center: str
    net: Decimal


def invoice_lines(
    source: Source, invoice: Invoice, company: Company, articles: Articles, problems: list[Problem]
) -> list[BookingLine]:
    """The posting lines of an invoice, in the currency of the document, positive as on the document."""
    lines: list[BookingLine] = []
    problems += _unplaced_postings(source, invoice)
    for index, row in enumerate(invoice.vat_breakdown):
        at = f"/vat_breakdown/{index}"
        problems += _row_problems(source, invoice.direction, row, at)
        destination = (
            (row.country or (invoice.oss.country if invoice.oss else "")) if row.vat_treatment == "oss" else ""
        )
        rate = _booked_rate(invoice.direction, row)
        default = company.accounts.ledger_account(invoice.direction, row.vat_treatment, rate, destination)
        for part, vat in _with_vat(_parts(invoice, row, articles, default), row):
            if part.account is None:
                problems.append(account_missing(source, row.vat_treatment, rate, at))
            lines.append(
                BookingLine(
                    account=part.account or "0",
                    net=part.net,
                    vat=vat,
                    self_assessed_vat=_self_assessed(invoice.direction, row, part.net, rate),
                    treatment=row.vat_treatment,
                    rate=rate,
                    destination=destination,
                    cost_center=part.cost_center,
                    pointer=source.pointer + at,
                )
            )
    return _merged(lines)


def receipt_lines(
    source: Source,
    rows: Sequence[CashVatRow],
    side: VatSide,
    company: Company,
    default: str | None,
    problems: list[Problem],
) -> list[BookingLine]:
    """The posting lines of a cash receipt, positive as on the receipt."""
    lines: list[BookingLine] = []
    for index, row in enumerate(rows):
        at = f"/vat_breakdown/{index}"
        problems += _row_problems(source, side, row, at)
        rate = _booked_rate(side, row)
        account = row.account or default or company.accounts.ledger_account(side, row.vat_treatment, rate)
        if account is None:
            problems.append(account_missing(source, row.vat_treatment, rate, at))
        lines.append(
            BookingLine(
                account=account or "0",
                net=row.net,
                vat=row.vat,
                self_assessed_vat=_self_assessed(side, row, row.net, rate),
                treatment=row.vat_treatment,
                rate=rate,
                pointer=source.pointer + at,
            )
        )
    return _merged(lines)


def balanced(lines: Sequence[BookingLine], gross: Decimal) -> list[BookingLine]:
    """The lines with what rounding has left over on the largest one; unchanged where the difference is no rounding."""
    rest = gross - total(line.gross for line in lines)
    if not lines or rest == 0 or abs(rest) > MOST_ROUNDING:
        return list(lines)
    largest = max(range(len(lines)), key=lambda index: abs(lines[index].net))
    changed = lines[largest].model_copy(update={"net": lines[largest].net + rest})
    return [*lines[:largest], changed, *lines[largest + 1 :]]


def turned(lines: Iterable[BookingLine], sign: int) -> tuple[BookingLine, ...]:
    """The lines with the sign of the document; groups in which nothing is booked are left out."""
    amounts = ("net", "vat", "self_assessed_vat", "foreign_net", "foreign_vat")
    kept = [line for line in lines if line.net or line.vat]
    if sign > 0:
        return tuple(kept)
    return tuple(
        line.model_copy(
            update={
                name: -value + 0 for name in amounts if (value := getattr(line, name)) is not None
            }  # + 0: no minus zero
        )
        for line in kept
    )


def account_missing(source: Source, treatment: str, rate: Decimal, at: str) -> Problem:
    """Nobody has named an account for a VAT group."""
    return source.problem(
        "fibu_account_missing",
        f"{source.label}: Für die Steuerart „{treatment_label(treatment)}“ mit {german(rate)} % fehlt das Konto.",
        "Bitte geben Sie das Konto beim Beleg oder beim Artikel an, oder lassen Sie es in den Einstellungen "
        "der Firma eintragen.",
        at,
    )


def _row_problems(source: Source, side: VatSide, row: VatRow | CashVatRow, at: str) -> Iterator[Problem]:
    label = treatment_label(row.vat_treatment)
    free = _TAX_FREE if side == "ar" else _SELF_ASSESSED
    if row.vat and row.vat_treatment in free:
        yield source.problem(
            "fibu_vat_not_expected",
            f"{source.label}: Zur Steuerart „{label}“ gehört keine Umsatzsteuer, angegeben sind aber "
            f"{german(row.vat)}.",
            "Bitte prüfen Sie Steuerart und Steuerbetrag in CLUE.",
            f"{at}/vat",
            row.vat,
        )
    if side == "ar" and row.vat_treatment == "domestic" and row.vat_rate not in domestic_rates(source.supply_date):
        yield source.problem(
            "fibu_rate_not_in_force",
            f"{source.label}: Den Steuersatz {german(row.vat_rate)} % gibt es für eine Lieferung oder Leistung am "
            f"{source.supply_date:%d.%m.%Y} im Inland nicht.",
            "Bitte prüfen Sie Steuersatz und Leistungsdatum in CLUE.",
            f"{at}/vat_rate",
            row.vat_rate,
        )


def _booked_rate(side: VatSide, row: VatRow | CashVatRow) -> Decimal:
    if side == "ap" and row.vat_treatment in _SELF_ASSESSED:
        return row.vat_rate or _USUAL_RATE
    return row.vat_rate


def _self_assessed(side: VatSide, row: VatRow | CashVatRow, net: Decimal, rate: Decimal) -> Decimal:
    return vat_of_net(net, rate) if side == "ap" and row.vat_treatment in _SELF_ASSESSED else ZERO


def _parts(invoice: Invoice, row: VatRow, articles: Articles, default: str | None) -> list[_Part]:
    """Divide a VAT group by account and cost centre: the row's own account, else the postings', else the articles'."""
    center = row.cost_center or invoice.cost_center or ""
    if row.account:
        return [_Part(row.account, center, row.net)]
    nets: dict[tuple[str | None, str], Decimal] = {}
    for posting in invoice.postings:
        if _groups_of(posting, invoice) == [row]:
            key: tuple[str | None, str] = (posting.account, posting.cost_center or center)
            nets[key] = nets.get(key, ZERO) + posting.net
    for line in invoice.lines if not nets else ():
        if _groups_of(line, invoice) == [row]:
            key = (articles.account(invoice.direction, line.sku) or default, center)
            nets[key] = nets.get(key, ZERO) + line.net
    rest = row.net - total(nets.values())
    if rest or not nets:  # a discount on the whole group, or lines that say nothing of this group
        nets[default, center] = nets.get((default, center), ZERO) + rest
    return [_Part(account, cost_center, net) for (account, cost_center), net in nets.items() if net or len(nets) == 1]


def _groups_of(part: Posting | InvoiceLine, invoice: Invoice) -> list[VatRow]:
    """The VAT groups that a posting or line may belong to; what it does not say speaks against none of them."""
    treatment = part.vat_treatment if isinstance(part, Posting) else None
    return [
        row
        for row in invoice.vat_breakdown
        if part.vat_category in {None, row.vat_category}
        and part.vat_rate in {None, row.vat_rate}
        and treatment in {None, row.vat_treatment}
    ]


def _unplaced_postings(source: Source, invoice: Invoice) -> Iterator[Problem]:
    """Yield a problem for every posting of which nobody can tell which VAT group it belongs to."""
    for index, posting in enumerate(invoice.postings):
        groups = _groups_of(posting, invoice)
        if len(groups) != 1 and not all(row.account for row in groups or invoice.vat_breakdown):
            yield source.problem(
                "fibu_posting_unclear",
                f"{source.label}: Die Kontierung auf Konto {posting.account} mit {german(posting.net)} gehört zu "
                f"{'keiner' if not groups else 'mehr als einer'} Steuergruppe des Belegs.",
                "Bitte geben Sie bei der Kontierung Steuersatz, Steuerkategorie und Steuerart wie in der Steuergruppe "
                "an.",
                f"/postings/{index}",
                posting.account,
            )


def _with_vat(parts: Sequence[_Part], row: VatRow) -> list[tuple[_Part, Decimal]]:
    """Divide the VAT of the group; the largest part takes what is left, so that the sum is the document's."""
    vats = [vat_of_net(part.net, row.vat_rate) if row.vat else ZERO for part in parts]
    if vats:
        largest = max(range(len(parts)), key=lambda index: abs(parts[index].net))
        vats[largest] += row.vat - total(vats)
    return list(zip(parts, vats, strict=True))


def _merged(lines: Sequence[BookingLine]) -> list[BookingLine]:
    """Lines of the same account, treatment, rate, country and cost centre as one posting."""
    merged: dict[tuple[object, ...], BookingLine] = {}
    for line in lines:
        key = (line.account, line.treatment, line.rate, line.destination, line.cost_center)
        known = merged.get(key)
        merged[key] = (
            line
            if known is None
            else known.model_copy(
                update={
                    "net": known.net + line.net,
                    "vat": known.vat + line.vat,
                    "self_assessed_vat": known.self_assessed_vat + line.self_assessed_vat,
                }
            )
        )
    return list(merged.values())
