"""What the settings of every FIBU program have in common: an encoding, limits of fields, and tax codes both ways."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import ClassVar

from pydantic import Field, field_validator

from core.fibu.booking import NO_TAX, BookingKind, VatSide
from core.fibu.tax_codes import Options, Rule

_KINDS: tuple[BookingKind, ...] = ("ar", "ap", "cash")
_ENCODINGS = ("cp1252", "iso-8859-1", "iso-8859-15", "cp850", "utf-8")


@dataclass(frozen=True, slots=True)
class Limits:
    """Longest values that a program takes; longer ones are refused before the export, never cut."""

    program: str
    """Name that clerks know."""
    external_number: int
    vat_id: int
    symbol: int
    cost_center: int
    cost_object: int = 9
    account: int = 9
    document_file: int = 255
    document_types: tuple[str, ...] = ()
    """Endings of the files that it shows to a booking; empty: every one."""
    payment_reference: int = 35
    order_number: int = 9
    discounts: int = 2
    """How many Skonto steps a posting can carry."""
    largest: Decimal = Decimal("9999999999.99")


@dataclass(frozen=True, slots=True)
class Taxed:
    """What a tax code in a file means."""

    treatment: str
    rate: Decimal
    destination: str = ""


class ProgramOptions(Options, ABC):
    """Base of the ``[company.<program>]`` tables."""

    LIMITS: ClassVar[Limits]

    encoding: str = Field(default="cp1252", description="Text encoding of the files.")
    number_length: int = Field(default=20, ge=1, description="Longest document number that the import takes.")

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        """Only encodings that write no mark of their own in front of every row."""
        if encoding not in _ENCODINGS:
            raise ValueError(f"{encoding!r} is not one of {', '.join(_ENCODINGS)}")
        return encoding

    @property
    def names_orders(self) -> bool:
        """Whether files mark advance, part and final invoices and name their order."""
        return True

    @abstractmethod
    def tax_code(self, side: VatSide, treatment: str, rate: Decimal, destination: str = "") -> Rule | None:
        """The tax code of a posting, or None where nobody has named one."""

    def known_code(self, side: VatSide, treatment: str, rate: Decimal, destination: str = "") -> Rule | None:
        """The same as ``tax_code``, looked up once: a file has many postings and few codes."""
        key = (side, treatment, rate, destination)
        if key not in self._found:
            self._found[key] = self.tax_code(side, treatment, rate, destination)
        return self._found[key]

    @cached_property
    def _found(self) -> dict[tuple[str, str, Decimal, str], Rule | None]:
        return {}

    @abstractmethod
    def rules(self) -> Iterable[Rule]:
        """All rules, the client's own before the built-in ones."""

    @abstractmethod
    def written(self, rule: Rule, rate: Decimal) -> tuple[str, ...]:
        """The fields of a file that show the code of a posting with this rate."""

    @abstractmethod
    def symbol(self, kind: BookingKind, credit: bool) -> str:
        """Booking symbol or document circle of a document that names none itself."""

    def kinds(self, symbol: str) -> tuple[BookingKind, ...]:
        """Kinds of documents that carry this symbol where they name none; the other way round of ``symbol``."""
        return tuple(kind for kind in _KINDS if symbol in {self.symbol(kind, False), self.symbol(kind, True)})

    def taxed(self, side: VatSide, shown: tuple[str, ...], rate: Decimal) -> Taxed | None:
        """What stands behind a code of a file, or None where no rule writes it; the other way round of ``tax_code``.

        Several treatments may share a code: the first rule counts, and a posting without tax before all of them,
        because a code that says nothing proves nothing more.
        """
        key = (side, shown, rate)
        if key not in self._meanings:
            self._meanings[key] = self._meaning(side, shown, rate)
        return self._meanings[key]

    @cached_property
    def _meanings(self) -> dict[tuple[str, tuple[str, ...], Decimal], Taxed | None]:
        return {}

    def _meaning(self, side: VatSide, shown: tuple[str, ...], rate: Decimal) -> Taxed | None:
        candidates = [Taxed(NO_TAX, Decimal(0))] if rate == 0 else []
        candidates += [
            Taxed(rule.treatment, rate if rule.rate is None else rule.rate, rule.destination or "")
            for rule in self.rules()
            if rule.side == side
        ]
        for found in candidates:
            rule = self.known_code(side, found.treatment, found.rate, found.destination)
            if rule is not None and self.written(rule, found.rate) == shown:
                return found
        return None


def number_text(value: Decimal | int | None) -> str:
    """``20.00`` -> ``20``, ``4.90`` -> ``4,9``, None -> empty."""
    if value is None:
        return ""
    text = f"{Decimal(value):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")
