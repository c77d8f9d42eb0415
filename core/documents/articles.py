"""Articles, price lists, stock levels and ledger accounts (facts/domain.md 2.4)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from core.documents.base import (
    Account,
    Count,
    Country,
    Currency,
    Day,
    Document,
    Flag,
    Id,
    MasterData,
    Measure,
    Model,
    Name,
    Number,
    Percent,
    Quantity,
    Text,
    Timestamp,
    Unit,
)


class LedgerAccount(MasterData):
    """An account of the general ledger (Sachkonto); entity ``account``."""

    number: Account
    name: Name
    kind: Literal["balance", "expense", "revenue", "collective", "tax"]
    vat_rate: Percent | None = None
    """Rate that the account stands for, in percent (facts/domain.md 3, fact 17)."""


class SupplierArticle(Model):
    """The article as a supplier sells it."""

    supplier_id: Id
    number: Number | None = None
    price: Quantity | None = None
    min_qty: Quantity | None = None
    lead_days: Count | None = None


class BasePrice(Model):
    """Unit of the base price (Grundpreis)."""

    qty: Quantity
    unit: Unit


class Article(MasterData):
    """An article (Artikel)."""

    sku: Number | None = None
    """Number of the article; the id where it is missing."""
    name: Name
    unit: Unit
    vat_class: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
    """Key into ``core.fibu.vat_rates``: the rate depends on country and date of supply."""
    gtin: Annotated[str, Field(pattern=r"^([0-9]{8}|[0-9]{12,14})$")] | None = None
    pzn: Annotated[str, Field(pattern=r"^[0-9]{7,8}$")] | None = None
    manufacturer_no: Number | None = None
    supplier_articles: tuple[SupplierArticle, ...] = ()
    description: Mapping[str, str] = Field(default_factory=dict)
    """Text by language."""
    group: Text | None = None
    weight_kg: Measure | None = None
    length_cm: Measure | None = None
    width_cm: Measure | None = None
    height_cm: Measure | None = None
    origin_country: Country | None = None
    customs_tariff_no: Annotated[str, Field(pattern=r"^[0-9]{6,11}$")] | None = None
    variant_of: Id | None = None
    attributes: Mapping[str, Any] = Field(default_factory=dict)
    stock_tracked: Flag | None = None
    divisible: Flag | None = None
    base_price: BasePrice | None = None
    revenue_account: Account | None = None
    expense_account: Account | None = None
    images: tuple[Text, ...] = ()


class PriceListItem(Model):
    """One price (with four decimals at most) of a price list."""

    article_id: Id
    min_qty: Quantity | None = None
    price: Quantity
    valid_from: Day | None = None
    valid_to: Day | None = None
    unit: Unit | None = None
    price_per: Quantity | None = None


class PriceList(MasterData):
    """A price list (Preisliste), for all, for one customer or for a group of them."""

    name: Text | None = None
    currency: Currency
    prices_include_tax: Flag
    items: tuple[PriceListItem, ...]
    customer_id: Id | None = None
    customer_group: Text | None = None


class NextReceipt(Model):
    """The next delivery that is expected."""

    date: Day
    qty: Quantity


class StockLevel(Document):
    """Stock of one article (Lagerstand); ``available`` is on hand less reserved, what shops are told."""

    article_id: Id
    available: Quantity
    as_of: Timestamp
    warehouse: Text | None = None
    on_hand: Quantity | None = None
    reserved: Quantity | None = None
    ordered: Quantity | None = None
    next_receipt: NextReceipt | None = None
