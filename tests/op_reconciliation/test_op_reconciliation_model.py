"""A simulated FIBU against the ledger: whatever it books and whatever lists come in whatever order, CLUE is not misled.

No booking is told twice, nothing is told as certain that was not booked, and after a clearing list of everything CLUE
knows exactly what was booked.
"""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, precondition, rule

from core.tracked import match_key
from tests.op_reconciliation.fibu import Item
from tests.op_reconciliation.model_lists import ALL, EVERYTHING, LONG_AGO, Lists, OpenList

ZERO = Decimal(0)


class SimulatedFibu(Lists):
    """What CLUE must be able to rely on."""

    @rule()
    def drop_all_clearings(self) -> None:
        """After a clearing list of everything CLUE knows what was booked, and what was only concluded is marked."""
        self.drop_clearings((self.today, self.fibu.clearings(self.today, LONG_AGO, EVERYTHING)), released=True)
        for number, item in self.fibu.ours.items():
            told, tracked = self.clue.documents[number], self._tracked(number)
            # Until a payment at the register is booked, open items may have shown another booking in its place.
            if self._is_known(item) and number not in dict(self.not_booked):
                truth = item.truth(self.today)
                truth["amount"] -= self._counted(number)
                assert told.proved == truth
                assert not any(told.guessed.values())
                assert tracked.known_paid + tracked.register_seen == 0
        for joint in {id(item.joint): item.joint for item in self.fibu.ours.values() if item.joint}.values():
            items = {number: self.fibu.items[number] for number in joint.shares}
            if not any(item.undone or item.number in dict(self.not_booked) for item in items.values()):
                for part in joint.total:
                    self._knows_all_of(part, items)

    @rule()
    def close_the_day(self) -> None:
        """After a clearing list and the open items of the next day CLUE knows what is open, if no doubt was told.

        Open items of the same day would not overrule a clearing list.
        """
        self.drop_all_clearings()
        self.today += timedelta(1)
        self._drop(OpenList(ALL, self.today, self._open_items(ALL, self.today)), complete=True, released=True)
        for number, item in self.fibu.ours.items():
            if self._is_plain(item):
                assert self._tracked(number).amount_open == item.open_on(self.today)

    def _is_plain(self, item: Item) -> bool:
        """Whether no list gives a reason for doubts about a document."""
        others = (other for other in self.fibu.items.values() if not other.ours and other.account == item.account)
        left = self._tracked(item.number).amount_open
        moved = any((other.open_on(self.today), other.day) == (left, item.day) for other in others)
        chained = item.number in {*self.finals, *self.finals.values()}
        decided = match_key(item.account, item.number) in self.site.decided("open")
        elsewhere = any(key.startswith(f"{item.number} on ") for key in self.fibu.items)
        return not (moved or chained or decided or elsewhere or item.deleted)

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
        return not item.undone and (item.joint is None or item.number in item.joint.known)

    def _counted(self, number: str) -> Decimal:
        """What of the payments at the register clearing lists have shown."""
        tracked = self._tracked(number)
        return self.clue.documents[number].at_register - tracked.known_paid - tracked.register_seen

    @invariant()
    def nothing_is_certain_that_was_not_booked(self) -> None:
        for number, told in self.clue:
            item = self.fibu.items.get(number)
            if item and item.undone:
                continue
            seen = Counter((one.day, one.kind, one.amount) for one in self._tracked(number).bookings)
            own = seen & (item.kinds() if item else Counter())
            shared = sum(amount * times for (_, _, amount), times in (seen - own).items())
            divided = item is not None and item.joint is not None and item.joint.divided
            assert divided or shared in {0, item.joint.shares[number] if item and item.joint else 0}
            booked = shared + sum(one[2] * times for one, times in own.items())
            assert told.by_clearings + self._counted(number) == booked
            if item and not self._is_known(item) and not told.receipts:
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
            if item.deleted and not (item.posted or item.joint or item.undone):
                assert not any(self.clue.documents[number].proved.values())


TestSimulatedFibu = SimulatedFibu.TestCase
TestSimulatedFibu.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
