"""One list, printed in whatever layout, always reads back to the same documents."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.batch import Origin
from core.errors import FormatError
from core.open_items import ListReading
from formats import op_list
from tests.op_list.layouts import (
    KEY_DATE,
    Item,
    Layout,
    any_lists,
    as_print_list,
    as_text,
    as_values,
    layouts,
    plain_lists,
    rows_of,
    xlsx,
)
from tests.op_list.spreadsheets import ods, xls

pytestmark = pytest.mark.slow

often = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850"]


def read(content: bytes, name: str, encoding: str = "cp1252") -> tuple[list[Any], ListReading]:
    origin = Origin("x-000001", "bmd", name, datetime(2026, 11, 20, tzinfo=UTC), "1")
    chosen = {"encoding": encoding} if encoding == "cp850" else {}
    batch = op_list.read(io.BytesIO(content), origin, op_list.Settings.model_validate(chosen))
    assert batch.head["key_date"] == KEY_DATE
    return list(batch.documents), batch.head["reading"]


def same(found: Sequence[Any], items: Sequence[Item], layout: Layout) -> None:
    """What the layout prints of an item is what was read of it."""
    shown = set(layout.order)
    assert [(row.account, row.number, row.amount, row.document_date) for row in found] == [
        (item.account, item.number, item.amount, item.document_date) for item in items
    ]
    for row, item in zip(found, items, strict=True):
        assert row.due_date == (item.due_date if "due_date" in shown else None)
        assert row.symbol == (item.symbol if "symbol" in shown else "")
        assert row.text == (item.text if "text" in shown else "")


def all_rows_are_accounted_for(reading: ListReading, rows: int, items: Sequence[Item], layout: Layout) -> None:
    assert reading.items + reading.joined + sum(reading.ignored.values()) == rows - 1
    assert reading.amount == sum(item.amount for item in items)
    assert reading.grand_total_checked or not layout.totals


@often
@given(any_lists, layouts(), st.sampled_from(";\t,|"), st.sampled_from(ENCODINGS), st.sampled_from(["\r\n", "\n"]))
def test_delimited_text(items: list[Item], layout: Layout, delimiter: str, encoding: str, end: str) -> None:
    rows = rows_of(items, layout)
    content = as_text(rows, delimiter, end).encode(encoding)

    found, reading = read(content, "OP 2026-11-20.csv", encoding)

    same(found, items, layout)
    all_rows_are_accounted_for(reading, len(rows), items, layout)


@often
@given(plain_lists, layouts(), st.integers(2, 5), st.sampled_from(["cp850", "cp1252", "utf-8"]))
def test_print_lists(items: list[Item], layout: Layout, gap: int, encoding: str) -> None:
    layout = replace(layout, heading={field: heading or "Stufe" for field, heading in layout.heading.items()})
    rows = rows_of(items, layout)
    content = as_print_list(rows, layout, gap).encode(encoding)

    found, reading = read(content, "OP 2026-11-20.txt", encoding)

    same(found, items, layout)
    all_rows_are_accounted_for(reading, len(rows), items, layout)


@pytest.mark.parametrize(("kind", "made_of"), [("xlsx", xlsx), ("xls", xls), ("ods", ods)])
@often
@given(items=any_lists, layout=layouts(), numbers=st.booleans())
def test_workbooks(
    kind: str, made_of: Callable[[Sequence[Sequence[object]]], bytes], items: list[Item], layout: Layout, numbers: bool
) -> None:
    rows = rows_of(items, layout)

    found, reading = read(made_of(as_values(rows, layout, numbers=numbers)), f"OP 2026-11-20.{kind}")

    same(found, items, layout)
    all_rows_are_accounted_for(reading, len(rows), items, layout)


@often
@given(any_lists, layouts(), st.data())
def test_a_row_that_is_missing_is_noticed_by_the_total(items: list[Item], layout: Layout, data: st.DataObject) -> None:
    layout = replace(layout, totals=True)
    lost = data.draw(st.sampled_from([item for item in items if item.amount] or [None]))
    if lost is None or len(items) < 2:
        return
    rows = rows_of(items, layout)
    without = rows_of([item for item in items if item != lost], replace(layout, totals=False, footer=False))
    content = as_text([*without, rows[-3] if layout.footer else rows[-1]], ";", "\r\n").encode("cp1252")

    with pytest.raises(FormatError) as raised:
        read(content, "OP 2026-11-20.csv")

    assert [problem.code for problem in raised.value.problems] == ["wrong_total"]
