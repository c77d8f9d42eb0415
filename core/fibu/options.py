"""How one client has set up its BMD or RZL: everything in which two installations differ (facts/fibu.md 7)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator

from core.fibu.booking import BookingKind, VatSide
from core.fibu.program import Limits, ProgramOptions, number_text
from core.fibu.tax_codes import (
    BMD_TAX_CODES,
    RATE_KEYS,
    RZL_TAX_CODES,
    BmdTaxCode,
    Rule,
    RzlTaxCode,
    best_rule,
    rzl_code,
)

BMD_COLUMNS = (
    "satzart", "konto", "gkonto", "belegnr", "belegdatum", "buchdatum", "buchsymbol", "buchcode", "prozent",
    "steuercode", "betrag", "steuer", "text", "extbelegnr", "zziel", "skontopz", "skontotage", "waehrung", "uidnr",
    "kost", "periode", "gegenbuchkz", "verbuchkz", "dokument",
)  # fmt: skip
"""The recommended header of facts/fibu.md 1.3."""

BMD_ACCOUNT_COLUMNS = (
    "Kto-Nr", "Nachname", "Vorname", "Straße", "Plz", "Ort", "Land", "UID-Nummer", "WAE", "ZZiel", "SktoProz1",
    "SktoTage1", "IBAN", "BIC", "E-Mail", "Telefon",
)  # fmt: skip
"""The recommended header of facts/fibu.md 1.11."""


def _plain_heading(heading: str) -> str:
    """A column name that keeps a row a row."""
    if not heading.isprintable() or ";" in heading or heading.encode("cp1252", "ignore").decode("cp1252") != heading:
        raise ValueError(f"{heading!r} cannot be the name of a column")
    return heading


class BmdOptions(ProgramOptions):
    """The ``[company.bmd]`` table: how the NTCS import model of this client is set up."""

    LIMITS: ClassVar[Limits] = Limits("BMD", external_number=20, vat_id=15, symbol=2, cost_center=9, order_number=20)
    TAX_CODES: ClassVar[tuple[BmdTaxCode, ...]] = BMD_TAX_CODES

    date_format: str = Field(default="%d.%m.%Y", description='Form of dates; some clients want "%Y%m%d".')
    columns: tuple[str, ...] = Field(default=BMD_COLUMNS, description="Columns of the booking file, in order.")
    account_columns: tuple[str, ...] = Field(
        default=BMD_ACCOUNT_COLUMNS, description="Columns of the person accounts file, in order."
    )
    document_column: str = Field(
        default="dokument", description='Name of the column for the document file; some clients have "dokumente".'
    )
    tax_codes: tuple[BmdTaxCode, ...] = Field(
        default=(), description="Tax codes of this client; they go before the built-in table."
    )
    symbol_ar: str = Field(default="AR", max_length=2, description="Booking symbol of outgoing invoices.")
    symbol_ar_credit: str = Field(default="AR", max_length=2, description="Booking symbol of outgoing credit notes.")
    symbol_ap: str = Field(default="ER", max_length=2, description="Booking symbol of incoming invoices.")
    symbol_ap_credit: str = Field(default="ER", max_length=2, description="Booking symbol of incoming credit notes.")
    symbol_cash: str = Field(default="KA", max_length=2, description="Booking symbol of cash receipts.")
    text_length: int = Field(default=72, ge=1, le=255, description="Longer booking texts are cut here.")
    leading: Literal["person", "ledger"] = Field(
        default="person",
        description="Leading account of a row: person or money account with gross amounts (variant A), or ledger "
        "account with net amounts (variant B).",
    )
    tax_sign: Literal["opposite", "positive"] = Field(
        default="opposite",
        description="Sign of the column steuer in variant A: opposite to betrag, or as on the paper.",
    )
    credit_note: Literal["inverted", "swapped"] = Field(
        default="inverted",
        description="Credit notes keep buchcode and invert the amounts, or swap buchcode and keep the sign.",
    )
    part_invoices: bool = Field(
        default=False,
        description="Mark advance, part and final invoices and name their order (ts-ablauftyp and ts-ablaufnr, in 5.5 "
        "auftkz and auftnr). Only for a BMD that does not take advances back by itself: the files do.",
    )
    contra_flag: str = Field(default="E", max_length=1, description="Value of the column gegenbuchkz.")
    posting_flag: str = Field(default="A", max_length=1, description="Value of the column verbuchkz.")
    fiscal_year_start: int = Field(default=1, ge=1, le=12, description="First month of the fiscal year, for periode.")

    @field_validator("columns", "account_columns")
    @classmethod
    def _check_columns(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_plain_heading(column) for column in columns)

    @field_validator("document_column")
    @classmethod
    def _check_document_column(cls, column: str) -> str:
        return _plain_heading(column)

    @property
    def names_orders(self) -> bool:
        """Only where the client wants it: a BMD that reverses advances by itself would do so twice."""
        return self.part_invoices

    @property
    def header(self) -> tuple[str, ...]:
        """Names of the columns as this client's import model knows them."""
        return tuple(self.document_column if column == "dokument" else column for column in self.columns)

    def tax_code(self, side: VatSide, treatment: str, rate: Decimal, destination: str = "") -> BmdTaxCode | None:
        """The tax code of a posting, or None where nobody has named one."""
        own = best_rule(self.tax_codes, side, treatment, rate, destination)
        return own or best_rule(self.TAX_CODES, side, treatment, rate)

    def rules(self) -> Iterable[Rule]:
        """The client's rules, then the built-in ones."""
        return (*self.tax_codes, *self.TAX_CODES)

    def written(self, rule: Rule, rate: Decimal) -> tuple[str, ...]:
        """The columns steuercode and prozent."""
        if not isinstance(rule, BmdTaxCode):
            raise TypeError(f"{rule!r} is no BMD tax code")
        return rule.code, number_text(rate if rule.percent is None else rule.percent)

    def symbol(self, kind: BookingKind, credit: bool) -> str:
        """The booking symbol of a document of this kind."""
        if kind == "ar":
            return self.symbol_ar_credit if credit else self.symbol_ar
        if kind == "ap":
            return self.symbol_ap_credit if credit else self.symbol_ap
        return self.symbol_cash

    def with_columns(self, *needed: str) -> Self:
        """The same with these columns appended, where they are not there already (NTCS goes by header name)."""
        missing = tuple(column for column in needed if column not in self.columns)
        return self.model_copy(update={"columns": self.columns + missing}) if missing else self


class RzlOptions(ProgramOptions):
    """The ``[company.rzl]`` table: how the RZL of this client is set up."""

    LIMITS: ClassVar[Limits] = Limits(
        "RZL",
        external_number=19,
        vat_id=14,
        symbol=3,
        cost_center=7,
        document_types=(".pdf", ".jpg", ".png"),
        discounts=1,
        largest=Decimal("9999999999.99"),
    )

    header_row: bool = Field(default=False, description="Write a first row with the names of the columns.")
    tax_codes: tuple[RzlTaxCode, ...] = Field(
        default=(), description="VAT keys of this client; they go before the built-in table."
    )
    circle_ar: str = Field(default="AR", max_length=3, description="Document circle of outgoing invoices.")
    circle_ap: str = Field(default="ER", max_length=3, description="Document circle of incoming invoices.")
    circle_cash: str = Field(default="KA", max_length=3, description="Document circle of cash receipts.")
    number_length: int = Field(default=15, ge=1, le=16, description="Longest document number; some versions take 16.")
    vat_country: str = Field(default="1", max_length=2, description="VAT country number; 1 is Austria.")
    reverse_charge: Literal["code_5", "code_3_special_05"] = Field(
        default="code_5", description="How reverse charge is coded: code 5, or code 3 with special code 05 (older)."
    )
    self_assessed_amount: Literal["net", "gross"] = Field(
        default="net", description="Amount on the expense side of acquisitions and reverse charge."
    )
    credit_note: Literal["swap", "negate"] = Field(
        default="swap", description="Credit notes swap debit and credit, or keep the sides and negate the amounts."
    )
    collective_line: Literal["first", "last"] = Field(
        default="first", description="Where the collective line of a split credit note stands."
    )
    split_contra: Literal["person", "zero"] = Field(
        default="person", description="Contra account of a split line: the leading account, or 0."
    )

    @property
    def names_orders(self) -> bool:
        """RZL has no field for it."""
        return False

    def tax_code(self, side: VatSide, treatment: str, rate: Decimal, destination: str = "") -> RzlTaxCode | None:
        """The VAT key of a posting, or None where nobody has named one."""
        own = best_rule(self.tax_codes, side, treatment, rate, destination)
        if own is None and (side, treatment) == ("ap", "rc_received"):
            key = next((key for known, key in RATE_KEYS if Decimal(known) == rate), None)
            code, special = ("5", "0") if self.reverse_charge == "code_5" else ("3", "05")
            return None if key is None else rzl_code("ap", treatment, key, code, special=special)
        return own or best_rule(RZL_TAX_CODES, side, treatment, rate)

    def rules(self) -> Iterable[Rule]:
        """The client's rules, then the built-in ones."""
        received = (self.tax_code("ap", "rc_received", Decimal(rate)) for rate, _ in RATE_KEYS)
        return (*self.tax_codes, *RZL_TAX_CODES, *(rule for rule in received if rule))

    def written(self, rule: Rule, rate: Decimal) -> tuple[str, ...]:
        """The fields 16 to 19: VAT country, key, code, special code."""
        del rate  # the key says it
        if not isinstance(rule, RzlTaxCode):
            raise TypeError(f"{rule!r} is no RZL tax code")
        return rule.country or self.vat_country, rule.key, rule.code, rule.special

    def symbol(self, kind: BookingKind, credit: bool) -> str:
        """The document circle of a document of this kind."""
        del credit  # a credit note stays in the circle of its invoices
        return {"ar": self.circle_ar, "ap": self.circle_ap}.get(kind, self.circle_cash)
