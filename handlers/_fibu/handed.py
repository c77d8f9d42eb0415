"""A document as it goes to the FIBU: its bookings, and what a daily closing needs to know of it.

A run that is open keeps it in the ledger until the run is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from core.documents import CashReceipt
from core.errors import Problem
from core.fibu.booking import Booking
from handlers._fibu.plan import Done

_SUMMED = frozenset({"sale", "cancellation"})


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale at a register, that the sales of its day may be summed up with."""

    register: str
    day: date
    receipt: str
    """Number of the receipt."""


@dataclass(frozen=True, slots=True)
class Handed:
    """One document that is handed over."""

    label: str
    """How a clerk calls it."""
    bookings: Sequence[Booking]
    sale: Sale | None = None
    warnings: tuple[Problem, ...] = ()
    """What the clerk was told of it."""

    @classmethod
    def of(cls, done: Done, warnings: Sequence[Problem] = ()) -> "Handed":
        """The document, once it is planned, and what was said of it."""
        receipt, sale = done.source.document, None
        if isinstance(receipt, CashReceipt) and receipt.receipt_type in _SUMMED:
            sale = Sale(receipt.register_id, done.source.supply_date, receipt.receipt_number)
        return cls(done.source.label, done.bookings, sale, tuple(warnings))

    def body(self) -> Mapping[str, Any]:
        """As an entry of the ledger."""
        bookings = [booking.model_dump(mode="json", exclude_defaults=True) for booking in self.bookings]
        body: dict[str, Any] = {"label": self.label, "bookings": bookings}
        if self.sale:
            body["sale"] = [self.sale.register, self.sale.day.isoformat(), self.sale.receipt]
        if self.warnings:
            body["warnings"] = [asdict(warning) for warning in self.warnings]
        return body

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> "Handed":
        """From an entry of the ledger."""
        sale = None
        if "sale" in body:
            register, day, receipt = body["sale"]
            sale = Sale(register, date.fromisoformat(day), receipt)
        warnings = tuple(Problem(**warning) for warning in body.get("warnings", ()))
        return cls(body["label"], [Booking.model_validate(booking) for booking in body["bookings"]], sale, warnings)
