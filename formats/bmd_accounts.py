"""Person accounts for BMD NTCS (facts/fibu.md 1.11).

BMD has no fixed header: the client maps columns to fields, so which columns is a setting.
"""

from collections.abc import Sequence
from typing import Any

from core.batch import Output
from core.booking import PaymentTerms, PersonAccount
from core.fibu_limits import account_problems
from core.fibu_options import BmdOptions
from formats._fibu_text import clean, plain, refuse, row

LABEL = "BMD-Personenkonten"
WriterSettings = BmdOptions


def open_writer(output: Output, settings: BmdOptions) -> "BmdAccountsWriter":
    """Make the writer of one file; options in the output's head go before the settings."""
    return BmdAccountsWriter(dict(output.head).get("options", settings))


class BmdAccountsWriter:
    """Writes ``PersonAccount`` documents."""

    def __init__(self, options: BmdOptions) -> None:
        self._options = options

    def begin(self) -> bytes:
        """The header row."""
        return row(self._options.account_columns, self._options.encoding)

    def add(self, documents: Sequence[Any]) -> bytes:
        """Rows of these accounts. Raises RuleError naming everything that BMD cannot take."""
        refuse(problem for account in documents for problem in account_problems(account, self._options))
        return b"".join(self._row(account) for account in documents)

    def end(self) -> bytes:
        """Nothing comes after the last row."""
        return b""

    def _row(self, person: PersonAccount) -> bytes:
        terms = person.terms or PaymentTerms()
        values = {
            "Kto-Nr": person.account,
            "Nachname": clean(person.name),
            "Vorname": clean(person.name2),
            "Straße": clean(person.street),
            "Plz": clean(person.zip),
            "Ort": clean(person.city),
            "Land": person.country,
            "UID-Nummer": person.vat_id,
            "WAE": person.currency,
            "ZZiel": plain(terms.net_days),
            "SktoProz1": plain(terms.discount_percent),
            "SktoTage1": plain(terms.discount_days),
            "IBAN": clean(person.iban),
            "BIC": clean(person.bic),
            "E-Mail": clean(person.email),
            "Telefon": clean(person.phone),
            "Matchcode": clean(person.number),
            "Sammelkonto": person.collective_account,
        }
        return row([values.get(column, "") for column in self._options.account_columns], self._options.encoding)
