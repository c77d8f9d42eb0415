"""A simulated FIBU against the ledger: whatever it books and whatever lists come in whatever order, CLUE is not misled.

No booking is told twice, nothing is told as certain that was not booked, and after a clearing list of everything CLUE
knows exactly what was booked.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

from core.contracts import Put
from core.errors import RuleError
from core.open_items import ClearingRow, OpenItemRow
from core.tracked import TrackedDocument, match_key
from handlers.op_reconciliation import LAST_LIST
from tests.op_reconciliation.fibu import PARTS, Fibu, Item, Posted
from tests.op_reconciliation.lists import Result, Site, document

START = date(2026, 10, 1)
ACCOUNTS = ("200001", "200002", "200003", "300001")
LONG_AGO = date(2026, 1, 1)
EVERYTHING = frozenset(ACCOUNTS)

cents = st.integers(1, 30_000).map(lambda amount: Decimal(amount).scaleb(-2))


class SimulatedFibu(RuleBasedStateMachine):
    """One company: its documents, its FIBU, its lists, and what CLUE was told."""

    documents: Bundle[str] = Bundle("documents")
    open_lists: Bundle[tuple[date, tuple[OpenItemRow, ...]]] = Bundle("open_lists")
    clearing_lists: Bundle[tuple[date, tuple[ClearingRow, ...]]] = Bundle("clearing_lists")

    @initialize(target=documents, first=st.lists(st.tuples(st.sampled_from(ACCOUNTS), cents), min_size=2, max_size=5))
    def begin(self, first: list[tuple[str, Decimal]]) -> Any:
        self.fibu = Fibu()
        self.site = Site()
        self.today = self.last_list = START
        self.ids: set[str] = set()
        self.proved: dict[str, dict[str, Decimal]] = {}
        self.concluded: dict[str, Decimal] = {}
        self.states: dict[str, dict[str, Any]] = {}
        self.finals: dict[str, str] = {}
        return multiple(*(self._bill(account, gross, booked=True) for account, gross in first))

    # ── what is done in the company ───────────────────────────────────────────────────────────────────────────────

    @rule(target=documents, account=st.sampled_from(ACCOUNTS), gross=cents, credit=st.booleans(), booked=st.booleans())
    def invoiced(self, account: str, gross: Decimal, credit: bool, booked: bool) -> str:
        return self._bill(account, -gross if credit else gross, booked=booked)

    def _bill(self, account: str, amount: Decimal, *, booked: bool) -> str:
        number = f"R{len(self.proved) + 1}"
        ap = account == "300001"
        self.site.export(
            document(
                number,
                str(amount),
                ledger_account=account,
                direction="ap" if ap else "ar",
                issue_date=self.today,
                discounts=({"until": self.today + timedelta(5), "percent": "3"},),
            )
        )
        self.proved[number] = dict.fromkeys(PARTS, Decimal(0))
        self.concluded[number] = Decimal(0)
        if booked:
            self.fibu.items[number] = Item(number, account, ap, amount, self.today)
        return number

    @rule(
        number=documents,
        share=st.integers(1, 130),
        part=st.sampled_from(["amount"] * 4 + ["offset_amount", "write_off_amount", "fx_difference"]),
    )
    def settled(self, number: str, share: int, part: str) -> None:
        """A payment (part, whole, or too much), a credit note, a write-off, a difference of exchange rates."""
        item = self._item(number)
        left = item.open_on(self.today)
        if item.clearing:
            return
        amount = (left * share / 100).quantize(Decimal("0.01")) if share < 100 or share > 110 else left
        if amount:
            item.posted.append(Posted(self.today, part, amount))

    @rule(number=documents)
    def paid_with_skonto(self, number: str) -> None:
        item = self._item(number)
        left = item.open_on(self.today)
        discount = (left * 3 / 100).quantize(Decimal("0.01"))
        if discount and not item.clearing:
            item.posted += [
                Posted(self.today, "amount", left - discount),
                Posted(self.today, "discount_amount", discount),
            ]

    @rule(number=documents)
    def returned(self, number: str) -> None:
        """The bank takes the last payment back."""
        item = self._item(number)
        payments = [posted for posted in item.posted if posted.part == "amount"]
        if payments and not item.clearing:
            item.posted.append(Posted(self.today, "amount", -payments[-1].amount))

    @precondition(lambda self: self.today > START)
    @rule(number=documents)
    def cancelled(self, number: str) -> None:
        """The whole document is taken back in the books."""
        item = self._item(number)
        if not item.clearing:
            item.posted.append(Posted(self.today, "offset_amount", item.gross))

    @rule(target=documents, advance=documents, gross=cents, paid=st.booleans())
    def billed_finally(self, advance: str, gross: Decimal, paid: bool) -> str:
        """A final invoice that deducts an earlier document, perhaps a paid one."""
        item = self._item(advance)
        if paid and not item.clearing and item.open_on(self.today):
            item.posted.append(Posted(self.today, "amount", item.open_on(self.today)))
        number = f"R{len(self.proved) + 1}"
        self.site.export(
            document(
                number,
                str(gross),
                ledger_account=item.account,
                direction="ap" if item.ap else "ar",
                issue_date=self.today,
                deducts=(match_key(item.account, advance),),
            )
        )
        self.proved[number] = dict.fromkeys(PARTS, Decimal(0))
        self.concluded[number] = Decimal(0)
        self.fibu.items[number] = Item(number, item.account, item.ap, gross, self.today)
        self.finals[number] = advance
        return number

    @precondition(lambda self: bool(self.finals))
    @rule(data=st.data())
    def hung_to_the_final_invoice(self, data: st.DataObject) -> None:
        """The FIBU moves the payments of an advance to its final invoice; the advance is open again in its lists."""
        number = data.draw(st.sampled_from(sorted(self.finals)))
        advance = self._item(self.finals[number])
        if not advance.clearing and not self._item(number).clearing:
            self.fibu.hang(advance, number, self.today)

    @precondition(lambda self: any(len(items) > 1 for items in self._owed().values()))
    @rule(data=st.data(), most=st.integers(2, 4))
    def paid_together(self, data: st.DataObject, most: int) -> None:
        """One payment settles several documents."""
        owed = {account: items for account, items in self._owed().items() if len(items) > 1}
        self.fibu.pay_together(owed[data.draw(st.sampled_from(sorted(owed)))][:most], self.today)

    @rule(number=documents)
    def deleted_by_hand(self, number: str) -> None:
        self._item(number).deleted = True

    @rule(days=st.integers(1, 6))
    def days_go_by(self, days: int) -> None:
        self.today += timedelta(days)

    # ── lists ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(target=open_lists, back=st.integers(0, 8), without=st.frozensets(st.sampled_from(ACCOUNTS), max_size=2))
    def print_open_items(self, back: int, without: frozenset[str]) -> tuple[date, tuple[OpenItemRow, ...]]:
        day = max(START, self.today - timedelta(back))
        return day, self.fibu.open_items(day, without)

    @rule(
        target=clearing_lists,
        back=st.integers(0, 8),
        since=st.integers(0, 20),
        accounts=st.frozensets(st.sampled_from(ACCOUNTS)),
    )
    def print_clearings(self, back: int, since: int, accounts: frozenset[str]) -> tuple[date, tuple[ClearingRow, ...]]:
        day = max(START, self.today - timedelta(back))
        return day, self.fibu.clearings(day, day - timedelta(since), accounts)

    @rule(printed=open_lists, complete=st.booleans(), released=st.booleans())
    def drop_open_items(self, printed: tuple[date, tuple[OpenItemRow, ...]], complete: bool, released: bool) -> None:
        day, rows = printed
        if day < self.last_list:
            with pytest.raises(RuleError, match="älteren Stichtag"):
                self.site.drop(day, *rows, today=self.today, complete=complete, released=released)
            return
        result = self.site.drop(day, *rows, today=self.today, complete=complete, released=released)
        if not result.held and any(isinstance(effect, Put) and effect.kind == LAST_LIST for effect in result.effects):
            self.last_list = day
        self._hear(result)
        if not result.held:
            again = self.site.drop(day, *rows, today=self.today, complete=complete, released=released)
            assert (again.payments, again.states) == ([], [])

    @rule(without=st.frozensets(st.sampled_from(ACCOUNTS), max_size=1), released=st.booleans(), days=st.integers(0, 3))
    def drop_what_is_open_today(self, without: frozenset[str], released: bool, days: int) -> None:
        self.today += timedelta(days)
        rows = self.fibu.open_items(self.today, without)
        self.drop_open_items((self.today, rows), complete=True, released=released)

    @rule(printed=clearing_lists)
    def drop_clearings(self, printed: tuple[date, tuple[ClearingRow, ...]]) -> None:
        day, rows = printed
        self._hear(self.site.clear(day, *rows, today=self.today, released=True))
        again = self.site.clear(day, *rows, today=self.today, released=True)
        assert (again.payments, again.states) == ([], [])

    @rule()
    def drop_all_clearings(self) -> None:
        """After a clearing list of everything CLUE knows what was booked, and what was only concluded is marked."""
        self.drop_clearings((self.today, self.fibu.clearings(self.today, LONG_AGO, EVERYTHING)))
        for number, item in self.fibu.items.items():
            assert self.proved[number] == item.truth(self.today)
            tracked = self._tracked(number)
            assert tracked.amount_open + self.concluded[number] == item.open_on(self.today)

    # ── what CLUE must be able to rely on ─────────────────────────────────────────────────────────────────────────

    @invariant()
    def nothing_is_certain_that_was_not_booked(self) -> None:
        for number, parts in self.proved.items():
            item = self.fibu.items.get(number)
            tracked = self._tracked(number)
            seen = [(booking.day, booking.amount) for booking in tracked.bookings]
            booked = item.bookings() if item else {}
            assert all(seen.count(pair) <= booked.get(pair, 0) for pair in seen)
            assert sum(parts.values()) == sum(booking.amount for booking in tracked.bookings)

    @invariant()
    def what_was_told_and_what_is_open_are_the_gross(self) -> None:
        for number, parts in self.proved.items():
            tracked = self._tracked(number)
            assert sum(parts.values()) + self.concluded[number] + tracked.amount_open == tracked.gross
            if number in self.states:
                assert self.states[number] == {"status": tracked.status, "amount_open": f"{tracked.amount_open:.2f}"}

    @precondition(lambda self: bool(self.fibu.items))
    @invariant()
    def what_was_deleted_by_hand_is_never_certain(self) -> None:
        for number, item in self.fibu.items.items():
            if item.deleted and not item.posted:
                assert not any(self.proved[number].values())

    # ── helpers ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _owed(self) -> dict[str, list[Item]]:
        """Documents that one payment could settle, by account."""
        found: dict[str, list[Item]] = {}
        for item in self.fibu.items.values():
            if item.gross > 0 and item.open_on(self.today) > 0 and not item.clearing and not self.fibu.is_hung(item):
                found.setdefault(item.account, []).append(item)
        return found

    def _item(self, number: str) -> Item:
        """The document in the books; who pays an invoice has it booked before."""
        if number not in self.fibu.items:
            tracked = self._tracked(number)
            self.fibu.items[number] = Item(
                number, tracked.ledger_account, tracked.direction == "ap", tracked.gross, self.today
            )
        return self.fibu.items[number]

    def _tracked(self, number: str) -> TrackedDocument:
        return next(found for account in ACCOUNTS if (found := self.site.find(number, account)) is not None)

    def _hear(self, result: Result) -> None:
        """What CLUE does with its files."""
        if result.held:
            return
        for payment in result.payments:
            assert payment.id not in self.ids
            self.ids.add(payment.id)
            number = payment.document_number or ""
            for name in PARTS:
                amount = getattr(payment, name) or Decimal(0)
                if payment.inferred:
                    self.concluded[number] += amount
                else:
                    self.proved[number][name] += amount
        for record in result.states:
            self.states[record.id.removeprefix("AR-")] = record.data


TestSimulatedFibu = SimulatedFibu.TestCase
TestSimulatedFibu.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
