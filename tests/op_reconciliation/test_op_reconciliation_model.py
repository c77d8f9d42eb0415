"""A simulated FIBU against the ledger: whatever it books and whatever lists come in whatever order, CLUE is not misled.

No booking is told twice, nothing is told as certain that was not booked, and after a clearing list of everything CLUE
knows exactly what was booked.
"""

from collections import Counter
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, precondition, rule

from tests.op_reconciliation.fibu import Item
from tests.op_reconciliation.model_lists import EVERYTHING, LONG_AGO, Lists

ZERO = Decimal(0)


class SimulatedFibu(Lists):
    """What CLUE must be able to rely on."""

    @rule()
    def drop_all_clearings(self) -> None:
        """After a clearing list of everything CLUE knows what was booked, and what was only concluded is marked."""
        self.drop_clearings((self.today, self.fibu.clearings(self.today, LONG_AGO, EVERYTHING)), released=True)
        for number, item in self.fibu.ours.items():
            told, tracked = self.clue.documents[number], self._tracked(number)
            if self._is_known(item):
                truth = item.truth(self.today)
                truth["amount"] -= self._counted(number)
                assert told.proved == truth
                assert not any(told.guessed.values())
                if number not in dict(self.not_booked):
                    assert tracked.known_paid + tracked.register_seen == 0
        for joint in {id(item.joint): item.joint for item in self.fibu.ours.values() if item.joint}.values():
            for part in joint.total:
                self._knows_all_of(part, {number: self.fibu.items[number] for number in joint.shares})

    def _knows_all_of(self, part: str, items: dict[str, Item]) -> None:
        """What a clearing takes from all of its documents together is known, though not of which."""
        told = booked = ZERO
        for number, item in items.items():
            of_one = self.clue.documents[number]
            told += of_one.proved[part] + of_one.guessed[part]
            told += self._counted(number) if part == "amount" else ZERO
            known = item.joint.known.get(number, {}) if item.joint else {}
            booked += item.truth(self.today)[part] - known.get(part, ZERO)
        [total] = {item.joint.total[part] for item in items.values() if item.joint}
        assert told == booked + total

    def _is_known(self, item: Item) -> bool:
        """Whether a clearing list of everything says what was booked on it."""
        return item.joint is None or item.number in item.joint.known

    def _counted(self, number: str) -> Decimal:
        """What of the payments at the register clearing lists have shown."""
        tracked = self._tracked(number)
        return self.clue.documents[number].at_register - tracked.known_paid - tracked.register_seen

    @invariant()
    def nothing_is_certain_that_was_not_booked(self) -> None:
        for number, told in self.clue:
            item = self.fibu.items.get(number)
            seen = Counter((one.day, one.kind, one.amount) for one in self._tracked(number).bookings)
            own = seen & (item.kinds() if item else Counter())
            shared = sum(amount * times for (_, _, amount), times in (seen - own).items())
            divided = item is not None and item.joint is not None and item.joint.divided
            assert divided or shared in {0, item.joint.shares[number] if item and item.joint else 0}
            booked = shared + sum(one[2] * times for one, times in own.items())
            assert told.by_clearings + self._counted(number) == booked
            if item and not self._is_known(item):
                assert sum(told.guessed.values()) == shared

    @invariant()
    def what_was_told_and_what_is_open_are_the_gross(self) -> None:
        for number, told in self.clue:
            tracked = self._tracked(number)
            assert told.total + told.at_register - tracked.known_paid + tracked.amount_open == tracked.gross
            if number in self.clue.states:
                open_text = f"{tracked.amount_open:.2f}"
                assert self.clue.states[number] == {"status": tracked.status, "amount_open": open_text}

    @invariant()
    def a_state_fits_what_is_open(self) -> None:
        for number in self.clue.states:
            tracked = self._tracked(number)
            left, gross = tracked.amount_open, tracked.gross
            small = abs(left) <= self.settings["tolerance"]
            assert (tracked.status == "paid") == (not left or (small and left != gross))
            if tracked.status != "paid":
                expected = "overpaid" if left * gross < 0 else "partly_paid" if abs(left) < abs(gross) else "open"
                assert tracked.status == expected

    @precondition(lambda self: bool(self.fibu.items))
    @invariant()
    def what_was_deleted_by_hand_is_never_certain(self) -> None:
        for number, item in self.fibu.ours.items():
            if item.deleted and not item.posted and not item.joint:
                assert not any(self.clue.documents[number].proved.values())


TestSimulatedFibu = SimulatedFibu.TestCase
TestSimulatedFibu.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
