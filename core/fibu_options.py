"""How one client has set up its BMD or RZL: everything in which two installations differ (facts/fibu.md 7).

Tax codes are data. A code of the configuration goes before the default of the same side, treatment and rate; a
treatment for which nobody has named a code is refused, never guessed.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from core.booking import NO_TAX, BookingKind, VatSide

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


class Options(BaseModel):
    """Base of every table of settings here: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _TaxRule(Options):
    side: VatSide = Field(description="Outgoing (ar) or incoming (ap).")
    treatment: str = Field(description='VAT treatment of the exchange format, e.g. "domestic", "oss".')
    rate: Decimal | None = Field(default=None, description="Rate in percent; left out: every rate.")
    destination: str | None = Field(
        default=None, description='Country of the supply for treatment "oss", e.g. "DE"; left out: every country.'
    )


class BmdTaxCode(_TaxRule):
    """One row of the BMD tax code table."""

    code: str = Field(max_length=3, description="Value of the column steuercode; empty: no tax code.")
    percent: Decimal | None = Field(default=None, description="Value of the column prozent; left out: the rate itself.")


class RzlTaxCode(_TaxRule):
    """One row of the RZL VAT key table."""

    key: str = Field(max_length=2, description="VAT key (field 17).")
    code: str = Field(max_length=1, description="VAT code (field 18).")
    special: str = Field(default="0", max_length=2, description="VAT special code (field 19).")
    country: str = Field(default="", max_length=2, description="VAT country (field 16); empty: the general setting.")


class Rule(Protocol):
    """What every rule says about the postings it is for."""

    @property
    def side(self) -> VatSide: ...
    @property
    def treatment(self) -> str: ...
    @property
    def rate(self) -> Decimal | None: ...
    @property
    def destination(self) -> str | None: ...


_Rule = TypeVar("_Rule", bound=Rule)


def best_rule(
    rules: Iterable[_Rule], side: VatSide, treatment: str, rate: Decimal, destination: str = ""
) -> _Rule | None:
    """The rule that fits a posting and says most about it: its country, then its rate, then the first; or None."""
    fitting = [
        rule
        for rule in rules
        if rule.side == side
        and rule.treatment == treatment
        and rule.rate in {None, rate}
        and rule.destination in {None, destination}
    ]
    return max(fitting, key=lambda rule: (rule.destination is not None, rule.rate is not None), default=None)


def _bmd(side: VatSide, treatment: str, code: str, percent: str | None = None) -> BmdTaxCode:
    return BmdTaxCode(side=side, treatment=treatment, code=code, percent=None if percent is None else Decimal(percent))


BMD_TAX_CODES: tuple[BmdTaxCode, ...] = (
    _bmd("ar", "domestic", "1"),
    _bmd("ar", "ic_supply", "7", "0"),
    _bmd("ar", "ic_service", "77", "0"),
    _bmd("ar", "rc_domestic", "27", "0"),
    _bmd("ar", "export", "5", "0"),
    _bmd("ar", "small_business", "16", "0"),
    _bmd("ar", "exempt", "17", "0"),
    _bmd("ar", "out_of_scope", "", "0"),
    _bmd("ap", "domestic", "2"),
    _bmd("ap", "input_vat", "2"),
    _bmd("ap", "ic_acquisition", "9"),
    _bmd("ap", "rc_received", "19"),
    _bmd("ap", "rc_domestic", "29"),
    _bmd("ap", "import_vat", "34"),
    _bmd("ap", "small_business", "", "0"),
    _bmd("ap", "exempt", "", "0"),
    _bmd("ap", "out_of_scope", "", "0"),
    _bmd("ar", NO_TAX, "", "0"),
    _bmd("ap", NO_TAX, "", "0"),
)
"""The suggested default mapping of facts/fibu.md 1.7; OSS and triangular transactions are left out on purpose."""


def _rzl(
    side: VatSide, treatment: str, key: str, code: str, *, rate: str | None = None, special: str = "0"
) -> RzlTaxCode:
    return RzlTaxCode(
        side=side,
        treatment=treatment,
        key=key,
        code=code,
        special=special,
        rate=None if rate is None else Decimal(rate),
    )


_RZL_RATE_KEYS = (("20", "20"), ("13", "13"), ("10", "10"), ("19", "19"), ("4.9", "49"))
"""Rate and VAT key (facts/fibu.md 3.4)."""

RZL_TAX_CODES: tuple[RzlTaxCode, ...] = (
    *(_rzl("ar", "domestic", key, "2", rate=rate) for rate, key in _RZL_RATE_KEYS),
    _rzl("ar", "export", "01", "2"),
    _rzl("ar", "ic_supply", "02", "2"),
    _rzl("ar", "ic_service", "03", "2"),
    *(_rzl("ap", "domestic", key, "1", rate=rate) for rate, key in _RZL_RATE_KEYS),
    *(_rzl("ap", "input_vat", key, "1", rate=rate) for rate, key in _RZL_RATE_KEYS),
    *(_rzl("ap", "ic_acquisition", key, "3", rate=rate) for rate, key in _RZL_RATE_KEYS),
    *(
        _rzl(side, treatment, "0", "0")
        for side in ("ar", "ap")
        for treatment in ("small_business", "exempt", "out_of_scope", NO_TAX)
    ),
)
"""The mapping of facts/fibu.md 3.4 but for reverse charge, which has a switch of its own."""


class BmdOptions(Options):
    """The ``[company.bmd]`` table: how the NTCS import model of this client is set up."""

    encoding: str = Field(default="cp1252", description="Text encoding of the files.")
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
    number_length: int = Field(default=20, ge=1, description="Longest document number that the import takes.")
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
    contra_flag: str = Field(default="E", max_length=1, description="Value of the column gegenbuchkz.")
    posting_flag: str = Field(default="A", max_length=1, description="Value of the column verbuchkz.")
    fiscal_year_start: int = Field(default=1, ge=1, le=12, description="First month of the fiscal year, for periode.")

    @property
    def header(self) -> tuple[str, ...]:
        """Names of the columns as this client's import model knows them."""
        return tuple(self.document_column if column == "dokument" else column for column in self.columns)

    def tax_code(self, side: VatSide, treatment: str, rate: Decimal, destination: str = "") -> BmdTaxCode | None:
        """The tax code of a posting, or None where nobody has named one."""
        own = best_rule(self.tax_codes, side, treatment, rate, destination)
        return own or best_rule(BMD_TAX_CODES, side, treatment, rate)

    def symbol(self, kind: BookingKind, credit: bool) -> str:
        """The booking symbol of a document of this kind."""
        if kind == "ar":
            return self.symbol_ar_credit if credit else self.symbol_ar
        if kind == "ap":
            return self.symbol_ap_credit if credit else self.symbol_ap
        return self.symbol_cash

    def with_columns(self, *needed: str) -> "BmdOptions":
        """The same with these columns appended, where they are not there already (NTCS goes by header name)."""
        missing = tuple(column for column in needed if column not in self.columns)
        return self.model_copy(update={"columns": self.columns + missing}) if missing else self


class RzlOptions(Options):
    """The ``[company.rzl]`` table: how the RZL of this client is set up."""

    encoding: str = Field(default="cp1252", description="Text encoding of the files.")
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

    def tax_code(self, side: VatSide, treatment: str, rate: Decimal, destination: str = "") -> RzlTaxCode | None:
        """The VAT key of a posting, or None where nobody has named one."""
        own = best_rule(self.tax_codes, side, treatment, rate, destination)
        if own is None and (side, treatment) == ("ap", "rc_received"):
            key = next((key for known, key in _RZL_RATE_KEYS if Decimal(known) == rate), None)
            code, special = ("5", "0") if self.reverse_charge == "code_5" else ("3", "05")
            return None if key is None else _rzl("ap", treatment, key, code, special=special)
        return own or best_rule(RZL_TAX_CODES, side, treatment, rate)

    def circle(self, kind: BookingKind) -> str:
        """The document circle of a document of this kind."""
        return {"ar": self.circle_ar, "ap": self.circle_ap}.get(kind, self.circle_cash)
