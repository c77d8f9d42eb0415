"""Takes messages from CLUE: keeps master data, hands invoices and cash receipts on to the FIBU, answers each message.

Rules of facts/domain.md 2.3. A test message is checked like any other and answered, and leaves nothing behind.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from core.batch import Batch, Origin
from core.company import Company
from core.contracts import Context, Effect, Put, Wait, Warn
from core.documents import ENTITIES, Ack, AckCounts, AckRecord
from core.documents.messages import SYSTEM
from core.documents.problems import LIMIT
from core.documents.salvage import salvaged
from core.errors import ContentError, Problem, RuleError
from core.fibu.export_run import EXPORTED, ORDER
from handlers._intake.acks import ack_of, emit_ack, refusal, rejected_rows, said
from handlers._intake.attachments import altered, unnamed
from handlers._intake.message_rules import advance, check_sequence, company_of, is_duplicate, remember, skip
from handlers._intake.record_rules import MASTER_DATA, TITLES, Verdict
from handlers._intake.rejected_part import rejected_part
from handlers._intake.verdicts import Judged, judge

LABEL = "Übernahme aus CLUE"
ACCEPTS = frozenset(ENTITIES)
ANSWERS_DUPLICATES = True
_TEST = "Testnachricht: Die Daten wurden nur geprüft, nichts wurde übernommen."


class Settings(BaseModel):
    """Settings of a route for this handler."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ack_target: str = Field(default="", description="Target of the acknowledgements; empty: the company's clue_target.")


def handle(batch: Batch, context: Context) -> Iterator[Effect]:
    """Take a message. Raise RuleError where nothing of it can be taken."""
    if batch.document_type == "ack":
        yield from _acknowledged(batch)
        return
    company = company_of(batch.head, batch.origin, context)
    if batch.document_type not in TITLES:
        what = f"Nachrichten der Art „{batch.document_type}“ werden hier noch nicht verarbeitet."
        todo = f"Verarbeitet werden: {', '.join(TITLES)}."
        raise RuleError(Problem("not_processed", what, todo, pointer="/type", value=batch.document_type))
    if is_duplicate(batch.head, context.ledger):
        yield from _answer_again(batch, company, context)
        return
    test = batch.head["test"]
    order = None if test else check_sequence(batch.head, context)
    if order is not None:
        yield order
    if isinstance(order, Wait):
        return
    if wrong := list(altered(batch.head["attachments"], context)):
        raise RuleError(*wrong)
    judged = judge(batch, company, context)
    if not test and judged.stop is not None:
        yield judged.stop
        return
    rejected = judged.rejected
    if rejected and not test and (not context.partial or len(rejected) == len(judged.verdicts) or _is_full_set(batch)):
        problems = [problem for verdict in rejected for problem in verdict.problems]
        raise RuleError(*problems[:LIMIT])
    ack = _ack(batch.head["message_id"], judged, test=test)
    if not test:
        yield from _taken(batch, judged, ack.result, context)
    if not _is_own(batch.head["sender"]["system"], batch.document_type):
        yield emit_ack(ack, _target(company, context), batch.origin, *_sender(batch))


def _taken(batch: Batch, judged: Judged, result: str, context: Context) -> Iterator[Effect]:
    """What a message leaves behind."""
    yield from judged.effects
    yield from (verdict.put for verdict in judged.verdicts if verdict.put is not None)
    yield from (Warn(problem) for verdict in judged.verdicts for problem in verdict.problems)
    yield from unnamed(batch)
    if judged.rejected:
        records = list(batch.documents)
        yield from rejected_part(batch, [records[verdict.index] for verdict in judged.rejected], context)
    runs = (effect.group for effect in judged.effects if isinstance(effect, Put) and effect.kind == EXPORTED)
    yield remember(batch, result, next(runs, ""))
    system, company = _sender(batch)
    passed = advance(context.ledger, system, company, batch.head["stream"], batch.head["sequence"])
    if passed is not None:
        yield passed


def _ack(message_id: str, judged: Judged, *, test: bool) -> Ack:
    verdicts, rejected = judged.verdicts, judged.rejected
    results = [verdict.result for verdict in verdicts]
    counts = AckCounts(
        received=len(results),
        accepted=results.count("accepted"),
        rejected=results.count("rejected"),
        unchanged=results.count("unchanged"),
        stale=results.count("stale"),
    )
    result: Literal["accepted", "partial", "rejected"] = "accepted"
    if rejected:
        result = "rejected" if len(rejected) == len(verdicts) else "partial"
    rows = [row for verdict in verdicts for row in _rows(verdict)]
    return ack_of(message_id, result, counts, rows, _TEST if test else "")


def _rows(verdict: Verdict) -> list[AckRecord]:
    if verdict.result == "rejected":
        return rejected_rows(verdict.problems)
    if not verdict.problems:
        return [AckRecord(id=verdict.id, result=verdict.result)]
    return [
        AckRecord(
            id=verdict.id, result=verdict.result, code=notice.code, pointer=notice.pointer, message_de=said(notice)
        )
        for notice in verdict.problems
    ]


def _is_full_set(batch: Batch) -> bool:
    return batch.head["mode"] == "full" and batch.document_type in MASTER_DATA


def _is_own(system: str, entity: str) -> bool:
    """Whether it is an order that we have given ourselves, for a person or a schedule: nobody waits for an answer."""
    return system == SYSTEM and entity == ORDER


def _sender(batch: Batch) -> tuple[str, str | None]:
    sender = batch.head["sender"]
    return sender["system"], sender["company"]


def refuse(error: ContentError, head: bytes, origin: Origin, context: Context) -> Iterator[Effect]:
    """Answer a message that is rejected, where its sender and id can be made out."""
    found = salvaged(head)
    if not found.message_id or found.type == "ack" or _is_own(found.system, found.type):
        return
    company = context.companies.get(found.company or origin.company or "")
    ack = refusal(found.message_id, error.problems)
    yield emit_ack(ack, _target(company, context), origin, found.system or "clue", found.company)
    taken_before = any(problem.code == "conflict" and problem.pointer == "/message_id" for problem in error.problems)
    if company is not None and not taken_before:
        passed = skip(context.ledger, found.system, found.company or None, found.stream, found.sequence)
        if passed is not None:
            yield passed


def _target(company: Company | None, context: Context) -> str:
    settings: Settings = context.settings
    return settings.ack_target or (company.clue_target if company else "clue")


def _acknowledged(batch: Batch) -> Iterator[Effect]:
    """CLUE has answered a message of ours: tell a person what it did not take."""
    for record in batch.documents:
        ack: Ack = record.data
        if ack.result in {"accepted", "duplicate"}:
            continue
        what = f"CLUE hat die Nachricht {ack.correlation_id} nicht oder nur zum Teil übernommen."
        yield Warn(Problem("refused_by_clue", what, ack.message_de or "Bitte in CLUE nachsehen."))
        for row in ack.records:
            if row.result == "rejected":
                what = row.message_de or f"CLUE hat den Datensatz {row.id} nicht übernommen."
                yield Warn(Problem(row.code or "refused_by_clue", what, pointer=row.pointer, record=row.id))


def _answer_again(batch: Batch, company: Company, context: Context) -> Iterator[Effect]:
    what = "Diese Nachricht wurde schon früher übernommen; es hat sich nichts geändert."
    ack = ack_of(batch.head["message_id"], "duplicate", AckCounts(accepted=0, rejected=0), message_de=what)
    yield emit_ack(ack, _target(company, context), batch.origin, *_sender(batch))
    yield Warn(Problem("duplicate", what, "Es ist nichts zu tun.", pointer="/message_id"))
