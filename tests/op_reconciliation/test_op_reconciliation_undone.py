"""A clearing that is undone in the FIBU: the document is open again, until it is cleared under another number."""

from datetime import date

import pytest

from core.open_items import ClearingRow
from tests.op_reconciliation.lists import Result, Site, booking, document, invoice, row

DAY, LATER, LAST = date(2026, 10, 5), date(2026, 10, 12), date(2026, 10, 19)
OTHER = row("2026-9", "50.00")


def cleared(clearing: str, amount: str = "-100.00") -> tuple[ClearingRow, ...]:
    """The document and its payment in one clearing."""
    return (
        invoice("2026-1", "100.00", clearing_number=clearing),
        booking("2026-1", amount, DAY, 3, clearing_number=clearing),
    )


def told(result: Result) -> list[tuple[str, bool]]:
    return [(str(payment.amount), payment.inferred) for payment in result.payments]


def cleared_site(amount: str = "-100.00") -> Site:
    site = Site()
    site.export(document(), document("2026-9", "50.00"))
    site.clear(DAY, *cleared("Z1", amount))
    return site


def test_a_document_that_is_open_again_is_paid_when_its_payment_is_cleared_under_another_number() -> None:
    site = cleared_site()
    assert told(site.drop(LATER, row(), OTHER)) == [("-100.00", True)]
    assert told(site.clear(LAST, *cleared("Z2"))) == [("100.00", False)]
    assert (site.tracked().status, site.tracked().amount_open) == ("paid", 0)


@pytest.mark.parametrize("again", ["Z1", "Z2", ""])
def test_a_payment_that_is_cleared_once_more_while_no_list_has_shown_the_document_as_open_is_no_news(
    again: str,
) -> None:
    site = cleared_site()
    for _ in range(2):
        result = site.clear(LAST, *cleared(again))
        assert (result.payments, result.states, result.notices) == ([], [], [])


def test_a_second_payment_of_the_same_day_and_amount_in_another_clearing_is_told() -> None:
    site = cleared_site("-50.00")
    second = booking("2026-1", "-50.00", DAY, 2, clearing_number="Z2")
    assert told(site.clear(LAST, second)) == [("50.00", False)]
    assert site.tracked().status == "paid"


def test_an_earlier_list_that_comes_again_after_the_second_clearing_says_nothing() -> None:
    site = cleared_site()
    site.drop(LATER, row(), OTHER)
    site.clear(LAST, *cleared("Z2"))
    assert told(site.clear(DAY, *cleared("Z1"))) == []
