"""Bookings for BMD 5.5 in its variable form, the input file ``buerf`` of PR08A (facts/fibu.md 1.9), and back.

Rows with semicolons below a header of names; the fields are those of NTCS under older names, document numbers have
digits only, accounts nine of them, and a Skonto of 99 percent says that there is none.
"""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from core.batch import Batch, Origin, Output
from core.fibu.bmd55_options import BMD55_NAMES, Bmd55Options
from core.fibu.booking import Booking
from formats._fibu.bmd55_values import ntcs_values, old_values, with_own_number
from formats._fibu.bmd_reading import REQUIRED, BmdReading, bmd_bookings
from formats._fibu.bmd_values import BmdRowsWriter
from formats._fibu.cells import Cells, Found, ReadingSettings, headed_rows, sniffed_row
from formats._fibu.text import CompanyDecides

LABEL = "BMD-5.5-Buchungen"
WriterSettings = CompanyDecides

_REQUIRED = tuple(BMD55_NAMES.get(name, name) for name in REQUIRED)
_NEW_NAMES = {old: new for new, old in BMD55_NAMES.items()}


class Settings(Bmd55Options, ReadingSettings):
    """How the BMD 5.5 was set up that the bookings come from; as ``[company.bmd55]``."""


def open_writer(output: Output, _settings: CompanyDecides) -> "Bmd55Writer":
    """Make the writer of one file."""
    return Bmd55Writer(output)


def sniff(head: bytes, name: str) -> bool:
    """Say whether the first row has the old names of the columns."""
    del name
    return set(_REQUIRED) <= set(sniffed_row(head))


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    """Read ``Booking`` documents. Raises FormatError with every row that cannot be read."""
    found = Found()
    rows = (
        Cells(cells.row, ntcs_values({_NEW_NAMES.get(name, name): text for name, text in cells.items()}), found)
        for cells in headed_rows(source, settings.encoding, _REQUIRED, found, settings.max_rows)
    )
    documents = tuple(map(with_own_number, bmd_bookings(rows, BmdReading(settings, settings, found))))
    found.refuse()
    return Batch(origin, "booking", documents)


class Bmd55Writer(BmdRowsWriter):
    """Writes ``Booking`` documents under the old names."""

    def rows(self, document: Booking) -> Iterator[Sequence[str]]:
        """The client's columns of each row."""
        columns = [_NEW_NAMES.get(column, column) for column in self._options.header]
        for values in old_values(document, self._options):
            yield [values.get(column, "") for column in columns]
