"""Which revenue or expense account a VAT group goes to (facts/domain.md 3, fact 17).

The account of the document, else of the article, else of its article group, else of the VAT group as the company has
set it up. An article's account that the chart knows under another rate is passed over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from core.company import Accounts
from core.contracts import CompanyLedger
from core.documents import Invoice, InvoiceLine, Posting, VatRow
from core.errors import Problem
from core.fibu.booking import NO_TAX, VatSide
from core.fibu.tax_codes import treatment_label
from core.money import ZERO, total
from handlers._fibu.plan import Done
from handlers._fibu.source import Source, german
from handlers._fibu.treatments import MOST_ROUNDING


@dataclass(frozen=True, slots=True)
class KnownArticle:
    """What CLUE has sent of an article, as far as accounts go."""

    revenue: str | None
    expense: str | None
    group: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The accounts that CLUE has sent: the rate that each stands for, None for any."""

    rates: Mapping[str, Decimal | None] = field(default_factory=dict)

    def knows(self, account: str) -> bool:
        """Whether the account is in use; every account is where no chart was sent."""
        return not self.rates or account in self.rates

    def fits(self, account: str, rate: Decimal) -> bool:
        """Whether nothing speaks against booking this rate on the account."""
        return self.rates.get(account) in {None, rate}


@dataclass(frozen=True, slots=True)
class LedgerAccounts:
    """Accounts for the VAT groups of one company."""

    settings: Accounts
    articles: Mapping[str, KnownArticle] = field(default_factory=dict)
    chart: Chart = field(default_factory=Chart)

    def of_group(self, side: VatSide, treatment: str, rate: Decimal, destination: str = "") -> str | None:
        """The company's account of a VAT group, None where nobody has named one."""
        return self.settings.ledger_account(side, treatment, rate, destination)

    def of_article(
        self, sku: str | None, side: VatSide, treatment: str, rate: Decimal, destination: str = ""
    ) -> str | None:
        """The account of the article or its group, None where neither names one."""
        article = self.articles.get(sku or "")
        if article is None:
            return None
        own = article.revenue if side == "ar" else article.expense
        if own and self.chart.fits(own, rate):
            return own
        return self.settings.group_account(article.group, side, treatment, rate, destination)


def load_accounts(invoices: Sequence[Invoice], settings: Accounts, ledger: CompanyLedger) -> LedgerAccounts:
    """Look up what decides on the accounts of these invoices, all at once."""
    open_lines = (line for i in invoices if any(not row.account for row in i.vat_breakdown) for line in i.lines)
    skus = sorted({line.sku for line in open_lines if line.sku})
    found = ledger.get_many("article", skus) if skus else {}
    bodies = {sku: entry.body.get("data") or {} for sku, entry in found.items()}
    articles = {
        sku: KnownArticle(
            revenue=data.get("revenue_account"), expense=data.get("expense_account"), group=data.get("group") or ""
        )
        for sku, data in bodies.items()
    }
    return LedgerAccounts(settings, articles, load_chart(ledger))


def load_chart(ledger: CompanyLedger) -> Chart:
    """The chart of accounts as CLUE has sent it; accounts out of use are left out."""
    rates: dict[str, Decimal | None] = {}
    for entry in ledger.all("account"):
        data = entry.body.get("data") or {}
        if data and entry.body.get("active", True):
            rate = data.get("vat_rate")
            rates[str(data["number"])] = None if rate is None else Decimal(str(rate))
    return Chart(rates)


def unknown_accounts(done: Done, chart: Chart) -> Iterator[Problem]:
    """Yield a problem for each revenue or expense account of a document that the chart does not hold."""
    told: set[str] = set()
    for line in (line for booking in done.bookings for line in booking.lines if line.treatment != NO_TAX):
        if line.account != "0" and line.account not in told and not chart.knows(line.account):
            told.add(line.account)
            yield done.source.problem(
                "fibu_account_unknown",
                f"{done.source.label}: Das Konto {line.account} steht nicht im Kontenplan, den CLUE übergeben hat.",
                "Bitte prüfen Sie das Konto, oder legen Sie es in CLUE und in der FIBU an.",
                line.pointer.removeprefix(done.source.pointer),
                line.account,
            )


def account_missing(source: Source, treatment: str, rate: Decimal, at: str) -> Problem:
    """Nobody has named an account for a VAT group."""
    label = treatment_label(treatment)
    return source.problem(
        "fibu_account_missing",
        f"{source.label}: Für die Steuerart „{label}“ mit {german(rate)} % fehlt das Konto.",
        "Bitte geben Sie das Konto beim Beleg oder beim Artikel an, oder lassen Sie es in den Einstellungen "
        "der Firma eintragen.",
        at,
        f"{label} {german(rate)} %",
    )


# ── a VAT group divided by account ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part of a VAT group goes; the account is None where nobody has named one."""

    account: str | None
    cost_center: str
    cost_object: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What decides on the accounts of one VAT group."""

    treatment: str
    rate: Decimal
    destination: str
    articles: bool
    """Whether the articles have a say; on advances they have none."""


def parts(invoice: Invoice, row: VatRow, asked: Asked, accounts: LedgerAccounts) -> list[tuple[Place, Decimal]]:
    """Divide the net of a VAT group: the row's own account, else the postings', else the articles'.

    Cents that rounding has left between lines and group go to the largest part (facts/domain.md 3.1); more than that
    is a discount on the group as a whole and goes to the account of the group.
    """
    side = invoice.direction
    whole = (row.cost_center or invoice.cost_center or "", row.cost_object or invoice.cost_object or "")
    default = row.account or accounts.of_group(side, asked.treatment, asked.rate, asked.destination)
    nets: dict[Place, Decimal] = {}
    for posting in invoice.postings:
        if groups_of(posting, invoice) == [row]:
            own = (posting.cost_center or whole[0], posting.cost_object or whole[1])
            _add(nets, Place(row.account or posting.account, *own), posting.net)
    for line in invoice.lines if not nets else ():
        if groups_of(line, invoice) == [row]:
            account = row.account
            if account is None and asked.articles:
                account = accounts.of_article(line.sku, side, asked.treatment, asked.rate, asked.destination)
            own = (line.cost_center or whole[0], line.cost_object or whole[1])
            _add(nets, Place(account or default, *own), line.net)
    rest = row.net - total(nets.values())
    if nets and abs(rest) <= MOST_ROUNDING:
        largest = max(nets, key=lambda place: abs(nets[place]))
        nets[largest] += rest
    elif rest or not nets:
        _add(nets, Place(default, *whole), rest)
    kept = [(place, net) for place, net in nets.items() if net]
    return kept or list(nets.items())[:1]


def _add(nets: dict[Place, Decimal], place: Place, net: Decimal) -> None:
    nets[place] = nets.get(place, ZERO) + net


def groups_of(part: Posting | InvoiceLine, invoice: Invoice) -> list[VatRow]:
    """The VAT groups that a posting or line may belong to; what it does not say speaks against none of them."""
    treatment = part.vat_treatment if isinstance(part, Posting) else None
    return [
        row
        for row in invoice.vat_breakdown
        if part.vat_category in {None, row.vat_category}
        and part.vat_rate in {None, row.vat_rate}
        and treatment in {None, row.vat_treatment}
    ]


def unplaced_postings(source: Source, invoice: Invoice) -> Iterator[Problem]:
    """Yield a problem for every posting of which nobody can tell which VAT group it belongs to."""
    for index, posting in enumerate(invoice.postings):
        groups = groups_of(posting, invoice)
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
