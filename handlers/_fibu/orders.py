"""Orders for export runs: write the open one, take one back (``core.documents.ExportOrder``)."""

from collections.abc import Sequence

from core.batch import Batch
from core.company import Company
from core.contracts import Context, Effect
from core.documents import BadRecord, ExportOrder, Record
from core.errors import Problem, RuleError
from core.fibu.export_run import OPEN_RUN, RUN, ExportRun
from handlers._fibu.runs import write_open_run
from handlers._fibu.take_back import Taken, obstacles, undone
from handlers._intake.record_rules import Verdict


def carry_out(batch: Batch, company: Company, context: Context) -> tuple[Verdict, Sequence[Effect]]:
    """Judge the one order of a message, and what it does. Raise RuleError for a message with none or several."""
    records: list[Record | BadRecord] = list(batch.documents)
    if len(records) != 1:
        what = f"Die Nachricht enthält {len(records)} Aufträge; es muss genau einer sein."
        raise RuleError(Problem("one_order", what, "Bitte jeden Auftrag einzeln übergeben.", pointer="/records"))
    record = records[0]
    if isinstance(record, BadRecord):
        return Verdict(0, record.id, "rejected", record.problems), ()
    if not isinstance(record.data, ExportOrder):
        what = "Ein Auftrag kann nur als Ganzes übergeben werden."
        problem = Problem("order_refused", what, "Bitte „upsert“ verwenden.", pointer="/records/0/op", record=record.id)
        return Verdict(0, record.id, "rejected", (problem,)), ()
    do = _write if record.data.action == "write" else _take_back
    return do(record.id, record.data, batch, company, context)


def _write(
    record: str, order: ExportOrder, batch: Batch, company: Company, context: Context
) -> tuple[Verdict, Sequence[Effect]]:
    ledger = context.ledger.of(company.id)
    opened = ledger.get(OPEN_RUN, OPEN_RUN)
    if opened is None or order.run not in {None, opened.body["run"]}:
        what = "Es wartet kein Beleg auf die Übergabe an die FIBU."
        if order.run is not None:
            what = f"Der Lauf {order.run} ist nicht offen; er wurde schon übergeben oder zurückgenommen."
        notice = Problem("nothing_to_write", what, "Es ist nichts zu tun.", pointer="/records/0/data", record=record)
        return Verdict(0, record, "unchanged", (notice,)), ()
    run_id = str(opened.body["run"])
    run = ledger.get(RUN, run_id)
    if run is None:
        raise KeyError(f"there is no run {run_id}, though it is open")
    effects = write_open_run(run_id, ExportRun.model_validate(run.body), company, ledger, batch.origin)
    return Verdict(0, record, "accepted"), tuple(effects)


def _take_back(
    record: str, order: ExportOrder, batch: Batch, company: Company, context: Context
) -> tuple[Verdict, Sequence[Effect]]:
    ledger = context.ledger.of(company.id)
    entry = ledger.get(RUN, order.run or "")
    run = ExportRun.model_validate(entry.body) if entry else None
    if entry is None or run is None or run.status == "taken_back":
        what = f"Einen Lauf {order.run} gibt es bei diesem Mandanten nicht."
        if run is not None:
            what = f"Der Lauf {order.run} wurde schon am {run.ended_at:%d.%m.%Y um %H:%M} zurückgenommen."
        problem = Problem("unknown_run", what, "Bitte die Nummer des Laufs prüfen.", pointer="/records/0/data/run")
        return Verdict(0, record, "rejected", (problem,)), ()
    taken = Taken.load(entry.key, run, ledger)
    problems = tuple(obstacles(taken, order, ledger))
    if problems:
        return Verdict(0, record, "rejected", problems), ()
    return Verdict(0, record, "accepted"), tuple(undone(taken, order, company, context, batch.origin))
