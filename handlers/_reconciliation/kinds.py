"""What a booking of a clearing list is: a payment, Skonto, a credit note (facts/domain.md 3.2, facts/fibu.md 4 and 5).

The account against which it is booked says it best, then its symbol, then its text.
"""

from decimal import Decimal
from typing import Literal, NamedTuple

from core.company import Company
from core.open_items import ClearingRow
from handlers._reconciliation.settings import Settings, bounds, lies_in

Kind = Literal["invoice", "payment", "discount", "credit_note", "write_off", "fx", "reversal", "transfer"]
"""As in ``core.documents.ClearingItem``."""

_INVOICE_SYMBOLS = frozenset({"AR", "ER", "RE", "GU", "GS", "EG", "ST", "RA"})
_MONEY_SYMBOLS = frozenset({"BK", "BA", "KA", "KB", "SO", "ZE", "ZA"})
_TRANSFER_SYMBOLS = frozenset({"UM", "UB"})
_TEXTS: tuple[tuple[str, Kind], ...] = (
    ("skonto", "discount"),
    ("kursdiff", "fx"),
    ("ausbuch", "write_off"),
    ("kleindiff", "write_off"),
    ("umbuch", "transfer"),
)
_PROFIT_AND_LOSS = ("4", "5", "6", "7", "8")


class Meaning(NamedTuple):
    """What a booking is, and whether that is only a guess."""

    kind: Kind
    guessed: bool = False


class Kinds:
    """The accounts of a company, and what they mean."""

    def __init__(self, company: Company, settings: Settings) -> None:
        accounts = company.accounts
        money = [accounts.bank, accounts.cash, accounts.card, accounts.in_transit]
        money += [register.account for register in accounts.registers]
        money += [method.account for method in accounts.payment_methods]
        self._money = bounds(settings.money_accounts) + tuple((int(account), int(account)) for account in money)
        self._discount = bounds(settings.discount_accounts)
        self._exchange = bounds(settings.exchange_accounts)
        self._persons = (accounts.debtors, accounts.creditors)

    def of(self, row: ClearingRow, amount: Decimal) -> Meaning:
        """What a row is that is not the document's own booking.

        ``amount`` is its amount in the sign in which an invoice is positive: what is negative takes from it.
        """
        account, symbol, text = row.counter_account.lstrip("0"), row.symbol.strip().upper(), row.text.lower()
        money: Kind = "payment" if amount < 0 else "reversal"
        if account and lies_in(account, self._money):
            return Meaning(money)
        if account and lies_in(account, self._discount):
            return Meaning("discount")
        if account and lies_in(account, self._exchange):
            return Meaning("fx")
        if symbol in _INVOICE_SYMBOLS or row.tax_code:
            return Meaning("credit_note")
        if account.isdecimal() and any(accounts.knows(int(account)) for accounts in self._persons):
            return Meaning("transfer")
        told = next((kind for word, kind in _TEXTS if word in text), None)
        if told:
            return Meaning(told)
        if row.clearing_mark == "K" or account.startswith(_PROFIT_AND_LOSS):
            return Meaning("write_off")
        last: Kind = "transfer" if symbol in _TRANSFER_SYMBOLS else money
        return Meaning(last, guessed=symbol not in _MONEY_SYMBOLS | _TRANSFER_SYMBOLS)

    def is_invoice(self, row: ClearingRow) -> bool:
        """Whether a row looks like the booking of a document, whoever's: what else is on its side takes back money."""
        symbol = row.symbol.strip().upper()
        if row.counter_account and lies_in(row.counter_account.lstrip("0"), self._money):
            return False
        return symbol not in _MONEY_SYMBOLS | _TRANSFER_SYMBOLS
