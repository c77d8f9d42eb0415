"""Person accounts for DATEV, EXTF 700 category 16 "Debitoren/Kreditoren" (facts/fibu.md 6), and back.

254 columns by position. Texts that are too long are cut; a debtor has no field for the days of a discount.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from core.batch import Batch, Origin, Output
from core.errors import Problem
from core.fibu.booking import PaymentTerms, PersonAccount
from core.fibu.datev_options import DatevOptions
from core.fibu.limits import account_problems
from core.fibu.program import number_text
from formats._fibu.account_cells import AccountReadingSettings, country, some_terms
from formats._fibu.cells import Cells, Found
from formats._fibu.datev_columns import ACCOUNT_COLUMNS, ACCOUNT_NUMBERS
from formats._fibu.datev_file import DatevWriter, Kind, datev_rows_of, is_datev
from formats._fibu.text import CompanyDecides, clean

LABEL = "DATEV-Debitoren/Kreditoren"
WriterSettings = CompanyDecides

KIND = Kind("16", "Debitoren/Kreditoren", "5", ACCOUNT_COLUMNS, ACCOUNT_NUMBERS)

_COMPANY = "2"
_NEVER_REMIND = "9"


class Settings(DatevOptions, AccountReadingSettings):
    """How the DATEV was set up that the accounts come from; as ``[company.datev]``."""


def open_writer(output: Output, _settings: CompanyDecides) -> "DatevAccountsWriter":
    """Make the writer of one file."""
    return DatevAccountsWriter(output)


def sniff(head: bytes, name: str) -> bool:
    """Say whether the first line is the header of this category."""
    del name
    return is_datev(head, KIND.category)


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    """Read ``PersonAccount`` documents. Raises FormatError with every row that cannot be read."""
    found = Found()
    _, rows = datev_rows_of(source, settings.encoding, KIND, found, settings.max_rows)
    documents = tuple(person for cells in rows if (person := _person(cells, settings)))
    found.refuse()
    return Batch(origin, "person_account", documents)


class DatevAccountsWriter(DatevWriter[PersonAccount]):
    """Writes ``PersonAccount`` documents."""

    kind = KIND

    def problems(self, document: PersonAccount) -> Iterable[Problem]:
        """The limits of ``core.fibu.limits``."""
        return account_problems(document, self._options)

    def rows(self, document: PersonAccount) -> Iterator[Sequence[str]]:
        """One row."""
        street = clean(document.street, 36)
        yield self.quoted(
            {
                "Konto": document.account,
                "Name (Adressattyp Unternehmen)": clean(document.name, 50),
                "Adressattyp": _COMPANY,
                "Kurzbezeichnung": clean(document.name, 15),
                "EU-Land": document.vat_id[:2],
                "EU-UStID": document.vat_id[2:],
                "Adressart": "STR" if street else "",
                "Straße": street,
                "Postleitzahl": clean(document.zip, 10),
                "Ort": clean(document.city, 30),
                "Land": document.country,
                "Adresszusatz": clean(document.name2, 36),
                "Telefon": clean(document.phone, 60),
                "E-Mail": document.email,
                "Länderkennzeichen 1": document.iban[:2],
                "IBAN-Nr. 1": clean(document.iban),
                "SWIFT-Code 1": clean(document.bic),
                "Kunden-/Lief.-Nr.": document.number,
                "Mahnung": _NEVER_REMIND if document.dunning_block else "",
                **_terms(document),
            }
        )


def _terms(person: PersonAccount) -> dict[str, str]:
    terms = person.terms or PaymentTerms()
    if person.kind == "customer":
        return {
            "Fälligkeit in Tagen (Debitor)": number_text(terms.net_days),
            "Skonto in Prozent (Debitor)": number_text(terms.discount_percent),
        }
    return {
        "Kreditoren-Ziel 1 Tg.": number_text(terms.discount_days),
        "Kreditoren-Skonto 1 %": number_text(terms.discount_percent),
        "Kreditoren-Ziel 2 Tg.": number_text(terms.discount_days_2),
        "Kreditoren-Skonto 2 %": number_text(terms.discount_percent_2),
        "Kreditoren-Ziel 3 Brutto Tg.": number_text(terms.net_days),
    }


def _person(cells: Cells, settings: Settings) -> PersonAccount | None:
    account = cells.account("Konto")
    supplier = settings.kind(account) == "supplier"
    terms = PaymentTerms(
        net_days=cells.count("Kreditoren-Ziel 3 Brutto Tg." if supplier else "Fälligkeit in Tagen (Debitor)"),
        discount_days=cells.count("Kreditoren-Ziel 1 Tg."),
        discount_percent=cells.number("Kreditoren-Skonto 1 %" if supplier else "Skonto in Prozent (Debitor)"),
        discount_days_2=cells.count("Kreditoren-Ziel 2 Tg."),
        discount_percent_2=cells.number("Kreditoren-Skonto 2 %"),
    )
    names = ("Name (Adressattyp Unternehmen)", "Name (Adressattyp natürl. Person)", "Name (Adressattyp keine Angabe)")
    name = next((cells.text(one) for one in names if cells.text(one)), "")
    if not name:
        cells.needed(names[0])
    values = {
        "kind": settings.kind(account),
        "account": account,
        "party_id": cells.text("Kunden-/Lief.-Nr.") or account,
        "number": cells.text("Kunden-/Lief.-Nr."),
        "name": name,
        "name2": cells.text("Adresszusatz") or cells.text("Vorname (Adressattyp natürl. Person)"),
        "street": cells.text("Straße"),
        "zip": cells.text("Postleitzahl"),
        "city": cells.text("Ort"),
        "country": country(cells, "Land"),
        "vat_id": cells.text("EU-Land") + cells.text("EU-UStID"),
        "currency": settings.currency,
        "email": cells.text("E-Mail"),
        "phone": cells.text("Telefon"),
        "iban": cells.text("IBAN-Nr. 1"),
        "bic": cells.text("SWIFT-Code 1"),
        "terms": some_terms(terms),
        "dunning_block": cells.text("Mahnung") == _NEVER_REMIND,
    }
    return None if cells.bad else PersonAccount.model_validate(values)
