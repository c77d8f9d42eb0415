"""Bookings for BMD NTCS, "Import Buchungen" (facts/fibu.md 1), and back.

A text file with a header row: NTCS goes by the names of the columns. One row per VAT group; rows with the same leading
account and document number become one open item. Which columns, codes and symbols is the client's choice
(``BmdOptions``): to write it is handed over in the output's head as ``options``, to read it is the route's setting.
"""

from typing import BinaryIO

from core.batch import Batch, Origin, Output
from core.fibu.options import BmdOptions
from formats._fibu.bmd_reading import REQUIRED, BmdReading, bmd_bookings
from formats._fibu.bmd_values import BmdRowsWriter
from formats._fibu.cells import Found, ReadingSettings, headed_rows, sniffed_row
from formats._fibu.text import CompanyDecides

LABEL = "BMD-Buchungen"
WriterSettings = CompanyDecides


class Settings(BmdOptions, ReadingSettings):
    """How the BMD was set up that the bookings come from; as ``[company.bmd]``."""


def open_writer(output: Output, _settings: CompanyDecides) -> BmdRowsWriter:
    """Make the writer of one file."""
    return BmdRowsWriter(output)


def sniff(head: bytes, name: str) -> bool:
    """Say whether the first row has the columns that every NTCS import needs."""
    del name
    return set(REQUIRED) <= set(sniffed_row(head))


def read(source: BinaryIO, origin: Origin, settings: Settings) -> Batch:
    """Read ``Booking`` documents; rows that stand together and show the same document are one.

    Raises FormatError with every row that cannot be read.
    """
    found = Found()
    rows = headed_rows(source, settings.encoding, REQUIRED, found, settings.max_rows)
    documents = tuple(bmd_bookings(rows, BmdReading(settings, settings, found)))
    found.refuse()
    return Batch(origin, "booking", documents)
