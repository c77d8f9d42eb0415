"""A run of the export: opened, taking up documents, written (``core.fibu.export_run``)."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from core.batch import Origin
from core.company import Company
from core.contracts import CompanyLedger, Effect, Emit, Put
from core.errors import Problem
from core.fibu.booking import Booking, PersonAccount
from core.fibu.export_run import OPEN_RUN, RUN, ExportRun
from core.money import ZERO, total
from handlers._fibu.days import written_bookings
from handlers._fibu.files import account_file, booking_files, file_stem
from handlers._fibu.handed import Handed
from handlers._fibu.plan import Done
from handlers._fibu.report import report_files

PENDING = "pending_document"
"""Ledger kind: a document of the open run; its group is the run, its keys sort as the documents came."""
PENDING_ACCOUNT = "pending_account"
"""Ledger kind: a person account of the open run; its group is the run."""


def run_of(company: Company, ledger: CompanyLedger, origin: Origin) -> str:
    """Id of the run that the documents of this drop belong to."""
    opened = ledger.get(OPEN_RUN, OPEN_RUN) if company.export_at else None
    return str(opened.body["run"]) if opened else origin.drop_id


def handed_over(
    exported: Sequence[Done],
    accounts: Sequence[PersonAccount],
    warnings: Sequence[Problem],
    company: Company,
    ledger: CompanyLedger,
    origin: Origin,
) -> Iterator[Effect]:
    """Write these documents as a run of their own, or add them to the open one."""
    if not exported:
        return
    run_id = run_of(company, ledger, origin)
    known = ledger.get(RUN, run_id)
    if known is None:
        run = ExportRun(fibu=company.fibu, status="open", opened_at=origin.received_at, documents=0, gross=ZERO)
    else:
        run = ExportRun.model_validate(known.body)
    grown = {"documents": run.documents + len(exported), "gross": run.gross + _gross(exported)}
    run = run.model_copy(update=grown)
    said: dict[str | None, list[Problem]] = {}
    for warning in warnings:
        said.setdefault(warning.record, []).append(warning)
    documents = [Handed.of(done, said.get(done.source.record, ())) for done in exported]
    if not company.export_at:
        yield from _written(run_id, run, documents, accounts, warnings, company, origin)
        return
    if known is None:
        yield Put(company.id, OPEN_RUN, OPEN_RUN, {"run": run_id, "opened_at": run.opened_at.isoformat()})
    yield Put(company.id, RUN, run_id, run.body())
    for done, document in zip(exported, documents, strict=True):
        yield Put(company.id, PENDING, f"{origin.drop_id}/{done.source.index:06}", document.body(), run_id)
    for account in accounts:
        body = account.model_dump(mode="json", exclude_defaults=True)
        yield Put(company.id, PENDING_ACCOUNT, f"{run_id}/{account.account}", body, run_id)


def write_open_run(
    run_id: str, run: ExportRun, company: Company, ledger: CompanyLedger, origin: Origin
) -> Iterator[Effect]:
    """Write what the open run has taken up; it is open no longer."""
    documents = [Handed.from_body(entry.body) for entry in ledger.group(PENDING, run_id)]
    accounts = [PersonAccount.model_validate(entry.body) for entry in ledger.group(PENDING_ACCOUNT, run_id)]
    accounts.sort(key=lambda account: (len(account.account), account.account))
    warnings = [warning for document in documents for warning in document.warnings]
    yield from _written(run_id, run, documents, accounts, warnings, company, origin)
    yield from closed(run_id, company, ledger)


def closed(run_id: str, company: Company, ledger: CompanyLedger) -> Iterator[Put]:
    """Forget that the run is open, and what it has taken up."""
    yield Put(company.id, OPEN_RUN, OPEN_RUN, None)
    for kind in (PENDING, PENDING_ACCOUNT):
        yield from (Put(company.id, kind, entry.key, None) for entry in ledger.group(kind, run_id))


def _written(
    run_id: str,
    run: ExportRun,
    documents: Sequence[Handed],
    accounts: Sequence[PersonAccount],
    warnings: Sequence[Problem],
    company: Company,
    origin: Origin,
) -> Iterator[Effect]:
    """Yield the files of a run, person accounts first, its report, and the entry of the run."""
    bookings = written_bookings(documents, company)
    emits = list(_files(bookings, accounts, company, origin))
    names = [emit.output.name for emit in emits]
    handed = [(document.label, document.bookings) for document in documents]
    stem, created = file_stem(company, origin), origin.received_at
    emits += report_files(run_id, company, created, names, stem, handed, bookings, warnings)
    yield from emits
    update = {
        "status": "written",
        "ended_at": origin.received_at,
        "written_by": origin.drop_id,
        "files": tuple((emit.output.target, emit.output.name) for emit in emits),
    }
    yield Put(company.id, RUN, run_id, run.model_copy(update=update).body())


def _files(
    bookings: Sequence[Booking], accounts: Sequence[PersonAccount], company: Company, origin: Origin
) -> Iterator[Emit]:
    if accounts:
        yield Emit(account_file(company, origin), accounts)
    for output, contents in booking_files(bookings, company, origin):
        yield Emit(output, contents)


def _gross(exported: Sequence[Done]) -> Decimal:
    return total(done.bookings[0].gross for done in exported)
