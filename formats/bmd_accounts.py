"""Person accounts for BMD NTCS (facts/fibu.md 1.11).

BMD has no fixed header: the client maps columns to fields, so which columns is a setting.
"""

from collections.abc import Iterable, Sequence

from core.batch import Output
from core.booking import PaymentTerms, PersonAccount
from core.errors import Problem
from core.fibu_limits import account_problems
from core.fibu_options import BmdOptions
from formats._fibu_text import CompanyDecides, RowsWriter, clean, plain

LABEL = "BMD-Personenkonten"
WriterSettings = CompanyDecides


def open_writer(output: Output, _settings: CompanyDecides) -> "BmdAccountsWriter":
    """Make the writer of one file."""
    return BmdAccountsWriter(output)


class BmdAccountsWriter(RowsWriter[BmdOptions, PersonAccount]):
    """Writes ``PersonAccount`` documents."""

    def header(self) -> Sequence[str]:
        """The client's columns."""
        return self._options.account_columns

    def problems(self, document: PersonAccount) -> Iterable[Problem]:
        """The limits of ``core.fibu_limits``."""
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
            "ZZiel": plain(terms.net_days),
            "SktoProz1": plain(terms.discount_percent),
            "SktoTage1": plain(terms.discount_days),
            "IBAN": clean(document.iban),
            "BIC": clean(document.bic),
            "E-Mail": clean(document.email),
            "Telefon": clean(document.phone),
            "Matchcode": clean(document.number),
            "Sammelkonto": document.collective_account,
        }
        return ([values.get(column, "") for column in self._options.account_columns],)
