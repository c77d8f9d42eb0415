"""VAT groups, postings and rates on their way into the books."""

import copy
from decimal import Decimal
from typing import Any

import pytest

from core.company import Company
from core.contracts import Warn
from core.errors import RuleError
from tests.fibu.rendering import emitted, exported
from tests.ledgers import MemoryLedger

COMPANY = Company(id="1", fibu="bmd")


def supplier_invoice(
    case: dict[str, Any], groups: list[dict[str, str]], postings: list[dict[str, str]]
) -> dict[str, Any]:
    """A supplier's invoice in these VAT groups, assigned to accounts by these postings."""
    record: dict[str, Any] = copy.deepcopy(case["messages"][0][4])
    net = sum(Decimal(group["net"]) for group in groups)
    vat = sum(Decimal(group["vat"]) for group in groups)
    totals = {"net": str(net), "vat": str(vat), "gross": str(net + vat), "payable": str(net + vat)}
    record["data"] |= {"lines": [], "postings": postings, "vat_breakdown": groups, "totals": totals}
    return record


INPUT_VAT = {"vat_treatment": "input_vat", "vat_category": "S", "vat_rate": "20", "net": "100.00", "vat": "20.00"}
RECEIVED = {"vat_treatment": "rc_received", "vat_category": "AE", "vat_rate": "20", "net": "50.00", "vat": "0.00"}
ACQUIRED = {**RECEIVED, "vat_treatment": "ic_acquisition", "net": "70.00"}


@pytest.mark.parametrize(
    ("groups", "postings", "booked"),
    [
        ([INPUT_VAT], [{"account": "7700", "net": "100.00"}], [("7700", "100.00")]),
        (
            [INPUT_VAT, RECEIVED],
            [
                {"account": "7700", "net": "100.00", "vat_category": "S"},
                {"account": "7600", "net": "50.00", "vat_treatment": "rc_received"},
            ],
            [("7700", "100.00"), ("7600", "50.00")],
        ),
        (
            [RECEIVED, ACQUIRED],
            [
                {"account": "7700", "net": "50.00", "vat_rate": "20", "vat_treatment": "rc_received"},
                {"account": "5010", "net": "70.00", "vat_rate": "20", "vat_treatment": "ic_acquisition"},
            ],
            [("7700", "50.00"), ("5010", "70.00")],
        ),
    ],
)
def test_a_posting_goes_to_its_own_vat_group(
    case: dict[str, Any],
    ledger: MemoryLedger,
    groups: list[dict[str, str]],
    postings: list[dict[str, str]],
    booked: list[tuple[str, str]],
) -> None:
    effects = list(exported(COMPANY, ledger, [supplier_invoice(case, groups, postings)]))

    [booking] = emitted(effects, "booking")
    assert [(line.account, str(line.net)) for line in booking.lines] == booked


@pytest.mark.parametrize("posting", [{"vat_rate": "20"}, {"vat_rate": "10"}])
def test_a_posting_that_fits_no_vat_group_or_several_is_refused(
    case: dict[str, Any], ledger: MemoryLedger, posting: dict[str, str]
) -> None:
    record = supplier_invoice(case, [RECEIVED, ACQUIRED], [{"account": "7700", "net": "120.00", **posting}])

    with pytest.raises(RuleError) as caught:
        list(exported(COMPANY, ledger, [record]))

    assert "fibu_posting_unclear" in {problem.code for problem in caught.value.problems}


def test_a_rate_must_be_in_force_on_the_day_of_supply(case: dict[str, Any], ledger: MemoryLedger) -> None:
    record = copy.deepcopy(case["messages"][0][1])
    record["data"]["lines"][0] |= {"vat_rate": "4.9"}
    record["data"]["vat_breakdown"][0] |= {"vat_rate": "4.9", "vat": "2.45", "account": "4003"}
    record["data"]["totals"] = {"net": "50.00", "vat": "2.45", "gross": "52.45", "payable": "52.45"}
    assert emitted(list(exported(COMPANY, ledger, [record])), "booking")

    record["data"]["service_date"] = "2026-06-30"
    with pytest.raises(RuleError) as caught:
        list(exported(COMPANY, ledger, [record]))

    assert [problem.code for problem in caught.value.problems] == ["fibu_rate_not_in_force"]
    assert "30.06.2026" in caught.value.problems[0].what


def test_a_rounded_amount_to_pay_is_told(case: dict[str, Any], ledger: MemoryLedger) -> None:
    record = copy.deepcopy(case["messages"][0][1])
    record["data"]["totals"] |= {"rounding": "-0.02", "payable": "59.98"}

    effects = list(exported(COMPANY, ledger, [record]))

    assert [effect.problem.code for effect in effects if isinstance(effect, Warn)] == ["fibu_rounding"]
    assert emitted(effects, "booking")[0].gross == Decimal("-60.00")


def test_groups_that_cancel_each_other_out_are_booked_with_nothing(case: dict[str, Any], ledger: MemoryLedger) -> None:
    record = copy.deepcopy(case["messages"][0][1])
    group = record["data"]["vat_breakdown"][0]
    record["data"]["vat_breakdown"] = [group, {**group, "net": "-50.00", "vat": "-10.00"}]
    record["data"]["lines"][0]["net"] = "0.00"
    record["data"]["totals"] = dict.fromkeys(("net", "vat", "gross", "payable"), "0.00")

    [booking] = emitted(list(exported(COMPANY, ledger, [record])), "booking")

    assert [(line.net, line.vat) for line in booking.lines] == [(0, 0)]
