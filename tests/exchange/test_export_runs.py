"""Export runs: a document goes out once; what is taken back is as if it had never been; a schedule collects."""

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.company import Company
from core.contracts import Emit, Put
from core.export_run import EXPORTED, RUN, WITHDRAWN, order_message
from core.money import total
from core.rksv import HANDED_OVER
from handlers._document_files import DOCUMENT_FILE
from handlers._fibu_parties import ALLOCATED
from tests.exchange.intake_site import Outcome, Site
from tests.exchange.messages import billed, customer, message, paid_in_cash, sold

_MOMENTS = itertools.count()
LASTING = {RUN, WITHDRAWN, ALLOCATED, HANDED_OVER, DOCUMENT_FILE}
"""What a run that was taken back leaves behind, besides the message that ordered it."""


def site(**company: Any) -> Site:
    """A site with one company and one customer without an account."""
    made = Site(companies={"1": Company(id="1", fibu="rzl", **company)})
    made.drop(message("customer", customer("K1", ledger_account=None)))
    return made


def order(at: Site, **fields: Any) -> Outcome:
    """Give an order as the daemon does."""
    moment = datetime.fromtimestamp(1_800_000_000 + next(_MOMENTS), tz=UTC)
    return at.drop(order_message(fields, "1", moment))


def runs(at: Site) -> dict[str, Mapping[str, Any]]:
    """Bodies of all runs, by id."""
    return {entry.key: entry.body for entry in at.ledger.of("1").all(RUN)}


def exported_in(at: Site, run: str) -> set[str]:
    return {entry.key for entry in at.ledger.of("1").group(EXPORTED, run)}


def state(at: Site) -> dict[tuple[str, str, str], tuple[Any, str]]:
    """Everything remembered that a run may have changed."""
    return {
        (company, kind, key): (json.dumps(entry.body, sort_keys=True), entry.group)
        for company in ("", "1")
        for kind, key, entry in at.ledger.of(company).entries()
        if kind not in LASTING and not key.startswith("cluedrop:")
    }


def written(outcome: Outcome) -> list[Any]:
    """What goes to the FIBU, without the names of the files."""
    return [
        (effect.output.format, [document.model_dump() for document in effect.documents])
        for effect in outcome.of(Emit)
        if effect.output.target == "rzl"
    ]


def exported(at: Site, sent: Mapping[str, Any]) -> Outcome:
    """Drop a message and have its documents written; what has written them."""
    outcome = at.drop(sent)
    return order(at, action="write") if at.companies["1"].export_at else outcome


# ── what may happen ───────────────────────────────────────────────────────────────────────────────────────────────

DEDUCTED = {"number": "A", "net": "100.00", "vat": "20.00", "gross": "120.00"}


def dropped(step: str, serial: int) -> list[dict[str, Any]]:
    """The messages of one step; a step with a letter is about the documents of that letter."""
    kind, _, letter = step.partition(" ")
    deducted = [{**DEDUCTED, "number": f"2026-1{letter}", "id": f"2026-1{letter}"}]
    match kind:
        case "invoice":
            return [message("invoice", billed(f"2026-4{serial:02}", "invoice", "100.00"))]
        case "credit":
            return [message("invoice", billed(f"2026-5{serial:02}", "credit_note", "50.00"))]
        case "several":
            many = [billed(f"2026-6{serial:02}{number}", "invoice", f"{number}0.00") for number in range(1, 4)]
            return [message("invoice", *many)]
        case "advance":
            return [message("invoice", billed(f"2026-1{letter}", "advance_invoice", "100.00"))]
        case "half":  # only half of the advance was paid: the final invoice takes back the rest of it
            half = [{**deducted[0], "paid": "60.00"}]
            return [
                message(
                    "invoice",
                    billed(f"2026-2{letter}", "final_invoice", "300.00", prepaid="60.00", advance_invoices=half),
                )
            ]
        case "final":
            return [
                message(
                    "invoice",
                    billed(f"2026-2{letter}", "final_invoice", "300.00", prepaid="120.00", advance_invoices=deducted),
                )
            ]
        case "storno":
            storno = billed(
                f"2026-3{letter}",
                "cancellation",
                "100.00",
                corrects={"number": f"2026-1{letter}", "id": f"2026-1{letter}"},
            )
            return [
                message(
                    "invoice",
                    storno,
                    {"op": "cancel", "id": f"2026-1{letter}", "data": {"cancelled_by": f"2026-3{letter}"}},
                )
            ]
        case "cash":
            return [message("cash_receipt", paid_in_cash(f"{serial}", f"2026-1{letter}", "60.00"))]
        case "sales":
            return [message("cash_receipt", sold(f"{serial}", 5_000, 3), sold(f"{serial}b", 700, 4))]
        case "moved":
            return [message("customer", customer("K1", ledger_account=None, name=f"Muster {serial}"))]
    raise ValueError(step)


STEPS = st.lists(
    st.sampled_from(
        ["invoice", "credit", "several", "sales", "moved"]
        + [f"{kind} {letter}" for kind in ("advance", "half", "final", "storno", "cash") for letter in ("01", "02")]
    ),
    min_size=1,
    max_size=12,
)


# ── what is promised ──────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=150)
@given(steps=STEPS, export_at=st.sampled_from(["", "0 18 * * *"]), cash=st.sampled_from(["single", "daily"]))
def test_what_is_taken_back_is_as_if_it_had_never_been_and_can_be_run_again(
    steps: Sequence[str], export_at: str, cash: str
) -> None:
    at = site(export_at=export_at, cash_bookings=cash)
    for serial, step in enumerate(steps):
        for sent in dropped(step, serial):
            before, known = state(at), set(runs(at))
            first = exported(at, sent)
            for run in set(runs(at)) - known:
                assert order(at, action="take_back", run=run).codes == []
                assert state(at) == before
                assert written(exported(at, sent)) == written(first)


@settings(max_examples=150)
@given(steps=STEPS, data=st.data())
def test_two_runs_never_share_a_document_and_every_run_has_its_sum(steps: Sequence[str], data: st.DataObject) -> None:
    at = site(export_at=data.draw(st.sampled_from(["", "0 18 * * *"])))
    booked: dict[str, str] = {}
    for serial, step in enumerate(steps):
        for sent in dropped(step, serial):
            outcomes = [at.drop(sent)]
            if data.draw(st.booleans()):
                outcomes.append(order(at, action="write"))
            if data.draw(st.integers(0, 3)) == 0 and runs(at):
                order(at, action="take_back", run=data.draw(st.sampled_from(sorted(runs(at)))))
            for outcome in outcomes:
                for _, documents in written(outcome):
                    for document_id in {found["document_id"] for found in documents if "document_id" in found}:
                        earlier = booked.get(document_id)
                        assert earlier is None or runs(at)[earlier]["status"] == "taken_back"
                        booked[document_id] = next(
                            put.key for put in outcome.of(Put) if put.kind == RUN and put.body["status"] == "written"
                        )
    of_runs = [exported_in(at, run) for run in runs(at)]
    assert sum(map(len, of_runs)) == len(set().union(*of_runs)) if of_runs else True
    for run, body in runs(at).items():
        if body["status"] != "taken_back":
            entries = list(at.ledger.of("1").group(EXPORTED, run))
            assert body["documents"] == len(entries)
            assert body["gross"] == str(total(Decimal(entry.body["gross"]) for entry in entries))
        else:
            assert exported_in(at, run) == set()
