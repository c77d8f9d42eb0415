"""What a person is told of an export run: its documents, their sums, and what has to agree with the VAT return.

All amounts are in the company's currency and signed as in ``core.fibu.booking``: negative is what takes back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core.errors import Problem
from core.fibu.booking import Booking, BookingLine, VatSide
from core.fibu.uva import UvaMonth
from core.money import ZERO, total


@dataclass(frozen=True, slots=True)
class Amounts:
    """Net, VAT and gross that belong together; VAT that we owe for a supplier stands apart."""

    net: Decimal = ZERO
    vat: Decimal = ZERO
    self_assessed_vat: Decimal = ZERO

    @property
    def gross(self) -> Decimal:
        """Net and VAT; VAT that we owe for a supplier is no part of it."""
        return self.net + self.vat

    def __add__(self, other: "Amounts") -> "Amounts":
        """Sum of both."""
        return Amounts(self.net + other.net, self.vat + other.vat, self.self_assessed_vat + other.self_assessed_vat)

    @classmethod
    def of(cls, lines: Iterable[BookingLine]) -> "Amounts":
        """What these lines add up to."""
        net = vat = self_assessed = ZERO
        for line in lines:
            net, vat, self_assessed = net + line.net, vat + line.vat, self_assessed + line.self_assessed_vat
        return cls(net, vat, self_assessed)


@dataclass(frozen=True, slots=True)
class ForeignSum:
    """A document in its own currency."""

    currency: str
    rate: Decimal
    """Units of it for one unit of the company's currency."""
    net: Decimal
    vat: Decimal

    @property
    def gross(self) -> Decimal:
        """Net and VAT."""
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class Posted:
    """One booking of a document."""

    label: str
    """How a clerk calls the document, e.g. "Rechnung AR-2026-1"."""
    kind: str
    """What documents of this kind are called, e.g. "Rechnung"."""
    number: str
    """Number of the document."""
    document_date: date
    month: date
    """First day of the month that it is booked in."""
    account: str
    """Person account, or money account of a cash receipt."""
    party: str
    amounts: Amounts
    text: str = ""
    """What the booking is for, where it is not the document's own but goes with it; else empty."""
    booked_as: str = ""
    """Number that it is booked under, where that is another one than the document's."""
    foreign: ForeignSum | None = None

    @property
    def follows(self) -> bool:
        """Whether it goes with the document's own booking, which stands before it."""
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class KindSum:
    """All documents of a kind."""

    kind: str
    count: int
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class AccountSum:
    """Everything on a revenue, expense or money account under one VAT treatment, rate and tax code."""

    account: str
    side: VatSide
    """Whether its VAT is owed ("ar") or deducted ("ap")."""
    treatment: str
    destination: str
    rate: Decimal
    tax_code: str
    """As it stands in the files; its parts with a stroke between them."""
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Balance:
    """Documents against the bookings that were written for them: a day's closing is one for many receipts."""

    label: str
    documents: Amounts
    written: Amounts
    bookings: int
    """How many were written."""

    @property
    def agrees(self) -> bool:
        """Whether both are the same to the cent."""
        return self.documents == self.written


@dataclass(frozen=True, slots=True)
class RunReport:
    """One export run."""

    company: str
    company_name: str
    currency: str
    program: str
    """FIBU program as clerks know it."""
    run: str
    created: datetime
    """With a time zone; printed as it is."""
    files: tuple[str, ...]
    """Names of the files of the run, in the order of their import."""
    documents: tuple[Posted, ...]
    kinds: tuple[KindSum, ...]
    balances: tuple[Balance, ...]
    accounts: tuple[AccountSum, ...]
    uva: tuple[UvaMonth, ...]
    warnings: tuple[Problem, ...] = ()

    @property
    def count(self) -> int:
        """How many documents the run holds."""
        return sum(not posted.follows for posted in self.documents)

    @property
    def agrees(self) -> bool:
        """Whether documents and bookings are the same to the cent."""
        return all(balance.agrees for balance in self.balances)


def foreign_sum(booking: Booking) -> ForeignSum | None:
    """A booking in its document's own currency, None where that is the company's."""
    if booking.foreign is None:
        return None
    net = total(line.foreign_net or ZERO for line in booking.lines)
    vat = total(line.foreign_vat or ZERO for line in booking.lines)
    return ForeignSum(booking.foreign.currency, booking.foreign.rate, net, vat)
