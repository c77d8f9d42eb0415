"""Customers and suppliers: one shape, two entities (facts/domain.md 2.4)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from core.documents.base import (
    Account,
    Broken,
    Count,
    Country,
    Currency,
    Day,
    Email,
    Flag,
    Id,
    Language,
    MasterData,
    Model,
    Money,
    Name,
    Number,
    Percent,
    Text,
    Timestamp,
    VatId,
    refuse,
)

VatTreatment = Literal[
    "domestic",
    "export",
    "ic_supply",
    "ic_service",
    "triangular",
    "rc_domestic",
    "small_business",
    "exempt",
    "oss",
    "out_of_scope",
    "advance_received",
    "input_vat",
    "ic_acquisition",
    "rc_received",
    "import_vat",
    "not_deductible",
]
"""What the tax law makes of a supply (facts/domain.md 2.5)."""


class Address(Model):
    """A postal address."""

    kind: Literal["billing", "delivery"] = "billing"
    id: Id | None = None
    company: Text | None = None
    name: Text | None = None
    street: Text | None = None
    street2: Text | None = None
    zip: Annotated[str, Field(max_length=20)] | None = None
    city: Text | None = None
    country: Country
    email: Email | None = None
    phone: Text | None = None


class Contact(Model):
    """A person to talk to."""

    name: Name
    role: Text | None = None
    email: Email | None = None
    phone: Text | None = None


class BankAccount(Model):
    """A bank account of the party."""

    iban: Annotated[str, Field(pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$")]
    bic: Annotated[str, Field(pattern=r"^[A-Z0-9]{8}([A-Z0-9]{3})?$")] | None = None
    owner: Text | None = None


class CashDiscount(Model):
    """Skonto: a percentage or an amount, for payment within days or until a day."""

    days: Count | None = None
    until: Day | None = None
    percent: Percent | None = None
    amount: Money | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.days is None and self.until is None:
            what = "Beim Skonto fehlt die Frist."
            refuse([Broken("", "discount_incomplete", what, "Bitte „days“ oder „until“ angeben.")])
        if self.percent is None and self.amount is None:
            what = "Beim Skonto fehlt die Höhe."
            refuse([Broken("", "discount_incomplete", what, "Bitte „percent“ oder „amount“ angeben.")])
        return self


class PaymentTerms(Model):
    """When to pay, and what may be deducted for paying early."""

    net_days: Count | None = None
    discounts: tuple[CashDiscount, ...] = ()
    text: Text | None = None


class VatIdCheck(Model):
    """Answer of a UID check; a record to be kept (facts/domain.md 3, fact 5)."""

    at: Timestamp
    level: Literal[1, 2]
    result: Text
    reference: Text | None = None


class Gdpr(Model):
    """Erasure yields to retention: restrict first, erase later (facts/domain.md 3, fact 22)."""

    erase_after: Day | None = None
    restricted: Flag = False


class Party(MasterData):
    """A customer or a supplier."""

    name: Name
    name2: Text | None = None
    number: Number | None = None
    customer_kind: Literal["business", "consumer", "public"] | None = None
    vat_id: VatId | None = None
    vat_id_checked: VatIdCheck | None = None
    tax_number: Text | None = None
    company_register_no: Text | None = None
    gln: Annotated[str, Field(pattern=r"^[0-9]{13}$")] | None = None
    eori: Annotated[str, Field(pattern=r"^[A-Z]{2}[0-9A-Za-z]{1,15}$")] | None = None
    ledger_account: Account | None = None
    collective_account: Account | None = None
    vat_treatment_default: VatTreatment | None = None
    addresses: tuple[Address, ...]
    contacts: tuple[Contact, ...] = ()
    bank_accounts: tuple[BankAccount, ...] = ()
    payment_terms: PaymentTerms | None = None
    payment_method: Text | None = None
    price_list_id: Id | None = None
    discount_percent: Percent | None = None
    credit_limit: Money | None = None
    phone: Text | None = None
    email: Email | None = None
    dunning_block: Flag | None = None
    dunning_level: Count | None = None
    language: Language | None = None
    currency: Currency | None = None
    is_guest: Flag = False
    gdpr: Gdpr | None = None

    @property
    def billing_address(self) -> Address:
        """The address that invoices go to; it also says the party's country."""
        return next(address for address in self.addresses if address.kind == "billing")

    @property
    def country(self) -> str:
        """Country of the billing address."""
        return self.billing_address.country

    @model_validator(mode="after")
    def _has_country(self) -> Self:
        if not any(address.kind == "billing" for address in self.addresses):
            what = "Es fehlt die Rechnungsadresse, aus der das Land hervorgeht."
            refuse(
                [Broken("/addresses", "billing_address_missing", what, "Bitte eine Adresse der Art „billing“ angeben.")]
            )
        return self


class Customer(Party):
    """A customer (Kunde)."""


class Supplier(Party):
    """A supplier (Lieferant)."""
