"""Export runs: a document goes out once; what is taken back is as if it had never been; a schedule collects."""

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.batch import Batch, Origin
from core.company import Company
from core.contracts import Context, Emit, Put
from core.fibu.export_run import EXPORTED, RUN, WITHDRAWN, order_message
from core.money import total
from core.open_items import DOCUMENT_TYPE, OpenItemRow
from core.rksv import HANDED_OVER
from core.tracked import KIND, TrackedDocument
from handlers import op_reconciliation
from handlers._fibu.parties import ALLOCATED
from handlers._intake.document_files import DOCUMENT_FILE
from handlers._reconciliation.findings import READ_LIST
from tests.exchange.intake_site import Outcome, Site
from tests.exchange.messages import billed, customer, message, paid_in_cash, sold

pytestmark = pytest.mark.slow

_MOMENTS = itertools.count()
LASTING = {RUN, WITHDRAWN, ALLOCATED, HANDED_OVER, DOCUMENT_FILE, READ_LIST, op_reconciliation.LAST_LIST}
"""What a run that was taken back leaves behind, besides the message that ordered it; and that lists were read."""
TODAY = date(2026, 11, 23)


def site(**company: Any) -> Site:
    """A site with one company and one customer without an account."""
    made = Site(companies={"1": Company(id="1", fibu="rzl", **company)})
    made.drop(message("customer", customer("K1", ledger_account=None)))
    return made


def order(at: Site, **fields: Any) -> Outcome:
    """Give an order as the daemon does."""
    moment = datetime.fromtimestamp(1_800_000_000 + next(_MOMENTS), tz=UTC)
    return at.drop(order_message(fields, "1", moment))


def refusals(outcome: Outcome) -> set[str]:
    """Codes of the reasons why an order was not carried out."""
    return set(outcome.codes)


def listed(at: Site, rows: Sequence[OpenItemRow]) -> None:
    """A list of open items comes from the FIBU; what it does not hold stays open."""
    moment = 1_900_000_000 + next(_MOMENTS)
    origin = Origin(f"list-{moment}", "rzl", "op.csv", datetime.fromtimestamp(moment, tz=UTC), "1")
    batch = Batch(origin, DOCUMENT_TYPE, tuple(rows), {"source": "rzl", "kind": "both", "key_date": TODAY})
    context = Context(at.ledger, at.companies, op_reconciliation.Settings(), TODAY)
    at.ledger.commit(op_reconciliation.handle(batch, context))


def tracked(at: Site) -> dict[str, TrackedDocument]:
    """What lists are compared with, by key."""
    return {entry.key: TrackedDocument.model_validate(entry.body) for entry in at.ledger.of("1").all(KIND)}


def shown(document: TrackedDocument, row: int, less: str = "0") -> OpenItemRow:
    """A document in a list, of which so much less is open."""
    amount = document.amount_open - Decimal(less) * (1 if document.gross > 0 else -1)
    return OpenItemRow(row, document.ledger_account, document.number, amount, None, None, "", "", "")


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


@settings(max_examples=80)
@given(steps=STEPS, data=st.data())
def test_a_run_that_lists_have_shown_goes_back_whole_or_not_at_all(steps: Sequence[str], data: st.DataObject) -> None:
    at = site()
    for serial, step in enumerate(steps):
        for sent in dropped(step, serial):
            before, known = state(at), set(runs(at))
            at.drop(sent)
            for run in set(runs(at)) - known:
                own = [key for key, document in tracked(at).items() if document.exported_by == run]
                chosen = [(tracked(at)[key], data.draw(st.sampled_from(["", "0", "0.01"]))) for key in own]
                listed(at, [shown(document, row, less) for row, (document, less) in enumerate(chosen, 2) if less])
                documents = [tracked(at)[key] for key in own]
                refused = refusals(order(at, action="take_back", run=run))
                if any(document.told for document in documents):
                    assert "run_settled" in refused
                    kept = state(at)
                    assert "run_settled" in refusals(order(at, action="take_back", run=run, even_if_booked=True))
                    assert state(at) == kept
                    continue
                assert refused == ({"run_booked"} if any(document.first_seen for document in documents) else set())
                if refused:
                    assert refusals(order(at, action="take_back", run=run, even_if_booked=True)) == set()
                assert state(at) == before
                at.drop({**sent, "message_id": message("invoice")["message_id"]})


def test_a_receipt_that_lists_have_shown_can_be_taken_back_and_come_again_without_a_payment_of_its_own() -> None:
    at = site()
    at.drop(message("invoice", billed("2026-101", "invoice", "100.00")))
    paid = message("cash_receipt", paid_in_cash("1", "2026-101", "60.00"))
    known = set(runs(at))
    at.drop(paid)
    [run] = set(runs(at)) - known
    [invoice] = tracked(at).values()
    listed(at, [shown(invoice, 2, "60.00")])
    assert refusals(order(at, action="take_back", run=run)) == {"run_booked"}
    assert refusals(order(at, action="take_back", run=run, even_if_booked=True)) == set()
    listed(at, [shown(invoice, 2)])  # the receipt's booking was cancelled there
    at.drop(paid)
    listed(at, [shown(invoice, 2, "60.00")])
    [invoice] = tracked(at).values()
    assert (invoice.amount_open, invoice.known_paid, invoice.told) == (Decimal("60.00"), Decimal(0), ())


def test_an_invoice_is_taken_back_only_after_its_payment_at_the_register_whatever_lists_have_shown() -> None:
    at = site()
    at.drop(message("invoice", billed("2026-101", "invoice", "100.00")))
    [run] = runs(at)
    at.drop(message("cash_receipt", paid_in_cash("1", "2026-101", "60.00")))
    [invoice] = tracked(at).values()
    for less in ("0", "60.00"):
        listed(at, [shown(invoice, 2, less)])
        assert refusals(order(at, action="take_back", run=run, even_if_booked=True)) == {"run_needed"}
