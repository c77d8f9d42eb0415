"""Does what the lines of a file say, and writes the other lines to a target; counts all files it has handled."""

import os
import signal
from collections.abc import Iterator
from pathlib import PurePath

from pydantic import BaseModel

from core.batch import REJECTED_FOLDER, Batch, Output
from core.contracts import Attach, Claim, Context, Effect, Emit, Hold, Put, Wait, Warn
from core.errors import Problem, RuleError, Unclear

LABEL = "Echo"
ACCEPTS = frozenset({"line"})
ANSWERS_DUPLICATES = False


class Settings(BaseModel):
    """Where to."""

    target: str = "out"


def handle(batch: Batch, context: Context) -> Iterator[Effect]:
    company = batch.origin.company or ""
    counted = context.ledger.of(company).get("count", "files")
    yield Put(company, "count", "files", {"files": counted.body["files"] + 1 if counted else 1})
    name = f"{PurePath(batch.origin.name).stem}.out.txt"
    for line in batch.documents:
        word, _, rest = str(line).partition(" ")
        special = _SPECIAL.get(word)
        if special is not None:
            yield from special(rest, company, context)
        else:
            yield Emit(Output(context.settings.target, "lines", name, "line"), [line])


def _hold(rest: str, company: str, context: Context) -> Iterator[Effect]:
    if not context.released:
        yield Hold((Problem("look", "Bitte ansehen.", "Bitte freigeben."),))


def _wait(rest: str, company: str, context: Context) -> Iterator[Effect]:
    if context.ledger.of(company).get("known", rest) is None:
        yield Wait(Problem("missing", f"Es fehlt noch {rest}.", "Bitte nachreichen."))


def _remember(rest: str, company: str, context: Context) -> Iterator[Effect]:
    yield Put(company, "known", rest, {"is": "known"}, group=rest[:1])


def _forget(rest: str, company: str, context: Context) -> Iterator[Effect]:
    yield Put(company, "known", rest, None)


def _claim(rest: str, company: str, context: Context) -> Iterator[Effect]:
    yield Claim(company, rest)


def _warn(rest: str, company: str, context: Context) -> Iterator[Effect]:
    yield Warn(Problem("warning", rest))


def _needs(rest: str, company: str, context: Context) -> Iterator[Effect]:
    yield Attach(context.settings.target, rest, context.companions[rest].path)


def _many(rest: str, company: str, context: Context) -> Iterator[Effect]:
    for number in range(int(rest)):
        yield Emit(Output(context.settings.target, "lines", f"many-{number}.txt", "line"), [number])


def _same(rest: str, company: str, context: Context) -> Iterator[Effect]:
    yield Attach(context.settings.target, rest, b"one of many with this name\n")


def _to(rest: str, company: str, context: Context) -> Iterator[Effect]:
    target, _, text = rest.partition(" ")
    yield Emit(Output(REJECTED_FOLDER if target == "back" else target, "lines", f"{target}.txt", "line"), [text])


def _puts(rest: str, company: str, context: Context) -> Iterator[Effect]:
    for number in range(int(rest)):
        yield Put(company, "many", f"{number:07}", {"number": number}, group=str(number % 7))


def _poison(rest: str, company: str, context: Context) -> Iterator[Effect]:
    yield Put(company, "known", "\ud800 is no text that a database can hold", {})


def _rule(rest: str, company: str, context: Context) -> Iterator[Effect]:
    raise RuleError(Problem("rule", rest))


def _unclear(rest: str, company: str, context: Context) -> Iterator[Effect]:
    raise Unclear(rest)


def _bug(rest: str, company: str, context: Context) -> Iterator[Effect]:
    raise ZeroDivisionError("a bug of the handler")


def _kill(rest: str, company: str, context: Context) -> Iterator[Effect]:
    os.kill(os.getpid(), getattr(signal, rest))
    yield from ()


def _leave(rest: str, company: str, context: Context) -> Iterator[Effect]:
    raise SystemExit(0)


def _eat(rest: str, company: str, context: Context) -> Iterator[Effect]:
    eaten = [bytearray(10_000_000) for _ in range(100_000)]
    yield Warn(Problem("eaten", str(len(eaten))))


def _loop(rest: str, company: str, context: Context) -> Iterator[Effect]:
    while True:
        pass
    yield


_SPECIAL = {
    "hold": _hold,
    "wait": _wait,
    "remember": _remember,
    "forget": _forget,
    "claim": _claim,
    "warn": _warn,
    "needs": _needs,
    "many": _many,
    "same": _same,
    "to": _to,
    "puts": _puts,
    "poison": _poison,
    "rule": _rule,
    "unclear": _unclear,
    "bug": _bug,
    "kill": _kill,
    "leave": _leave,
    "eat": _eat,
    "loop": _loop,
}
