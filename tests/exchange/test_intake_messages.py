"""The intake and a message as a whole: who sends it, was it here before, is one missing."""

import gzip
import json
from typing import Any

import pytest

from tests.exchange.intake_site import Site, example
from tests.exchange.messages import customer, message


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
