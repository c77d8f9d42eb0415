"""How long an open-item list takes and what it needs, beside its limits: ``python -m bench.op_list [--rows 100000]``.

Every measurement runs in a process of its own. Ours reads a list, matches it with a ledger that knows every document
(one in ten has changed) and writes what CLUE gets and the report for the clerk. pandas and polars only read the same
file, into columns; without ``uv sync --group bench`` they are left out. See facts/performance.md 3 and 4 for the
figures it is held to.
"""

import argparse
import csv
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter
from python_calamine import CalamineWorkbook

from bench.op_samples import ComputedLedger, KeptLedger, write_csv, write_xlsx
from core.batch import Origin, Output
from core.company import Company
from core.contracts import Context, Emit, Writer
from formats import clue_exchange, op_list, reconciliation_report_txt, reconciliation_report_xlsx
from handlers import op_reconciliation

PEERS = ("pandas", "polars")
SETTINGS = op_list.Settings(without_key_date="arrival")
WRITERS: Mapping[str, Any] = {
    "clue_exchange": clue_exchange,
    "reconciliation_report_txt": reconciliation_report_txt,
    "reconciliation_report_xlsx": reconciliation_report_xlsx,
}
COMPARED = (
    ("CSV, read", "ours: read", "pydantic, chunks of 1,000", "s", 1.0),
    ("CSV, read, matched, written", "ours: read, matched, written", "pydantic, chunks of 1,000", "s", 2.5),
    ("XLSX, read", "xlsx, ours: read", "xlsx: python-calamine alone", "s", 1.5),
    ("XLSX, read", "xlsx, ours: read", "xlsx, pandas: only read", "s", 1.0),
    ("ten times the rows, memory", "long, ours: the same, and the report", "memory", "mb", 1.5),
)
"""What of ours is held against whose, and how many times as much it may need."""


class Row(BaseModel):
    konto: str
    bezeichnung: str
    op_nr: str
    belegdatum: date
    faelligkeit: date
    gegenkonto: str
    code: str
    bk: str
    waehrung: str
    soll: Decimal
    haben: Decimal
    offen: Decimal
    mahnstufe: int
    text: str


def csv_alone(path: Path) -> None:
    with path.open(encoding="cp1252", newline="") as file:
        for _ in csv.reader(file, delimiter=";"):
            pass


def pydantic_chunks(path: Path) -> None:
    adapter = TypeAdapter(list[Row])
    names = tuple(Row.model_fields)

    @lru_cache(maxsize=8192)
    def day(text: str) -> date:
        return date(int(text[6:]), int(text[3:5]), int(text[:2]))

    def money(text: str) -> str:
        return text.replace(".", "").replace(",", ".")

    with path.open(encoding="cp1252", newline="") as file:
        reader = csv.reader(file, delimiter=";")
        next(reader)
        chunk: list[dict[str, object]] = []
        for cells in reader:
            values = dict(zip(names, cells, strict=True))
            chunk.append({
                **values, "belegdatum": day(cells[3]), "faelligkeit": day(cells[4]), "soll": money(cells[9]),
                "haben": money(cells[10]), "offen": money(cells[11]),
            })  # fmt: skip
            if len(chunk) == 1000:
                adapter.validate_python(chunk)
                chunk = []
        adapter.validate_python(chunk)


def calamine_alone(path: Path) -> None:
    for _ in CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).iter_rows():
        pass


def pandas_csv(path: Path) -> None:
    import pandas as pd

    pd.read_csv(path, sep=";", encoding="cp1252", decimal=",", thousands=".", dtype={"Konto": str, "OP-Nr.": str})


def polars_csv(path: Path) -> None:
    import polars as pl

    pl.read_csv(path, separator=";", encoding="cp1252", decimal_comma=True, infer_schema_length=10_000)


def pandas_xlsx(path: Path) -> None:
    import pandas as pd

    pd.read_excel(path, engine="calamine")


def polars_xlsx(path: Path) -> None:
    import polars as pl

    pl.read_excel(path, engine="calamine")


def read_only(path: Path) -> None:
    with path.open("rb") as source:
        for _ in op_list.read(source, _origin(), SETTINGS).documents:
            pass


def read_match_write(path: Path, ledger: ComputedLedger, report_target: str = "") -> None:
    settings = op_reconciliation.Settings(complete=True)
    companies = {"1": Company(id="1", name="Muster GmbH", fibu="bmd", report_target=report_target)}
    context = Context(ledger, companies, settings, date(2026, 11, 23))  # type: ignore[arg-type]  # has what is called
    writers: dict[Output, Writer] = {}
    with path.open("rb") as source, tempfile.TemporaryFile() as out:
        batch = op_list.read(source, _origin(), SETTINGS)
        for effect in op_reconciliation.handle(batch, context):
            if isinstance(effect, Emit):
                writer = writers.get(effect.output)
                if writer is None:
                    module = WRITERS[effect.output.format]
                    writer = module.open_writer(effect.output, module.WriterSettings())
                    writers[effect.output] = writer
                    out.write(writer.begin())
                out.write(writer.add(effect.documents))
        for writer in writers.values():
            out.write(writer.end())


def _origin() -> Origin:
    return Origin("20261123T080000-000001", "bmd", "op.csv", datetime(2026, 11, 23, 8, tzinfo=UTC), "1")


def _reading(run: Callable[[Path], None], *libraries: str) -> Callable[[Path, int], Callable[[], None]]:
    def prepare(path: Path, _rows: int) -> Callable[[], None]:
        for library in libraries:  # ours is imported by now too
            import_module(library)
        return lambda: run(path)

    return prepare


def _matching(ledger: type[ComputedLedger], report_target: str = "") -> Callable[[Path, int], Callable[[], None]]:
    def prepare(path: Path, rows: int) -> Callable[[], None]:
        prepared = ledger(rows)
        return lambda: read_match_write(path, prepared, report_target)

    return prepare


MEASURED: Mapping[str, tuple[str, Callable[[Path, int], Callable[[], None]]]] = {
    "csv alone": ("csv", _reading(csv_alone)),
    "pydantic, chunks of 1,000": ("csv", _reading(pydantic_chunks)),
    "ours: read": ("csv", _reading(read_only)),
    "ours: read, matched, written": ("csv", _matching(KeptLedger)),
    "ours: the same, and the report": ("csv", _matching(KeptLedger, "protokolle")),
    "pandas: only read": ("csv", _reading(pandas_csv, "pandas")),
    "polars: only read": ("csv", _reading(polars_csv, "polars")),
    "xlsx: python-calamine alone": ("xlsx", _reading(calamine_alone)),
    "xlsx, ours: read": ("xlsx", _reading(read_only)),
    "xlsx, ours: the same, and the report": ("xlsx", _matching(KeptLedger, "protokolle")),
    "xlsx, pandas: only read": ("xlsx", _reading(pandas_xlsx, "pandas")),
    "xlsx, polars: only read": ("xlsx", _reading(polars_xlsx, "polars", "fastexcel")),
    "long, ours: the same, and the report": ("long", _matching(ComputedLedger, "protokolle")),
    "long, pandas: only read": ("long", _reading(pandas_csv, "pandas")),
    "long, polars: only read": ("long", _reading(polars_csv, "polars")),
    "memory": ("csv", _matching(ComputedLedger, "protokolle")),
}


def peak_mb() -> float:
    """Most memory this process ever had; unlike ru_maxrss not inherited from who started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def measure(name: str, path: Path, rows: int) -> None:
    prepared = MEASURED[name][1](path, rows)
    gc.freeze()  # a ledger in memory is our scaffold: collecting garbage must not walk over it
    before = peak_mb()
    start = time.perf_counter()
    prepared()
    print(json.dumps({"s": time.perf_counter() - start, "mb": peak_mb(), "over": peak_mb() - before}))


def in_new_process(name: str, path: Path, rows: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.op_list", "--rows", str(rows), "--measure", name, "--file", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def report(rows: int, repeat: int) -> None:
    print(f"{'':38}{'s':>8}{'rows/s':>12}{'peak MB':>10}{'over base':>11}")
    with tempfile.TemporaryDirectory() as folder:
        files = {kind: Path(folder, f"{kind}.{kind if kind != 'long' else 'csv'}") for kind in ("csv", "xlsx", "long")}
        sizes = {"csv": rows, "xlsx": rows, "long": rows * 10}
        write_csv(files["csv"], rows)
        write_xlsx(files["xlsx"], rows)
        write_csv(files["long"], rows * 10)
        # Round by round, so that a busy machine is unfair to nobody; the long list only once.
        found: dict[str, dict[str, float]] = {}
        names = [name for name in MEASURED if all(find_spec(peer) for peer in PEERS if peer in name)]
        long = [name for name in names if MEASURED[name][0] == "long"]
        for name in [name for name in names if name not in long] * repeat + long:
            kind = MEASURED[name][0]
            run = in_new_process(name, files[kind], sizes[kind])
            found[name] = min(found.get(name, run), run, key=lambda one: one["s"])
        for name in names:
            _line(name, found[name], sizes[MEASURED[name][0]])
    for what, mine, peer, unit, limit in COMPARED:
        if peer in found:
            ratio = found[mine][unit] / found[peer][unit]
            verdict = "" if ratio <= limit else "  NOT MET"
            print(f"{what}: {ratio:.2f} times {peer} (limit {limit}){verdict}")


def _line(name: str, run: Mapping[str, float], rows: int) -> None:
    print(f"{name:38}{run['s']:8.2f}{rows / run['s']:12,.0f}{run['mb']:10.1f}{run['over']:11.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3, help="best of so many runs")
    parser.add_argument("--measure", choices=MEASURED, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure, given.file, given.rows)
    else:
        report(given.rows, given.repeat)


if __name__ == "__main__":
    main()
