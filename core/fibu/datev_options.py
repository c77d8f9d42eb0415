"""How one client has set up its DATEV, as far as the EXTF files need it (facts/fibu.md 6)."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import Field

from core.fibu.booking import BookingKind, VatSide
from core.fibu.program import Limits, ProgramOptions
from core.fibu.tax_codes import DATEV_TAX_KEYS, DatevTaxKey, Rule, best_rule

DATEV_NUMBER_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$&%*+-/")
"""What Belegfeld 1 takes (facts/fibu.md 6)."""


class DatevOptions(ProgramOptions):
    """The ``[company.datev]`` table: how the DATEV of this client is set up."""

    LIMITS: ClassVar[Limits] = Limits(
        "DATEV",
        external_number=210,
        vat_id=15,
        symbol=20,
        cost_center=8,
        cost_object=8,
        document_file=210,
        payment_reference=210,
        order_number=30,
        discounts=0,  # a row has an amount of Skonto only, for payments
    )

    number_length: int = Field(default=36, ge=1, le=36, description="Longest document number; older versions take 12.")
    consultant: int = Field(default=1001, ge=1, le=9_999_999, description="Number of the tax adviser (Berater).")
    client: int = Field(default=1, ge=1, le=99_999, description="Number of the company at the adviser (Mandant).")
    account_length: int = Field(
        default=5, ge=4, le=8, description="Digits of ledger accounts; person accounts have one more."
    )
    short_accounts: Literal["fill", "keep"] = Field(
        default="fill",
        description="Shorter ledger accounts get zeros behind (4000 becomes 40000), or stay as they are.",
    )
    fiscal_year_start: int = Field(default=1, ge=1, le=12, description="First month of the fiscal year.")
    origin: str = Field(default="CD", pattern="^[A-Z0-9]{2}$", description="Where the file comes from (Herkunft).")
    chart: str = Field(
        default="", pattern="^[0-9]{0,2}$", description='Chart of accounts (SKR), e.g. "07"; empty: none.'
    )
    initials: str = Field(default="", max_length=2, description="Initials of whoever hands over (Diktatkürzel).")
    finalised: bool = Field(default=False, description="The import finalises the batch (Festschreibung).")
    automatic_accounts: bool = Field(
        default=False,
        description="The accounts carry their tax themselves: a posting without a key of its own is written without.",
    )
    tax_keys: tuple[DatevTaxKey, ...] = Field(
        default=(), description="BU-Schlüssel of this client; they go before the built-in table."
    )
    symbol_ar: str = Field(default="AR", max_length=20, description="Document circle of outgoing documents.")
    symbol_ap: str = Field(default="ER", max_length=20, description="Document circle of incoming documents.")
    symbol_cash: str = Field(default="KA", max_length=20, description="Document circle of cash receipts.")

    def tax_code(self, side: VatSide, treatment: str, rate: Decimal, destination: str = "") -> DatevTaxKey | None:
        """The key of a posting, or None where nobody has named one and the accounts do not say it."""
        own = best_rule(self.tax_keys, side, treatment, rate, destination)
        found = own or best_rule(DATEV_TAX_KEYS, side, treatment, rate)
        if found is None and self.automatic_accounts:
            return DatevTaxKey(side=side, treatment=treatment, key="")
        return found

    def rules(self) -> Iterable[Rule]:
        """The client's rules, then the built-in ones; with automatic accounts domestic tax last."""
        automatic = [DatevTaxKey(side=side, treatment="domestic", key="") for side in ("ar", "ap")]
        return (*self.tax_keys, *DATEV_TAX_KEYS, *(automatic if self.automatic_accounts else ()))

    def written(self, rule: Rule, rate: Decimal) -> tuple[str, ...]:
        """The column BU-Schlüssel; the rate has a column of its own."""
        del rate
        if not isinstance(rule, DatevTaxKey):
            raise TypeError(f"{rule!r} is no DATEV key")
        return (rule.key,)

    def symbol(self, kind: BookingKind, credit: bool) -> str:
        """The document circle of a document of this kind."""
        del credit  # the side says it
        return {"ar": self.symbol_ar, "ap": self.symbol_ap}.get(kind, self.symbol_cash)

    def fiscal_year(self, day: date) -> date:
        """First day of the fiscal year of a day."""
        return date(day.year - (day.month < self.fiscal_year_start), self.fiscal_year_start, 1)

    def ledger_account(self, account: str) -> str:
        """A ledger account as DATEV knows it; a person account stays."""
        return account.ljust(self.account_length, "0") if self.short_accounts == "fill" else account

    def number(self, text: str) -> str:
        """What Belegfeld 1 takes of a number; it is the key of the open item."""
        return "".join(char for char in text if char in DATEV_NUMBER_CHARACTERS)[:36]
