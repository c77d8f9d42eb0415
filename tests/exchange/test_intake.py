"""The intake: what becomes of messages from CLUE, and what CLUE is told."""

import base64
import copy
import gzip
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from core.contracts import Attach, Effect, Emit, Put
from tests.exchange.intake_site import Site, attached, example

_NUMBER = iter(range(1, 10**9))


def message(kind: str, *records: dict[str, Any], **fields: Any) -> dict[str, Any]:
    made = {
        "format": "clue-exchange",
        "version": "1.0",
        "message_id": f"00000000-0000-4000-8000-{next(_NUMBER):012d}",
        "type": kind,
        "mode": "delta",
        "created_at": "2026-11-22T08:15:00+01:00",
        "sender": {"system": "clue", "company": "1"},
        "records": list(records),
    }
    if fields.get("mode") == "full":
        made["as_of"] = "2026-11-22"
    return {**made, **fields}


def customer(key: str = "K1", **data: Any) -> dict[str, Any]:
    fields = {"name": "Muster", "ledger_account": "200001", "addresses": [{"country": "AT"}], **data}
    return {"op": "upsert", "id": key, "data": fields}


def invoice(key: str = "AR-1", **data: Any) -> dict[str, Any]:
    fields = copy.deepcopy(example("invoice")["records"][0]["data"])
    fields.pop("attachments")
    return {"op": "upsert", "id": key, "data": {**fields, "number": key, **data}}


def dropped_customer(**data: Any) -> Site:
    site = Site()
    assert site.drop(message("customer", customer(**data))).ack["result"] == "accepted"
    return site


# ── a message as a whole ──────────────────────────────────────────────────────────────────────────────────────────


def test_master_data_is_kept_and_acknowledged() -> None:
    site = Site()
    outcome = site.drop(message("customer", customer("K1"), customer("K2", active=False)))
    assert outcome.ack["result"] == "accepted"
    assert outcome.ack["counts"] == {"received": 2, "accepted": 2, "rejected": 0, "unchanged": 0, "stale": 0}
    assert outcome.ack["receiver"] == {"system": "clue"}
    assert outcome.ack["sender"] == {"system": "cluedrop", "company": "1"}
    assert site.stored("customer", "K1")["data"]["name"] == "Muster"
    assert [site.stored("customer", key)["active"] for key in ("K1", "K2")] == [True, False]
    entries = list(site.ledger.of("1").group("customer", "200001"))
    assert [entry.key for entry in entries] == ["K1", "K2"]
    assert list(site.ledger.of("2").all("customer")) == []


@pytest.mark.parametrize("kind", ["supplier", "article", "account", "price_list"])
def test_every_kind_of_master_data_is_kept(kind: str) -> None:
    site = Site()
    sent = example(kind)
    outcome = site.drop(sent)
    assert outcome.ack["result"] == "accepted"
    assert site.puts(outcome, kind) == [record["id"] for record in sent["records"]]


def test_same_message_again_is_a_duplicate_and_changes_nothing() -> None:
    site = Site()
    sent = message("customer", customer())
    site.drop(sent)
    for content in (sent, gzip.compress(json.dumps(sent).encode())):
        again = site.drop(content)
        assert again.ack["result"] == "duplicate"
        assert again.ack["correlation_id"] == sent["message_id"]
        assert len(again.effects) == 2
        assert again.warnings == ["duplicate"]


def test_same_message_id_with_other_content_is_a_conflict() -> None:
    site = Site()
    sent = message("customer", customer(), stream="stamm", sequence=1)
    site.drop(sent)
    outcome = site.drop({**sent, "records": [customer(name="Anders")], "sequence": 2})
    assert outcome.codes == ["conflict"]
    assert outcome.ack["result"] == "rejected"
    assert "anderem Inhalt" in outcome.ack["message_de"]
    assert site.stored("customer", "K1")["data"]["name"] == "Muster"
    assert site.ledger.of("").get("stream", "clue:1:stamm").body["sequence"] == 1


def test_message_ids_of_two_senders_do_not_meet() -> None:
    site = Site()
    sent = message("customer", customer())
    site.drop(sent)
    other = site.drop({**sent, "sender": {"system": "pos", "company": "1"}, "records": [customer(name="Anders")]})
    assert other.ack["result"] == "accepted"


def test_rejected_message_may_come_again_under_its_id() -> None:
    site = Site()
    wrong = message("customer", customer(addresses=[]))
    assert site.drop(wrong).ack["result"] == "rejected"
    assert site.drop({**wrong, "records": [customer()]}).ack["result"] == "accepted"


@pytest.mark.parametrize(
    ("company", "route", "code"),
    [("9", None, "unknown_company"), (None, None, "company_missing"), ("1", "2", "wrong_company")],
)
def test_companies_are_kept_apart(company: str | None, route: str | None, code: str) -> None:
    sender = {"system": "clue", "company": company} if company else {"system": "clue"}
    outcome = Site(route_company=route).drop(message("customer", customer(), sender=sender))
    assert outcome.codes == [code]
    assert outcome.ack["result"] == "rejected"


def test_route_names_the_company_where_the_sender_does_not() -> None:
    site = Site(route_company="2")
    site.drop(message("customer", customer(), sender={"system": "clue"}))
    assert site.stored("customer", "K1", company="2") is not None


@pytest.mark.parametrize("kind", ["order", "stock_level", "parcel", "delivery_note", "order_status", "payment"])
def test_what_nobody_processes_is_refused_and_not_lost(kind: str) -> None:
    outcome = Site().drop(example(kind))
    assert outcome.codes == ["not_processed"]
    assert outcome.ack["result"] == "rejected"


def test_acknowledgements_are_not_acknowledged() -> None:
    outcome = Site().drop(example("ack"))
    assert outcome.warnings == ["refused_by_clue", "unknown_record"]
    assert len(outcome.effects) == 2
    broken = example("ack")
    del broken["counts"]
    assert Site().drop(broken).effects == []


def test_unreadable_message_is_answered_where_its_id_can_be_made_out() -> None:
    content = json.dumps(message("customer", customer())).encode()
    cut = Site().drop(content[:-40])
    assert cut.ack["result"] == "rejected"
    assert cut.ack["receiver"] == {"system": "clue"}
    assert "bricht mitten im Inhalt ab" in cut.ack["message_de"]
    assert Site().drop(b"{").effects == []


# ── numbering ─────────────────────────────────────────────────────────────────────────────────────────────────────


def numbered(sequence: int, *records: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return message("customer", *(records or (customer(f"K{sequence}"),)), stream="stamm", sequence=sequence, **fields)


def test_a_gap_is_waited_for() -> None:
    site = Site()
    assert site.drop(numbered(1840)).ack["result"] == "accepted"
    early = numbered(1842)
    waiting = site.drop(early)
    assert waiting.codes == ["sequence_gap"]
    assert waiting.effects[0].problem.what == "Nachricht 1841 fehlt noch."
    assert site.stored("customer", "K1842") is None
    assert site.drop(numbered(1841)).ack["result"] == "accepted"
    assert site.drop(early).ack["result"] == "accepted"


def test_a_person_may_let_a_message_pass_a_gap() -> None:
    site = Site()
    site.drop(numbered(1))
    outcome = site.drop(numbered(5), released=True)
    assert outcome.ack["result"] == "accepted"
    assert outcome.warnings == ["sequence_gap"]
    assert site.drop(numbered(6)).ack["result"] == "accepted"


def test_an_older_number_is_taken_with_a_warning() -> None:
    site = Site()
    site.drop(numbered(7))
    late = site.drop(numbered(3))
    assert late.ack["result"] == "accepted"
    assert late.warnings == ["late_sequence"]
    assert site.drop(numbered(8)).warnings == []


def test_nobody_waits_for_the_number_of_a_refused_message() -> None:
    site = Site()
    site.drop(numbered(1))
    assert site.drop(numbered(2, customer(addresses=[]))).ack["result"] == "rejected"
    assert site.drop(numbered(3)).ack["result"] == "accepted"
    assert site.drop(numbered(5, totals={"record_count": 9})).ack["result"] == "rejected"
    assert site.drop(numbered(6)).codes == ["sequence_gap"]
    assert site.drop(numbered(4)).ack["result"] == "accepted"
    assert site.drop(numbered(6)).ack["result"] == "accepted"


def test_streams_and_companies_are_numbered_apart() -> None:
    site = Site()
    site.drop(numbered(1))
    assert site.drop(numbered(9, sender={"system": "clue", "company": "2"})).warnings == []
    assert site.drop({**numbered(50), "stream": "belege"}).warnings == []


# ── single records ────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── documents ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_invoice_is_booked_once() -> None:
    site = Site()
    first = site.drop(message("invoice", invoice()))
    assert first.ack["result"] == "accepted"
    assert first.booked == ["bmd_bookings"]
    assert site.stored("record:invoice", "AR-1")["state"] == "exported"
    assert "data" not in site.stored("record:invoice", "AR-1")
    again = site.drop(message("invoice", invoice(status="paid", updated_at="2026-12-01T08:00:00+01:00")))
    assert again.results == {"AR-1": "unchanged"}
    assert again.booked == []


def test_invoice_that_was_handed_over_cannot_change() -> None:
    site = Site()
    site.drop(message("invoice", invoice()))
    outcome = site.drop(message("invoice", invoice(due_date="2027-01-31")))
    assert outcome.codes == ["already_handed_over"]
    assert "Stornobeleg" in outcome.ack["records"][0]["message_de"]


def test_cash_receipt_is_booked_by_the_company_s_own_program() -> None:
    receipt = {**example("cash_receipt"), "sender": {"system": "clue", "company": "2"}}
    receipt["records"][0]["data"].pop("rksv")
    receipt["records"][0]["data"]["vat_breakdown"] = [
        {"vat_rate": "20", "net": "37.91", "vat": "7.58", "account": "4000"}
    ]
    receipt["records"][0]["data"]["payments"] = [{"method": "cash", "amount": "45.49"}]
    outcome = Site().drop(receipt)
    assert outcome.booked == ["rzl_bookings"]


def test_after_its_run_was_taken_back_an_invoice_may_come_again() -> None:
    for data in ({}, {"due_date": "2027-01-31"}):
        site = Site()
        first = site.drop(message("invoice", invoice()))
        kinds = {"exported_document", "tracked_document"}
        forgotten = [replace(put, body=None) for put in first.of(Put) if put.kind in kinds]
        site.ledger.commit(forgotten)
        again = site.drop(message("invoice", invoice(**data)))
        assert again.results == {"AR-1": "accepted"}
        assert again.booked == ["bmd_bookings"]


@pytest.mark.parametrize("kind", ["proforma", "invoice"])
def test_what_was_never_booked_may_change(kind: str) -> None:
    site = Site()
    first = site.drop(message("invoice", invoice(document_type="proforma")))
    assert (first.ack["result"], first.booked) == ("accepted", [])
    assert site.stored("record:invoice", "AR-1")["state"] == "not_booked"
    assert site.drop(message("invoice", invoice(document_type="proforma"))).results == {"AR-1": "unchanged"}
    changed = site.drop(message("invoice", invoice(document_type=kind, due_date="2026-12-24")))
    assert changed.results == {"AR-1": "accepted"}
    assert changed.booked == (["bmd_bookings"] if kind == "invoice" else [])


def test_cancel_needs_its_cancelling_document() -> None:
    site = Site()
    site.drop(message("invoice", invoice("AR-1")))
    cancel = {"op": "cancel", "id": "AR-1", "data": {"cancelled_by": "ST-1"}}
    assert site.drop(message("invoice", cancel)).codes == ["cancelling_unknown"]
    storno = invoice("ST-1", document_type="cancellation", corrects={"number": "AR-1"})
    done = site.drop(message("invoice", storno, cancel))
    assert done.results == {"ST-1": "accepted", "AR-1": "accepted"}
    assert site.stored("record:invoice", "AR-1")["state"] == "cancelled"
    assert site.stored("record:invoice", "AR-1")["cancelled_by"] == "ST-1"
    assert site.drop(message("invoice", cancel)).results == {"AR-1": "unchanged"}
    assert site.drop(message("invoice", invoice("AR-1", due_date="2027-01-31"))).codes == ["already_handed_over"]


def test_invoice_waits_for_its_party() -> None:
    site = Site()
    early = message("invoice", invoice(ledger_account=None))
    waiting = site.drop(early)
    assert len(waiting.codes) == 1
    assert "K10234" in waiting.effects[0].problem.what
    assert site.stored("record:invoice", "AR-1") is None
    site.drop(message("customer", customer("K10234")))
    assert site.drop(early).ack["result"] == "accepted"


def test_released_invoice_without_its_party_is_refused_instead_of_waiting_for_ever() -> None:
    outcome = Site().drop(message("invoice", invoice(ledger_account=None)), released=True)
    assert outcome.ack["result"] == "rejected"


# ── attachments ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_attachments_go_to_the_fibu_before_the_bookings() -> None:
    sent = example("invoice")
    outcome = Site().drop(message("invoice", sent["records"][0], attachments=sent["attachments"]))
    assert attached(outcome) == [("bmd", "AR-2026-10231_2026-10231.pdf")]
    to_bmd = [effect for effect in outcome.effects if isinstance(effect, Attach) or is_booking(effect)]
    assert isinstance(to_bmd[0], Attach)
    [bookings] = to_bmd[1:]
    assert isinstance(bookings, Emit)
    assert bookings.documents[0].document_file == "AR-2026-10231_2026-10231.pdf"


def is_booking(effect: Effect) -> bool:
    return isinstance(effect, Emit) and effect.output.format == "bmd_bookings"


def test_attachment_beside_the_message_and_missing_ones() -> None:
    beside = [{"attachment_id": "a", "filename": "Größe 1/2.pdf".replace("/", "-"), "href": "r.pdf"}]
    outcome = Site().drop(message("invoice", invoice(attachments=["a"]), attachments=beside), beside=["r.pdf"])
    assert attached(outcome) == [("bmd", "AR-1_Größe-1-2.pdf")]
    missing = Site().drop(message("invoice", invoice(attachments=["a", "b"]), attachments=beside), beside=["r.pdf"])
    assert missing.codes == ["attachment_missing"]
    assert missing.ack["records"][0]["pointer"] == "/records/0/data/attachments/1"


# ── test messages ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("records", "result"),
    [
        ([invoice("AR-1")], "accepted"),
        ([invoice("AR-1"), invoice("AR-2", currency="Euro")], "partial"),
        ([invoice("AR-1", ledger_account=None)], "rejected"),
    ],
)
def test_a_test_message_is_answered_and_leaves_nothing(records: list[dict[str, Any]], result: str) -> None:
    site = Site()
    outcome = site.drop(message("invoice", *records, test=True, stream="belege", sequence=9))
    assert outcome.ack["result"] == result
    assert "nichts wurde übernommen" in outcome.ack["message_de"]
    assert len(outcome.effects) == 1
    assert site.ledger.of("").get("stream", "clue:1:belege") is None


# ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def mixed(**fields: Any) -> dict[str, Any]:
    return message(
        "invoice", invoice("AR-1"), invoice("AR-2", currency="Euro"), invoice("AR-3", number="AR-3"), **fields
    )


def test_one_bad_record_rejects_the_message() -> None:
    site = Site()
    outcome = site.drop(mixed())
    assert outcome.codes == ["shape"]
    assert outcome.ack["result"] == "rejected"
    assert outcome.ack["counts"]["rejected"] == 1
    assert site.stored("record:invoice", "AR-1") is None


def test_where_parts_are_taken_the_bad_ones_come_back_ready_to_be_corrected() -> None:
    site = Site(partial=True)
    content = base64.b64encode(b"%PDF-1.4\n").decode()
    digest = hashlib.sha256(b"%PDF-1.4\n").hexdigest()
    attachment = {"attachment_id": "a", "filename": "r.pdf", "content_base64": content, "sha256": digest, "size": 9}
    outcome = site.drop(mixed(attachments=[attachment], stream="belege", sequence=3))
    assert outcome.ack["result"] == "partial"
    assert outcome.results == {"AR-1": "accepted", "AR-2": "rejected", "AR-3": "accepted"}
    assert "shape" in outcome.warnings
    assert outcome.returned is not None
    returned = json.loads(outcome.returned)
    assert [record["id"] for record in returned["records"]] == ["AR-2"]
    assert returned["attachments"] == [attachment]
    assert returned["sender"] == {"system": "clue", "company": "1"}
    assert "sequence" not in returned
    returned["records"][0]["data"]["currency"] = "EUR"
    corrected = site.drop(returned)
    assert corrected.ack["result"] == "accepted"
    assert corrected.booked == ["bmd_bookings"]


def test_what_the_fibu_refuses_comes_back_too() -> None:
    site = Site(partial=True)
    site.drop(message("invoice", invoice("AR-1")))
    outcome = site.drop(message("invoice", invoice("AR-9", number="AR-1"), invoice("AR-2")))
    assert outcome.results == {"AR-9": "rejected", "AR-2": "accepted"}
    assert outcome.returned is not None
    assert json.loads(outcome.returned)["records"][0]["data"]["number"] == "AR-1"
    assert site.stored("record:invoice", "AR-9") is None
    assert site.stored("record:invoice", "AR-2") is not None


def test_where_all_are_bad_the_message_is_rejected() -> None:
    outcome = Site(partial=True).drop(message("invoice", invoice("AR-2", currency="Euro")))
    assert outcome.codes == ["shape"]
    assert outcome.ack["result"] == "rejected"
    assert outcome.returned is None
