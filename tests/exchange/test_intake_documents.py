"""The intake and documents: handed to the FIBU once, with their attachments, whole or in part."""

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from core.contracts import Attach, Effect, Emit, Put
from tests.exchange.intake_site import Site, attached, example
from tests.exchange.messages import customer, invoice, message


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


def test_attachments_go_to_the_fibu_before_the_bookings() -> None:
    sent = example("invoice")
    outcome = Site().drop(message("invoice", sent["records"][0], attachments=sent["attachments"]))
    assert attached(outcome) == [("bmd", "AR_2026-10231.pdf")]
    to_bmd = [effect for effect in outcome.effects if isinstance(effect, Attach) or is_booking(effect)]
    assert isinstance(to_bmd[0], Attach)
    [bookings] = to_bmd[1:]
    assert isinstance(bookings, Emit)
    assert bookings.documents[0].document_file == "AR_2026-10231.pdf"


def is_booking(effect: Effect) -> bool:
    return isinstance(effect, Emit) and effect.output.format == "bmd_bookings"


def test_attachment_beside_the_message_and_missing_ones() -> None:
    beside = [{"attachment_id": "a", "filename": "Größe 1/2.pdf".replace("/", "-"), "href": "r.pdf"}]
    outcome = Site().drop(message("invoice", invoice(attachments=["a"]), attachments=beside), beside={"r.pdf": b"%PDF"})
    assert attached(outcome) == [("bmd", "AR-1.pdf")]
    missing = Site().drop(
        message("invoice", invoice(attachments=["a", "b"]), attachments=beside), beside={"r.pdf": b"%PDF"}
    )
    assert missing.codes == ["attachment_missing"]
    assert missing.ack["records"][0]["pointer"] == "/records/0/data/attachments/1"


@pytest.mark.parametrize("spoken_of", [{"size": 5}, {"sha256": "0" * 64}])
def test_attachment_beside_the_message_that_is_another_file(spoken_of: dict[str, object]) -> None:
    files = [{"attachment_id": "a", "filename": "r.pdf", "href": "r.pdf", **spoken_of}]
    outcome = Site().drop(message("invoice", invoice(attachments=["a"]), attachments=files), beside={"r.pdf": b"%PDF"})

    assert outcome.error is not None
    assert [problem.code for problem in outcome.error.problems] == ["attachment_altered"]


def test_attachment_that_no_document_names_is_told() -> None:
    lost = [{"attachment_id": "z", "filename": "z.pdf", "content_base64": "YQ=="}]
    for outcome in (
        Site().drop(message("invoice", invoice(), attachments=lost)),
        Site().drop(message("customer", customer(), attachments=lost)),
    ):
        assert outcome.ack["result"] == "accepted"
        assert "attachment_unnamed" in outcome.warnings
        assert attached(outcome) == []


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


def tracked(site: Site, number: str) -> Any:
    return site.stored("tracked_document", f"210234/{number}")


@pytest.mark.parametrize("together", [True, False])
def test_an_invoice_and_its_cancellation_wait_for_no_money(together: bool) -> None:
    site = Site()
    site.drop(message("invoice", invoice("AR-1")))
    cancel = {"op": "cancel", "id": "AR-1", "data": {"cancelled_by": "ST-1"}}
    storno = invoice("ST-1", document_type="cancellation", corrects={"number": "AR-1"})
    for records in [[storno, cancel]] if together else [[storno], [cancel]]:
        site.drop(message("invoice", *records))
    assert [tracked(site, number)["status"] for number in ("AR1", "ST1")] == ["cancelled", "cancelled"]


@pytest.mark.parametrize("changed", [{"amount_open": "100.00"}, {"known_paid": "70.40"}])
def test_a_cancelled_invoice_that_was_paid_in_part_stays_tracked(changed: dict[str, str]) -> None:
    site = Site()
    first = site.drop(message("invoice", invoice("AR-1")))
    site.ledger.commit(
        replace(put, body={**put.body, **changed}) for put in first.of(Put) if put.kind == "tracked_document"
    )
    cancel = {"op": "cancel", "id": "AR-1", "data": {"cancelled_by": "ST-1"}}
    site.drop(message("invoice", invoice("ST-1", document_type="cancellation"), cancel))
    assert [tracked(site, number)["status"] for number in ("AR1", "ST1")] == ["open", "open"]


def test_no_document_is_cancelled_by_itself_or_twice() -> None:
    site = Site()
    site.drop(message("invoice", invoice("AR-1"), invoice("ST-1", document_type="cancellation"), invoice("AR-2")))
    for by, codes in (("AR-1", ["cancel_refused"]), ("ST-1", []), ("AR-2", ["cancel_refused"])):
        cancel = {"op": "cancel", "id": "AR-1", "data": {"cancelled_by": by}}
        assert site.drop(message("invoice", cancel)).codes == codes
    assert site.stored("record:invoice", "AR-1")["cancelled_by"] == "ST-1"


def test_where_parts_are_taken_nothing_is_cancelled_by_a_document_that_was_refused() -> None:
    site = Site(partial=True)
    site.drop(message("invoice", invoice("AR-1")))
    cancel = {"op": "cancel", "id": "AR-1", "data": {"cancelled_by": "ST-1"}}
    storno = invoice("ST-1", document_type="cancellation", number="X" * 21)
    outcome = site.drop(message("invoice", storno, cancel, invoice("AR-2")))
    assert outcome.results == {"ST-1": "rejected", "AR-1": "rejected", "AR-2": "accepted"}
    assert site.stored("record:invoice", "AR-1")["state"] == "exported"
    assert tracked(site, "AR1")["status"] == "open"
