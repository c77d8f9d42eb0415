"""Readers of FIBU files: each knows its own files only, and whatever the bytes are, it reads or says what is wrong."""

import importlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FormatError, Problem
from spool.work.plugins import load
from tests.fibu.rendering import GOLDEN, OPTIONS, read_back

READERS = load("formats", "handlers").readers
OTHERS = ("clue_exchange", "op_list")
FILES = sorted(GOLDEN.glob("*/*/expected.csv"))
OWN = [path for path in FILES if path.parts[-3] in OPTIONS and path.parts[-2] != "further_columns"]
LISTS = sorted(path for name in OTHERS for path in (GOLDEN / name).glob("*/input.*"))


@pytest.mark.parametrize("path", OWN, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_a_file_is_known_by_its_own_reader_and_by_no_other_of_a_fibu_program(path: Any) -> None:
    head = path.read_bytes()[:4096]

    assert [name for name in OPTIONS if READERS[name].sniff(head, "datei.csv")] == [path.parts[-3]]


@pytest.mark.parametrize("path", LISTS, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_lists_of_open_items_and_messages_are_not_taken_for_bookings(path: Any) -> None:
    head = path.read_bytes()[:4096]

    assert [name for name in OPTIONS if READERS[name].sniff(head, path.name)] == []


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file of a program in which some bytes were changed, or any bytes at all."""
    path = draw(st.sampled_from(OWN))
    content = bytearray(path.read_bytes())
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        length = draw(st.integers(0, 12))
        content[place : place + length] = draw(
            st.binary(max_size=8) | st.sampled_from([b";", b"\r\n", b"-", b'"', b"\xff"])
        )
    return path.parts[-3], bytes(content)


def reads_or_refuses(format_id: str, content: bytes) -> None:
    """Any other error would be a bug of ours."""
    module = importlib.import_module(f"formats.{format_id}")
    assert isinstance(module.sniff(content[:4096], "x.csv"), bool)
    problems: tuple[Problem, ...] = ()
    try:
        read_back(module, content, module.Settings())
    except FormatError as error:
        problems = error.problems
    assert all(problem.what and problem.todo for problem in problems)


@given(file=spoiled())
@settings(max_examples=150, deadline=None)
def test_a_spoiled_file_is_read_or_refused(file: tuple[str, bytes]) -> None:
    reads_or_refuses(*file)


@given(content=st.binary(max_size=300), format_id=st.sampled_from(sorted(OPTIONS)))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes, format_id: str) -> None:
    reads_or_refuses(format_id, content)


@pytest.mark.parametrize("format_id", sorted(OPTIONS))
def test_a_long_file_is_refused_where_it_gets_too_long(format_id: str) -> None:
    path = next(path for path in OWN if path.parts[-3] == format_id)
    module = importlib.import_module(f"formats.{format_id}")
    content = path.read_bytes() + path.read_bytes().splitlines(keepends=True)[-1] * 3

    with pytest.raises(FormatError) as caught:
        read_back(module, content, module.Settings(max_rows=2))

    assert "mehr als 2 Zeilen" in caught.value.problems[0].what


def test_many_problems_are_told_but_not_all() -> None:
    """A hundred are enough for everybody."""
    module = importlib.import_module("formats.rzl_accounts")

    with pytest.raises(FormatError) as caught:
        read_back(module, b"x\r\n" * 500, module.Settings())

    assert len(caught.value.problems) == 100
