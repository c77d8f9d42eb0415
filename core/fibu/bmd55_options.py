"""How one client has set up its BMD 5.5, the program before NTCS (facts/fibu.md 1.9)."""

from decimal import Decimal
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from core.fibu.options import BmdOptions
from core.fibu.program import Limits
from core.fibu.tax_codes import BMD55_TAX_CODES, BmdTaxCode

BMD55_NAMES = {
    "buchdatum": "buchdat", "gkonto": "gkto", "belegdatum": "belegdat", "prozent": "mwst", "steuercode": "steucod",
    "buchcode": "bucod", "buchsymbol": "symbol",
}  # fmt: skip
"""What a column of NTCS is called in 5.5 (facts/fibu.md 1.9, "5.5 -> NTCS names")."""

BMD55_COLUMNS = (
    "satzart", "konto", "buchdat", "gkto", "belegnr", "belegdat", "kost", "mwst", "steucod", "bucod", "betrag",
    "steuer", "skonto", "periode", "waehrung", "fwkurs", "fwfaktor", "fwbetrag", "fwsteuer", "fwskonto", "text",
    "symbol", "extbelegnr", "zziel", "skontopz", "skontotage", "skontopz2", "skontotage2", "uidnr", "kotraeger",
    "auftkz", "auftnr", "leistdat", "gegenbuchkz", "verbuchkz",
)  # fmt: skip
"""The header of facts/fibu.md 1.9, and the further fields of its fixed record that documents can fill."""


class Bmd55Options(BmdOptions):
    """The ``[company.bmd55]`` table: how the BMD 5.5 of this client is set up."""

    LIMITS: ClassVar[Limits] = Limits(
        "BMD 5.5", external_number=12, vat_id=15, symbol=2, cost_center=9, largest=Decimal("999999999999999.99")
    )
    TAX_CODES: ClassVar[tuple[BmdTaxCode, ...]] = BMD55_TAX_CODES

    form: Literal["variable", "fixed"] = Field(
        default="variable", description="Rows with semicolons and a header, or records of 480 characters."
    )
    date_format: str = Field(default="%Y%m%d", description="Form of dates.")
    columns: tuple[str, ...] = Field(
        default=BMD55_COLUMNS, description="Columns of the variable form, in order; the fixed form has none."
    )
    text_length: int = Field(default=18, ge=1, le=18, description="Longer booking texts are cut here.")
    number_length: int = Field(
        default=9, ge=1, le=9, description="Most digits of a document number; other characters are left out."
    )

    @model_validator(mode="after")
    def _fits_the_record(self) -> Self:
        if any(not (rule.code.isdigit() and len(rule.code) == 2) for rule in self.tax_codes):
            raise ValueError("tax codes of BMD 5.5 have two digits")
        if self.form == "fixed" and self.encoding == "utf-8":
            raise ValueError("records of a fixed length need an encoding with one byte a character")
        if self.form == "fixed" and self.date_format != "%Y%m%d":
            raise ValueError('dates of the fixed form are "%Y%m%d"')
        return self

    def with_columns(self, *needed: str) -> Self:
        """The same: its columns are those that 5.5 knows, and they hold a foreign currency already."""
        del needed
        return self
