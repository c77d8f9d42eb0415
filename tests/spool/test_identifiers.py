"""Drop ids sort by arrival, whatever the clock does."""

import pytest

from spool import identifiers
from spool.identifiers import LENGTH, new_drop_id


@pytest.fixture(autouse=True)
def _own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests of this process must not live in the future of these."""
    monkeypatch.setattr(identifiers._Last, "moment", 0)
    monkeypatch.setattr(identifiers._Last, "serial", 0)


def test_ids_of_one_moment_sort_in_the_order_in_which_they_were_made() -> None:
    made = [new_drop_id(1_900_000_000_000) for _ in range(10_000)]

    assert made == sorted(made)
    assert len(set(made)) == 10_000
    assert {len(drop_id) for drop_id in made} == {LENGTH}


def test_a_clock_that_is_set_back_makes_no_earlier_id() -> None:
    before = new_drop_id(1_900_000_100_000)

    assert new_drop_id(1_800_000_000_000) > before
