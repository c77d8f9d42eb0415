"""Person accounts for RZL FIBU, "Datenimport, RZL-Format, Personenkonten" (facts/fibu.md 3.7).

19 fields by position, no header. RZL cuts values that are too long and
overwrites accounts that exist; we cut as it does.
"""

from collections.abc import Iterable, Sequence

from core.batch import Output
from core.booking import PersonAccount
from core.errors import Problem
from core.fibu_limits import account_problems
from core.fibu_options import RzlOptions
from formats._fibu_text import CompanyDecides, RowsWriter, clean, plain

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


def open_writer(output: Output, _settings: CompanyDecides) -> "RzlAccountsWriter":
    """Make the writer of one file."""
    return RzlAccountsWriter(output)


class RzlAccountsWriter(RowsWriter[RzlOptions, PersonAccount]):
    """Writes ``PersonAccount`` documents."""

    def header(self) -> Sequence[str]:
        """The names of the fields, where the client wants them."""
        return FIELDS if self._options.header_row else ()

    def problems(self, document: PersonAccount) -> Iterable[Problem]:
        """The limits of ``core.fibu_limits``."""
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
            plain(net_days),
        ]
        return (values,)
