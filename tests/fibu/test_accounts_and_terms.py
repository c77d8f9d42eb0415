"""Which account a group goes to, which accounts are refused, and what becomes of discounts."""

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.company import AccountRange, Accounts, ArticleGroupAccount, Company
from core.contracts import Put, Warn
from core.errors import RuleError
from core.money import cents
from tests.fibu.rendering import emitted, exported, parsed
from tests.fibu.test_advances import invoice
from tests.ledgers import MemoryLedger

TWENTY = Decimal(20)
CUSTOMER = {"name": "Kunde", "ledger_account": "200001", "addresses": [{"kind": "billing", "country": "DE"}]}
GROUPED = Accounts(article_groups=(ArticleGroupAccount(side="ar", group="Handel", rate=TWENTY, account="4040"),))


def company(accounts: Accounts | None = None) -> Company:
    return Company(id="1", fibu="bmd", accounts=accounts or GROUPED)


def ledger(**articles: dict[str, str]) -> MemoryLedger:
    made = MemoryLedger()
    made.of("1").put(Put("1", "customer", "K1", {"data": {**CUSTOMER, "vat_id": "DE123456789"}}))
    for sku, data in articles.items():
        made.of("1").put(Put("1", "article", sku, {"data": data}))
    return made


def chart(books: MemoryLedger, *accounts: tuple[str, str | None]) -> None:
    for number, rate in accounts:
        data = {"number": number, "name": "Erlöse", "kind": "revenue", "vat_rate": rate}
        books.of("1").put(Put("1", "account", f"A{number}", {"data": data, "active": True}))


def sold(sku: str, *, treatment: str = "domestic", rate: str = "20") -> dict[str, Any]:
    record = invoice("1", "invoice", "100.00", rate=rate)
    record["data"]["lines"][0]["sku"] = sku
    record["data"]["vat_breakdown"][0]["vat_treatment"] = treatment
    return record


def accounts_of(books: MemoryLedger, record: dict[str, Any], settings: Accounts | None = None) -> list[str]:
    [booking] = emitted(list(exported(company(settings), books, [record])), "booking")
    return [line.account for line in booking.lines]


@pytest.mark.parametrize(
    ("article", "expected"),
    [
        ({"revenue_account": "4030", "group": "Handel"}, "4030"),
        ({"group": "Handel"}, "4040"),
        ({"group": "Dienst"}, "4000"),
        ({}, "4000"),
    ],
)
def test_an_article_goes_before_its_group_and_that_before_the_vat_group(article: dict[str, str], expected: str) -> None:
    assert accounts_of(ledger(A=article), sold("A")) == [expected]


def test_the_document_goes_before_the_article() -> None:
    record = sold("A")
    record["data"]["vat_breakdown"][0]["account"] = "4999"

    assert accounts_of(ledger(A={"revenue_account": "4030"}), record) == ["4999"]


def test_an_account_that_stands_for_another_rate_is_passed_over() -> None:
    """One revenue account per rate (facts/domain.md 3, fact 17)."""
    books = ledger(A={"revenue_account": "4030"})
    chart(books, ("4030", "20"), ("4110", None))

    assert accounts_of(books, sold("A", treatment="ic_supply", rate="0")) == ["4110"]


def test_an_unknown_account_can_be_a_warning() -> None:
    books = ledger()
    chart(books, ("4001", "10"))
    effects = list(exported(company(Accounts(unknown="warn")), books, [invoice("1", "invoice", "100.00")]))

    assert [effect.problem.code for effect in effects if isinstance(effect, Warn)] == ["fibu_account_unknown"]
    assert emitted(effects, "booking")


def test_an_account_out_of_use_is_unknown() -> None:
    books = ledger()
    chart(books, ("4001", "10"))
    data = {"number": "4000", "name": "alt", "kind": "revenue"}
    books.of("1").put(Put("1", "account", "A4000", {"data": data, "active": False}))

    with pytest.raises(RuleError) as caught:
        list(exported(company(), books, [invoice("1", "invoice", "100.00")]))

    assert [problem.value for problem in caught.value.problems] == ["4000"]


@pytest.mark.parametrize("allowed", [{"further": ("20000-29999",)}, {"set_apart": (20001,)}])
def test_further_ranges_and_accounts_set_apart_are_known(allowed: dict[str, Any]) -> None:
    record = invoice("1", "invoice", "100.00", ledger_account="20001")
    debtors = AccountRange(first=200000, last=299999, **allowed)

    assert accounts_of(ledger(), record, Accounts(debtors=debtors)) == ["4000"]
    with pytest.raises(RuleError) as caught:
        list(exported(company(), ledger(), [record]))
    assert [problem.code for problem in caught.value.problems] == ["fibu_account_out_of_range"]


def test_all_missing_accounts_are_named_however_many_documents_there_are() -> None:
    """At most 100 problems are shown; the first says what is missing as a whole."""
    message = []
    for index in range(150):
        record = copy.deepcopy(invoice(str(index), "invoice", "100.00", rate="13" if index < 149 else "19"))
        message.append(record)

    with pytest.raises(RuleError) as caught:
        list(exported(company(), ledger(), message))

    first = caught.value.problems[0]
    assert len(caught.value.problems) == 100
    assert "Inland 13 % (149 Stellen), Inland 19 %" in first.what
    assert first.record == "I0"


# ── discounts ─────────────────────────────────────────────────────────────────────────────────────────────────────


@given(net=st.decimals("1", "9000", places=2), percent=st.decimals("0.5", "9.99", places=2))
def test_a_discount_amount_becomes_the_percentage_that_gives_it(net: Decimal, percent: Decimal) -> None:
    record = invoice("1", "invoice", str(net), rate="0")
    record["data"]["vat_breakdown"][0] |= {"vat_treatment": "export", "account": "4200"}
    amount = cents(net * percent / 100)
    record["data"]["payment_terms"] = {"discounts": [{"days": 14, "amount": str(amount)}]}

    effects = list(exported(company(), ledger(), [record]))

    [booking] = emitted(effects, "booking")
    assert booking.terms is not None
    assert booking.terms.discount_percent is not None
    assert cents(net * booking.terms.discount_percent / 100) == amount
    assert not [effect for effect in effects if isinstance(effect, Warn)]


def test_the_discount_of_a_final_invoice_is_one_of_what_is_left_to_pay() -> None:
    books = ledger()
    books.commit(exported(Company(id="1", fibu="rzl"), books, [invoice("A1", "advance_invoice", "1000.00")]))
    named = {"number": "A1", "net": "1000.00", "vat": "200.00", "gross": "1200.00"}
    terms = {"discounts": [{"days": 14, "amount": "36.00"}]}
    last = invoice("S1", "final_invoice", "2000.00", prepaid="1200.00", advance_invoices=[named], payment_terms=terms)

    [booking] = emitted(list(exported(Company(id="1", fibu="rzl"), books, [last], 2)), "booking")

    assert booking.gross == Decimal("1200.00")
    assert booking.terms is not None
    assert booking.terms.discount_percent == 3


def test_lines_priced_gross_may_miss_their_group_by_cents() -> None:
    """The cent goes to the largest part of the group (facts/domain.md 3.1)."""
    record = invoice("1", "invoice", "24.98")
    record["data"]["lines"] = [
        {"line_id": str(index), "qty": "1", "unit_price": net, "net": net, "vat_category": "S", "vat_rate": "20"}
        for index, net in enumerate(("8.33", "16.66"))
    ]
    with pytest.raises(ValueError, match="rules"):
        parsed(record["id"], record["data"])
    record["data"] |= {"prices_include_tax": True}

    [booking] = emitted(list(exported(company(), ledger(), [record])), "booking")

    assert [(line.net, line.vat) for line in booking.lines] == [(Decimal("24.98"), Decimal("5.00"))]
