"""Runs the writers and the export on golden cases and shows what came out as text that a person can read."""

import importlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import openpyxl

from core.batch import Batch, Origin, Output
from core.company import Company
from core.contracts import Context, Effect, Emit, Put, Wait, Warn
from core.documents import CashReceipt, Invoice
from core.errors import FormatError, Problem, RuleError
from core.fibu.bmd55_options import Bmd55Options
from core.fibu.datev_options import DatevOptions
from core.fibu.options import BmdOptions, RzlOptions
from core.fibu.program import ProgramOptions
from handlers._fibu.export import export
from tests.ledgers import MemoryLedger

OPTIONS: dict[str, type[ProgramOptions]] = {
    "bmd_accounts": BmdOptions,
    "bmd_bookings": BmdOptions,
    "bmd55_bookings": Bmd55Options,
    "bmd55_fixed": Bmd55Options,
    "datev_accounts": DatevOptions,
    "datev_bookings": DatevOptions,
    "rzl_accounts": RzlOptions,
    "rzl_bookings": RzlOptions,
}
"""Settings of each format of the FIBU programs."""
GOLDEN = Path(__file__).parents[1] / "golden"


CREATED = datetime(2026, 11, 22, 8, 15, 30, 125000, tzinfo=UTC)


def origin(drop: int = 1) -> Origin:
    """The drop of this number."""
    return Origin(
        drop_id=f"20261122081500-000abc{drop:03d}",
        route="clue",
        name="rechnungen.json",
        received_at=datetime(2026, 11, 22, 8, 15, tzinfo=UTC),
        company="1",
    )


def cases(module: str) -> list[str]:
    """Names of the golden cases of a module."""
    return sorted(folder.name for folder in (GOLDEN / module).iterdir() if (folder / "input.json").exists())


def reading_cases(module: str) -> list[str]:
    """Names of the golden cases of a module that begin with a file of the FIBU program."""
    return sorted(folder.name for folder in (GOLDEN / module).iterdir() if not (folder / "input.json").exists())


def writer_case(format_id: str, model: Any, case: str) -> dict[str, bytes]:
    """Write the documents of a case; the files that its folder must hold besides the input."""
    content = json.loads((GOLDEN / format_id / case / "input.json").read_text(encoding="utf-8"))
    module = importlib.import_module(f"formats.{format_id}")
    options = OPTIONS[format_id].model_validate(content["options"])
    documents = [model.model_validate(document) for document in content["documents"]]
    try:
        return {"expected.csv": written(module, head_of(options, documents), documents)}
    except RuleError as error:
        return {"expected.err": problem_lines(error.problems)}


def head_of(options: ProgramOptions, documents: Sequence[Any]) -> tuple[tuple[str, Any], ...]:
    """What an export tells the writer of these documents."""
    days = [document.document_date for document in documents if hasattr(document, "document_date")]
    first, last = (min(days), max(days)) if days else (date(2026, 11, 22), date(2026, 11, 22))
    return (("created", CREATED), ("first", first), ("last", last), ("options", options))


def reading_case(format_id: str, case: str) -> dict[str, bytes]:
    """Read the file of a case; the files that its folder must hold besides the input and its settings."""
    folder = GOLDEN / format_id / case
    module = importlib.import_module(f"formats.{format_id}")
    settings = module.Settings.model_validate(json.loads((folder / "settings.json").read_text(encoding="utf-8")))
    try:
        batch = read_back(module, (folder / "input.csv").read_bytes(), settings)
    except FormatError as error:
        return {"expected.err": place_lines(error.problems)}
    shown = [document.model_dump(mode="json", exclude_defaults=True) for document in batch.documents]
    return {"expected.json": (json.dumps(shown, ensure_ascii=False, indent=1) + "\n").encode()}


def read_back(module: ModuleType, content: bytes, settings: Any) -> Batch:
    """The documents of a file."""
    batch: Batch = module.read(BytesIO(content), origin(), settings)
    return batch


def written(module: ModuleType, head: tuple[tuple[str, Any], ...], documents: Sequence[Any]) -> bytes:
    """The bytes of a file with these documents."""
    writer = module.open_writer(Output("fibu", "", "", "booking", head), module.WriterSettings())
    return b"".join((writer.begin(), writer.add(documents), writer.end()))


def export_case(case: str, **company_has: str) -> dict[str, bytes]:
    """Export the messages of a case one after the other; the files that its folder must hold besides the input.

    ``company_has``: settings of the company besides those of the case.
    """
    content = json.loads((GOLDEN / "fibu_export" / case / "input.json").read_text(encoding="utf-8"))
    company = Company.model_validate({**content["company"], **company_has})
    ledger = MemoryLedger()
    for kind, entries in content.get("ledger", {}).items():
        for key, data in entries.items():
            ledger.of(company.id).put(Put(company.id, kind, key, {"data": data, "active": True}))
    files: dict[str, bytes] = {}
    lines: list[str] = []
    for drop, message in enumerate(content["messages"], start=1):
        try:
            effects = ledger.commit(exported(company, ledger, message, drop))
        except RuleError as error:
            return {"expected.err": problem_lines(error.problems)}
        files |= output_files(effects)
        lines += [f"message {drop}", *effect_lines(effects)]
    files["expected.txt"] = "".join(f"{line}\n" for line in lines).encode()
    return files


def exported(
    company: Company, ledger: MemoryLedger, message: Sequence[dict[str, Any]], drop: int = 1
) -> Iterable[Effect]:
    """Export one message of records as JSON."""
    documents = [(index, record["id"], parsed(record["id"], record["data"])) for index, record in enumerate(message)]
    return export(documents, company, context(company, ledger), origin(drop))


def parsed(record_id: str, data: dict[str, Any]) -> Invoice | CashReceipt:
    """The document of a record."""
    model = CashReceipt if "register_id" in data else Invoice
    return model.model_validate({**data, "id": record_id})


def context(company: Company, ledger: MemoryLedger) -> Context:
    """What a handler may know."""
    return Context(ledger=ledger, companies={company.id: company}, settings=None, today=date(2026, 11, 22))


def output_files(effects: Iterable[Effect]) -> dict[str, bytes]:
    """The files that the effects write, by the real writers."""
    files: dict[str, bytes] = {}
    for effect in effects:
        if isinstance(effect, Emit) and effect.output.format != "clue_exchange":
            module = importlib.import_module(f"formats.{effect.output.format}")
            content = written(module, effect.output.head, effect.documents)
            workbook = effect.output.format == "run_report_xlsx"
            files[effect.output.name + ".txt" * workbook] = sheet_lines(content) if workbook else content
    return files


def sheet_lines(content: bytes) -> bytes:
    """A workbook as text: its sheets, and of every cell its place, kind, value and number format."""
    lines = []
    for sheet in openpyxl.load_workbook(BytesIO(content)):
        lines.append(f"[{sheet.title}] frozen {sheet.freeze_panes}, filter {sheet.auto_filter.ref}")
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        for cell in cells:
            shown = f" {cell.number_format}" if cell.number_format != "General" else ""
            lines.append(f"{cell.coordinate} {cell.data_type}{shown} {cell.value}{' quoted' * bool(cell.quotePrefix)}")
    return "".join(f"{line}\n" for line in lines).encode()


def report_case(format_id: str, case: str) -> dict[str, bytes]:
    """Report on the runs of an export case in one format; the files that the folder must hold besides the input."""
    named = json.loads((GOLDEN / format_id / case / "input.json").read_text(encoding="utf-8"))
    files = export_case(named["exports"], name="Muster Handel GmbH", report_target="protokolle")
    ending = {"run_report_txt": "_3_uebergabeprotokoll.txt", "run_report_xlsx": "_3_uebergabeprotokoll.xlsx.txt"}
    return {name: content for name, content in files.items() if name.endswith(ending[format_id])}


def emitted(effects: list[Effect], document_type: str) -> list[Any]:
    """The documents of this type that are written."""
    return [
        document
        for effect in effects
        if isinstance(effect, Emit) and effect.output.document_type == document_type
        for document in effect.documents
    ]


def effect_lines(effects: Iterable[Effect]) -> Iterable[str]:
    """The effects in order, a line each; entries of the ledger as JSON."""
    for effect in effects:
        if isinstance(effect, Emit):
            yield f"emit {effect.output.target}/{effect.output.name} ({effect.output.format}, {len(effect.documents)})"
            if effect.output.format == "clue_exchange":
                yield from (f"  {record.op} {record.id} {record.data}" for record in effect.documents)
        elif isinstance(effect, Put):
            body = json.dumps(effect.body, ensure_ascii=False, sort_keys=True)
            yield f"put {effect.kind} {effect.key} [{effect.group}] {body}"
        elif isinstance(effect, Warn | Wait):
            yield f"{type(effect).__name__.lower()} {problem_lines([effect.problem]).decode().strip()}"


def problem_lines(problems: Iterable[Problem]) -> bytes:
    """Problems as text, a line each."""
    return "".join(
        f"{p.code} | {p.record} | {p.pointer} | {p.value} | {p.what} | {p.todo}\n" for p in problems
    ).encode()


def place_lines(problems: Iterable[Problem]) -> bytes:
    """Problems of a table as text, a line each."""
    return "".join(f"{p.code} | {p.row} | {p.column} | {p.value} | {p.what} | {p.todo}\n" for p in problems).encode()
