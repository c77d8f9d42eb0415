"""Rules about a message as a whole: who sends it, was it here before, does one before it still miss.

The site's own ledger ("") remembers messages (kind "message") and the numbering of streams (kind "stream").
"""

from collections.abc import Mapping
from typing import Any

from core.batch import Batch, Origin
from core.company import Company
from core.contracts import Context, Ledger, Put, Wait, Warn
from core.errors import Problem, RuleError

SITE = ""
MESSAGE = "message"
STREAM = "stream"
_REFUSED_LIMIT = 1000


def company_of(head: Mapping[str, Any], origin: Origin, context: Context) -> Company:
    """The company that the message is for. Raise RuleError where it is unknown or not the route's."""
    named = head["sender"]["company"] or origin.company
    known = ", ".join(sorted(context.companies)) or "keiner"
    if named is None:
        what = "In der Nachricht fehlt der Mandant."
        todo = f"Bitte „sender.company“ angeben. Bekannt sind: {known}."
        raise RuleError(Problem("company_missing", what, todo, pointer="/sender/company"))
    if named not in context.companies:
        what = f"Der Mandant {named} ist hier nicht eingerichtet."
        todo = f"Bekannt sind: {known}."
        raise RuleError(Problem("unknown_company", what, todo, pointer="/sender/company", value=named))
    if origin.company not in {None, named}:
        what = f"Die Nachricht gehört zum Mandanten {named}, dieser Ordner aber zum Mandanten {origin.company}."
        todo = "Bitte die Datei in den richtigen Ordner legen."
        raise RuleError(Problem("wrong_company", what, todo, pointer="/sender/company", value=named))
    return context.companies[named]


def is_duplicate(head: Mapping[str, Any], ledger: Ledger) -> bool:
    """Say whether this very message was taken before. Raise RuleError where the id stands for other content."""
    entry = ledger.of(SITE).get(MESSAGE, _message_key(head))
    if entry is None:
        return False
    if entry.body["sha256"] == head["sha256"]:
        return True
    what = f"Die Nachricht {head['message_id']} wurde schon mit anderem Inhalt übernommen."
    todo = "Bitte die geänderten Daten mit einer neuen Nachrichten-ID übergeben."
    raise RuleError(Problem("conflict", what, todo, pointer="/message_id", value=head["message_id"]))


def remember(batch: Batch, result: str, run: str) -> Put:
    """Remember that the message was taken; ``run``: the export run that its documents belong to, "" for none."""
    body = {"sha256": batch.head["sha256"], "result": result, "drop_id": batch.origin.drop_id}
    return Put(SITE, MESSAGE, _message_key(batch.head), body, run)


def check_sequence(head: Mapping[str, Any], context: Context) -> Wait | Warn | None:
    """Wait for a message that should have come before; warn of one that comes too late, or that a person let pass."""
    stream, sequence = head["stream"], head["sequence"]
    if stream is None or sequence is None:
        return None
    body = _stream(context.ledger, _stream_key(head["sender"]["system"], head["sender"]["company"], stream))
    if body is None:
        return None
    last = body["sequence"]
    if sequence <= last:
        what = f"Die Nachricht {sequence} der Reihe {stream} kommt nach der Nachricht {last}."
        todo = "Ältere Stände darin werden nicht übernommen. Bitte die Reihenfolge der Übergabe prüfen."
        return Warn(Problem("late_sequence", what, todo, pointer="/sequence", value=str(sequence)))
    missing = _next(last, body["refused"])
    if sequence <= missing:
        return None
    todo = "Bitte die fehlende Nachricht in CLUE noch einmal übergeben oder die Datei freigeben."
    problem = Problem(
        "sequence_gap", f"Nachricht {missing} fehlt noch.", todo, pointer="/sequence", value=str(sequence)
    )
    return Warn(problem) if context.released else Wait(problem)


def advance(ledger: Ledger, system: str, company: str | None, stream: str | None, sequence: int | None) -> Put | None:
    """Remember that this number was taken; None where there is nothing to remember."""
    if stream is None or sequence is None:
        return None
    key = _stream_key(system, company, stream)
    body = _stream(ledger, key)
    if body is not None and sequence <= body["sequence"]:
        return None
    later = [] if body is None else [number for number in body["refused"] if number > sequence]
    last = _next(sequence, later) - 1
    return Put(SITE, STREAM, key, {"sequence": last, "refused": [number for number in later if number > last]})


def skip(ledger: Ledger, system: str, company: str | None, stream: str | None, sequence: int | None) -> Put | None:
    """Remember that this number was used for a message that was refused: nobody needs to wait for it."""
    if stream is None or sequence is None:
        return None
    key = _stream_key(system, company, stream)
    body = _stream(ledger, key)
    if body is None or sequence == _next(body["sequence"], body["refused"]):
        return advance(ledger, system, company, stream, sequence)
    if sequence <= body["sequence"] or sequence in body["refused"] or len(body["refused"]) >= _REFUSED_LIMIT:
        return None
    return Put(SITE, STREAM, key, {**body, "refused": sorted([*body["refused"], sequence])})


def _next(last: int, refused: list[int]) -> int:
    """First number after ``last`` that was not refused."""
    used, number = set(refused), last + 1
    while number in used:
        number += 1
    return number


def _stream(ledger: Ledger, key: str) -> Mapping[str, Any] | None:
    entry = ledger.of(SITE).get(STREAM, key)
    return None if entry is None else entry.body


def _message_key(head: Mapping[str, Any]) -> str:
    return f"{head['sender']['system']}:{head['message_id']}"


def _stream_key(system: str, company: str | None, stream: str) -> str:
    return f"{system}:{company or ''}:{stream}"
