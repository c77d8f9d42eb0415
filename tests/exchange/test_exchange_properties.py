"""Whatever comes in becomes a Batch or a FormatError; what goes out comes back the same."""

import gzip
import io
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.batch import Batch, Origin, Output
from core.documents import BadRecord, Customer, Payment, Record, message_head
from core.errors import FormatError, Problem
from formats import clue_exchange

ORIGIN = Origin("01J0000000", "clue", "datei.json", datetime(2026, 11, 22, 8, 15, tzinfo=UTC))
EXAMPLES = Path(__file__).parents[2] / "docs" / "exchange" / "examples"
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(content: bytes, **limits: int) -> Batch:
    return clue_exchange.read(io.BytesIO(content), ORIGIN, clue_exchange.Settings(**limits))


def written(entity: str, records: Iterable[Record | BadRecord], name: str = "aus.json", piece: int = 3) -> bytes:
    output = Output("clue", "clue_exchange", name, entity, message_head(ORIGIN, "1", "clue"))
    writer = clue_exchange.open_writer(output, clue_exchange.WriterSettings())
    rows = list(records)
    first = writer.begin()
    pieces = [writer.add(rows[start : start + piece]) for start in range(0, len(rows), piece)]
    return b"".join([first, *pieces, writer.end()])


def outcome(content: bytes) -> list[Record | BadRecord | Problem]:
    try:
        return list(read(content).documents)
    except FormatError as refused:
        return list(refused.problems)


MONEY = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
PLAIN_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def payments(draw: st.DrawFn) -> Payment:
    return Payment(
        id=draw(WORDS),
        direction=draw(st.sampled_from(["ar", "ap"])),
        document_number=draw(WORDS),
        ledger_account=str(draw(st.integers(1, 10**9))),
        date=draw(st.dates(date(2000, 1, 1), date(2099, 12, 31))),
        amount=draw(MONEY),
        source=draw(st.sampled_from(["clearing", "op_diff", "cash", "shop"])),
        discount_amount=draw(st.none() | MONEY),
        inferred=draw(st.none() | st.booleans()),
    )


@st.composite
def customers(draw: st.DrawFn) -> Customer:
    country = draw(st.sampled_from(["AT", "DE", "IT"]))
    return Customer.model_validate(
        {
            "id": draw(WORDS),
            "name": draw(WORDS),
            "addresses": [{"country": country, "city": draw(WORDS)}],
            "credit_limit": str(draw(MONEY)),
            "updated_at": draw(st.datetimes(timezones=st.just(UTC))).isoformat("T", "seconds"),
            "external_ids": draw(st.dictionaries(WORDS, WORDS, max_size=3)),
            "x_partner": draw(st.dictionaries(WORDS, PLAIN_JSON.filter(lambda value: value is not None), max_size=3)),
        }
    )


@quick
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@example(b"\x1f\x8b")
@example(gzip.compress(b"{"))
@example(b'{"records":' * 2000)
@example(b'"' + b'\\"' * 100_000)
@example(b"[" * 200_000)
@example(b'{"a":' + b"9" * 5000 + b"}")
@example("﻿".encode() * 3)
@example("{}".encode("utf-16"))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert clue_exchange.sniff(content[:4096], "x") in {True, False}
    assert clue_exchange.rank(content[:4096]) in {0, 1}
    with pytest.raises(FormatError) as refused:
        read(content)
    assert all(problem.what and problem.code for problem in refused.value.problems)


@quick
@given(data=st.data())
def test_damaged_messages_are_read_or_refused(data: st.DataObject) -> None:
    content = bytearray((EXAMPLES / "invoice.json").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    assert all(isinstance(found, Record | BadRecord | Problem) for found in outcome(bytes(content)))


@quick
@given(value=PLAIN_JSON, data=st.data())
def test_any_value_in_any_field_is_read_or_refused(value: object, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["invoice", "customer", "clearing", "ack", "parcel"]))
    message = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    place = message
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = value
    assert all(isinstance(found, Record | BadRecord | Problem) for found in outcome(json.dumps(message).encode()))


@quick
@given(st.lists(payments(), unique_by=lambda payment: payment.id, max_size=8), st.sampled_from(["a.json", "a.json.gz"]))
def test_payments_come_back(found: list[Payment], name: str) -> None:
    records = tuple(Record("upsert", payment.id, payment) for payment in found)
    batch = read(written("payment", records, name))
    assert batch.documents == records
    assert batch.head["sender"] == {"system": "cluedrop", "company": "1"}


@quick
@given(st.lists(customers(), unique_by=lambda customer: customer.id, max_size=5))
def test_customers_come_back_with_fields_that_nobody_knows(found: list[Customer]) -> None:
    records = tuple(Record("upsert", customer.id, customer) for customer in found)
    assert read(written("customer", records)).documents == records


def test_patches_deletions_and_bad_records_come_back() -> None:
    records = (
        Record("patch", "K1", {"phone": None, "addresses": [{"country": "AT"}]}),
        Record("delete", "K2"),
        BadRecord("K3", 2, (), {"op": "upsert", "id": "K3", "data": {"name": "ä"}}),
    )
    patch, delete, bad = read(written("customer", records)).documents
    assert (patch, delete) == records[:2]
    assert isinstance(bad, BadRecord)
    assert bad.raw == records[2].raw


def test_same_output_is_written_the_same_way_and_piece_by_piece() -> None:
    records = [Record("upsert", f"Z{number}", trusted(f"Z{number}")) for number in range(10)]
    assert written("payment", records, piece=1) == written("payment", records, piece=10)
    assert written("payment", records, "a.json.gz") == written("payment", records, "a.json.gz")
    ids = {read(written("payment", records, name)).head["message_id"] for name in ("a.json", "b.json")}
    assert len(ids) == 2


def trusted(payment_id: str) -> Payment:
    return Payment.trusted(
        id=payment_id,
        direction="ar",
        document_number="2026-1",
        ledger_account="210234",
        date=date(2026, 12, 2),
        amount=Decimal("166.99"),
        source="clearing",
    )


def test_trusted_documents_equal_validated_ones() -> None:
    validated = Payment.model_validate(json.loads(trusted("Z1").model_dump_json(exclude_none=True)))
    assert trusted("Z1") == validated
    [record] = read(written("payment", [Record("upsert", "Z1", trusted("Z1"))])).documents
    assert record.data == validated


def test_limits_on_unpacked_bytes_and_records() -> None:
    bomb = gzip.compress(b"{" + b" " * 2_000_000, mtime=0)
    assert len(bomb) < 10_000
    for content, limits, code in (
        (bomb, {"max_bytes": 100_000}, "too_large"),
        (b"{" + b" " * 2000, {"max_bytes": 1000}, "too_large"),
        ((EXAMPLES / "customer.json").read_bytes(), {"max_records": 2}, "too_many_records"),
    ):
        with pytest.raises(FormatError) as refused:
            read(content, **limits)
        assert [problem.code for problem in refused.value.problems] == [code]


def test_no_more_than_a_hundred_problems_are_told() -> None:
    attachments = [{"attachment_id": str(number), "filename": "../x", "href": "/"} for number in range(80)]
    message = json.loads((EXAMPLES / "customer.json").read_text("utf-8")) | {"attachments": attachments}
    with pytest.raises(FormatError) as refused:
        read(json.dumps(message).encode())
    assert len(refused.value.problems) == 100


@pytest.mark.parametrize(
    ("name", "rank"), [("customer", 0), ("account", 0), ("price_list", 0), ("order", 1), ("ack", 1)]
)
def test_master_data_comes_first_and_files_are_recognised(name: str, rank: int) -> None:
    content = (EXAMPLES / f"{name}.json").read_bytes()
    for head in (content[:4096], gzip.compress(content)[:4096]):
        assert clue_exchange.rank(head) == rank
        assert clue_exchange.sniff(head, "irgendwas")
    assert not clue_exchange.sniff(b"Konto;OP-Nummer\n", "op.csv")
