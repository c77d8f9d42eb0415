"""Tax codes as data: which code a VAT treatment and rate has in a FIBU program (facts/fibu.md 1.7, 3.4).

A code of the configuration goes before the built-in one of the same side, treatment and rate; a treatment for which
nobody has named a code is refused, never guessed.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from core.fibu.booking import NO_TAX, VatSide

_TREATMENT_LABELS = {
    "domestic": "Inland",
    "input_vat": "Vorsteuer",
    "export": "Ausfuhr",
    "ic_supply": "innergemeinschaftliche Lieferung",
    "ic_service": "innergemeinschaftliche Leistung",
    "ic_acquisition": "innergemeinschaftlicher Erwerb",
    "triangular": "Dreiecksgeschäft",
    "rc_domestic": "Übergang der Steuerschuld im Inland",
    "rc_received": "Übergang der Steuerschuld, empfangene Leistung",
    "small_business": "Kleinunternehmer",
    "exempt": "unecht befreit",
    "oss": "OSS",
    "out_of_scope": "nicht steuerbar",
    "advance_received": "Anzahlung",
    "import_vat": "Einfuhrumsatzsteuer",
    "not_deductible": "Vorsteuer nicht abziehbar",
}


_OF_PURCHASES = frozenset({"input_vat", "ic_acquisition", "rc_received", "import_vat", "not_deductible"})
"""Treatments that incoming documents alone have."""
SELF_ASSESSED = frozenset({"ic_acquisition", "rc_received", "rc_domestic", "triangular"})
"""Treatments of incoming documents whose VAT we owe ourselves."""


def treatment_label(treatment: str) -> str:
    """What a clerk calls a VAT treatment of the exchange format."""
    return _TREATMENT_LABELS.get(treatment, treatment)


def posting_label(side: VatSide, treatment: str, destination: str = "") -> str:
    """What a clerk calls the VAT of a posting; what both sides know says so where it is bought."""
    if treatment == NO_TAX:
        return "ohne Umsatzsteuer"
    bought = " (Eingang)" if side == "ap" and treatment not in _OF_PURCHASES else ""
    return f"{treatment_label(treatment)}{bought} {destination}".rstrip()


class Options(BaseModel):
    """Base of every table of settings here: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _TaxRule(Options):
    side: VatSide = Field(description="Outgoing (ar) or incoming (ap).")
    treatment: str = Field(description='VAT treatment of the exchange format, e.g. "domestic", "oss".')
    rate: Decimal | None = Field(default=None, description="Rate in percent; left out: every rate.", examples=["20"])
    destination: str | None = Field(
        default=None, description='Country of the supply for treatment "oss", e.g. "DE"; left out: every country.'
    )


class BmdTaxCode(_TaxRule):
    """One row of the BMD tax code table."""

    code: str = Field(max_length=3, description="Value of the column steuercode; empty: no tax code.", examples=["09"])
    percent: Decimal | None = Field(
        default=None, description="Value of the column prozent; left out: the rate itself.", examples=["20"]
    )


class RzlTaxCode(_TaxRule):
    """One row of the RZL VAT key table."""

    key: str = Field(max_length=2, description="VAT key (field 17).")
    code: str = Field(max_length=1, description="VAT code (field 18).")
    special: str = Field(default="0", max_length=2, description="VAT special code (field 19).")
    country: str = Field(default="", max_length=2, description="VAT country (field 16); empty: the general setting.")


class DatevTaxKey(_TaxRule):
    """One row of the DATEV key table."""

    key: str = Field(
        max_length=4,
        pattern="^[0-9]*$",
        description="BU-Schlüssel; empty: none, the account itself carries its tax or there is none.",
    )


class Rule(Protocol):
    """What every rule says about the postings it is for."""

    @property
    def side(self) -> VatSide:
        """Outgoing or incoming."""

    @property
    def treatment(self) -> str:
        """VAT treatment of the exchange format."""

    @property
    def rate(self) -> Decimal | None:
        """Rate in percent; None fits every rate."""

    @property
    def destination(self) -> str | None:
        """Country of an OSS supply; None fits every country."""


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


RATE_KEYS = (("20", "20"), ("13", "13"), ("10", "10"), ("19", "19"), ("4.9", "49"))
"""Domestic rates, each with its VAT key in RZL (facts/fibu.md 3.4)."""


def _bmd(
    side: VatSide, treatment: str, code: str, percent: str | None = None, *, rate: str | None = None
) -> BmdTaxCode:
    return BmdTaxCode(
        side=side,
        treatment=treatment,
        code=code,
        rate=None if rate is None else Decimal(rate),
        percent=None if percent is None else Decimal(percent),
    )


BMD_TAX_CODES: tuple[BmdTaxCode, ...] = (
    *(_bmd("ar", "domestic", "1", rate=rate) for rate, _ in RATE_KEYS),
    _bmd("ar", "ic_supply", "7", "0"),
    _bmd("ar", "ic_service", "77", "0"),
    _bmd("ar", "rc_domestic", "27", "0"),
    _bmd("ar", "export", "5", "0"),
    _bmd("ar", "small_business", "16", "0"),
    _bmd("ar", "exempt", "17", "0"),
    _bmd("ar", "out_of_scope", "", "0"),
    *(_bmd("ap", treatment, "2", rate=rate) for treatment in ("domestic", "input_vat") for rate, _ in RATE_KEYS),
    _bmd("ap", "ic_acquisition", "9"),
    _bmd("ap", "rc_received", "19"),
    _bmd("ap", "rc_domestic", "29"),
    _bmd("ap", "import_vat", "34"),
    _bmd("ap", "small_business", "", "0"),
    _bmd("ap", "exempt", "", "0"),
    _bmd("ap", "out_of_scope", "", "0"),
    _bmd("ap", "not_deductible", "", "0"),
    _bmd("ar", NO_TAX, "", "0"),
    _bmd("ap", NO_TAX, "", "0"),
)
"""The suggested default mapping of facts/fibu.md 1.7; OSS, triangular transactions and 0 % without a reason are left
out on purpose: no source knows a code for them, nor for advance invoices. VAT that is not deductible is part of the
expense, so its line needs no code."""


def rzl_code(
    side: VatSide, treatment: str, key: str, code: str, *, rate: str | None = None, special: str = "0"
) -> RzlTaxCode:
    """Make one row of the RZL table."""
    return RzlTaxCode(
        side=side,
        treatment=treatment,
        key=key,
        code=code,
        special=special,
        rate=None if rate is None else Decimal(rate),
    )


RZL_TAX_CODES: tuple[RzlTaxCode, ...] = (
    *(rzl_code("ar", "domestic", key, "2", rate=rate) for rate, key in RATE_KEYS),
    rzl_code("ar", "export", "01", "2"),
    rzl_code("ar", "ic_supply", "02", "2"),
    rzl_code("ar", "ic_service", "03", "2"),
    *(rzl_code("ap", "domestic", key, "1", rate=rate) for rate, key in RATE_KEYS),
    *(rzl_code("ap", "input_vat", key, "1", rate=rate) for rate, key in RATE_KEYS),
    *(rzl_code("ap", "ic_acquisition", key, "3", rate=rate) for rate, key in RATE_KEYS),
    *(rzl_code(side, "domestic", "0", "0", rate="0") for side in ("ar", "ap")),
    rzl_code("ap", "input_vat", "0", "0", rate="0"),
    rzl_code("ap", "not_deductible", "0", "0"),
    *(rzl_code("ar", "advance_received", key, "2", rate=key, special="29") for key in ("20", "13", "10")),
    *(
        rzl_code(side, treatment, "0", "0")
        for side in ("ar", "ap")
        for treatment in ("small_business", "exempt", "out_of_scope", NO_TAX)
    ),
)
"""The mapping of facts/fibu.md 3.4 but for reverse charge, which has a switch of its own."""


BMD55_TAX_CODES: tuple[BmdTaxCode, ...] = (
    *(_bmd("ar", "domestic", "01", rate=rate) for rate, _ in RATE_KEYS),
    _bmd("ar", "ic_supply", "07", "0"),
    *(_bmd("ap", treatment, "00", rate=rate) for treatment in ("domestic", "input_vat") for rate, _ in RATE_KEYS),
    _bmd("ap", "ic_acquisition", "09"),
    _bmd("ap", "rc_received", "19"),
    *(_bmd("ap", treatment, "00", "0") for treatment in ("small_business", "exempt", "out_of_scope", NO_TAX)),
    *(_bmd("ar", treatment, "00", "0") for treatment in ("out_of_scope", NO_TAX)),
)
"""The codes of BMD 5.5 in facts/fibu.md 1.7. What they do not name (export, services, exempt turnover) is left out."""


DATEV_TAX_KEYS: tuple[DatevTaxKey, ...] = (
    *(DatevTaxKey(side="ap", treatment=treatment, key="") for treatment in ("small_business", "exempt")),
    *(DatevTaxKey(side="ar", treatment=treatment, key="") for treatment in ("out_of_scope", NO_TAX)),
    *(DatevTaxKey(side="ap", treatment=treatment, key="") for treatment in ("out_of_scope", NO_TAX)),
)
"""Only what has no tax: no source knows the Austrian BU-Schlüssel (facts/fibu.md 6), so the client's must be named."""
