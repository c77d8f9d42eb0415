"""Rules of the export that a golden file does not show well."""

import copy
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.company import AccountRange, Accounts, Company
from core.contracts import Emit, Put, Wait, Warn
from core.documents import Invoice, Totals
from core.errors import RuleError
from core.fibu.booking import Booking, BookingLine
from core.tracked import KIND, TrackedDocument, digits_key, match_key
from handlers._fibu.export import export
from tests.fibu.rendering import context, effect_lines, emitted, exported, origin, output_files
from tests.ledgers import MemoryLedger

COMPANY = Company(id="1", fibu="bmd")


def test_a_second_export_of_the_same_documents_is_refused_whole(case: dict[str, Any], ledger: MemoryLedger) -> None:
    message = case["messages"][0]
    ledger.commit(exported(COMPANY, ledger, message))

    with pytest.raises(RuleError) as caught:
        list(exported(COMPANY, ledger, message, 2))

    assert [problem.record for problem in caught.value.problems] == [record["id"] for record in message]
    assert {problem.code for problem in caught.value.problems} == {"fibu_already_exported"}


def test_the_same_number_under_another_id_is_refused(case: dict[str, Any], ledger: MemoryLedger) -> None:
    record = case["messages"][0][0]
    ledger.commit(exported(COMPANY, ledger, [record]))

    with pytest.raises(RuleError) as caught:
        list(exported(COMPANY, ledger, [{**record, "id": "OTHER"}], 2))

    assert [problem.code for problem in caught.value.problems] == ["fibu_number_taken"]


def test_the_same_message_gives_the_same_effects(case: dict[str, Any], ledger: MemoryLedger) -> None:
    first = list(exported(COMPANY, ledger, case["messages"][0]))
    second = list(exported(COMPANY, ledger, case["messages"][0]))

    assert first == second
    assert len({effect.output for effect in first if isinstance(effect, Emit)}) == 2


def test_an_account_is_sent_again_only_when_it_has_changed(case: dict[str, Any], ledger: MemoryLedger) -> None:
    invoices = case["messages"][0]
    first = ledger.commit(exported(COMPANY, ledger, invoices[:1], 1))
    second = ledger.commit(exported(COMPANY, ledger, invoices[1:2], 2))
    moved = copy.deepcopy(case["ledger"]["customer"]["K10234"])
    moved["addresses"][0]["city"] = "Linz"
    ledger.of("1").put(Put("1", "customer", "K10234", {"data": moved}))
    third = ledger.commit(exported(COMPANY, ledger, invoices[2:3], 3))

    assert [len(emitted(effects, "person_account")) for effects in (first, second, third)] == [1, 0, 1]
    assert emitted(third, "person_account")[0].city == "Linz"


def test_an_op_list_finds_the_documents(case: dict[str, Any], ledger: MemoryLedger) -> None:
    ledger.commit(exported(COMPANY, ledger, case["messages"][0]))

    entry = ledger.of("1").get(KIND, match_key("330001", "R-4711"))

    assert entry is not None
    assert entry.group == digits_key("330001", "4711")
    tracked = TrackedDocument.model_validate(entry.body)
    assert (tracked.direction, tracked.gross, tracked.document_id) == ("ap", Decimal("1200.00"), "ER-17")


def test_a_number_without_digits_is_found_by_the_own_number(case: dict[str, Any], ledger: MemoryLedger) -> None:
    record = copy.deepcopy(case["messages"][0][4])
    record["data"]["external_number"] = "ABC"
    ledger.commit(exported(Company(id="1", fibu="rzl"), ledger, [record]))

    assert [entry.key for entry in ledger.of("1").group(KIND, digits_key("330001", "17"))] == ["330001/ABC"]


def test_an_account_is_never_given_twice(case: dict[str, Any], ledger: MemoryLedger) -> None:
    company = Company(id="1", fibu="bmd", accounts=Accounts(debtors=AccountRange(first=210233, last=210399)))
    message = case["messages"][0][:1]
    chosen = []
    for index in range(5):
        party = {**case["ledger"]["customer"]["K10234"], "ledger_account": None}
        ledger.of("1").put(Put("1", "customer", f"N{index}", {"data": party}))
        record = copy.deepcopy(message[0])
        record["data"] |= {"party_id": f"N{index}", "number": f"9{index}"}
        effects = ledger.commit(exported(company, ledger, [{**record, "id": f"I{index}"}], index))
        chosen += [record.data["ledger_account"] for record in emitted(effects, "customer")]

    assert chosen == ["210301", "210302", "210303", "210304", "210305"]


def test_an_account_once_chosen_is_kept_until_clue_says_otherwise(case: dict[str, Any], ledger: MemoryLedger) -> None:
    party = {**case["ledger"]["customer"]["K10234"], "ledger_account": None}
    ledger.of("1").put(Put("1", "customer", "N", {"data": party}))
    accounts = []
    for index, stated in enumerate((None, None, "222222")):
        ledger.of("1").put(Put("1", "customer", "N", {"data": {**party, "ledger_account": stated}}))
        record = copy.deepcopy(case["messages"][0][1])
        record["data"] |= {"party_id": "N", "number": f"8{index}"}
        effects = ledger.commit(exported(COMPANY, ledger, [{**record, "id": f"I{index}"}], index))
        accounts += [booking.account for booking in emitted(effects, "booking")]

    assert accounts == ["210301", "210301", "222222"]


def test_problems_go_before_waiting(case: dict[str, Any], ledger: MemoryLedger) -> None:
    unknown = {**case["messages"][0][1], "id": "U"}
    unknown["data"] = {**unknown["data"], "party_id": "UNKNOWN", "number": "77"}
    broken = {**case["messages"][0][1], "id": "B"}
    broken["data"] = {**broken["data"], "number": "X" * 21}

    assert [type(effect) for effect in exported(COMPANY, ledger, [unknown])] == [Wait]
    with pytest.raises(RuleError):
        list(exported(COMPANY, ledger, [unknown, broken]))


def test_a_sum_that_does_not_agree_is_named_with_both_amounts(case: dict[str, Any], ledger: MemoryLedger) -> None:
    """The models forbid it; the proof stands all the same."""
    data = case["messages"][0][0]["data"]
    sound = Invoice.model_validate({**data, "id": "A"})
    totals = Totals.model_construct(**{**sound.totals.model_dump(), "gross": Decimal("171.00")})
    broken = sound.model_copy(update={"totals": totals})

    with pytest.raises(RuleError) as caught:
        list(export([(0, "A", broken)], COMPANY, context(COMPANY, ledger), origin()))

    (problem,) = caught.value.problems
    assert problem.code == "fibu_unbalanced"
    assert "Rechnung 2026-10231" in problem.what
    assert "170,40" in problem.what
    assert "171,00" in problem.what


def test_a_cent_goes_to_the_largest_group(case: dict[str, Any], ledger: MemoryLedger) -> None:
    sound = Invoice.model_validate({**case["messages"][0][0]["data"], "id": "A"})
    totals = Totals.model_construct(**{**sound.totals.model_dump(), "gross": Decimal("170.41")})
    off_by_a_cent = sound.model_copy(update={"totals": totals})

    effects = list(export([(0, "A", off_by_a_cent)], COMPANY, context(COMPANY, ledger), origin()))

    (booking,) = emitted(effects, "booking")
    assert [(line.net, line.vat) for line in booking.lines] == [
        (Decimal("131.01"), Decimal("26.20")),
        (Decimal("12.00"), Decimal("1.20")),
    ]


def test_a_booking_that_does_not_balance_cannot_be_made() -> None:
    line = BookingLine(account="4000", net=Decimal("10.00"))
    with pytest.raises(ValueError, match=r"10\.00, gross is 10\.01"):
        Booking.model_validate(
            {
                "document_id": "1",
                "kind": "ar",
                "side": "debit",
                "account": "200001",
                "number": "1",
                "document_date": "2026-08-10",
                "gross": "10.01",
                "lines": [line.model_dump()],
            }
        )


def test_bmd_takes_twenty_characters_of_a_number(case: dict[str, Any], ledger: MemoryLedger) -> None:
    record = copy.deepcopy(case["messages"][0][0])
    record["data"]["number"] = "1" * 20

    files = output_files(list(exported(COMPANY, ledger, [record])))

    assert b";" + b"1" * 20 + b";" in files["1_20261122-081500_abc001_2_buchungen.csv"]


@pytest.mark.parametrize(("fibu", "length"), [("bmd", 21), ("rzl", 16)])
def test_one_character_more_is_refused(case: dict[str, Any], ledger: MemoryLedger, fibu: str, length: int) -> None:
    record = copy.deepcopy(case["messages"][0][0])
    record["data"]["number"] = "1" * length

    with pytest.raises(RuleError) as caught:
        list(exported(COMPANY.model_copy(update={"fibu": fibu}), ledger, [record]))

    assert [problem.pointer for problem in caught.value.problems] == ["/records/0/data/number"]


def test_parties_that_share_an_account_do_not_rename_it(case: dict[str, Any], ledger: MemoryLedger) -> None:
    accounts = Accounts(debtors=AccountRange(first=200000, last=299999, set_apart=(210234,)))
    effects = list(exported(Company(id="1", fibu="bmd", accounts=accounts), ledger, case["messages"][0][:1]))

    assert emitted(effects, "person_account") == []


def test_a_second_party_on_an_account_is_told_and_does_not_rename_it(
    case: dict[str, Any], ledger: MemoryLedger
) -> None:
    ledger.commit(exported(COMPANY, ledger, case["messages"][0][:1]))
    twin = {**case["ledger"]["customer"]["K10234"], "name": "Zwilling GmbH"}
    ledger.of("1").put(Put("1", "customer", "TWIN", {"data": twin}))
    record = copy.deepcopy(case["messages"][0][1])
    record["data"]["party_id"] = "TWIN"

    effects = list(exported(COMPANY, ledger, [record], 2))

    assert emitted(effects, "person_account") == []
    assert [effect.problem.code for effect in effects if isinstance(effect, Warn)] == ["fibu_account_shared"]


def test_what_is_released_without_its_party_is_refused(case: dict[str, Any], ledger: MemoryLedger) -> None:
    data = {**case["messages"][0][1]["data"], "party_id": "UNKNOWN"}
    invoice = Invoice.model_validate({**data, "id": "U"})
    released = replace(context(COMPANY, ledger), released=True)

    with pytest.raises(RuleError) as caught:
        list(export([(0, "U", invoice)], COMPANY, released, origin()))

    assert [problem.code for problem in caught.value.problems] == ["fibu_party_unknown"]


def test_companies_do_not_see_each_others_exports(case: dict[str, Any], ledger: MemoryLedger) -> None:
    other = COMPANY.model_copy(update={"id": "2"})
    for kind, entries in case["ledger"].items():
        for key, data in entries.items():
            ledger.of("2").put(Put("2", kind, key, {"data": data}))
    ledger.commit(exported(COMPANY, ledger, case["messages"][0]))

    effects = list(exported(other, ledger, case["messages"][0], 2))

    assert {effect.company for effect in effects if isinstance(effect, Put)} == {"2"}
    assert len(list(effect_lines(effects))) > len(case["messages"][0])


def test_a_discount_on_the_whole_group_goes_to_the_default_account(ledger: MemoryLedger, case: dict[str, Any]) -> None:
    """Lines that do not add up to their VAT group: the rest is booked where the group would be."""
    ledger.of("1").put(Put("1", "article", "A", {"data": {"revenue_account": "4030"}}))
    line = {"line_id": "1", "sku": "A", "qty": "1", "unit_price": "60", "net": "60.00", "vat_rate": "20"}
    rebate = {"line_id": "2", "kind": "discount", "qty": "1", "unit_price": "-10", "net": "-10.00", "vat_rate": "20"}
    record = copy.deepcopy(case["messages"][0][1])
    record["data"]["lines"] = [{**line, "vat_category": "S"}, {**rebate, "vat_category": "S"}]

    (booking,) = emitted(list(exported(COMPANY, ledger, [record])), "booking")

    assert {line.account: (line.net, line.vat) for line in booking.lines} == {
        "4030": (Decimal("-60.00"), Decimal("-12.00")),
        "4000": (Decimal("10.00"), Decimal("2.00")),
    }
