"""Every reader, found as the engine finds it: any bytes give a Batch or a FormatError, soon and in little room."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzzing.contract import READERS, Case, bounded, default_settings, exercise
from tests.fuzzing.corpus import own_samples, samples
from tests.fuzzing.mutations import damaged, damaged_inside
from tests.fuzzing.structured import messages, text_lists, workbooks

pytestmark = pytest.mark.slow

EACH = sorted(READERS)
often = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
chances = st.integers(0, 2**32).map(random.Random)
NAMES = st.sampled_from(["a.csv", "a.xlsx", "a.xls", "a.json", "a.json.gz", "a.txt", "a"])


def _hold(reader: str, content: bytes, name: str) -> None:
    with bounded():
        exercise(Case(reader, content, name, default_settings(reader)))


def _hold_all(content: bytes, name: str) -> None:
    for reader in EACH:
        _hold(reader, content, name)


def test_there_are_readers() -> None:
    assert {"clue_exchange", "op_list"} <= READERS.keys()


@pytest.mark.parametrize("reader", EACH)
def test_every_sample_of_every_format(reader: str) -> None:
    assert own_samples(reader), f"no golden samples of {reader}: fuzzing has nothing to begin with"
    for case in samples(reader):
        with bounded():
            exercise(case)


@pytest.mark.parametrize("reader", EACH)
@often
@given(data=st.data(), chance=chances)
def test_damaged_samples(reader: str, data: st.DataObject, chance: random.Random) -> None:
    case = data.draw(st.sampled_from(own_samples(reader)) | st.sampled_from(samples(reader)))
    content = damaged(case.content, chance)
    with bounded():
        exercise(Case(reader, content, case.name, case.settings))


@pytest.mark.parametrize("reader", EACH)
@often
@given(data=st.data(), chance=chances)
def test_samples_that_are_damaged_inside_their_packing(reader: str, data: st.DataObject, chance: random.Random) -> None:
    packed = [case for case in samples(reader) if case.content.startswith((b"PK", b"\x1f\x8b"))]
    case = data.draw(st.sampled_from(packed))
    content = damaged_inside(case.content, chance)
    with bounded():
        exercise(Case(reader, content, case.name, case.settings))


@pytest.mark.parametrize("reader", EACH)
@often
@given(content=st.binary(max_size=400) | st.text(max_size=400).map(str.encode), name=NAMES)
def test_any_bytes(reader: str, content: bytes, name: str) -> None:
    _hold(reader, content, name)


@often
@given(content=text_lists())
def test_lists_with_hostile_values(content: bytes) -> None:
    _hold_all(content, "a.csv")


@often
@given(content=workbooks())
def test_workbooks_with_hostile_cells(content: bytes) -> None:
    _hold_all(content, "a.xlsx")


@often
@given(content=messages())
def test_messages_with_hostile_values(content: bytes) -> None:
    _hold_all(content, "a.json")
