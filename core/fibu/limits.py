"""What a FIBU program cannot take, said before a file is written (facts/fibu.md 1.3, 1.9, 3.2, 6).

The export asks before it hands anything over, the writers ask again before they write: one list of limits for both.
Texts may be cut and cleaned; what identifies something (document, account) is whole or refused.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from core.errors import Problem
from core.fibu.bmd55_options import Bmd55Options
from core.fibu.booking import Booking, BookingLine, PersonAccount
from core.fibu.datev_options import DATEV_NUMBER_CHARACTERS, DatevOptions
from core.fibu.datev_rows import datev_rows, foreign_rows
from core.fibu.limit_check import AGAIN, LimitCheck
from core.fibu.numbers import number_digits, open_item_digits, open_item_number
from core.fibu.options import BmdOptions, RzlOptions
from core.fibu.program import ProgramOptions, number_text
from core.fibu.tax_codes import treatment_label
from core.money import cents

_OPEN_ITEM_DIGITS = 16
_MOST_DAYS = 999
_FIRST_DAY = date(1900, 1, 1)


def booking_problems(booking: Booking, options: ProgramOptions) -> list[Problem]:
    """Everything in a booking that the program with these settings cannot take."""
    limits = options.LIMITS
    at_number = "/number" if booking.kind in {"ar", "ap"} else "/receipt_number"
    check = _Check(f"Beleg {booking.number}", booking.document_id, booking.pointer, options)
    if not isinstance(options, Bmd55Options):
        check.identity("Belegnummer", booking.number, options.number_length, at_number)
    check.identity("Fremdbelegnummer", booking.external_number, limits.external_number, "/external_number")
    check.identity("UID-Nummer", booking.vat_id, limits.vat_id, "/vat_id")
    check.identity("Belegdatei", booking.document_file, limits.document_file)
    if options.names_orders:
        check.identity("Auftragsnummer", booking.order_number, limits.order_number, "/order_ids")
    check.text("Zahlungsreferenz", booking.payment_reference)
    check.digits("Konto", booking.account, limits.account, "/ledger_account")
    check.text("Name", booking.party_name)
    check.text("Buchungstext", booking.text)
    heading = "Buchungssymbol" if isinstance(options, BmdOptions) else "Belegkreis"
    symbol = booking.symbol or options.symbol(booking.kind, credit=booking.gross < 0)
    check.identity(heading, symbol, limits.symbol, "/document_circle")
    check.by_program(booking, options)
    check.amount(booking)
    check.days(booking)
    for line in booking.lines:
        check.line(booking, line)
    return check.problems


def account_problems(person: PersonAccount, options: ProgramOptions) -> list[Problem]:
    """Everything in a person account that the program with these settings cannot take."""
    limits = options.LIMITS
    check = _Check(f"Konto {person.account}", person.record or person.party_id, person.pointer, options)
    check.digits("Konto", person.account, limits.account)
    check.digits("Sammelkonto", person.collective_account, limits.account)
    check.identity("UID-Nummer", person.vat_id, limits.vat_id)
    for heading, value in _account_texts(person):
        check.text(heading, value)
    if isinstance(options, DatevOptions):
        check.person_length(person.account, options)
        check.identity("Kundennummer", person.number, 15)
        check.identity("E-Mail", person.email, 60)
    return check.problems


def _euro(value: Decimal) -> str:
    return f"{cents(value):f}".replace(".", ",")


def _account_texts(person: PersonAccount) -> Iterator[tuple[str, str]]:
    yield "Name", person.name
    yield "Namenszusatz", person.name2
    yield "Kundennummer", person.number
    yield "Straße", person.street
    yield "PLZ", person.zip
    yield "Ort", person.city
    yield "E-Mail", person.email
    yield "Telefon", person.phone


class _Check(LimitCheck):
    """What the fields of a booking or account must keep to."""

    def by_program(self, booking: Booking, options: ProgramOptions) -> None:
        """What only one of the programs asks for."""
        if isinstance(options, RzlOptions):
            self.identity("Zahlungsreferenz", booking.payment_reference, options.LIMITS.payment_reference)
            self.number_with_digits(booking, open_item_digits(booking), _OPEN_ITEM_DIGITS)
        elif isinstance(options, Bmd55Options):
            self.number_with_digits(booking, number_digits(booking.number), options.number_length)
            if booking.foreign and options.form == "fixed":
                self.no_foreign_currency(booking.foreign.currency)
        elif isinstance(options, BmdOptions):
            self.identity("Nummer der bezahlten Rechnung", booking.settles, options.number_length, "/invoice_id")
        elif isinstance(options, DatevOptions):
            self.datev_numbers(booking, options)

    def number_with_digits(self, booking: Booking, digits: str, most: int) -> None:
        """RZL keeps open items under digits, BMD 5.5 every document."""
        if booking.kind == "cash" and isinstance(self.options, RzlOptions):
            return
        if not 1 <= len(digits) <= most:
            self.refuse(
                "fibu_open_item_number",
                f"Aus der Belegnummer wird in {self.program} die Nummer des offenen Postens; sie braucht dafür 1 bis "
                f"{most} Ziffern und hat {len(digits)}.",
                f"Bitte ändern Sie die Belegnummer in CLUE {AGAIN}",
                booking.external_number or booking.number,
                "/external_number" if booking.external_number else "/number",
            )

    def no_foreign_currency(self, currency: str) -> None:
        """The fixed record of BMD 5.5 has no place for a currency."""
        self.refuse(
            "fibu_foreign_currency",
            f"Der Beleg lautet auf {currency}; der feste Satz von BMD 5.5 hat kein Feld für eine Währung.",
            "Bitte buchen Sie diesen Beleg in der FIBU von Hand, oder lassen Sie in den Einstellungen der Firma die "
            "variable Form eintragen.",
            currency,
            "/currency",
        )

    def datev_numbers(self, booking: Booking, options: DatevOptions) -> None:
        """The own number whole, the open item's number of some characters at least, accounts of the right length."""
        wrong = sorted(set(booking.number) - DATEV_NUMBER_CHARACTERS)
        if wrong:
            self.refuse(
                "fibu_number_character",
                f"Die Belegnummer enthält „{wrong[0]}“; DATEV nimmt nur Buchstaben ohne Umlaute, Ziffern und "
                "$ & % * + - /.",
                f"Bitte ändern Sie die Belegnummer in CLUE {AGAIN}",
                booking.number,
                "/number",
            )
        if booking.kind != "cash" and not options.number(open_item_number(booking)):
            self.refuse(
                "fibu_open_item_number",
                "Aus der Belegnummer wird in DATEV die Nummer des offenen Postens; sie enthält keinen Buchstaben und "
                "keine Ziffer.",
                f"Bitte ändern Sie die Belegnummer in CLUE {AGAIN}",
                open_item_number(booking),
                "/external_number" if booking.external_number else "/number",
            )
        if booking.kind != "cash":
            self.person_length(booking.account, options)

    def person_length(self, account: str, options: DatevOptions) -> None:
        """A person account of DATEV has one digit more than the ledger accounts."""
        digits = options.account_length + 1
        if len(account) != digits:
            self.refuse(
                "fibu_account_length",
                f"Personenkonten haben in DATEV {digits} Ziffern, angegeben ist „{account}“.",
                "Bitte geben Sie in CLUE ein Konto mit so vielen Ziffern an, oder lassen Sie die Länge der Konten in "
                "den Einstellungen der Firma richtigstellen.",
                account,
                "/ledger_account",
            )

    def amount(self, booking: Booking) -> None:
        """Amount fields have so many places."""
        largest = self.options.LIMITS.largest
        if any(abs(value) > largest for value in (booking.gross, *(line.net for line in booking.lines))):
            self.refuse(
                "fibu_amount_too_large",
                f"Der Betrag ist größer, als {self.program} ihn aufnehmen kann.",
                "Bitte buchen Sie diesen Beleg in der FIBU von Hand.",
                str(booking.gross),
            )

    def days(self, booking: Booking) -> None:
        """Years before 1900 are typing errors, and days of payment have few places."""
        terms = booking.terms
        days = (terms.net_days, terms.discount_days, terms.discount_days_2) if terms else ()
        if any(count is not None and not 0 <= count <= _MOST_DAYS for count in days):
            what = f"Ein Zahlungsziel hat mehr als {_MOST_DAYS} Tage."
            todo = f"Bitte prüfen Sie die Zahlungsbedingungen in CLUE {AGAIN}"
            self.refuse("fibu_terms", what, todo, str(max(day or 0 for day in days)), "/payment_terms")
        if booking.document_date < _FIRST_DAY:
            what = f"Das Belegdatum {booking.document_date:%d.%m.%Y} liegt zu weit zurück."
            self.refuse("fibu_date", what, f"Bitte prüfen Sie das Datum in CLUE {AGAIN}", str(booking.document_date))

    def line(self, booking: Booking, line: BookingLine) -> None:
        """Account, cost centre and tax code of one posting."""
        at = line.pointer.removeprefix(booking.pointer)
        limits = self.options.LIMITS
        datev = isinstance(self.options, DatevOptions)
        longest = self.options.account_length if isinstance(self.options, DatevOptions) else limits.account
        self.digits("Gegenkonto", line.account, longest, at)
        if datev:
            self.identity("Kostenstelle", line.cost_center, limits.cost_center, at)
            self.identity("Kostenträger", line.cost_object, limits.cost_object, at)
            self._datev_vat(booking, line, at)
        else:
            self.digits("Kostenstelle", line.cost_center, limits.cost_center, at)
            self.digits("Kostenträger", line.cost_object, limits.cost_object, at)
        if self.options.known_code(booking.vat_side, line.treatment, line.rate, line.destination) is None:
            rate = number_text(line.rate)
            country = f" ({line.destination})" if line.destination else ""
            self.refuse(
                "fibu_tax_code_missing",
                f"Für die Steuerart „{treatment_label(line.treatment)}“{country} mit {rate} % ist kein Steuercode von "
                f"{self.program} eingestellt.",
                f"Bitte lassen Sie den Steuercode in den Einstellungen der Firma eintragen {AGAIN}",
                line.treatment,
                at,
            )

    def _datev_vat(self, booking: Booking, line: BookingLine, at: str) -> None:
        """DATEV works out the VAT by itself."""
        if line.gross == 0:
            what = "Eine Buchungszeile hat den Betrag 0,00; DATEV nimmt nur Beträge über 0."
            self.refuse("fibu_zero_amount", what, "Bitte nehmen Sie diesen Beleg aus der Übergabe.", "0,00", at)
            return
        rows = datev_rows(line)
        if rows and booking.foreign and any(part * line.gross <= 0 for part in foreign_rows(line, rows)):
            rows = None  # a row with nothing in the foreign currency
        if rows is None:
            vat = line.self_assessed_vat or line.vat
            self.refuse(
                "fibu_vat_differs",
                f"Die Umsatzsteuer von {_euro(vat)} ist nicht die, die DATEV mit {number_text(line.rate)} % aus "
                f"{_euro(line.gross)} errechnet; DATEV nimmt keinen anderen Betrag.",
                "Bitte prüfen Sie den Steuerbetrag in CLUE, oder buchen Sie diesen Beleg in der FIBU von Hand.",
                str(vat),
                at,
            )
