"""Lists of a simulated FIBU: of any day and some accounts, dropped late, twice, out of order; held and released."""

from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, multiple, rule

from core.contracts import Put
from core.errors import RuleError
from core.open_items import ClearingRow, ListKind, OpenItemRow
from core.tracked import match_key
from handlers.op_reconciliation import LAST_LIST
from tests.op_reconciliation.lists import Result
from tests.op_reconciliation.model_company import ACCOUNTS, START, Company

LONG_AGO = date(2026, 1, 1)
EVERYTHING = frozenset(ACCOUNTS)


class Inbox(NamedTuple):
    """An inbox for lists of open items, with what they hold as its route is set up."""

    kind: ListKind = "both"
    complete_accounts: tuple[str, ...] = ()

    def shows(self, account: str) -> bool:
        """Whether its lists are printed for such an account."""
        return self.kind == "both" or (self.kind == "suppliers") == account.startswith("3")

    def holds(self, account: str) -> bool:
        """Whether what is missing on an account is settled, where the list is declared complete."""
        return self.shows(account) and (not self.complete_accounts or f"{account}-{account}" in self.complete_accounts)


ALL = Inbox()
INBOXES = (ALL, ALL, Inbox("customers"), Inbox("suppliers"), Inbox("both", ("200001-200001", "300001-300001")))


class OpenList(NamedTuple):
    """A printed list of open items."""

    inbox: Inbox
    day: date
    rows: tuple[OpenItemRow, ...]


class Lists(Company):
    """The company, and its lists."""

    open_lists: Bundle[OpenList] = Bundle("open_lists")
    clearing_lists: Bundle[tuple[date, tuple[ClearingRow, ...]]] = Bundle("clearing_lists")
    held_lists: Bundle[OpenList] = Bundle("held_lists")

    def __init__(self) -> None:
        super().__init__()
        self.last_lists: dict[Inbox, date] = {}

    @rule(
        target=open_lists,
        inbox=st.sampled_from(INBOXES),
        back=st.integers(0, 8),
        without=st.frozensets(st.sampled_from(ACCOUNTS), max_size=2),
        foreign=st.booleans(),
    )
    def print_open_items(self, inbox: Inbox, back: int, without: frozenset[str], foreign: bool) -> OpenList:
        day = max(START, self.today - timedelta(back))
        return OpenList(inbox, day, self._open_items(inbox, day, without, foreign=foreign))

    def _open_items(
        self, inbox: Inbox, day: date, without: frozenset[str] = frozenset(), *, foreign: bool = False
    ) -> tuple[OpenItemRow, ...]:
        others = frozenset(account for account in ACCOUNTS if not inbox.shows(account))
        return self.fibu.open_items(day, without | others, foreign=foreign)

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

    @rule(target=held_lists, printed=open_lists, complete=st.booleans(), released=st.booleans())
    def drop_open_items(self, printed: OpenList, complete: bool, released: bool) -> Any:
        return self._drop(printed, complete=complete, released=released)

    @rule(
        target=held_lists,
        inbox=st.sampled_from(INBOXES),
        without=st.frozensets(st.sampled_from(ACCOUNTS), max_size=1),
        released=st.booleans(),
        days=st.integers(0, 3),
    )
    def drop_what_is_open_today(self, inbox: Inbox, without: frozenset[str], released: bool, days: int) -> Any:
        self.today += timedelta(days)
        printed = OpenList(inbox, self.today, self._open_items(inbox, self.today, without))
        return self._drop(printed, complete=True, released=released)

    @rule(printed=consumes(held_lists), data=st.data())
    def release(self, printed: OpenList, data: st.DataObject) -> None:
        """A person says that a held list is right, but perhaps not about some documents; the others were discarded."""
        for number in data.draw(st.sets(st.sampled_from(sorted(self.clue.documents)), max_size=2)):
            self.site.decide(number, "open", self._tracked(number).ledger_account)
        self._drop(printed, complete=True, released=True)

    @rule(printed=clearing_lists, released=st.booleans())
    def drop_clearings(self, printed: tuple[date, tuple[ClearingRow, ...]], released: bool) -> None:
        day, rows = printed
        result = self.site.clear(day, *rows, today=self.today, released=released, **self.settings)
        self.clue.hear(result)
        if not result.held:
            again = self.site.clear(day, *rows, today=self.today, released=True, **self.settings)
            assert (again.payments, again.states) == ([], [])

    def _drop(self, printed: OpenList, *, complete: bool, released: bool) -> Any:
        """Drop a list of open items, and once more; what is held waits for a person."""
        if printed.day < self.last_lists.get(printed.inbox, START):
            with pytest.raises(RuleError, match="älteren Stichtag"):
                self._hand_in(printed, complete=complete, released=released)
            return multiple()
        kept_open = self.site.decided("open") - {match_key(row.account, row.number) for row in printed.rows}
        result = self._hand_in(printed, complete=complete, released=released)
        if result.held:
            return multiple(printed) if complete else multiple()
        shown = {row.number for row in printed.rows}
        for payment in result.payments:
            account, number = payment.ledger_account or "", payment.document_number or ""
            assert payment.inferred
            if number not in shown:
                assert match_key(account, number) not in kept_open
                assert complete
                assert printed.inbox.holds(account)
        if any(isinstance(effect, Put) and effect.kind == LAST_LIST for effect in result.effects):
            self.last_lists[printed.inbox] = printed.day
        self.clue.hear(result)
        again = self._hand_in(printed, complete=complete, released=released)
        assert (again.payments, again.states) == ([], [])
        return multiple()

    def _hand_in(self, printed: OpenList, *, complete: bool, released: bool) -> Result:
        return self.site.drop(
            printed.day,
            *printed.rows,
            released=released,
            kind=printed.inbox.kind,
            today=self.today,
            complete=complete,
            complete_accounts=printed.inbox.complete_accounts,
            **self.settings,
        )
