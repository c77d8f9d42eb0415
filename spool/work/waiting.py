"""Drops that something should precede: an attachment, or a file that tells what they refer to. Others may pass them."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from core.errors import TransportError
from spool.identifiers import now_ms
from spool.inbox.intake import Intake
from spool.journal.store import Journal
from spool.results import file_problems
from spool.results.committing import Handled, report_of
from spool.work.messages import Outcome
from spool.work.streams import Stream, Waiting, again


class WaitingRoom:
    """Lets drops wait, brings them what they wait for, and gives up after the ``wait_seconds`` of their route."""

    def __init__(self, intakes: Mapping[str, Intake], journal: Journal) -> None:
        self._intakes = intakes
        self._journal = journal

    def bring_companions(self, stream: Stream, handled: Handled) -> None:
        """Take the attachments that a drop has named and let it be handled with them, or let it wait for them."""
        drop = handled.drop
        taken = self._intakes[handled.route.name].attachments.claim(drop.id, handled.outcome.companions)
        known = replace(again(drop), companions={**drop.companions, **taken})
        missing = [name for name in handled.outcome.companions if name not in taken]
        if missing:
            problem = file_problems.attachment_missing(missing[0])
            self.park(stream, Waiting(handled.route, known, problem, missing))
        else:
            stream.push_back(handled.route.name, [known])

    def park(self, stream: Stream, waiting: Waiting) -> None:
        """Let a drop wait, or show it to a person when it has waited long enough."""
        drop = waiting.drop
        if _is_over(waiting):
            stream.add_result(Handled(waiting.route, drop, Outcome(drop.id, "held", problems=(waiting.problem,))))
            return
        stream.waiting.append(waiting)
        with suppress(TransportError):  # told to people only; a restart handles it again anyway
            self._journal.note([{"b_id": drop.id, "b_state": "waiting", "b_report": report_of((waiting.problem,), ())}])

    def look(self, streams: Iterable[Stream]) -> None:
        """Attachments may have come, or the time to wait may be over."""
        for stream in streams:
            stream.wake_waiting(self._may_go_on)

    def _may_go_on(self, waiting: Waiting) -> bool:
        if _is_over(waiting):
            return True
        attachments = self._intakes[waiting.route.name].attachments
        return bool(waiting.companions) and all(attachments.has(name) for name in waiting.companions)


def _is_over(waiting: Waiting) -> bool:
    return now_ms() - waiting.drop.claimed_at > waiting.route.wait_seconds * 1000
