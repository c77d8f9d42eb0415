"""A simulated FIBU against the ledger: whatever it books and whatever lists come in whatever order, CLUE is not misled.

No booking is told twice, nothing is told as certain that was not booked, and after a clearing list of everything CLUE
knows exactly what was booked.
"""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

from core.contracts import Put
from core.errors import RuleError
from core.op_decisions import Verdict
from core.open_items import ClearingRow, OpenItemRow
from core.tracked import TrackedDocument, match_key
from handlers.op_reconciliation import LAST_LIST
from tests.op_reconciliation.fibu import PARTS, Fibu, Item, Posted
from tests.op_reconciliation.lists import Result, Site, document

START = date(2026, 10, 1)
ACCOUNTS = ("200001", "200002", "300001", "300002")
LONG_AGO = date(2026, 1, 1)
EVERYTHING = frozenset(ACCOUNTS)

cents = st.integers(1, 30_000).map(lambda amount: Decimal(amount).scaleb(-2))


class SimulatedFibu(RuleBasedStateMachine):
    """One company: its documents, its FIBU, its lists, and what CLUE was told."""

    documents: Bundle[str] = Bundle("documents")
    open_lists: Bundle[tuple[date, tuple[OpenItemRow, ...]]] = Bundle("open_lists")
    clearing_lists: Bundle[tuple[date, tuple[ClearingRow, ...]]] = Bundle("clearing_lists")

    @initialize(
        target=documents,
        first=st.lists(st.tuples(st.sampled_from(ACCOUNTS), cents, st.booleans()), min_size=2, max_size=5),
    )
    def begin(self, first: list[tuple[str, Decimal, bool]]) -> Any:
        self.fibu = Fibu()
        self.site = Site()
        self.today = self.last_list = START
        self.ids: set[str] = set()
        self.proved: dict[str, dict[str, Decimal]] = {}
        self.guessed: dict[str, dict[str, Decimal]] = {}
        self.concluded: dict[str, Decimal] = {}
        self.states: dict[str, dict[str, Any]] = {}
        self.finals: dict[str, str] = {}
        return multiple(
            *(self._bill(account, gross, booked=True, foreign=foreign) for account, gross, foreign in first)
        )

    # ── what is done in the company ───────────────────────────────────────────────────────────────────────────────

    @rule(
        target=documents,
        account=st.sampled_from(ACCOUNTS),
        gross=cents,
        credit=st.booleans(),
        booked=st.sampled_from([True, True, False]),
        foreign=st.booleans(),
    )
    def invoiced(self, account: str, gross: Decimal, credit: bool, booked: bool, foreign: bool) -> str:
        return self._bill(account, -gross if credit else gross, booked=booked, foreign=foreign)

    def _bill(
        self, account: str, amount: Decimal, *, booked: bool, foreign: bool = False, deducts: tuple[str, ...] = ()
    ) -> str:
        number = f"R{len(self.proved) + 1}"
        ap = account.startswith("3")
        self.site.export(
            document(
                number,
                str(amount),
                ledger_account=account,
                direction="ap" if ap else "ar",
                issue_date=self.today,
                discounts=({"until": self.today + timedelta(5), "percent": "3"},),
                deducts=deducts,
            )
        )
        self.proved[number] = dict.fromkeys(PARTS, Decimal(0))
        self.guessed[number] = dict.fromkeys(PARTS, Decimal(0))
        self.concluded[number] = Decimal(0)
        if booked:
            self.fibu.items[number] = Item(number, account, ap, amount, self.today, foreign=foreign)
        return number

    @rule(account=st.sampled_from(ACCOUNTS), gross=cents, kind=st.sampled_from(["invoice", "credit", "payment"]))
    def booked_directly(self, account: str, gross: Decimal, kind: str) -> None:
        """A document that CLUE does not know, or a payment on account."""
        number = f"X{len(self.fibu.items) + 1}"
        self.fibu.items[number] = Item(
            number,
            account,
            account.startswith("3"),
            gross if kind == "invoice" else -gross,
            self.today,
            ours=False,
            kind="payment" if kind == "payment" else "invoice",
        )

    @rule(
        number=documents,
        share=st.integers(1, 130),
        kind=st.sampled_from(["payment"] * 4 + ["credit_note", "write_off", "fx"]),
    )
    def settled(self, number: str, share: int, kind: str) -> None:
        """A payment (part, whole, or too much), a credit note, a write-off, a difference of exchange rates."""
        item = self._item(number)
        left = item.open_on(self.today)
        amount = (left * share / 100).quantize(Decimal("0.01")) if share < 100 or share > 110 else left
        if amount:
            item.posted.append(Posted(self.today, kind, amount))

    @rule(number=documents, kind=st.sampled_from(["discount", "fx", "write_off"]), dearer=st.booleans())
    def paid_but_for_a_rest(self, number: str, kind: str, dearer: bool) -> None:
        """Paid with Skonto, or in foreign money that was worth less (or more) meanwhile."""
        item = self._item(number)
        left = item.open_on(self.today)
        rest = (left * 3 / 100).quantize(Decimal("0.01")) * (-1 if dearer and kind == "fx" else 1)
        if rest:
            item.posted += [Posted(self.today, "payment", left - rest), Posted(self.today, kind, rest)]

    @rule(number=documents, share=st.sampled_from([100, 100, 50]), fee=st.sampled_from(["0.00", "0.00", "5.80"]))
    def returned(self, number: str, share: int, fee: str) -> None:
        """The bank takes the last payment back, or a part of it, perhaps with a fee."""
        item = self._item(number)
        payments = [posted for posted in item.posted if posted.kind == "payment"]
        if not payments:
            return
        back = (-payments[-1].amount * share / 100).quantize(Decimal("0.01"))
        if back:
            item.posted.append(Posted(self.today, "payment", back))
        if item.gross > 0 and Decimal(fee):
            item.posted.append(Posted(self.today, "write_off", -Decimal(fee)))

    @precondition(lambda self: self.today > START)
    @rule(number=documents)
    def cancelled(self, number: str) -> None:
        """The whole document is taken back in the books."""
        item = self._item(number)
        if not item.joint:
            item.posted.append(Posted(self.today, "credit_note", item.gross))

    @rule(target=documents, advance=documents, gross=cents, paid=st.booleans())
    def billed_finally(self, advance: str, gross: Decimal, paid: bool) -> str:
        """A final invoice that deducts an earlier document, perhaps a paid one."""
        item = self._item(advance)
        if paid and item.open_on(self.today):
            item.posted.append(Posted(self.today, "payment", item.open_on(self.today)))
        number = self._bill(item.account, gross, booked=True, deducts=(match_key(item.account, advance),))
        self.finals[number] = advance
        return number

    @precondition(lambda self: bool(self.finals))
    @rule(data=st.data())
    def hung_to_the_final_invoice(self, data: st.DataObject) -> None:
        """The FIBU moves the payments of an advance to its final invoice; the advance is open again in its lists."""
        number = data.draw(st.sampled_from(sorted(self.finals)))
        advance = self._item(self.finals[number])
        if not advance.joint and not self._item(number).joint:
            self.fibu.hang(advance, number, self.today)

    @precondition(lambda self: bool(self._to_settle()))
    @rule(
        data=st.data(),
        way=st.sampled_from(["exact", "exact", "skonto", "skonto_of_one", "two_payments", "rest", "too_much"]),
    )
    def settled_together(self, data: st.DataObject, way: str) -> None:
        """One clearing of invoices, credit notes and payments on account, and what is paid or refunded for it."""
        candidates = self._to_settle()
        account = data.draw(st.sampled_from(sorted(candidates)))
        items = data.draw(st.lists(st.sampled_from(candidates[account]), min_size=1, max_size=4, unique_by=id))
        if way == "skonto_of_one":
            owed = items[0].open_on(self.today)
            if (discount := (owed * 3 / 100).quantize(Decimal("0.01"))) and items[0].ours:
                items[0].posted.append(Posted(self.today, "discount", discount))
        left = sum((item.open_on(self.today) for item in items), Decimal(0))
        part = (left * 3 / 100).quantize(Decimal("0.01"))
        extras = {
            "skonto": [("discount", part), ("payment", left - part)],
            "two_payments": [("payment", part), ("payment", left - part)],
            "rest": [("payment", left - part)],
            "too_much": [("payment", left + part)],
        }.get(way, [("payment", left)])
        self.fibu.settle_together(items, self.today, *((kind, amount) for kind, amount in extras if amount))

    @rule(debtor=documents, creditor=documents, share=st.integers(1, 100), contra=st.sampled_from(["", "person"]))
    def transferred(self, debtor: str, creditor: str, share: int, contra: str) -> None:
        """A part of what is open is moved to another document, of the same party or of another one."""
        one, other = self._item(debtor), self._item(creditor)
        amount = (one.open_on(self.today) * share / 100).quantize(Decimal("0.01"))
        if one is other or not amount:
            return
        sign = 1 if one.ap != other.ap else -1
        one.posted.append(Posted(self.today, "transfer", amount, other.account if contra else ""))
        other.posted.append(Posted(self.today, "transfer", sign * amount, one.account if contra else ""))

    @rule(number=documents, account=st.sampled_from(ACCOUNTS), share=st.sampled_from([100, 100, 50]))
    def moved_to_another_account(self, number: str, account: str, share: int) -> None:
        """What is open is moved to the account of another party, under the same number."""
        item = self._item(number)
        amount = (item.open_on(self.today) * share / 100).quantize(Decimal("0.01"))
        key = f"{number} on {account}"
        if amount and account != item.account and account[0] == item.account[0] and key not in self.fibu.items:
            item.posted.append(Posted(self.today, "transfer", amount, account))
            self.fibu.items[key] = Item(number, account, item.ap, amount, item.day, ours=False)

    @rule(number=documents)
    def deleted_by_hand(self, number: str) -> None:
        self._item(number).deleted = True

    @rule(days=st.integers(1, 6))
    def days_go_by(self, days: int) -> None:
        self.today += timedelta(days)

    @rule(number=documents, verdict=st.sampled_from(get_args(Verdict)))
    def decided(self, number: str, verdict: Verdict) -> None:
        """A person says whether a document is open, whatever lists do not hold."""
        self.site.decide(number, verdict, self._tracked(number).ledger_account)

    # ── lists ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(
        target=open_lists,
        back=st.integers(0, 8),
        without=st.frozensets(st.sampled_from(ACCOUNTS), max_size=2),
        foreign=st.booleans(),
    )
    def print_open_items(
        self, back: int, without: frozenset[str], foreign: bool
    ) -> tuple[date, tuple[OpenItemRow, ...]]:
        day = max(START, self.today - timedelta(back))
        return day, self.fibu.open_items(day, without, foreign=foreign)

    @rule(
        target=clearing_lists,
        back=st.integers(0, 8),
        since=st.integers(0, 20),
        accounts=st.frozensets(st.sampled_from(ACCOUNTS), min_size=1),
        foreign=st.booleans(),
    )
    def print_clearings(
        self, back: int, since: int, accounts: frozenset[str], foreign: bool
    ) -> tuple[date, tuple[ClearingRow, ...]]:
        day = max(START, self.today - timedelta(back))
        return day, self.fibu.clearings(day, day - timedelta(since), accounts, foreign=foreign)

    @rule(printed=open_lists, complete=st.booleans(), released=st.booleans())
    def drop_open_items(self, printed: tuple[date, tuple[OpenItemRow, ...]], complete: bool, released: bool) -> None:
        day, rows = printed
        if day < self.last_list:
            with pytest.raises(RuleError, match="älteren Stichtag"):
                self.site.drop(day, *rows, today=self.today, complete=complete, released=released)
            return
        kept_open = self.site.decided("open") - {match_key(row.account, row.number) for row in rows}
        elsewhere = {row.number for row in rows}
        result = self.site.drop(day, *rows, today=self.today, complete=complete, released=released)
        for payment in () if result.held else result.payments:
            key = match_key(payment.ledger_account or "", payment.document_number or "")
            assert key not in kept_open or payment.document_number in elsewhere
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
        for number, item in self.fibu.ours.items():
            if item.joint is None or number in item.joint.known:
                assert self.proved[number] == item.truth(self.today)
                assert not any(self.guessed[number].values())
                told = sum(item.truth(self.today).values())
            else:  # only what the clearing takes from all of its documents together can be known
                told = sum(self.proved[number].values()) + sum(self.guessed[number].values())
            tracked = self._tracked(number)
            assert tracked.amount_open == tracked.gross - told - self.concluded[number]
        for joint in {id(item.joint): item.joint for item in self.fibu.ours.values() if item.joint}.values():
            items = [self.fibu.items[number] for number in joint.shares] if joint.total else []
            own = [(item, {**item.truth(self.today)}) for item in items]
            for part in joint.total:
                told = sum(self.proved[item.number][part] + self.guessed[item.number][part] for item in items)
                booked = sum(truth[part] - joint.known.get(item.number, {}).get(part, 0) for item, truth in own)
                assert told == booked + joint.total[part]

    # ── what CLUE must be able to rely on ─────────────────────────────────────────────────────────────────────────

    @invariant()
    def nothing_is_certain_that_was_not_booked(self) -> None:
        for number, parts in self.proved.items():
            item = self.fibu.items.get(number)
            seen = Counter((one.day, one.kind, one.amount) for one in self._tracked(number).bookings)
            own = seen & (item.kinds() if item else Counter())
            shared = sum(amount * times for (_, _, amount), times in (seen - own).items())
            divided = item is not None and item.joint is not None and item.joint.divided
            assert divided or shared in {0, item.joint.shares[number] if item and item.joint else 0}
            guessed = sum(self.guessed[number].values())
            assert sum(parts.values()) + guessed == shared + sum(one[2] * times for one, times in own.items())
            if item and item.joint and number not in item.joint.known:
                assert guessed == shared

    @invariant()
    def what_was_told_and_what_is_open_are_the_gross(self) -> None:
        for number, parts in self.proved.items():
            tracked = self._tracked(number)
            told = sum(parts.values()) + sum(self.guessed[number].values()) + self.concluded[number]
            assert told + tracked.amount_open == tracked.gross
            if number in self.states:
                assert self.states[number] == {"status": tracked.status, "amount_open": f"{tracked.amount_open:.2f}"}

    @precondition(lambda self: bool(self.fibu.items))
    @invariant()
    def what_was_deleted_by_hand_is_never_certain(self) -> None:
        for number, item in self.fibu.ours.items():
            if item.deleted and not item.posted and not item.joint:
                assert not any(self.proved[number].values())

    # ── helpers ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _to_settle(self) -> dict[str, list[Item]]:
        """What one clearing could settle, by account."""
        found: dict[str, list[Item]] = {}
        for item in self.fibu.items.values():
            if item.open_on(self.today) and not item.joint and not self.fibu.is_hung(item):
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
                if payment.inferred and payment.id.startswith("clr:"):
                    self.guessed[number][name] += amount
                elif payment.inferred:
                    self.concluded[number] += amount
                else:
                    self.proved[number][name] += amount
        for record in result.states:
            self.states[record.id.removeprefix("AR-")] = record.data


TestSimulatedFibu = SimulatedFibu.TestCase
TestSimulatedFibu.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
