"""Settings of a company: what overrides what, and what is refused at the start."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from core.company import AccountRange, Company
from core.fibu.options import BmdOptions, RzlOptions
from core.fibu.tax_codes import BmdTaxCode, RzlTaxCode

TWENTY = Decimal(20)


def test_an_own_tax_code_goes_before_the_built_in_one() -> None:
    options = BmdOptions(tax_codes=(BmdTaxCode(side="ar", treatment="domestic", rate=TWENTY, code="3"),))

    codes = {rate: options.tax_code("ar", "domestic", Decimal(rate)) for rate in ("20", "10")}

    assert {rate: code.code for rate, code in codes.items() if code} == {"20": "3", "10": "1"}


def test_the_rule_that_says_most_is_taken() -> None:
    options = RzlOptions(
        tax_codes=tuple(
            RzlTaxCode(side="ar", treatment="oss", destination=country, rate=rate, key=key, code="2")
            for country, rate, key in (
                (None, None, "1"),
                (None, Decimal(21), "2"),
                ("NL", None, "3"),
                ("NL", Decimal(9), "4"),
            )
        )
    )

    found = {
        place: options.tax_code("ar", "oss", Decimal(place[1]), place[0])
        for place in (("FR", "20"), ("BE", "21"), ("NL", "21"), ("NL", "9"))
    }

    assert [code.key for code in found.values() if code] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("side", "treatment"),
    [("ar", "oss"), ("ar", "triangular"), ("ap", "advance_received"), ("ap", "triangular"), ("ar", "made_up")],
)
@pytest.mark.parametrize("options", [BmdOptions(), RzlOptions()])
def test_nobody_guesses_a_tax_code(options: BmdOptions | RzlOptions, side: str, treatment: str) -> None:
    assert options.tax_code(side, treatment, TWENTY, "DE") is None  # type: ignore[arg-type]


def test_advance_invoices_have_a_special_code_in_rzl_and_none_that_is_known_in_bmd() -> None:
    """facts/fibu.md 3.4, Sondercode 29."""
    keys = {rate: RzlOptions().tax_code("ar", "advance_received", Decimal(rate)) for rate in ("20", "13", "10", "4.9")}

    assert {rate: (code.key, code.code, code.special) for rate, code in keys.items() if code} == {
        "20": ("20", "2", "29"),
        "13": ("13", "2", "29"),
        "10": ("10", "2", "29"),
    }
    assert BmdOptions().tax_code("ar", "advance_received", TWENTY) is None


@pytest.mark.parametrize(
    ("treatment", "rate", "expected"),
    [
        ("domestic", "20", ("1", "20")),
        ("domestic", "4.9", ("1", "4.9")),
        ("ic_supply", "0", ("7", "0")),
        ("ic_service", "0", ("77", "0")),
        ("rc_domestic", "0", ("27", "0")),
        ("export", "0", ("5", "0")),
        ("small_business", "0", ("16", "0")),
        ("exempt", "0", ("17", "0")),
    ],
)
def test_the_suggested_bmd_codes_of_outgoing_documents(treatment: str, rate: str, expected: tuple[str, str]) -> None:
    """facts/fibu.md 1.7, "Suggested default mapping"."""
    code = BmdOptions().tax_code("ar", treatment, Decimal(rate))

    assert code is not None
    assert (code.code, str(Decimal(rate) if code.percent is None else code.percent)) == expected


def test_an_own_account_goes_before_the_built_in_one() -> None:
    company = Company.model_validate(
        {
            "id": "1",
            "fibu": "bmd",
            "accounts": {
                "ledger": [
                    {"side": "ar", "rate": "20", "account": "4020"},
                    {"side": "ar", "treatment": "oss", "destination": "DE", "account": "4211"},
                ]
            },
        }
    )

    assert [
        company.accounts.ledger_account("ar", "domestic", TWENTY),
        company.accounts.ledger_account("ar", "domestic", Decimal(10)),
        company.accounts.ledger_account("ar", "domestic", Decimal(13)),
        company.accounts.ledger_account("ar", "oss", Decimal(19), "DE"),
        company.accounts.ledger_account("ar", "oss", Decimal(19), "FR"),
    ] == ["4020", "4001", None, "4211", None]


@pytest.mark.parametrize(
    "wrong",
    [
        {"encoding": "utf-8-sig"},
        {"encoding": "klingon"},
        {"columns": ["konto;gkonto"]},
        {"account_columns": ["Kto\n"]},
        {"document_column": "dok\u4e2d"},
        {"text_length": 0},
        {"colums": []},
    ],
)
def test_settings_that_would_spoil_a_file_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        BmdOptions.model_validate(wrong)


@pytest.mark.parametrize(("first", "last"), [(300000, 200000), (20000, 299999)])
def test_a_range_has_an_order_and_one_length(first: int, last: int) -> None:
    with pytest.raises(ValidationError):
        AccountRange(first=first, last=last)


@pytest.mark.parametrize("rate", ["0", "7", "19.6"])
def test_bmd_knows_only_the_domestic_rates(rate: str) -> None:
    assert BmdOptions().tax_code("ar", "domestic", Decimal(rate)) is None


@pytest.mark.parametrize(("rate", "key"), [("20", "20"), ("4.9", "49"), ("0", "0"), ("7", None)])
def test_the_rzl_key_is_the_rate(rate: str, key: str | None) -> None:
    """facts/fibu.md 3.4."""
    code = RzlOptions().tax_code("ar", "domestic", Decimal(rate))

    assert (code.key if code else None) == key
