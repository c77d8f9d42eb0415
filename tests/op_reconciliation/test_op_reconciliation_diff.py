"""Every row of the table of facts/domain.md 3.2, and the guards below it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.contracts import Emit, Put
from core.errors import RuleError
from handlers._reconciliation.findings import READ_LIST
from handlers.op_reconciliation import LAST_LIST
from tests.op_reconciliation.lists import TODAY, Result, Site, document, row

FIRST, SECOND, THIRD = date(2026, 11, 1), date(2026, 11, 8), date(2026, 11, 15)
OTHER = row("2026-9", "50.00")


def site_with_first_list(**settings: object) -> Site:
    """2026-1 (100.00) and 2026-9 (50.00) are exported, and the first list showed both wholly open."""
    site = Site()
    site.export(document(), document("2026-9", "50.00"))
    site.drop(FIRST, row(), OTHER, **settings)
    return site


def said(result: Result) -> list[tuple[str, str | None, str]]:
    return [(str(p.amount), p.resulting_status, str(p.open_after)) for p in result.payments]


@pytest.mark.parametrize(
    ("amount", "payment", "status", "notices"),
    [
        ("60.00", "40.00", "partly_paid", []),
        ("100.00", None, "open", []),
        ("0.00", "100.00", "paid", []),
        ("-10.00", "110.00", "overpaid", ["overpaid"]),
        ("105.00", "-5.00", "open", ["reversal"]),
    ],
)
def test_in_both_lists(amount: str, payment: str | None, status: str, notices: list[str]) -> None:
    site = site_with_first_list()
    result = site.drop(SECOND, row(amount=amount), OTHER)
    assert said(result) == ([(payment, status, amount)] if payment else [])
    assert [(r.op, r.id, r.data) for r in result.states] == (
        [("patch", "AR-2026-1", {"status": status, "amount_open": amount})] if payment else []
    )
    assert result.notices == notices
    assert site.tracked().status == status
    assert site.tracked().amount_open == Decimal(amount)


def test_returned_debit_takes_the_payment_back() -> None:
    site = site_with_first_list()
    site.drop(SECOND, row(amount="20.00"), OTHER)
    result = site.drop(THIRD, row(), OTHER)
    assert said(result) == [("-80.00", "open", "100.00")]
    assert result.notices == ["reversal"]


def test_missing_document_is_paid() -> None:
    site = site_with_first_list()
    result = site.drop(SECOND, OTHER)
    assert said(result) == [("100.00", "paid", "0.00")]
    payment = result.payments[0]
    assert (payment.date, payment.inferred, payment.source) == (SECOND, True, "op_diff")
    assert payment.id == "1:200001:2026-1:2026-11-08:100.00"
    assert said(site.drop(THIRD, OTHER)) == []


def test_missing_document_that_comes_back_is_open_again() -> None:
    site = site_with_first_list()
    site.drop(SECOND, OTHER)
    assert said(site.drop(THIRD, row(), OTHER)) == [("-100.00", "open", "100.00")]


def test_new_in_the_list_and_wholly_open_is_only_remembered() -> None:
    site = Site()
    site.export(document())
    result = site.drop(FIRST, row())
    assert (said(result), result.states, result.notices) == ([], [], [])
    assert site.tracked().first_seen == FIRST


def test_new_in_the_list_with_less_than_its_gross_is_partly_paid() -> None:
    site = Site()
    site.export(document())
    assert said(site.drop(FIRST, row(amount="30.00"))) == [("70.00", "partly_paid", "30.00")]


def test_unknown_number_is_reported() -> None:
    site = site_with_first_list()
    result = site.drop(SECOND, row(), OTHER, row("4711", "10.00"))
    assert said(result) == []
    assert result.notices == ["unmatched"]


def test_the_same_number_of_another_account_is_another_document() -> None:
    site = site_with_first_list()
    result = site.drop(SECOND, row(amount="60.00", account="200002"), OTHER, row())
    assert said(result) == []
    assert result.notices == ["unmatched"]


def test_never_seen_document_is_never_paid_but_reported_after_three_lists() -> None:
    site = site_with_first_list()
    site.export(document("2026-5"))
    for number in range(2):
        assert site.drop(SECOND + timedelta(number), row(), OTHER).notices == []
    result = site.drop(THIRD, row(), OTHER)
    assert said(result) == []
    assert result.notices == ["not_booked"]
    assert site.tracked("2026-5").status == "open"


def test_credit_note_is_settled_by_negative_amounts() -> None:
    site = Site()
    site.export(document("2026-3", "-120.00"), document("2026-9", "50.00"))
    site.drop(FIRST, row("2026-3", "-120.00"), OTHER)
    assert said(site.drop(SECOND, row("2026-3", "-20.00"), OTHER)) == [("-100.00", "partly_paid", "-20.00")]
    assert said(site.drop(THIRD, OTHER)) == [("-20.00", "paid", "0.00")]


def test_supplier_invoice_is_a_credit_in_the_list() -> None:
    site = Site()
    site.export(document("ER-7", "1200.00", direction="ap", ledger_account="300001"))
    result = site.drop(FIRST, row("ER-7", "-200.00", account="300001"))
    assert said(result) == [("1000.00", "partly_paid", "200.00")]
    assert result.payments[0].direction == "ap"


def test_tolerance() -> None:
    site = site_with_first_list(tolerance="0.05")
    assert said(site.drop(SECOND, row(amount="0.05"), OTHER, tolerance="0.05")) == [("99.95", "paid", "0.05")]


def test_a_small_invoice_of_which_all_is_open_again_is_not_paid_though_it_is_within_the_tolerance() -> None:
    site = Site()
    site.export(document(gross="4.00"), document("2026-9", "50.00"))
    site.drop(FIRST, row(amount="4.00"), OTHER, tolerance="5.00")
    assert said(site.drop(SECOND, OTHER, tolerance="5.00")) == [("4.00", "paid", "0.00")]
    assert said(site.drop(THIRD, row(amount="4.00"), OTHER, tolerance="5.00")) == [("-4.00", "open", "4.00")]


# ── matching ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", ["2026-1", " 2026/1", "20261", "0020261"])
def test_separators_and_leading_zeros_do_not_matter(number: str) -> None:
    site = site_with_first_list()
    assert said(site.drop(SECOND, row(number, "60.00"), OTHER)) == [("40.00", "partly_paid", "60.00")]


def test_digits_find_the_only_document_with_these_digits() -> None:
    site = Site()
    site.export(document("AR-2026-0007"))
    assert said(site.drop(FIRST, row("20260007", "60.00"))) == [("40.00", "partly_paid", "60.00")]


def test_other_letters_are_another_document() -> None:
    site = Site()
    site.export(document("AR-2026-0007"))
    assert site.drop(FIRST, row("GU-2026-0007", "60.00")).notices == ["unmatched"]


def test_digits_that_fit_two_documents_are_reported() -> None:
    site = Site()
    site.export(document("AR-7"), document("GU-7", "-10.00"))
    result = site.drop(FIRST, row("7", "60.00"))
    assert (said(result), result.notices) == ([], ["ambiguous"])


def test_second_number_finds_the_supplier_invoice() -> None:
    site = Site()
    site.export(document("RE/4711", "90.00", direction="ap", ledger_account="300001"))
    assert said(site.drop(FIRST, row("17", "-40.00", "300001", second="RE-4711"))) == [
        ("50.00", "partly_paid", "40.00")
    ]


def test_a_document_that_the_list_names_twice_is_refused() -> None:
    site = site_with_first_list()
    with pytest.raises(RuleError) as caught:
        site.drop(SECOND, row(), OTHER, row("20261", "-40.00"))
    assert [problem.code for problem in caught.value.problems] == ["repeated_item"]
    assert site.tracked().amount_open == Decimal("100.00")


# ── guards ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_list_that_is_not_declared_complete_settles_nothing() -> None:
    assert said(site_with_first_list().drop(SECOND, OTHER, complete=False)) == []


def test_a_range_that_is_not_declared_complete_settles_nothing() -> None:
    site = site_with_first_list(complete_accounts=("300000-399999",))
    assert said(site.drop(SECOND, OTHER, complete_accounts=("300000-399999",))) == []
    assert len(said(site.drop(SECOND, OTHER, complete_accounts=("200000-299999",)))) == 1


def test_a_list_of_suppliers_settles_no_customers() -> None:
    site = site_with_first_list()
    assert said(site.drop(SECOND, row("x", "-1.00", account="300001"), kind="suppliers")) == []


def test_the_same_key_date_again_settles_nothing_that_is_missing() -> None:
    assert said(site_with_first_list().drop(FIRST, OTHER)) == []


def test_a_document_younger_than_the_key_date_is_not_missing() -> None:
    site = Site()
    site.export(document(issue_date=THIRD, first_seen=FIRST), document("2026-9", "50.00"))
    assert said(site.drop(SECOND, OTHER)) == []


def test_an_older_key_date_is_refused() -> None:
    site = site_with_first_list()
    site.drop(SECOND, row(), OTHER)
    with pytest.raises(RuleError, match="älteren Stichtag"):
        site.drop(FIRST, row(amount="1.00"))


def test_the_day_of_the_drop_is_the_key_date_where_none_is_printed_or_it_lies_ahead() -> None:
    site = site_with_first_list()
    assert site.drop(None, row(amount="90.00"), OTHER).payments[0].date == TODAY
    tomorrow = TODAY + timedelta(1)
    result = site.drop(date(2026, 11, 30), row(amount="80.00"), OTHER, today=tomorrow)
    assert result.payments[0].date == tomorrow


def test_a_document_under_another_number_is_not_paid() -> None:
    result = site_with_first_list().drop(SECOND, row("SR-77"), OTHER)
    assert said(result) == []
    assert result.notices == ["unmatched", "in_doubt"]


@pytest.mark.parametrize(
    ("changed", "listed"),
    [
        ({"status": "cancelled"}, row(amount="60.00")),
        ({"gross": Decimal(0), "amount_open": Decimal(0)}, row(amount="60.00")),
        ({"currency": "USD"}, row(amount="60.00", currency="EUR")),
        ({}, row(amount="60.00", currency="CHF")),
        ({"last_key_date": THIRD}, row(amount="60.00")),
    ],
)
def test_what_is_in_doubt_is_reported_and_changes_nothing(changed: dict[str, object], listed: object) -> None:
    site = Site()
    site.export(document(**changed))
    result = site.drop(SECOND, listed)  # type: ignore[arg-type]
    assert (said(result), result.notices, result.tracked_puts) == ([], ["in_doubt"], [])


def test_a_list_with_none_of_our_documents_is_held() -> None:
    site = site_with_first_list()
    assert site.drop(SECOND, row("4711", "1.00")).held == ["none_of_ours", "would_be_paid", "would_be_paid"]
    assert site.tracked().status == "open"
    assert len(said(site.drop(SECOND, row("4711", "1.00"), released=True))) == 2


def test_a_list_of_another_company_does_not_block_the_right_one() -> None:
    site = Site()
    strange = site.drop(THIRD, row("4711", "1.00", account="200999"))
    assert (strange.held, strange.notices) == ([], ["unmatched"])
    site.export(document())
    assert site.drop(THIRD, row("4711", "1.00", account="200999")).held == ["none_of_ours"]
    assert site.drop(SECOND, row(amount="60.00")).notices == []


@pytest.mark.parametrize(("gone", "held"), [(20, []), (24, []), (25, ["too_many_gone"])])
def test_too_many_disappeared_documents_hold_the_file(gone: int, held: list[str]) -> None:
    site = Site()
    numbers = [f"N{number}" for number in range(60)]
    site.export(*(document(number) for number in numbers))
    site.drop(FIRST, *(row(number) for number in numbers))
    left = [row(number) for number in numbers[gone:]]
    result = site.drop(SECOND, *left)
    assert result.held == [*held, *["would_be_paid"] * (gone if held else 0)]
    assert site.tracked("N0").status == ("open" if held else "paid")
    if held:
        assert len(said(site.drop(SECOND, *left, released=True))) == gone


def test_a_route_without_a_company_is_refused() -> None:
    with pytest.raises(RuleError, match="Mandant"):
        Site().drop(FIRST, row(), company=None)


# ── what is written ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_unchanged_list_writes_nothing_but_that_it_was_there() -> None:
    result = site_with_first_list().drop(SECOND, row(), OTHER)
    puts = [effect for effect in result.effects if isinstance(effect, Put)]
    assert len(puts) == len(result.effects)
    assert [put.kind for put in puts] == [LAST_LIST, READ_LIST]


def test_two_equal_payments_of_one_key_date_have_two_ids() -> None:
    site = site_with_first_list()
    first = site.drop(SECOND, row(amount="60.00"), OTHER).payments[0]
    second = site.drop(SECOND, row(amount="20.00"), OTHER).payments[0]
    assert first.amount == second.amount
    assert first.id != second.id


def test_names_of_the_outputs() -> None:
    site = site_with_first_list()
    result = site.drop(SECOND, row(amount="60.00"), OTHER)
    outputs = [effect.output for effect in result.effects if hasattr(effect, "output")]
    assert [output.name for output in outputs] == [
        "1_20261123-080000_000002_zahlungen.json",
        "1_20261123-080000_000002_rechnungsstatus.json",
    ]
    assert {(output.target, output.format) for output in outputs} == {("clue-1", "clue_exchange")}


def test_of_many_notices_fifty_are_shown_and_the_others_counted() -> None:
    site = Site()
    result = site.drop(FIRST, *(row(f"X{number}") for number in range(60)), complete=False)
    assert result.notices == ["unmatched"] * 50 + ["more_notices"]


@pytest.mark.parametrize(
    ("gross", "known", "amount", "payment", "left"),
    [
        ("100.00", "100.00", "0.00", None, "0.00"),
        ("100.00", "30.00", "0.00", "70.00", "0.00"),
        ("100.00", "30.00", "80.00", None, "10.00"),
        ("100.00", "30.00", "110.00", "-10.00", "30.00"),
        ("-100.00", "-100.00", "0.00", None, "0.00"),
    ],
)
def test_a_payment_at_the_register_that_clue_told_of_is_not_told_again(
    gross: str, known: str, amount: str, payment: str | None, left: str
) -> None:
    site = Site()
    site.export(document(gross=gross, known_paid=Decimal(known)), document("2026-9", "50.00"))
    site.drop(FIRST, row(amount=gross), OTHER)
    result = site.drop(SECOND, row(amount=amount), OTHER)
    assert [str(told.amount) for told in result.payments] == ([payment] if payment else [])
    assert [record.data["amount_open"] for record in result.states] == [amount]
    assert site.tracked().known_paid == Decimal(left)


@pytest.mark.parametrize(("settings", "target"), [({}, "clue-1"), ({"target": "elsewhere"}, "elsewhere")])
def test_clue_is_told_at_the_company_s_own_target(settings: dict[str, str], target: str) -> None:
    site = site_with_first_list(**settings)
    result = site.drop(SECOND, OTHER, **settings)
    assert {effect.output.target for effect in result.effects if isinstance(effect, Emit)} == {target}


def test_an_advance_that_is_open_again_is_explained_by_its_final_invoice_when_the_list_comes_again_too() -> None:
    site = Site()
    site.export(document(), document("2026-2", deducts=("200001/20261",)))
    site.drop(FIRST, row(), row("2026-2"))
    site.drop(SECOND, row("2026-2"))
    for _ in range(2):
        assert said(site.drop(THIRD, row(), row("X", "5.00"))) == []


def test_what_a_list_concludes_of_an_advance_does_not_change_what_it_says_of_the_final_invoice() -> None:
    """The rest of the advance counts as paid; read again, the final invoice still shows what was paid of it before."""
    site = Site()
    site.export(document(), document("2026-2", "500.00", deducts=("200001/20261",)))
    site.drop(FIRST, row(), row("2026-2", "500.00"))
    site.drop(SECOND, row(amount="60.00"), row("2026-2", "500.00"))
    assert [payment.amount for payment in site.drop(THIRD, row("2026-2", "460.00"), row("X", "5.00")).payments] == [60]
    assert site.drop(THIRD, row("2026-2", "460.00"), row("X", "5.00")).payments == []
