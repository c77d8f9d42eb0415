"""The models: exact values, rules over several fields, and what our own writers rely on."""

import copy
import pickle
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from core.documents import ENTITIES, Invoice, Payment
from core.documents.validate import document, merge_patch
from core.errors import RuleError
from core.fibu.vat_rates import domestic_rates, rate_of, vat_classes
from core.money import cents, total, vat_in_gross, vat_of_net
from tests.exchange.intake_site import example


def data(entity: str) -> dict[str, Any]:
    return copy.deepcopy(example(entity)["records"][0]["data"])


def codes(entity: str, change: Callable[[dict[str, Any]], object]) -> list[tuple[str, str | None]]:
    changed = data(entity)
    change(changed)
    with pytest.raises(RuleError) as refused:
        document(entity, "X", changed)
    return [(problem.code, problem.pointer) for problem in refused.value.problems]


def put(*path: Any) -> Callable[[dict[str, Any]], None]:
    *above, key, value = path

    def change(changed: Any) -> None:
        for part in above:
            changed = changed[part]
        changed[key] = value

    return change


@pytest.mark.parametrize(
    ("entity", "change", "expected"),
    [
        ("invoice", put("totals", "payable", "170.41"), [("sum_differs", "/totals/payable")]),
        ("invoice", put("totals", "vat", "27.41"), [("sum_differs", "/totals/gross")]),
        ("invoice", put("vat_breakdown", 0, "net", "131.01"), [("sum_differs", "/totals/net")]),
        ("invoice", put("lines", 0, "net", "124.00"), [("sum_differs", "/totals/net")]),
        ("invoice", put("vat_breakdown", 0, "vat_rate", "10"), [("vat_differs", "/vat_breakdown/0/vat")]),
        ("invoice", put("direction", "ap"), [("external_number_missing", "/external_number")]),
        ("invoice", put("lines", []), [("lines_missing", "/lines")]),
        ("invoice", put("vat_breakdown", []), [("empty", "/vat_breakdown")]),
        ("invoice", put("payment_terms", "discounts", 0, {"days": 3}), [
            ("discount_incomplete", "/payment_terms/discounts/0"),
        ]),
        ("invoice", put("payment_terms", "discounts", 0, {"percent": "2"}), [
            ("discount_incomplete", "/payment_terms/discounts/0"),
        ]),
        ("invoice", put("id", "Y"), [("id_differs", "/id")]),
        ("cash_receipt", put("payments", 0, "amount", "45.48"), [("sum_differs", "/total")]),
        ("cash_receipt", put("vat_breakdown", 2, "vat", "0.50"), [("sum_differs", "/total")]),
        ("cash_receipt", put("vat_breakdown", 0, "vat_rate", "10"), [("vat_differs", "/vat_breakdown/0/vat")]),
        ("cash_receipt", put("receipt_type", "invoice_payment"), [("invoice_missing", "/invoice_id")]),
        ("order", put("lines", 0, "gross", "15.06"), [("sum_differs", "/totals/gross")]),
        ("order", put("customer", {"is_guest": True}), [("customer_missing", "/customer")]),
        ("clearing", put("residual", "0.01"), [("sum_differs", "/residual")]),
        ("payment", put("ledger_account", None), [("party_missing", "")]),
        ("customer", put("addresses", 0, "kind", "delivery"), [("billing_address_missing", "/addresses")]),
        ("customer", put("vat_id", "ATU 12345675"), [("shape", "/vat_id")]),
        ("open_item", put("amount_open", True), [("decimal", "/amount_open")]),
        ("open_item", put("amount_open", "170.405"), [("decimal", "/amount_open")]),
        ("open_item", put("amount_open", "1e3"), [("decimal", "/amount_open")]),
        ("open_item", put("amount_open", "１７０"), [("decimal", "/amount_open")]),
        ("open_item", put("amount_open", 10**30), [("decimal", "/amount_open")]),
        ("open_item", put("due_date", "2026-12-20T00:00:00"), [("date", "/due_date")]),
        ("open_item", put("due_date", 20261220), [("date", "/due_date")]),
        ("open_item", put("dunning_block", "yes"), [("yes_no_expected", "/dunning_block")]),
        ("stock_level", put("as_of", 1700000000), [("timestamp", "/as_of")]),
        ("stock_level", put("as_of", "2026-11-22T08:00:00"), [("timestamp", "/as_of")]),
    ],
)  # fmt: skip
def test_rules(entity: str, change: Callable[[dict[str, Any]], object], expected: list[tuple[str, str]]) -> None:
    assert codes(entity, change) == expected


def test_negative_documents_are_credit_notes() -> None:
    negative = data("invoice")
    for row in [*negative["lines"], *negative["vat_breakdown"], negative["totals"]]:
        for name in {"net", "vat", "gross", "payable"} & row.keys():
            row[name] = f"-{row[name]}"
    with pytest.raises(RuleError) as refused:
        document("invoice", "X", negative)
    assert [problem.code for problem in refused.value.problems] == ["negative_total"]


def test_vat_that_was_rounded_by_line_is_taken_and_a_supplier_s_is_kept_as_printed() -> None:
    changed = data("invoice")
    changed["vat_breakdown"][0]["vat"] = "26.25"
    changed["totals"] |= {"vat": "27.45", "gross": "170.45", "payable": "170.45"}
    document("invoice", "X", changed)
    changed["vat_breakdown"][0]["vat"] = "30.00"
    changed["totals"] |= {"vat": "31.20", "gross": "174.20", "payable": "174.20"}
    changed |= {"direction": "ap", "external_number": "R-1"}
    document("invoice", "X", changed)


def test_integers_are_exact_and_money_has_two_decimals() -> None:
    item = document("open_item", "X", data("open_item") | {"amount_open": 170, "amount_original": "170.4"})
    assert item.model_dump(mode="json", include={"amount_open", "amount_original"}) == {
        "amount_open": "170.00",
        "amount_original": "170.40",
    }


@pytest.mark.parametrize("entity", sorted(set(ENTITIES) - {"ack"}))
def test_documents_are_frozen_comparable_and_travel_between_processes(entity: str) -> None:
    made = document(entity, "X", data(entity) | {"x_partner": {"kept": 1}})
    assert pickle.loads(pickle.dumps(made)) == made
    assert made.model_extra == {"x_partner": {"kept": 1}}
    with pytest.raises(ValidationError):
        made.id = "Y"


def test_trusted_documents_travel_too() -> None:
    made = Payment.trusted(
        id="Z", direction="ar", date=date(2026, 12, 2), amount=Decimal("1.00"), source="cash", currency="EUR"
    )
    assert pickle.loads(pickle.dumps(made)) == made
    assert (made.control_amount, made.external_ids, made.inferred) == (Decimal("1.00"), {}, None)


def test_control_amounts() -> None:
    amounts = {entity: document(entity, "X", data(entity)).control_amount for entity in set(ENTITIES) - {"ack"}}
    assert {entity: str(amount) for entity, amount in amounts.items() if amount is not None} == {
        "invoice": "170.40",
        "cash_receipt": "45.49",
        "order": "21.00",
        "payment": "166.99",
        "open_item": "170.40",
    }


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a": "foo"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_merge_patch_as_in_rfc_7396(target: dict[str, Any], patch: dict[str, Any], merged: dict[str, Any]) -> None:
    before = copy.deepcopy(target)
    assert merge_patch(target, patch) == merged
    assert target == before


def test_money_is_rounded_half_away_from_zero() -> None:
    assert [str(cents(Decimal(text))) for text in ("0.005", "-0.005", "2.675", "1.004")] == [
        "0.01",
        "-0.01",
        "2.68",
        "1.00",
    ]
    assert str(vat_of_net(Decimal("10.00"), Decimal("4.9"))) == "0.49"
    assert str(vat_in_gross(Decimal("12.00"), Decimal(20))) == "2.00"
    assert str(total([])) == "0.00"


def test_rates_follow_the_day_of_supply() -> None:
    before, after = date(2026, 6, 30), date(2026, 7, 1)
    assert rate_of("reduced_4_9", before) is None
    assert rate_of("reduced_4_9", after) == Decimal("4.9")
    assert domestic_rates(after) - domestic_rates(before) == {Decimal("4.9")}
    assert {str(rate_of(name, after)) for name in vat_classes()} == {"20", "19", "13", "10", "4.9", "0"}
    assert rate_of("unknown", after) is None


def test_an_invoice_says_what_it_adds_to_the_control_total() -> None:
    made = document("invoice", "X", data("invoice"))
    assert isinstance(made, Invoice)
    assert made.control_amount == made.totals.gross
