"""Person accounts for RZL FIBU, "Datenimport, RZL-Format, Personenkonten" (facts/fibu.md 3.7).

19 fields by position, no header. RZL cuts values that are too long and
overwrites accounts that exist; we cut as it does.
"""

from collections.abc import Sequence
from typing import Any

from core.batch import Output
from core.booking import PersonAccount
from core.fibu_limits import account_problems
from core.fibu_options import RzlOptions
from formats._fibu_text import clean, plain, refuse, row

LABEL = "RZL-Personenkonten"
WriterSettings = RzlOptions

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


def open_writer(output: Output, settings: RzlOptions) -> "RzlAccountsWriter":
    """Make the writer of one file; options in the output's head go before the settings."""
    return RzlAccountsWriter(dict(output.head).get("options", settings))


class RzlAccountsWriter:
    """Writes ``PersonAccount`` documents."""

    def __init__(self, options: RzlOptions) -> None:
        self._options = options

    def begin(self) -> bytes:
        """The header row, where the client wants one."""
        return row(FIELDS, self._options.encoding) if self._options.header_row else b""

    def add(self, documents: Sequence[Any]) -> bytes:
        """Rows of these accounts. Raises RuleError naming everything that RZL cannot take."""
        refuse(problem for account in documents for problem in account_problems(account, self._options))
        return b"".join(self._row(account) for account in documents)

    def end(self) -> bytes:
        """Nothing comes after the last row."""
        return b""

    def _row(self, person: PersonAccount) -> bytes:
        net_days = person.terms.net_days if person.terms else None
        values = [
            person.account,
            _KIND[person.kind],
            "" if person.currency == "EUR" else person.currency,
            person.vat_id,
            "",
            clean(person.name, 40),
            clean(person.street, 40),
            clean(person.city, 25),
            "1" if person.dunning_block else "0",
            *["0"] * 3,
            _POSTAL_LETTERS.get(person.country, person.country),
            clean(person.zip, 10),
            clean(person.name2, 40),
            clean(person.number, 20),
            "",
            "" if net_days is None else "1",
            plain(net_days),
        ]
        return row(values, self._options.encoding)
