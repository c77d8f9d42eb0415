"""Golden cases of the intake: messages dropped one after the other, and all that each leads to."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.contracts import Attach, Claim, Effect, Emit, Hold, Put, Wait, Warn
from core.errors import Problem
from tests.exchange.intake_site import Outcome, Site, written

CASES = Path(__file__).parents[1] / "golden" / "clue_intake"
UPDATE = os.environ.get("CLUEDROP_UPDATE_GOLDEN") == "1"


def line(problem: Problem) -> str:
    return f"{problem.code} @ {problem.pointer or '-'} [{problem.record or '-'}]: {problem.what} | {problem.todo}"


def told(effect: Effect) -> Iterator[str]:
    match effect:
        case Emit(output, documents) if output.format == "clue_exchange":
            yield f"file {output.target}/{output.name}"
            text = json.dumps(json.loads(written(output, documents)), ensure_ascii=False, indent=1)
            yield from (f"    {row}" for row in text.splitlines())
        case Emit(output, documents):
            yield f"file {output.target}/{output.name} ({output.format}, {len(documents)} documents)"
        case Attach(target, name):
            yield f"attachment {target}/{name}"
        case Put(company, kind, key, body, group):
            names = ", ".join(
                f"{name}={body[name]}" for name in ("state", "active", "sequence") if name in (body or {})
            )
            yield f"remember {company or 'site'} {kind} {key} {names} {group}".rstrip()
        case Claim(company, key):
            yield f"claim {company} {key}"
        case Warn(problem):
            yield f"warn {line(problem)}"
        case Wait(problem):
            yield f"wait {line(problem)}"
        case Hold(problems):
            yield from (f"hold {line(problem)}" for problem in problems)


def protocol(outcome: Outcome) -> Iterator[str]:
    if outcome.error is not None:
        yield from (f"rejected {line(problem)}" for problem in outcome.error.problems)
    for effect in outcome.effects:
        yield from told(effect)


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_golden(case: str) -> None:
    folder = CASES / case
    site = Site(partial=case.endswith("where_parts_are_taken"))
    rows = []
    for source in sorted(folder.glob("[0-9]*.json")):
        rows += [f"== {source.name}", *protocol(site.drop(source.read_bytes()))]
    text = "".join(row + "\n" for row in rows)
    if UPDATE:
        assert "CI" not in os.environ, "golden files are not updated in CI"
        (folder / "expected.txt").write_text(text, "utf-8")
    assert text == (folder / "expected.txt").read_text("utf-8")
