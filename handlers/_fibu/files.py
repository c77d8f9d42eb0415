"""The files of one export: how many, their names and formats, and what their writers must know before the first row."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from itertools import groupby

from core.batch import Origin, Output
from core.company import Company
from core.fibu.booking import Booking
from core.fibu.datev_options import DatevOptions
from core.fibu.options import BmdOptions
from core.fibu.program import ProgramOptions


def account_file(company: Company, origin: Origin) -> Output:
    """The file of person accounts; it is numbered to be imported first."""
    today = origin.received_at.date()
    return _output(
        company, origin, company.account_format, "person_account", "1_personenkonten", company.options, today, today
    )


def booking_files(
    bookings: Sequence[Booking], company: Company, origin: Origin
) -> Iterator[tuple[Output, Sequence[Booking]]]:
    """The files of bookings with their contents; the bookings of one file keep their order."""
    begin = partial(_period, company)
    periods = [(day, list(group)) for day, group in groupby(sorted(bookings, key=begin), key=begin)]
    for day, group in periods:
        tail = "2_buchungen" if len(periods) == 1 else f"2_buchungen_{day:%Y-%m}"
        yield _booking_file(group, company, origin, tail), group


def _period(company: Company, booking: Booking) -> date:
    """First day of what goes into one file: the booking month, the fiscal year, or everything.

    DATEV needs at least one file for each fiscal year, because its rows have no year.
    """
    options, day = company.options, booking.posting_date or booking.document_date
    if isinstance(options, DatevOptions):
        day = booking.document_date
        return day.replace(day=1) if company.file_per == "month" else options.fiscal_year(day)
    return day.replace(day=1) if company.file_per == "month" else date.min


def file_stem(company: Company, origin: Origin) -> str:
    """What the names of all files of one drop begin with."""
    return f"{company.id}_{origin.received_at:%Y%m%d-%H%M%S}_{origin.drop_id[-6:]}"


def _booking_file(bookings: Sequence[Booking], company: Company, origin: Origin, tail: str) -> Output:
    days = [booking.document_date for booking in bookings]
    options = _options_for(bookings, company)
    return _output(company, origin, company.booking_format, "booking", tail, options, min(days), max(days))


def _output(
    company: Company,
    origin: Origin,
    format_id: str,
    document_type: str,
    tail: str,
    options: ProgramOptions,
    first: date,
    last: date,
) -> Output:
    mark = "EXTF_" if isinstance(options, DatevOptions) else ""  # DATEV knows its files by it
    return Output(
        target=company.fibu_target,
        format=format_id,
        name=f"{mark}{file_stem(company, origin)}_{tail}.{'txt' if format_id == 'bmd55_fixed' else 'csv'}",
        document_type=document_type,
        head=(
            ("company", company.id),
            ("created", origin.received_at),
            ("first", first),
            ("last", last),
            ("options", options),
        ),
    )


def _options_for(bookings: Sequence[Booking], company: Company) -> ProgramOptions:
    """The settings, in BMD with the further columns that some of these bookings need."""
    options = company.options
    if not isinstance(options, BmdOptions):
        return options
    if any(booking.foreign for booking in bookings):
        options = options.with_columns("fwbetrag", "fwsteuer", "fwkurs")
    if any(booking.settles for booking in bookings):
        options = options.with_columns("ausz-belegnr")
    if any(line.cost_object for booking in bookings for line in booking.lines):
        options = options.with_columns("kotraeger")
    if any(booking.terms and booking.terms.discount_percent_2 for booking in bookings):
        options = options.with_columns("skontopz2", "skontotage2")
    if options.part_invoices and any(booking.stage for booking in bookings):
        options = options.with_columns("ts-ablauftyp", "ts-ablaufnr")
    return options
