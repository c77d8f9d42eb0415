"""Person accounts for RZL FIBU, "Datenimport, RZL-Format, Personenkonten" (facts/fibu.md 3.7), and back.

19 fields by position, no header. RZL cuts values that are too long and
overwrites accounts that exist; we cut as it does.
"""

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from core.batch import Batch, Origin, Output
from core.errors import Problem
from core.fibu.booking import PaymentTerms, PersonAccount
from core.fibu.limits import account_problems
from core.fibu.options import RzlOptions
from core.fibu.program import number_text
from formats._fibu.account_cells import AccountReadingSettings
from formats._fibu.cells import Cells, Found, placed_rows, sniffed_row
from formats._fibu.text import CompanyDecides, RowsWriter, clean

LABEL = "RZL-Personenkonten"
WriterSettings = CompanyDecides

FIELDS = (
    "Kontonummer", "Kontenart", "Fremdwährung", "UID-Nummer", "Anrede", "Name", "Straße", "Ort", "Mahnsperre",
    "Mahnfrist 1", "Mahnfrist 2", "Mahnfrist 3", "Land", "PLZ", "Zusatztext", "Kundennummer", "Mahnschema",
    "Abweichende Zahlungsbedingungen", "Zahlungsfrist",
)  # fmt: skip

_KIND = {"customer": "5", "supplier": "7"}
_POSTAL_LETTERS = {
    "AT": "A", "DE": "D", "IT": "I", "FR": "F", "HU": "H", "SI": "SLO", "BE": "B", "LU": "L", "LI": "FL", "IE": "IRL",
    "ES": "E", "PT": "P", "SE": "S", "FI": "FIN", "NO": "N", "EE": "EST", "MT": "M", "RS": "SRB", "BA": "BIH",
    "US": "USA",
}  # fmt: skip
"""Postal letters where they differ from the ISO code."""


_KINDS = {**dict.fromkeys(("5", "6", "9", "10"), "customer"), **dict.fromkeys(("7", "8", "11", "12"), "supplier")}
_COUNTRIES = {letters: code for code, letters in _POSTAL_LETTERS.items()}


class Settings(RzlOptions, AccountReadingSettings):
    """How the RZL was set up that the accounts come from; as ``[company.rzl]``."""


def sniff(head: bytes, name: str) -> bool:
    """Say whether the first row has 19 fields, and names or values of person accounts in them."""
    del name
    cells = sniffed_row(head)
    if len(cells) != len(FIELDS):
        return False
    return cells[:2] == list(FIELDS[:2]) or (cells[0].isdigit() and cells[1] in _KINDS and bool(cells[5]))


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    """Read ``PersonAccount`` documents. Raises FormatError with every row that cannot be read."""
    found = Found()
    rows = placed_rows(source, settings.encoding, FIELDS, found, settings.max_rows)
    documents = tuple(person for cells in rows if (person := _person(cells, settings)))
    found.refuse()
    return Batch(origin, "person_account", documents)


def _person(cells: Cells, settings: Settings) -> PersonAccount | None:
    account, letters = cells.account("Kontonummer"), cells.text("Land")
    net_days = cells.count("Zahlungsfrist")
    values = {
        "kind": _KINDS[cells.one_of("Kontenart", tuple(_KINDS))],
        "account": account,
        "party_id": cells.text("Kundennummer") or account,
        "number": cells.text("Kundennummer"),
        "name": cells.needed("Name"),
        "name2": cells.text("Zusatztext"),
        "street": cells.text("Straße"),
        "zip": cells.text("PLZ"),
        "city": cells.text("Ort"),
        "country": _COUNTRIES.get(letters, letters if len(letters) == 2 else ""),
        "vat_id": cells.text("UID-Nummer"),
        "currency": cells.currency("Fremdwährung", settings.currency),
        "dunning_block": cells.one_of("Mahnsperre", ("0", "1", "")) == "1",
        "terms": None if net_days is None else PaymentTerms(net_days=net_days),
    }
    if letters and not values["country"]:
        cells.wrong("Land", "fibu_country", f"Das Land „{letters}“ ist nicht bekannt.")
    return None if cells.bad else PersonAccount.model_validate(values)


def open_writer(output: Output, _settings: CompanyDecides) -> "RzlAccountsWriter":
    """Make the writer of one file."""
    return RzlAccountsWriter(output)


class RzlAccountsWriter(RowsWriter[RzlOptions, PersonAccount]):
    """Writes ``PersonAccount`` documents."""

    def header(self) -> Sequence[str]:
        """The names of the fields, where the client wants them."""
        return FIELDS if self._options.header_row else ()

    def problems(self, document: PersonAccount) -> Iterable[Problem]:
        """The limits of ``core.fibu.limits``."""
        return account_problems(document, self._options)

    def rows(self, document: PersonAccount) -> Iterable[Sequence[str]]:
        """One row."""
        net_days = document.terms.net_days if document.terms else None
        values = [
            document.account,
            _KIND[document.kind],
            "" if document.currency == "EUR" else document.currency,
            document.vat_id,
            "",
            clean(document.name, 40),
            clean(document.street, 40),
            clean(document.city, 25),
            "1" if document.dunning_block else "0",
            *["0"] * 3,
            _POSTAL_LETTERS.get(document.country, document.country),
            clean(document.zip, 10),
            clean(document.name2, 40),
            clean(document.number, 20),
            "",
            "" if net_days is None else "1",
            number_text(net_days),
        ]
        return (values,)
