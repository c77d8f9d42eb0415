"""Random lists: money is conserved, and no payment is ever told twice."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers._reconciliation.key_set import KeySet
from tests.op_reconciliation.lists import Site, document, row

NUMBERS = [f"N{number}" for number in range(4)]
cents = st.integers(-200, 1500).map(lambda amount: Decimal(amount).scaleb(-2))
one_list = st.tuples(st.integers(0, 2), st.dictionaries(st.sampled_from(NUMBERS), cents))


@given(st.lists(one_list, max_size=8), st.booleans())
def test_payments_and_what_is_open_add_up_to_the_gross(lists: list[tuple[int, dict[str, Decimal]]], ap: bool) -> None:
    site = Site()
    site.export(*(document(number, "10.00", direction="ap" if ap else "ar") for number in NUMBERS))
    paid: dict[str | None, Decimal] = defaultdict(Decimal)
    told: list[str] = []
    day = date(2026, 10, 2)
    for days, items in lists:
        day += timedelta(days)
        rows = [row(number, str(-amount if ap else amount)) for number, amount in items.items()]
        result = site.drop(day, *rows, released=True)
        for payment in result.payments:
            paid[payment.document_number] += payment.amount
            told.append(payment.id)
        again = site.drop(day, *rows, released=True)
        assert (again.payments, again.states) == ([], [])
        for number, amount in items.items():
            assert site.tracked(number).amount_open == amount
    assert len(told) == len(set(told))
    for number in NUMBERS:
        assert paid[number] + site.tracked(number).amount_open == Decimal("10.00")


@settings(max_examples=30)
@given(st.sets(st.text(max_size=5)), st.sets(st.text(max_size=5)))
def test_key_set_knows_what_was_added(added: set[str], others: set[str]) -> None:
    keys = KeySet()
    keys.add_all(added)
    assert not keys.freeze()
    assert all(key in keys for key in added)
    assert not any(key in keys for key in others - added)


@settings(max_examples=30)
@given(st.lists(st.text(max_size=5), min_size=1))
def test_key_set_knows_that_a_key_was_added_twice(added: list[str]) -> None:
    keys = KeySet()
    keys.add_all([*added, added[0]])
    assert keys.freeze()
