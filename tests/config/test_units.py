"""Durations and sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.units import parse_bytes, parse_seconds, show_bytes, show_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2 s", 2), ("2s", 2), ("500 ms", 0.5), ("10 min", 600), ("1.5 h", 5400), ("7 d", 604_800), (3, 3), (0.25, 0.25)],
)
def test_durations_are_read(text: object, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"), [("200 MB", 200_000_000), ("1 gb", 10**9), ("64 MiB", 64 * 1024**2), ("10 kB", 10_000), (5, 5)]
)
def test_sizes_are_read(text: object, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "s", "2 m", "two s", "-2 s", "1e3 s", True, None, [], float("nan"), float("inf")])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match='must be a duration such as "2 s"'):
        parse_seconds(text)


@given(st.integers(0, 10**9))
def test_what_is_shown_is_read_as_the_same(milliseconds: int) -> None:
    assert parse_seconds(show_seconds(milliseconds / 1000)) == pytest.approx(milliseconds / 1000, rel=1e-5)
    assert parse_bytes(show_bytes(milliseconds)) == pytest.approx(milliseconds, rel=1e-5)
