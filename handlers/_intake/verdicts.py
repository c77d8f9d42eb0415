"""Judges all records of a message, and lets the FIBU export have its say on the documents."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from core.batch import Batch
from core.company import Company
from core.contracts import Context, Effect, Hold, Put, Wait
from core.documents import AttachedFile, BadRecord, CashReceipt, Document, Invoice, Record
from core.errors import Problem, RuleError
from core.fibu.export_run import EXPORTED, ORDER
from handlers._fibu.cancelled import settled_by_each_other
from handlers._fibu.export import export
from handlers._fibu.orders import carry_out
from handlers._intake.attachments import attach, by_id, missing
from handlers._intake.document_files import DocumentFiles, document_files
from handlers._intake.record_rules import MASTER_DATA, RecordRules, Verdict, deactivated, with_state

_ROUNDS = 20
"""How often the bad documents are taken out and the rest is tried: with more than about 2,000 the whole is refused."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Verdicts on all records in order, and what follows from the documents that go on."""

    verdicts: Sequence[Verdict]
    effects: Sequence[Effect] = ()
    stop: Wait | Hold | None = None
    """Nothing may be taken before this is settled."""

    @property
    def rejected(self) -> list[Verdict]:
        """Verdicts on the records that cannot be taken."""
        return [verdict for verdict in self.verdicts if verdict.result == "rejected"]


def judge(batch: Batch, company: Company, context: Context) -> Judged:
    """Judge the records. Raise RuleError for what concerns the message as a whole."""
    entity, records = batch.document_type, list(batch.documents)
    if entity == ORDER:
        verdict, effects = carry_out(batch, company, context)
        return Judged([verdict], effects)
    sound = [record for record in records if isinstance(record, Record)]
    rules = RecordRules(entity, company.id, context.ledger.of(company.id), sound)
    verdicts = [
        Verdict(index, record.id, "rejected", record.problems)
        if isinstance(record, BadRecord)
        else rules.judge(index, record)
        for index, record in enumerate(records)
    ]
    if entity in MASTER_DATA:
        absent = _absent(batch, company, context, verdicts) if batch.head["mode"] == "full" else ()
        return Judged(verdicts, tuple(absent))
    files = by_id(batch.head["attachments"])
    verdicts = [_with_attachments(verdict, files) for verdict in verdicts]
    return _exported(verdicts, rules, batch, company, context, files)


def _absent(batch: Batch, company: Company, context: Context, verdicts: Sequence[Verdict]) -> Iterator[Effect]:
    """A full set: what is not in it is no longer used. An empty one is taken for a mistake."""
    if not verdicts:
        what = "Der Vollstand enthält keinen einzigen Datensatz; damit würde alles stillgelegt."
        todo = "Bitte die Übergabe in CLUE prüfen."
        raise RuleError(Problem("empty_full_set", what, todo, pointer="/records"))
    listed = {verdict.id for verdict in verdicts}
    for entry in context.ledger.of(company.id).all(batch.document_type):
        if entry.key not in listed and entry.body["active"]:
            yield deactivated(company.id, batch.document_type, entry)


def _with_attachments(verdict: Verdict, files: Mapping[str, AttachedFile]) -> Verdict:
    if not isinstance(verdict.forward, Invoice):
        return verdict
    problems = tuple(missing(verdict.forward, verdict.index, files))
    return replace(verdict, result="rejected", problems=problems, put=None, forward=None) if problems else verdict


def _exported(
    verdicts: list[Verdict],
    rules: RecordRules,
    batch: Batch,
    company: Company,
    context: Context,
    files: Mapping[str, AttachedFile],
) -> Judged:
    """Book the documents that are new; where parts may be taken, without those that the FIBU rules refuse.

    A test message waits for nothing, nor does one that a person has released: what is missing is then a fault.
    """
    patient = not batch.head["test"] and not context.released
    named = document_files(_with_files(verdicts), files, company, context)
    problems: Sequence[Problem] = ()
    for _ in range(_ROUNDS):
        forward = [verdict for verdict in verdicts if verdict.forward is not None]
        documents = [(verdict.index, verdict.id, _for_export(verdict.forward, named)) for verdict in forward]
        try:
            booked = list(export(documents, company, context, batch.origin)) if documents else []
        except RuleError as error:
            problems = error.problems
        else:
            stop = next((effect for effect in booked if isinstance(effect, Wait | Hold)), None)
            if patient or not isinstance(stop, Wait):
                exported = {put.key for put in booked if isinstance(put, Put) and put.kind == EXPORTED}
                rejected = {verdict.id for verdict in verdicts if verdict.result == "rejected"}
                verdicts = [rules.without_cancelling(with_state(verdict, exported), rejected) for verdict in verdicts]
                pairs = [(verdict.id, verdict.cancelled_by) for verdict in verdicts if verdict.cancelled_by]
                cancelled = settled_by_each_other(pairs, booked, company, context.ledger.of(company.id))
                laid = [
                    effect
                    for invoice in _with_files(forward)
                    for effect in attach(invoice, files, named, company.fibu_target, context)
                ]
                return Judged(verdicts, (*laid, *booked, *cancelled), stop)
            problems = [stop.problem]
        if not {problem.record for problem in problems} & {verdict.id for verdict in forward}:
            break
        verdicts = _rejecting(verdicts, problems)
        if not context.partial and not batch.head["test"]:
            return Judged(verdicts)
    raise RuleError(*problems)


def _with_files(verdicts: Sequence[Verdict]) -> list[Invoice]:
    """The documents whose attachments go to the FIBU, before the bookings."""
    documents = (verdict.forward for verdict in verdicts)
    return [one for one in documents if isinstance(one, Invoice) and one.document_type != "proforma"]


def _rejecting(verdicts: list[Verdict], problems: Sequence[Problem]) -> list[Verdict]:
    """The verdicts, with the records that have these problems rejected."""
    found: dict[str | None, list[Problem]] = {}
    for problem in problems:
        found.setdefault(problem.record, []).append(problem)
    return [
        replace(verdict, result="rejected", problems=tuple(found[verdict.id]), put=None, forward=None)
        if verdict.forward is not None and verdict.id in found
        else verdict
        for verdict in verdicts
    ]


def _for_export(document: Document | None, named: DocumentFiles) -> Invoice | CashReceipt:
    """The document as the export gets it: ``attachments`` are names of files in the FIBU's folder, not ids."""
    if isinstance(document, Invoice):
        names = tuple(named.of(document).values())
        return document.model_copy(update={"attachments": names}) if document.attachments else document
    if isinstance(document, CashReceipt):
        return document
    raise TypeError(f"no document of the books: {type(document).__name__}")
