"""Every VAT treatment on either side, in both programs as they are delivered: booked, or refused with the reason."""

from decimal import Decimal
from typing import Any, get_args

import pytest

from core.company import Accounts, Company, LedgerAccountRule
from core.contracts import Put, Warn
from core.documents import VatTreatment
from core.errors import RuleError
from core.fibu.options import BmdOptions
from core.fibu.tax_codes import BmdTaxCode
from tests.fibu.rendering import emitted, exported
from tests.ledgers import MemoryLedger

TREATMENTS = get_args(VatTreatment)
CHARGED = {"domestic", "input_vat", "oss", "not_deductible", "import_vat", "advance_received"}
OTHER_SIDE = "fibu_treatment_of_other_side"
NO_CODE = "fibu_tax_code_missing"
REFUSED = {
    ("bmd", "ar"): {"triangular": NO_CODE, "oss": NO_CODE, "advance_received": NO_CODE},
    ("rzl", "ar"): {"triangular": NO_CODE, "oss": NO_CODE, "rc_domestic": NO_CODE},
    ("bmd", "ap"): {"triangular": NO_CODE, "advance_received": NO_CODE},
    ("rzl", "ap"): dict.fromkeys(("triangular", "rc_domestic", "import_vat", "advance_received"), NO_CODE),
}
"""What no source knows a code for (facts/fibu.md 1.7, 3.4); the other side's treatments are added below."""
OF_OTHER_SIDE = {
    "ar": ("input_vat", "ic_acquisition", "rc_received", "import_vat", "not_deductible"),
    "ap": ("export", "ic_supply", "ic_service", "oss"),
}
ACCOUNTS = Accounts(
    ledger=tuple(
        LedgerAccountRule(side=side, treatment=treatment, account=account)
        for side, account in (("ar", "4000"), ("ap", "5000"))
        for treatment in TREATMENTS
    )
)


def document(side: str, treatment: str, *, vat_id: str | None = "DE123456789") -> dict[str, Any]:
    rate, vat = ("20", "20.00") if treatment in CHARGED else ("0", "0.00")
    net = "0.00" if treatment == "import_vat" else "100.00"
    group = {"vat_category": "S", "vat_rate": rate, "net": net, "vat": vat, "vat_treatment": treatment, "country": "DE"}
    line = {"line_id": "1", "qty": "1", "unit_price": net, "net": net, "vat_category": "S", "vat_rate": rate}
    gross = f"{Decimal(net) + Decimal(vat):.2f}"
    data = {
        "direction": side,
        "document_type": "invoice",
        "number": "1",
        "external_number": "1",
        "issue_date": "2026-11-20",
        "party_id": "P1",
        "ledger_account": "200001" if side == "ar" else "300001",
        "vat_id": vat_id,
        "currency": "EUR",
        "lines": [line],
        "vat_breakdown": [group],
        "totals": {"net": net, "vat": vat, "gross": gross, "payable": gross},
    }
    return {"id": "I1", "data": data}


@pytest.mark.parametrize("treatment", TREATMENTS)
@pytest.mark.parametrize(("fibu", "side"), sorted(REFUSED))
def test_a_treatment_is_booked_or_refused_with_its_reason(fibu: Any, side: str, treatment: str) -> None:
    company = Company(id="1", fibu=fibu, accounts=ACCOUNTS)
    expected = REFUSED[fibu, side].get(treatment, OTHER_SIDE if treatment in OF_OTHER_SIDE[side] else None)
    if expected is None:
        [booking] = emitted(list(exported(company, MemoryLedger(), [document(side, treatment)])), "booking")
        sunk = treatment == "not_deductible"
        assert sum(line.vat for line in booking.lines) == (20 if treatment in CHARGED and not sunk else 0)
        assert booking.gross == (20 if treatment == "import_vat" else 120 if treatment in CHARGED else 100)
        return

    with pytest.raises(RuleError) as caught:
        list(exported(company, MemoryLedger(), [document(side, treatment)]))

    assert caught.value.problems[0].code == expected


@pytest.mark.parametrize("treatment", ["ic_acquisition", "rc_received", "rc_domestic", "triangular"])
def test_vat_that_we_owe_ourselves_is_no_part_of_the_gross(treatment: str) -> None:
    options = BmdOptions(tax_codes=(BmdTaxCode(side="ap", treatment="triangular", code="99"),))
    company = Company(id="1", fibu="bmd", bmd=options, accounts=ACCOUNTS)
    [booking] = emitted(list(exported(company, MemoryLedger(), [document("ap", treatment)])), "booking")

    assert [(line.gross, line.self_assessed_vat) for line in booking.lines] == [(Decimal(100), Decimal(20))]


def test_a_domestic_reverse_charge_without_the_customers_number_is_told() -> None:
    ledger = MemoryLedger()
    party = {"name": "Bau GmbH", "addresses": [{"kind": "billing", "country": "AT"}]}
    ledger.of("1").put(Put("1", "customer", "P1", {"data": party}))
    record = document("ar", "rc_domestic", vat_id=None)
    effects = list(exported(Company(id="1", fibu="bmd", accounts=ACCOUNTS), ledger, [record]))

    assert [effect.problem.code for effect in effects if isinstance(effect, Warn)] == ["fibu_vat_id_advised"]
