"""What an export would do: it is emitted only when nothing stands against it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from core.documents.problems import LIMIT
from core.errors import Problem
from core.fibu.booking import Booking
from core.fibu.tax_codes import treatment_label
from handlers._fibu.parties import Person
from handlers._fibu.source import Source

_GAPS = {
    "fibu_account_missing": "Es fehlen Konten für",
    "fibu_account_unknown": "Diese Konten stehen nicht im Kontenplan, den CLUE übergeben hat:",
    "fibu_account_out_of_range": "Diese Personenkonten liegen außerhalb der eingestellten Bereiche:",
    "fibu_tax_code_missing": "Es fehlen Steuercodes für",
}
"""Problems of the settings that one look should show whole, however many documents have them."""


@dataclass(frozen=True, slots=True)
class Done:
    """One document, ready to go out."""

    source: Source
    bookings: Sequence[Booking]
    """The document's own booking first; then what goes with it."""
    person: Person | None = None
    deducted: tuple[str, ...] = ()
    """Keys (``core.tracked.match_key``) of the earlier invoices that the document deducts."""
    withdrawn: str = ""
    """Key of the advance invoice that the document cancels: it cannot be deducted any more."""


@dataclass(slots=True)
class Plan:
    """Documents that can go out, and what stands against the others."""

    done: list[Done] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    waiting: list[Problem] = field(default_factory=list)

    def shown(self, sources: Sequence[Source]) -> list[Problem]:
        """The problems in the order of the documents, what is missing in the settings summed up first; at most 100."""
        place = {source.record: source.index for source in reversed(sources)}
        ordered = sorted(self.problems, key=lambda problem: place.get(problem.record or "", 0))
        return [*_summaries(ordered), *ordered][:LIMIT]


def _summaries(problems: Iterable[Problem]) -> Iterator[Problem]:
    """One problem for each kind of gap that several documents show, naming everything that is missing."""
    gaps: dict[str, dict[str, list[Problem]]] = {}
    for problem in problems:
        if problem.code in _GAPS and problem.value:
            gaps.setdefault(problem.code, {}).setdefault(problem.value, []).append(problem)
    for code, missing in gaps.items():
        first = next(iter(missing.values()))[0]
        if len({problem.record for found in missing.values() for problem in found}) > 1:
            listed = ", ".join(
                treatment_label(what) + (f" ({len(found)} Stellen)" if len(found) > 1 else "")
                for what, found in missing.items()
            )
            yield Problem(code, f"{_GAPS[code]} {listed}.", first.todo, record=first.record, pointer=first.pointer)
