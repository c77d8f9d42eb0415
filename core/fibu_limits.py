"""What a FIBU program cannot take, said before a file is written (facts/fibu.md 1.3, 3.2).

The export asks before it hands anything over, the writers ask again before they write: one list of limits for both.
Texts may be cut and cleaned; what identifies something (document, account) is whole or refused.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from core.booking import Booking, BookingLine, PersonAccount
from core.errors import Problem
from core.fibu_options import BmdOptions, RzlOptions
from core.money import cents
from core.tax_codes import treatment_label

_ACCOUNT_DIGITS = 9
_OPEN_ITEM_DIGITS = 16
_RZL_LARGEST = Decimal("9999999999.99")
_SEPARATORS = frozenset(';"')
_NOT_DIGITS = re.compile(r"[^0-9]+")
_AGAIN = "und übergeben Sie den Beleg noch einmal."


def open_item_digits(booking: Booking) -> str:
    """The number under which RZL keeps the open item: digits only, no leading zeros; "" where there are none.

    It is the number the party knows: ours on outgoing documents, the supplier's on incoming ones (facts/fibu.md 3.3).
    """
    own = booking.settles if booking.kind == "payment" else booking.number
    for number in (booking.external_number, own):
        digits = _NOT_DIGITS.sub("", number).lstrip("0")
        if digits:
            return digits
    return ""


def booking_problems(booking: Booking, options: BmdOptions | RzlOptions) -> list[Problem]:
    """Everything in a booking that the program with these settings cannot take."""
    bmd = isinstance(options, BmdOptions)
    at_number = "/number" if booking.kind in {"ar", "ap"} else "/receipt_number"
    check = _Check("BMD" if bmd else "RZL", f"Beleg {booking.number}", booking.document_id, booking.pointer, options)
    check.identity("Belegnummer", booking.number, options.number_length, at_number)
    check.identity("Fremdbelegnummer", booking.external_number, 20 if bmd else 19, "/external_number")
    check.identity("UID-Nummer", booking.vat_id, 15 if bmd else 14, "/vat_id")
    check.identity("Belegdatei", booking.document_file, 255)
    check.digits("Konto", booking.account, _ACCOUNT_DIGITS, "/ledger_account")
    check.text("Name", booking.party_name)
    check.text("Buchungstext", booking.text)
    if isinstance(options, BmdOptions):
        symbol = booking.symbol or options.symbol(booking.kind, credit=booking.gross < 0)
        check.identity("Buchungssymbol", symbol, 2, "/document_circle")
        check.identity("Nummer der bezahlten Rechnung", booking.settles, options.number_length, "/invoice_id")
    else:
        check.identity("Belegkreis", booking.symbol or options.circle(booking.kind), 3, "/document_circle")
        check.open_item(booking)
        check.amount(booking)
    for line in booking.lines:
        check.line(booking, line, 9 if bmd else 7)
    return check.problems


def account_problems(person: PersonAccount, options: BmdOptions | RzlOptions) -> list[Problem]:
    """Everything in a person account that the program with these settings cannot take."""
    bmd = isinstance(options, BmdOptions)
    check = _Check(
        "BMD" if bmd else "RZL", f"Konto {person.account}", person.record or person.party_id, person.pointer, options
    )
    check.digits("Konto", person.account, _ACCOUNT_DIGITS)
    check.digits("Sammelkonto", person.collective_account, _ACCOUNT_DIGITS)
    check.identity("UID-Nummer", person.vat_id, 15 if bmd else 14)
    for heading, value in _account_texts(person):
        check.text(heading, value)
    return check.problems


def _account_texts(person: PersonAccount) -> Iterator[tuple[str, str]]:
    yield "Name", person.name
    yield "Namenszusatz", person.name2
    yield "Kundennummer", person.number
    yield "Straße", person.street
    yield "PLZ", person.zip
    yield "Ort", person.city
    yield "E-Mail", person.email
    yield "Telefon", person.phone


@dataclass(slots=True)
class _Check:
    """Collects the problems of one document or account."""

    program: str
    what: str
    record: str
    pointer: str
    options: BmdOptions | RzlOptions
    problems: list[Problem] = field(default_factory=list)

    def identity(self, heading: str, value: str, length: int, at: str = "") -> None:
        """Whole or refused."""
        if len(value) > length:
            self._refuse(
                "fibu_too_long",
                f"Das Feld „{heading}“ hat {len(value)} Zeichen, {self.program} nimmt höchstens {length}.",
                f"Bitte kürzen Sie die Angabe in CLUE auf höchstens {length} Zeichen {_AGAIN}",
                value,
                at,
            )
        elif not (value.isprintable() and _SEPARATORS.isdisjoint(value)):
            self._refuse(
                "fibu_separator",
                f"Das Feld „{heading}“ enthält einen Strichpunkt, ein Anführungszeichen oder ein unsichtbares Zeichen.",
                f"Bitte entfernen Sie dieses Zeichen in CLUE {_AGAIN}",
                value,
                at,
            )
        self.text(heading, value, at)

    def digits(self, heading: str, value: str, length: int, at: str = "") -> None:
        """Nothing but digits; empty is fine."""
        if value and not (value.isascii() and value.isdigit() and len(value) <= length):
            self._refuse(
                "fibu_not_numeric",
                f"Das Feld „{heading}“ muss in {self.program} eine Nummer mit höchstens {length} Ziffern sein, "
                f"angegeben ist „{value}“.",
                f"Bitte berichtigen Sie die Nummer in CLUE {_AGAIN}",
                value,
                at,
            )

    def text(self, heading: str, value: str, at: str = "") -> None:
        """Every character must have a place in the encoding."""
        for char in dict.fromkeys(unicodedata.normalize("NFC", value)):
            if unicodedata.category(char) == "Cc":
                continue  # writers leave control characters out
            try:
                char.encode(self.options.encoding)
            except UnicodeEncodeError:
                shown = char if char.isprintable() else f"U+{ord(char):04X}"
                self._refuse(
                    "fibu_character",
                    f"Das Zeichen „{shown}“ im Feld „{heading}“ kann {self.program} nicht aufnehmen.",
                    f"Bitte ersetzen Sie das Zeichen in CLUE durch ein anderes {_AGAIN}",
                    shown,
                    at,
                )

    def open_item(self, booking: Booking) -> None:
        """RZL keeps open items under a number."""
        if booking.kind == "cash":
            return
        digits = open_item_digits(booking)
        if not 1 <= len(digits) <= _OPEN_ITEM_DIGITS:
            self._refuse(
                "fibu_open_item_number",
                f"Aus der Belegnummer wird in {self.program} die Nummer des offenen Postens; sie braucht dafür 1 bis "
                f"{_OPEN_ITEM_DIGITS} Ziffern und hat {len(digits)}.",
                f"Bitte ändern Sie die Belegnummer in CLUE {_AGAIN}",
                booking.external_number or booking.number,
                "/external_number" if booking.external_number else "/number",
            )

    def amount(self, booking: Booking) -> None:
        """The field has 13 places."""
        if abs(booking.gross) > _RZL_LARGEST:
            self._refuse(
                "fibu_amount_too_large",
                f"Der Betrag ist größer, als {self.program} ihn aufnehmen kann.",
                "Bitte buchen Sie diesen Beleg in der FIBU von Hand.",
                str(booking.gross),
            )

    def line(self, booking: Booking, line: BookingLine, cost_center_digits: int) -> None:
        """Account, cost centre and tax code of one posting."""
        at = line.pointer.removeprefix(booking.pointer)
        self.digits("Gegenkonto", line.account, _ACCOUNT_DIGITS, at)
        self.digits("Kostenstelle", line.cost_center, cost_center_digits, at)
        if self.options.tax_code(booking.vat_side, line.treatment, line.rate, line.destination) is None:
            rate = format(cents(line.rate).normalize(), "f").replace(".", ",")
            country = f" ({line.destination})" if line.destination else ""
            self._refuse(
                "fibu_tax_code_missing",
                f"Für die Steuerart „{treatment_label(line.treatment)}“{country} mit {rate} % ist kein Steuercode von "
                f"{self.program} eingestellt.",
                f"Bitte lassen Sie den Steuercode in den Einstellungen der Firma eintragen {_AGAIN}",
                line.treatment,
                at,
            )

    def _refuse(self, code: str, what: str, todo: str, value: str, at: str = "") -> None:
        self.problems.append(
            Problem(
                code=code,
                what=f"{self.what}: {what}",
                todo=todo,
                record=self.record,
                pointer=self.pointer + at if self.pointer else None,
                value=value,
            )
        )
