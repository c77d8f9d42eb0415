"""The protocol of a cash register: what is read, and what the comparison with CLUE tells."""

import copy
import io
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.batch import Batch
from core.company import Company
from core.contracts import Context, Put, Warn
from core.documents import CashReceipt
from core.errors import FormatError, RuleError
from core.rksv import BUCKETS, HANDED_OVER, sums_of_groups
from formats import rksv_dep7
from handlers import rksv_check
from tests.fibu.registers import HEADER, machine_code, protocol, signed
from tests.fibu.rendering import GOLDEN, context, exported, origin, problem_lines
from tests.ledgers import MemoryLedger

UPDATE = os.environ.get("CLUEDROP_UPDATE_GOLDEN") == "1" and not os.environ.get("CI")
COMPANY = Company(id="1", fibu="bmd")
NOTHING = ("0,00",) * 5


def read(content: bytes) -> Batch:
    return rksv_dep7.read(io.BytesIO(content), origin(), rksv_dep7.Settings())


def read_json(tree: Any) -> Batch:
    return read(json.dumps(tree).encode())


def folders(module: str) -> list[str]:
    return sorted(folder.name for folder in (GOLDEN / module).iterdir())


def agreed(folder: Path, name: str, made: bytes) -> None:
    if UPDATE:
        (folder / name).write_bytes(made)
    assert made == (folder / name).read_bytes()


@pytest.mark.parametrize("case", folders("rksv_dep7"))
def test_a_protocol_is_read_as_expected(case: str) -> None:
    folder = GOLDEN / "rksv_dep7" / case
    try:
        batch = read((folder / "input.json").read_bytes())
    except FormatError as error:
        agreed(folder, "expected.err", problem_lines(error.problems))
        return
    rows = [{**receipt._asdict(), "sums": list(receipt.sums)} for receipt in batch.documents]
    text = json.dumps([batch.head, *rows], ensure_ascii=False, indent=1, default=str) + "\n"
    agreed(folder, "expected.json", text.encode())


def told(ledger: MemoryLedger, batch: Batch) -> list[str]:
    """Codes and sentences of a comparison."""
    checked = Context(ledger=ledger, companies={}, settings=rksv_check.Settings(), today=context(COMPANY, ledger).today)
    effects = list(rksv_check.handle(batch, checked))
    assert all(isinstance(effect, Warn) for effect in effects)  # it books nothing
    return [problem_lines([effect.problem]).decode() for effect in effects if isinstance(effect, Warn)]


@pytest.mark.parametrize("case", folders("rksv_check"))
def test_a_comparison_tells_exactly_this(case: str) -> None:
    folder = GOLDEN / "rksv_check" / case
    content = json.loads((folder / "input.json").read_text("utf-8"))
    ledger = MemoryLedger()
    ledger.commit(exported(COMPANY, ledger, content["receipts"]))

    agreed(folder, "expected.txt", "".join(told(ledger, read_json(content["protocol"]))).encode())


def receipts(count: int) -> list[dict[str, Any]]:
    return [{"number": str(index + 1), "sums": ("12,00", "0,00", "0,00", "0,00", "0,00")} for index in range(count)]


def sale(number: str, net: str = "10.00", vat: str = "2.00", rate: str = "20") -> dict[str, Any]:
    gross = str(Decimal(net) + Decimal(vat))
    return {
        "id": f"K{number}",
        "data": {
            "register_id": "KASSA1",
            "receipt_number": number,
            "issued_at": "2026-11-20T10:02:11+01:00",
            "receipt_type": "sale",
            "total": gross,
            "vat_breakdown": [{"vat_rate": rate, "net": net, "vat": vat, "account": "4000"}],
            "payments": [{"method": "cash", "amount": gross}],
        },
    }


def codes(lines: list[str]) -> list[str]:
    return [line.partition(" | ")[0] for line in lines]


def ledger_of(*records: dict[str, Any]) -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.commit(exported(COMPANY, ledger, records))
    return ledger


def test_a_protocol_that_agrees_is_told_as_one_that_agrees() -> None:
    lines = told(ledger_of(sale("1"), sale("2")), read_json(protocol("KASSA1", receipts(2))))

    assert codes(lines) == ["rksv_checked"]
    assert "Keine Abweichungen" in lines[0]
    assert "Normal 24,00" in lines[0]


@pytest.mark.parametrize("changed", [0, 1])
def test_a_changed_receipt_breaks_the_chain(changed: int) -> None:
    tree = protocol("KASSA1", receipts(3))
    lines = tree["Belege-Gruppe"][0]["Belege-kompakt"]
    lines[changed] = lines[changed][:-2] + "XX"

    assert "rksv_chain_broken" in codes(told(ledger_of(sale("1"), sale("2"), sale("3")), read_json(tree)))


@pytest.mark.parametrize("removed", [0, 1])
def test_a_removed_receipt_breaks_the_chain_and_leaves_a_gap(removed: int) -> None:
    tree = protocol("KASSA1", receipts(4))
    del tree["Belege-Gruppe"][0]["Belege-kompakt"][1 + removed]

    found = codes(told(ledger_of(*(sale(str(number)) for number in range(1, 5))), read_json(tree)))

    assert found == ["rksv_checked", "rksv_chain_broken", "rksv_number_gap", "rksv_not_in_protocol"]


def test_receipts_without_turnover_may_be_missing_in_clue() -> None:
    listed = [{"number": "1", "sums": NOTHING}, {"number": "2", "sums": ("5,00", *NOTHING[1:]), "counter": "VFJB"}]

    assert codes(told(MemoryLedger(), read_json(protocol("KASSA1", listed)))) == ["rksv_checked"]


def test_4_9_percent_and_19_percent_share_a_bucket() -> None:
    """facts/domain.md 0, finding 4."""
    special = ("0,00", "0,00", "0,00", "0,00", "10,49")
    tree = protocol("KASSA1", [{"number": "1", "sums": special}])

    assert codes(told(ledger_of(sale("1", "10.00", "0.49", "4.9")), read_json(tree))) == ["rksv_checked"]
    assert codes(told(ledger_of(sale("1", "10.00", "1.30", "13")), read_json(tree))) == [
        "rksv_checked",
        "rksv_sums_differ",
    ]


def test_training_receipts_are_remembered_though_never_booked() -> None:
    record = copy.deepcopy(sale("1"))
    record["data"]["receipt_type"] = "training"
    ledger = MemoryLedger()
    effects = ledger.commit(exported(COMPANY, ledger, [record]))

    assert [effect.kind for effect in effects if isinstance(effect, Put)] == [HANDED_OVER]
    listed = [{"number": "1", "sums": ("12,00", *NOTHING[1:])}]
    assert codes(told(ledger, read_json(protocol("KASSA1", listed)))) == ["rksv_checked", "rksv_training"]


def test_a_register_whose_sums_differ_from_its_groups_is_told() -> None:
    record = sale("1")
    record["data"]["rksv"] = {"sum_reduced1": "12.00"}

    warnings = [
        effect.problem.code for effect in exported(COMPANY, MemoryLedger(), [record]) if isinstance(effect, Warn)
    ]

    assert warnings == ["fibu_rksv_differs"]


def test_very_many_differences_are_counted() -> None:
    lines = told(MemoryLedger(), read_json(protocol("KASSA1", receipts(70))))

    assert codes(lines) == ["rksv_checked", *["rksv_not_handed_over"] * 50, "rksv_more"]
    assert "20 weitere" in lines[-1]


def test_a_route_without_a_company_is_refused() -> None:
    batch = read_json(protocol("KASSA1", receipts(1)))
    anonymous = Batch(
        type(batch.origin)("d", "kassa", "dep.json", batch.origin.received_at), batch.document_type, (), batch.head
    )

    with pytest.raises(RuleError):
        told(MemoryLedger(), anonymous)


def test_a_register_id_may_hold_the_separator() -> None:
    [receipt] = read_json(protocol("KASSA_1_A", receipts(1))).documents

    assert (receipt.register_id, receipt.number) == ("KASSA_1_A", "1")


@pytest.mark.parametrize(
    "compact",
    [
        "",
        "a.b",
        f"{HEADER}.####.x",
        signed("_R1-AT1_zu_kurz"),
        signed(machine_code("K", "1", ("1,0", *NOTHING[1:]), "x")),
        signed(machine_code("K", "1", NOTHING, "x", day="2026-13-20")),
        17,
    ],
)
def test_a_receipt_that_is_none_is_refused_with_its_place(compact: object) -> None:
    with pytest.raises(FormatError) as caught:
        read_json({"Belege-Gruppe": [{"Belege-kompakt": [signed(machine_code("K", "1", NOTHING, "x")), compact]}]})

    assert [problem.pointer for problem in caught.value.problems] == ["/Belege-Gruppe/0/Belege-kompakt/1"]


@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
@settings(max_examples=150, deadline=None)
def test_bytes_that_are_no_protocol_give_a_format_error(content: bytes) -> None:
    assert not rksv_dep7.sniff(content, "x")
    with pytest.raises(FormatError):
        read(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(groups=JSON | st.lists(st.fixed_dictionaries({"Belege-kompakt": st.lists(JSON, max_size=3)}), max_size=3))
@settings(max_examples=150, deadline=None)
def test_groups_without_a_readable_receipt_give_a_format_error(groups: Any) -> None:
    with pytest.raises(FormatError):
        read_json({"Belege-Gruppe": groups})


@given(
    groups=st.lists(
        st.tuples(st.sampled_from(["20", "10", "13", "0", "19", "4.9"]), st.decimals("-99", "999", places=2)),
        max_size=6,
    )
)
@settings(max_examples=100, deadline=None)
def test_the_buckets_add_up_to_the_receipt(groups: list[tuple[str, Decimal]]) -> None:
    rows = [{"vat_rate": rate, "net": str(net), "vat": "0.00", "vat_treatment": "out_of_scope"} for rate, net in groups]
    gross = str(sum((net for _, net in groups), Decimal("0.00")))
    data = {**sale("1")["data"], "vat_breakdown": rows, "total": gross, "payments": [{"method": "x", "amount": gross}]}

    sums = sums_of_groups(CashReceipt.model_validate({**data, "id": "K1"}))

    assert sums is not None
    assert len(sums) == len(BUCKETS)
    assert sum(sums) == Decimal(gross)
