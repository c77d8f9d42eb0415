"""A small site for tests of the intake: real format, real handler, a ledger that keeps what is committed."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from core.batch import Origin, Output
from core.company import Company
from core.contracts import Attach, CompanionFile, Context, Effect, Emit, Hold, Put, Wait, Warn
from core.errors import ContentError
from formats import clue_exchange
from handlers import clue_intake
from tests.ledgers import MemoryLedger

EXAMPLES = Path(__file__).parents[2] / "docs" / "exchange" / "examples"
COMPANIES = {"1": Company(id="1", fibu="bmd"), "2": Company(id="2", fibu="rzl")}


def example(name: str) -> dict[str, Any]:
    """The published example message of an entity."""
    made: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    return made


def written(output: Output, documents: Sequence[Any]) -> bytes:
    """The file that this output becomes."""
    writer = clue_exchange.open_writer(output, clue_exchange.WriterSettings())
    return writer.begin() + writer.add(documents) + writer.end()


@dataclass
class Outcome:
    """What one drop led to."""

    effects: list[Effect]
    error: ContentError | None = None

    def of(self, kind: type) -> list[Any]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def ack(self) -> dict[str, Any]:
        """The one acknowledgement, as it is written."""
        [emitted] = [effect for effect in self.of(Emit) if effect.output.document_type == "ack"]
        made: dict[str, Any] = json.loads(written(emitted.output, emitted.documents))
        return made

    @property
    def results(self) -> dict[str, str]:
        """Result by record, as acknowledged."""
        return {row["id"]: row["result"] for row in self.ack["records"]}

    @property
    def codes(self) -> list[str]:
        """Codes of the problems that rejected the message, or that it waits or is held for."""
        if self.error is not None:
            return [problem.code for problem in self.error.problems]
        stopped = [effect.problem for effect in self.of(Wait)] + [p for held in self.of(Hold) for p in held.problems]
        return [problem.code for problem in stopped]

    @property
    def warnings(self) -> list[str]:
        return [effect.problem.code for effect in self.of(Warn)]

    @property
    def returned(self) -> bytes | None:
        """The message with the bad records, as it lies in the folder of rejected files."""
        for effect in self.of(Emit):
            if effect.output.target == "@rejected":
                return written(effect.output, effect.documents)
        return None

    @property
    def booked(self) -> list[str]:
        """Names of the formats that the FIBU got files in."""
        return [effect.output.format for effect in self.of(Emit) if effect.output.format != "clue_exchange"]


def _companion(name: str, data: bytes) -> CompanionFile:
    return CompanionFile(Path("/lies/beside") / name, len(data), sha256(data).hexdigest())


@dataclass
class Site:
    """Drops messages one after the other."""

    companies: Mapping[str, Company] = field(default_factory=lambda: COMPANIES)
    partial: bool = False
    route_company: str | None = None
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    count: int = 0

    def drop(
        self, message: Mapping[str, Any] | bytes, *, released: bool = False, beside: Mapping[str, bytes] = {}
    ) -> Outcome:
        """Drop a message; what it leads to is committed."""
        content = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.count += 1
        origin = Origin(
            f"drop-{self.count}", "clue", "nachricht.json", datetime(2026, 11, 22, 9, tzinfo=UTC), self.route_company
        )
        context = Context(
            ledger=self.ledger,
            companies=self.companies,
            settings=clue_intake.Settings(),
            today=date(2026, 11, 22),
            released=released,
            companions={name: _companion(name, data) for name, data in beside.items()},
            partial=self.partial,
        )
        try:
            batch = clue_exchange.read(io.BytesIO(content), origin, clue_exchange.Settings())
            effects = list(clue_intake.handle(batch, context))
        except ContentError as error:
            answer = list(clue_intake.refuse(error, content[:65536], origin, context))
            return Outcome(self.ledger.commit(answer), error)
        return Outcome(self.ledger.commit(effects))

    def stored(self, kind: str, key: str, company: str = "1") -> Any:
        """Body of a ledger entry, or None."""
        entry = self.ledger.of(company).get(kind, key)
        return None if entry is None else entry.body

    def puts(self, outcome: Outcome, kind: str) -> list[str]:
        """Keys of this kind that a drop wrote."""
        return [put.key for put in outcome.of(Put) if put.kind == kind]


def attached(outcome: Outcome) -> list[tuple[str, str]]:
    """Target and name of the files that were laid beside."""
    return [(effect.target, effect.name) for effect in outcome.of(Attach)]
