"""Person accounts for BMD NTCS (facts/fibu.md 1.11), and back.

BMD has no fixed header: the client maps columns to fields, so which columns is a setting.
"""

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from core.batch import Batch, Origin, Output
from core.errors import Problem
from core.fibu.booking import PaymentTerms, PersonAccount
from core.fibu.limits import account_problems
from core.fibu.options import BmdOptions
from core.fibu.program import number_text
from formats._fibu.account_cells import AccountReadingSettings, country, some_terms
from formats._fibu.cells import Cells, Found, headed_rows, sniffed_row
from formats._fibu.text import CompanyDecides, RowsWriter, clean

LABEL = "BMD-Personenkonten"
WriterSettings = CompanyDecides


_REQUIRED = ("Kto-Nr", "Nachname")


class Settings(BmdOptions, AccountReadingSettings):
    """How the BMD was set up that the accounts come from; as ``[company.bmd]``."""


def sniff(head: bytes, name: str) -> bool:
    """Say whether the first row has the columns of a list of accounts, and none of bookings or open items."""
    del name
    header = sniffed_row(head)
    return set(_REQUIRED) <= set(header) and not {"betrag", "Betrag", "Saldo"} & set(header)


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    """Read ``PersonAccount`` documents. Raises FormatError with every row that cannot be read."""
    found = Found()
    rows = headed_rows(source, settings.encoding, _REQUIRED, found, settings.max_rows)
    documents = tuple(person for cells in rows if (person := _person(cells, settings)))
    found.refuse()
    return Batch(origin, "person_account", documents)


def _person(cells: Cells, settings: Settings) -> PersonAccount | None:
    account = cells.account("Kto-Nr")
    terms = PaymentTerms(
        net_days=cells.count("ZZiel"),
        discount_days=cells.count("SktoTage1"),
        discount_percent=cells.number("SktoProz1"),
        discount_days_2=cells.count("SktoTage2"),
        discount_percent_2=cells.number("SktoProz2"),
    )
    values = {
        "kind": settings.kind(account),
        "account": account,
        "party_id": cells.text("Matchcode") or account,
        "number": cells.text("Matchcode"),
        "name": cells.needed("Nachname"),
        "name2": cells.text("Vorname"),
        "street": cells.text("Straße"),
        "zip": cells.text("Plz"),
        "city": cells.text("Ort"),
        "country": country(cells, "Land"),
        "vat_id": cells.text("UID-Nummer"),
        "currency": cells.currency("WAE", settings.currency),
        "email": cells.text("E-Mail"),
        "phone": cells.text("Telefon"),
        "iban": cells.text("IBAN"),
        "bic": cells.text("BIC"),
        "collective_account": cells.text("Sammelkonto"),
        "terms": some_terms(terms),
    }
    return None if cells.bad else PersonAccount.model_validate(values)


def open_writer(output: Output, _settings: CompanyDecides) -> "BmdAccountsWriter":
    """Make the writer of one file."""
    return BmdAccountsWriter(output)


class BmdAccountsWriter(RowsWriter[BmdOptions, PersonAccount]):
    """Writes ``PersonAccount`` documents."""

    def header(self) -> Sequence[str]:
        """The client's columns."""
        return self._options.account_columns

    def problems(self, document: PersonAccount) -> Iterable[Problem]:
        """The limits of ``core.fibu.limits``."""
        return account_problems(document, self._options)

    def rows(self, document: PersonAccount) -> Iterable[Sequence[str]]:
        """One row."""
        terms = document.terms or PaymentTerms()
        values = {
            "Kto-Nr": document.account,
            "Nachname": clean(document.name),
            "Vorname": clean(document.name2),
            "Straße": clean(document.street),
            "Plz": clean(document.zip),
            "Ort": clean(document.city),
            "Land": document.country,
            "UID-Nummer": document.vat_id,
            "WAE": document.currency,
            "ZZiel": number_text(terms.net_days),
            "SktoProz1": number_text(terms.discount_percent),
            "SktoTage1": number_text(terms.discount_days),
            "SktoProz2": number_text(terms.discount_percent_2),
            "SktoTage2": number_text(terms.discount_days_2),
            "IBAN": clean(document.iban),
            "BIC": clean(document.bic),
            "E-Mail": clean(document.email),
            "Telefon": clean(document.phone),
            "Matchcode": clean(document.number),
            "Sammelkonto": document.collective_account,
        }
        return ([values.get(column, "") for column in self._options.account_columns],)
