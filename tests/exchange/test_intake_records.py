"""The intake and single records: new, changed, unchanged, out of date, not allowed."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exchange.intake_site import Site
from tests.exchange.messages import customer, message


def dropped_customer(**data: Any) -> Site:
    site = Site()
    assert site.drop(message("customer", customer(**data))).ack["result"] == "accepted"
    return site


def test_unchanged_record_has_no_effect() -> None:
    site = dropped_customer(updated_at="2026-11-22T08:00:00+01:00")
    again = site.drop(message("customer", customer(updated_at="2026-11-22T08:00:00+01:00")))
    assert again.results == {"K1": "unchanged"}
    assert site.puts(again, "customer") == []


def test_unchanged_record_with_a_newer_stamp_protects_against_older_ones() -> None:
    site = dropped_customer(updated_at="2026-11-22T08:00:00+01:00")
    site.drop(message("customer", customer(updated_at="2026-11-22T12:00:00+01:00")))
    late = site.drop(message("customer", customer(updated_at="2026-11-22T10:00:00+01:00", name="Alt")))
    assert late.results == {"K1": "stale"}


@pytest.mark.parametrize(
    ("known", "sent", "result"),
    [
        ({"updated_at": "2026-11-22T08:00:00+01:00"}, {"updated_at": "2026-11-22T06:59:59Z"}, "stale"),
        ({"updated_at": "2026-11-22T08:00:00+01:00"}, {"updated_at": "2026-11-22T07:00:01Z"}, "accepted"),
        ({"updated_at": "2026-11-22T08:00:00+01:00"}, {}, "accepted"),
        ({"version": 3}, {"version": 2}, "stale"),
        ({"version": 3}, {"version": 4}, "accepted"),
    ],
)
def test_older_state_is_ignored_with_a_notice(known: dict[str, Any], sent: dict[str, Any], result: str) -> None:
    site = dropped_customer(**known)
    outcome = site.drop(message("customer", customer(name="Neu", **sent)))
    assert outcome.results == {"K1": result}
    assert outcome.warnings == (["stale"] if result == "stale" else [])
    assert site.stored("customer", "K1")["data"]["name"] == ("Muster" if result == "stale" else "Neu")


def test_same_version_with_other_content_is_a_conflict() -> None:
    outcome = dropped_customer(version=3).drop(message("customer", customer(version=3, name="Anders")))
    assert outcome.codes == ["conflict"]


def test_patch_changes_clears_and_keeps() -> None:
    site = dropped_customer(phone="07242 1", version=1, contacts=[{"name": "Eva"}], gdpr={"restricted": True})
    patch = {"phone": None, "name": "Neu", "credit_limit": "10.5", "gdpr": {"erase_after": "2033-12-31"}, "x_n": 1}
    assert site.drop(message("customer", {"op": "patch", "id": "K1", "data": patch})).ack["result"] == "accepted"
    data = site.stored("customer", "K1")["data"]
    assert "phone" not in data
    assert (data["name"], data["credit_limit"], data["x_n"]) == ("Neu", "10.50", 1)
    assert data["gdpr"] == {"erase_after": "2033-12-31", "restricted": True}
    assert data["contacts"] == [{"name": "Eva"}]


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [({"credit_limit": 10.5}, "/records/0/data/credit_limit"), ({"name": None}, "/records/0/data/name")],
)
def test_patch_is_checked_after_it_is_merged(patch: dict[str, Any], pointer: str) -> None:
    outcome = dropped_customer().drop(message("customer", {"op": "patch", "id": "K1", "data": patch}))
    assert [row["pointer"] for row in outcome.ack["records"]] == [pointer]


@pytest.mark.parametrize(
    ("kind", "record", "code"),
    [
        ("customer", {"op": "patch", "id": "K9", "data": {"name": "x"}}, "unknown_record"),
        ("customer", {"op": "delete", "id": "K9"}, "unknown_record"),
        ("customer", {"op": "cancel", "id": "K9", "data": {"cancelled_by": "K8"}}, "cancel_refused"),
        ("invoice", {"op": "delete", "id": "AR-1"}, "delete_refused"),
        ("invoice", {"op": "patch", "id": "AR-1", "data": {"number": "2"}}, "patch_refused"),
        ("invoice", {"op": "cancel", "id": "AR-1", "data": {"cancelled_by": "AR-2"}}, "unknown_record"),
        ("invoice", {"op": "cancel", "id": "AR-1", "data": {}}, "missing"),
    ],
)
def test_what_cannot_be_done_to_a_record(kind: str, record: dict[str, Any], code: str) -> None:
    outcome = Site().drop(message(kind, record))
    assert outcome.codes == [code]
    assert [(row["id"], row["result"], row["code"]) for row in outcome.ack["records"]] == [
        (record["id"], "rejected", code)
    ]


def test_delete_is_a_tombstone_and_the_record_may_come_back() -> None:
    site = dropped_customer(version=1)
    assert site.drop(message("customer", {"op": "delete", "id": "K1"})).results == {"K1": "accepted"}
    assert site.stored("customer", "K1")["active"] is False
    assert site.stored("customer", "K1")["data"]["name"] == "Muster"
    assert site.drop(message("customer", {"op": "delete", "id": "K1"})).results == {"K1": "unchanged"}
    assert site.drop(message("customer", customer(version=1))).results == {"K1": "accepted"}
    assert site.stored("customer", "K1")["active"] is True


def test_full_set_puts_what_it_does_not_list_out_of_use() -> None:
    site = Site()
    site.drop(message("customer", customer("K1"), customer("K2"), customer("K3")))
    outcome = site.drop(message("customer", customer("K2"), mode="full"))
    assert outcome.results == {"K2": "unchanged"}
    assert [site.stored("customer", key)["active"] for key in ("K1", "K2", "K3")] == [False, True, False]
    assert site.puts(site.drop(message("customer", customer("K2"), mode="full")), "customer") == []


def test_full_set_is_taken_whole_and_never_empty() -> None:
    site = Site(partial=True)
    site.drop(message("customer", customer("K1"), customer("K2")))
    assert site.drop(message("customer", mode="full")).codes == ["empty_full_set"]
    wrong = site.drop(message("customer", customer("K1"), customer("K3", addresses=[]), mode="full"))
    assert wrong.codes == ["billing_address_missing"]
    assert site.stored("customer", "K2")["active"] is True


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(5)), st.data())
def test_whatever_the_order_and_however_often_the_newest_state_stays(order: list[int], data: st.DataObject) -> None:
    sent = [
        message("customer", customer(name=f"Stand {state}", updated_at=f"2026-11-22T08:0{state}:00+01:00"))
        for state in range(5)
    ]
    site = Site()
    again = data.draw(st.lists(st.integers(0, 4), max_size=5))
    for state in [*order, *again]:
        site.drop(sent[state])
    assert site.stored("customer", "K1")["data"]["name"] == "Stand 4"
