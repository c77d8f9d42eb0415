"""A company (Mandant) as the configuration describes it: which FIBU it has and how that FIBU is set up."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.cron import cron_trigger
from core.fibu.bmd55_options import Bmd55Options
from core.fibu.booking import VatSide
from core.fibu.datev_options import DatevOptions
from core.fibu.options import BmdOptions, RzlOptions
from core.fibu.program import ProgramOptions
from core.fibu.tax_codes import Options, best_rule


class AccountRange(Options):
    """A range of person accounts, from which the next free one is taken."""

    first: int = Field(gt=0, description="First account of the range.")
    last: int = Field(gt=0, description="Last account of the range.")
    set_apart: tuple[int, ...] = Field(
        default=(),
        description="Accounts that do not count when the next free one is looked for, e.g. one for sundry customers.",
    )

    further: tuple[Annotated[str, Field(pattern=r"^[0-9]{1,9}-[0-9]{1,9}$")], ...] = Field(
        default=(), description='Further ranges of such accounts, e.g. ["20000-29999"]; none is chosen from them.'
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last or len(str(self.first)) != len(str(self.last)):
            raise ValueError(f"first ({self.first}) and last ({self.last}) must be in order and of the same length")
        return self

    def holds(self, account: int) -> bool:
        """Whether the account lies in the range."""
        return self.first <= account <= self.last

    def knows(self, account: int) -> bool:
        """Whether it is an account of such a party: in the range, in a further one, or set apart."""
        bounds = [tuple(int(end) for end in ends.split("-")) for ends in self.further]
        return self.holds(account) or account in self.set_apart or any(low <= account <= high for low, high in bounds)


class LedgerAccountRule(Options):
    """The account of a VAT group for which neither the document nor the article names one."""

    side: VatSide = Field(description="Revenue (ar) or expense (ap).")
    treatment: str = Field(default="domestic", description="VAT treatment of the exchange format.")
    rate: Decimal | None = Field(default=None, description="Rate in percent; left out: every rate.", examples=["20"])
    destination: str | None = Field(
        default=None, description='Country of the supply for treatment "oss", e.g. "DE"; left out: every country.'
    )
    account: str = Field(pattern="^[0-9]{1,9}$", description="Revenue or expense account.")


class ArticleGroupAccount(LedgerAccountRule):
    """The account of the articles of a group, where an article has none of its own."""

    group: str = Field(description="Article group as CLUE writes it.")


class CashRegister(Options):
    """A register with a cash account of its own."""

    register_id: str = Field(description="Id of the register (Kassen-ID) as CLUE writes it.")
    account: str = Field(pattern="^[0-9]{1,9}$", description="Cash account of this register.")
    symbol: str = Field(
        default="",
        max_length=3,
        description="Booking symbol or document circle of this register; empty: the general one.",
    )


class PaymentMethodAccount(Options):
    """Where the money of a payment method goes."""

    method: str = Field(description='Payment method of cash receipts, e.g. "card", "voucher".')
    account: str = Field(pattern="^[0-9]{1,9}$", description="Account that is debited.")


DEFAULT_LEDGER_ACCOUNTS: tuple[LedgerAccountRule, ...] = (
    LedgerAccountRule(side="ar", rate=Decimal(20), account="4000"),
    LedgerAccountRule(side="ar", rate=Decimal(10), account="4001"),
    LedgerAccountRule(side="ar", treatment="ic_supply", account="4110"),
    LedgerAccountRule(side="ar", treatment="export", account="4200"),
    LedgerAccountRule(side="ar", treatment="advance_received", account="3200"),
    LedgerAccountRule(side="ap", account="5000"),
    LedgerAccountRule(side="ap", treatment="input_vat", account="5000"),
)
"""Only what facts/domain.md 3 (16) and facts/fibu.md 1.10 name: an account that nobody has named is refused."""


class Accounts(Options):
    """The ``[company.accounts]`` table: the accounts that are used where a document names none."""

    debtors: AccountRange = Field(
        default=AccountRange(first=200000, last=299999), description="Person accounts of customers."
    )
    creditors: AccountRange = Field(
        default=AccountRange(first=300000, last=399999), description="Person accounts of suppliers."
    )
    cash: str = Field(default="2700", pattern="^[0-9]{1,9}$", description="Cash account.")
    card: str = Field(default="2880", pattern="^[0-9]{1,9}$", description="Account of card payments under way.")
    bank: str = Field(default="2800", pattern="^[0-9]{1,9}$", description="Bank account.")
    in_transit: str = Field(
        default="2880", pattern="^[0-9]{1,9}$", description="Money in transit: other side of cash put in or taken out."
    )
    debtor_collective: str = Field(
        default="2000", pattern="^[0-9]{1,9}$", description="Collective account of the customers."
    )
    creditor_collective: str = Field(
        default="3300", pattern="^[0-9]{1,9}$", description="Collective account of the suppliers."
    )
    registers: tuple[CashRegister, ...] = Field(default=(), description="Registers with accounts of their own.")
    payment_methods: tuple[PaymentMethodAccount, ...] = Field(
        default=(), description="Accounts of payment methods other than cash, card and transfer."
    )
    ledger: tuple[LedgerAccountRule, ...] = Field(
        default=(), description="Revenue and expense accounts; they go before the built-in ones."
    )

    article_groups: tuple[ArticleGroupAccount, ...] = Field(
        default=(), description="Accounts of article groups; they go before the accounts of the VAT groups."
    )
    unknown: Literal["refuse", "warn"] = Field(
        default="refuse",
        description="What becomes of a document with a revenue or expense account that is not in the chart of "
        "accounts that CLUE has sent. Without such a chart nothing is compared.",
    )

    def ledger_account(self, side: VatSide, treatment: str, rate: Decimal, destination: str = "") -> str | None:
        """The account of a VAT group: the own rules first, then the built-in ones; None where nobody has named one."""
        own = best_rule(self.ledger, side, treatment, rate, destination)
        rule = own or best_rule(DEFAULT_LEDGER_ACCOUNTS, side, treatment, rate)
        return rule.account if rule else None

    def group_account(
        self, group: str, side: VatSide, treatment: str, rate: Decimal, destination: str = ""
    ) -> str | None:
        """The account of an article group, None where nobody has named one."""
        rules = [rule for rule in self.article_groups if rule.group == group]
        rule = best_rule(rules, side, treatment, rate, destination)
        return rule.account if rule else None

    def method_account(self, method: str) -> str | None:
        """The account of a payment method other than cash, or None where nobody has named one."""
        own = next((entry.account for entry in self.payment_methods if entry.method == method), None)
        return own or {"card": self.card, "transfer": self.bank}.get(method)

    def register(self, register_id: str) -> CashRegister:
        """The register, by default on the general cash account."""
        own = next((entry for entry in self.registers if entry.register_id == register_id), None)
        return own or CashRegister(register_id=register_id, account=self.cash)


class Company(BaseModel):
    """One ``[[company]]`` table. Nothing crosses between companies."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=20, description='Key of the company in CLUE (Mandant), e.g. "1".')
    name: str = Field(default="", description="Name that clerks know.")
    fibu: Literal["bmd", "bmd55", "rzl", "datev"] = Field(description="FIBU program of the company.")
    target: str = Field(default="", description="Outbox target of the bookings; empty: the name of the FIBU program.")
    clue_target: str = Field(default="clue", description="Outbox target of what is reported back to CLUE.")
    report_target: str = Field(
        default="", description="Outbox target of the reports of export runs, for people; empty: none are written."
    )
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$", description="Currency of the books.")
    cash_bookings: Literal["single", "daily"] = Field(
        default="single",
        description="Sales at a register as one booking a receipt, or as one a day and register (Tageslosung).",
    )
    export_at: str = Field(
        default="",
        description="When documents are handed to the FIBU: five fields of cron (minute hour day month weekday), e.g. "
        '"0 18 * * 1-5"; what came since then goes out as one run. Empty: at once, every file by itself.',
    )
    file_per: Literal["run", "month"] = Field(
        default="run", description="Bookings as one file a run, or as one for each booking month."
    )
    accounts: Accounts = Field(default=Accounts(), description="Accounts used where a document names none.")
    bmd: BmdOptions = Field(default=BmdOptions(), description="How the BMD of this company is set up.")
    bmd55: Bmd55Options = Field(default=Bmd55Options(), description="How the BMD 5.5 of this company is set up.")
    rzl: RzlOptions = Field(default=RzlOptions(), description="How the RZL of this company is set up.")
    datev: DatevOptions = Field(default=DatevOptions(), description="How the DATEV of this company is set up.")

    @field_validator("export_at")
    @classmethod
    def _readable(cls, export_at: str) -> str:
        """Raise ValueError where it is no schedule."""
        if export_at:
            cron_trigger(export_at)
        return export_at

    @property
    def options(self) -> ProgramOptions:
        """The settings of the company's own FIBU program."""
        programs: dict[str, ProgramOptions] = {
            "bmd": self.bmd,
            "bmd55": self.bmd55,
            "rzl": self.rzl,
            "datev": self.datev,
        }
        return programs[self.fibu]

    @property
    def booking_format(self) -> str:
        """Id of the format of the company's bookings."""
        fixed = self.fibu == "bmd55" and self.bmd55.form == "fixed"
        return "bmd55_fixed" if fixed else f"{self.fibu}_bookings"

    @property
    def account_format(self) -> str:
        """Id of the format of the company's person accounts; BMD 5.5 takes the list of NTCS (nothing else is known)."""
        return "bmd_accounts" if self.fibu == "bmd55" else f"{self.fibu}_accounts"

    @property
    def fibu_target(self) -> str:
        """Name of the target that the bookings go to."""
        return self.target or self.fibu
