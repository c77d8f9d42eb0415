"""The files of one export: how many, their names and formats, and what their writers must know before the first row."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

from core.batch import Origin, Output
from core.booking import Booking
from core.company import Company
from core.datev_options import DatevOptions
from core.fibu_options import BmdOptions
from core.fibu_program import ProgramOptions


def account_file(company: Company, origin: Origin) -> Output:
    """The file of person accounts; it is numbered to be imported first."""
    today = origin.received_at.date()
    return _output(
        company, origin, company.account_format, "person_account", "1_personenkonten", company.options, today, today
    )


def booking_files(
    bookings: Sequence[Booking], company: Company, origin: Origin
) -> Iterator[tuple[Output, Sequence[Booking]]]:
    """The files of bookings with their contents; DATEV needs one for each fiscal year, rows have no year there."""
    options = company.options
    if not isinstance(options, DatevOptions):
        if bookings:
            yield _booking_file(bookings, company, origin, "2_buchungen"), bookings
        return

    def year(booking: Booking) -> date:
        return options.fiscal_year(booking.document_date)

    years = [(day, list(group)) for day, group in groupby(sorted(bookings, key=year), key=year)]
    for day, group in years:
        tail = "2_buchungen" if len(years) == 1 else f"2_buchungen_{day:%Y-%m}"
        yield _booking_file(group, company, origin, tail), group


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
