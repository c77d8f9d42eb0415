"""What a company does whose FIBU is simulated: it bills, is paid, gives Skonto, takes back, and a person decides."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, precondition, rule

from core.op_decisions import Verdict
from core.tracked import TrackedDocument, match_key
from tests.op_reconciliation.fibu import Fibu, Item, Posted
from tests.op_reconciliation.lists import Site, document
from tests.op_reconciliation.model_clue import Clue, Told

START = date(2026, 10, 1)
ACCOUNTS = ("200001", "200002", "300001", "300002")

CASH = "2700"
"""Account of the register."""

cents = st.integers(1, 30_000).map(lambda amount: Decimal(amount).scaleb(-2))

site_settings = st.fixed_dictionaries(
    {
        "tolerance": st.sampled_from(["0.00", "0.05", "10.00"]).map(Decimal),
        "write_off_limit": st.sampled_from(["0.00", "1.00"]).map(Decimal),
        "discount_grace": st.sampled_from([5, 0]),
        "confirmed_runs": st.booleans(),
        "hold_count": st.sampled_from([20, 0]),
        "hold_accounts": st.sampled_from([10, 1]),
    }
)
"""What a site may have set of the reconciliation."""


class Company(RuleBasedStateMachine):
    """One company: its documents, its FIBU, and what CLUE was told."""

    documents: Bundle[str] = Bundle("documents")

    @initialize(
        target=documents,
        first=st.lists(st.tuples(st.sampled_from(ACCOUNTS), cents, st.booleans()), min_size=2, max_size=5),
        chosen=site_settings,
    )
    def begin(self, first: list[tuple[str, Decimal, bool]], chosen: Mapping[str, Any]) -> Any:
        self.fibu = Fibu()
        self.site = Site()
        self.clue = Clue()
        self.settings = chosen
        self.today = START
        self.finals: dict[str, str] = {}
        self.not_booked: list[tuple[str, Decimal]] = []
        return multiple(
            *(self._bill(account, gross, booked=True, foreign=foreign) for account, gross, foreign in first)
        )

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
        number = f"R{len(self.clue.documents) + 1}"
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
                exported_by=f"run {self.today}",
            )
        )
        self.clue.documents[number] = Told()
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
        if amount := self._to_pay(number, share):
            self._item(number).posted.append(Posted(self.today, kind, amount))

    @rule(number=documents, share=st.integers(1, 130), booked=st.sampled_from([True, True, False]))
    def paid_at_the_register(self, number: str, share: int, booked: bool) -> None:
        """CLUE knows of it before the FIBU does."""
        if amount := self._to_pay(number, share):
            self._at_register(number, amount, booked=booked)

    @rule(number=documents, booked=st.booleans())
    def given_back_at_the_register(self, number: str, booked: bool) -> None:
        """A receipt is cancelled, and the money goes back over the counter."""
        if paid := self.clue.documents[number].at_register:
            self._at_register(number, -paid, booked=booked)

    def _at_register(self, number: str, amount: Decimal, *, booked: bool) -> None:
        self.site.pay_at_register(number, amount, self._item(number).account)
        self.clue.documents[number].at_register += amount
        self.clue.documents[number].receipts += 1
        self.not_booked.append((number, amount))
        if booked:
            self.register_is_booked()

    @precondition(lambda self: bool(self.not_booked))
    @rule()
    def register_is_booked(self) -> None:
        """The FIBU imports what the register took in."""
        for number, amount in self.not_booked:
            self._item(number).posted.append(Posted(self.today, "payment", amount, CASH))
        self.not_booked = []

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

    @precondition(lambda self: any(item.joint for item in self.fibu.items.values()))
    @rule(data=st.data(), again=st.booleans())
    def undone(self, data: st.DataObject, again: bool) -> None:
        """A clearing is undone: its documents are open again, and so is what was paid; or it is made once more."""
        joints = {item.joint.number: item.joint for item in self.fibu.items.values() if item.joint}
        joint = joints[data.draw(st.sampled_from(sorted(joints)))]
        items = [item for item in self.fibu.items.values() if item.joint is joint]
        known = set(self.fibu.items)
        self.fibu.undo(joint)
        paid = [item for key, item in self.fibu.items.items() if key not in known]
        if again:
            self.fibu.settle_together([*items, *paid], self.today)

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

    # ── helpers ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _to_settle(self) -> dict[str, list[Item]]:
        """What one clearing could settle, by account."""
        found: dict[str, list[Item]] = {}
        for item in self.fibu.items.values():
            if item.open_on(self.today) and not item.joint and not self.fibu.is_hung(item):
                found.setdefault(item.account, []).append(item)
        return found

    def _to_pay(self, number: str, share: int) -> Decimal:
        """A part of what is open; all of it, more often than chance would have it; or too much."""
        left = self._item(number).open_on(self.today)
        return left if 100 <= share <= 110 else (left * share / 100).quantize(Decimal("0.01"))

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
