"""Acknowledgements: what the sender of a message is told (facts/domain.md 2.4, "ack")."""

from collections.abc import Iterable, Sequence
from typing import Literal

from core.batch import Origin, Output
from core.contracts import Emit
from core.documents import Ack, AckCounts, AckRecord, Record, message_head
from core.errors import Problem


def ack_of(
    message_id: str,
    result: Literal["accepted", "partial", "duplicate", "rejected"],
    counts: AckCounts,
    records: Iterable[AckRecord] = (),
    message_de: str = "",
) -> Ack:
    """Make the acknowledgement of a message."""
    return Ack(
        id=message_id,
        correlation_id=message_id,
        result=result,
        counts=counts,
        records=tuple(records),
        message_de=message_de or None,
    )


def emit_ack(ack: Ack, target: str, origin: Origin, system: str, company: str | None) -> Emit:
    """Lay the acknowledgement into the sender's outbox."""
    head = message_head(origin, company or None, system, correlation_id=ack.correlation_id)
    output = Output(target, "clue_exchange", f"ack-{ack.correlation_id}.json", "ack", head)
    return Emit(output, (Record("upsert", ack.id, ack),))


def rejected_rows(problems: Iterable[Problem]) -> list[AckRecord]:
    """One row for every problem that belongs to a record."""
    return [
        AckRecord(
            id=problem.record or "",
            result="rejected",
            code=problem.code,
            pointer=problem.pointer,
            message_de=said(problem),
        )
        for problem in problems
        if _of_record(problem)
    ]


def refusal(message_id: str, problems: Sequence[Problem]) -> Ack:
    """The acknowledgement of a message of which nothing was taken."""
    rows = rejected_rows(problems)
    general = [said(problem) for problem in problems if not _of_record(problem)]
    counts = AckCounts(accepted=0, rejected=len({(row.id, _record_part(row.pointer)) for row in rows}))
    what = "Die Nachricht wurde nicht übernommen."
    return ack_of(message_id, "rejected", counts, rows, " ".join([what, *general]))


def said(problem: Problem) -> str:
    """What is wrong and what to do, in one line; with its place, where no record and no column says it."""
    place = f" (Stelle: {problem.pointer})" if problem.pointer and not _of_record(problem) else ""
    return f"{problem.what}{place} {problem.todo}".strip()


def _of_record(problem: Problem) -> bool:
    return problem.record is not None or bool(problem.pointer and problem.pointer.startswith("/records/"))


def _record_part(pointer: str | None) -> str:
    return "/".join((pointer or "").split("/")[:3])
