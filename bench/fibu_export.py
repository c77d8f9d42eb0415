"""How long bookings take to write, and what that needs: ``python -m bench.fibu_export [--invoices 100000]``.

Every measurement runs in a process of its own: invoices with three lines, made and handed over in groups, so that no
list of them stands in memory. Beside each program a plain ``csv.writer`` loop writes the very same rows, which were
laid into a file before: what it costs to write them without knowing what they mean. It checks nothing.
"""

import argparse
import csv
import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from bench.op_list import peak_mb
from core.batch import Output
from core.fibu.bmd55_options import Bmd55Options
from core.fibu.booking import Booking, BookingLine, PaymentTerms
from core.fibu.datev_options import DatevOptions
from core.fibu.options import BmdOptions, RzlOptions
from core.fibu.program import ProgramOptions

PROGRAMS: Mapping[str, tuple[str, ProgramOptions]] = {
    "BMD NTCS": ("bmd_bookings", BmdOptions()),
    "RZL": ("rzl_bookings", RzlOptions()),
    "BMD 5.5 variable": ("bmd55_bookings", Bmd55Options()),
    "BMD 5.5 fixed": ("bmd55_fixed", Bmd55Options(form="fixed")),
    "DATEV": ("datev_bookings", DatevOptions(automatic_accounts=True)),
}
GROUP = 500
FIRST = date(2026, 1, 1)


def invoice(number: int) -> Booking:
    """An invoice with three lines of three rates."""
    nets = [Decimal(1000 + (number * step) % 90_000) / 100 for step in (7, 11, 13)]
    lines = tuple(
        BookingLine(
            account=account, net=net, vat=(net * rate / 100).quantize(Decimal("0.01")), treatment="domestic", rate=rate
        )
        for account, net, rate in zip(("4000", "4010", "4013"), nets, map(Decimal, ("20", "10", "13")), strict=True)
    )
    return Booking(
        document_id=f"I{number}",
        kind="ar",
        side="debit",
        account=str(200000 + number % 90_000),
        number=f"2026-{number:05}",
        document_date=FIRST + timedelta(number % 365),
        party_name=f"Käufer Nummer {number} Handels GmbH",
        text="Lieferung laut Bestellung",
        terms=PaymentTerms(net_days=30, discount_days=14, discount_percent=Decimal(2)),
        gross=sum((line.gross for line in lines), Decimal(0)),
        lines=lines,
    )


def groups(invoices: int) -> Iterator[Sequence[Booking]]:
    """The invoices, some at a time."""
    for start in range(0, invoices, GROUP):
        yield [invoice(number) for number in range(start, min(start + GROUP, invoices))]


def ours(program: str, path: Path, invoices: int) -> float:
    """Write the bookings as the engine has them written; seconds without those that it took to make the invoices."""
    format_id, options = PROGRAMS[program]
    module: Any = importlib.import_module(f"formats.{format_id}")
    head = (
        ("created", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("first", FIRST),
        ("last", date(2026, 12, 31)),
        ("options", options),
    )
    writer = module.open_writer(Output("fibu", format_id, "x", "booking", head), module.WriterSettings())
    seconds = 0.0
    with path.open("wb") as file:
        file.write(writer.begin())
        for group in groups(invoices):
            start = time.perf_counter()
            file.write(writer.add(group))
            seconds += time.perf_counter() - start
        file.write(writer.end())
    return seconds


def plain(path: Path, _invoices: int) -> float:
    """Write the same rows with csv.writer, each made of its texts; seconds without those that it took to read them."""
    seconds = 0.0
    with path.open(encoding="cp1252", newline="") as source, tempfile.TemporaryFile("w", encoding="cp1252") as target:
        writer = csv.writer(target, delimiter=";", lineterminator="\r\n")
        rows: list[list[str]] = []
        for row in csv.reader(source, delimiter=";"):
            rows.append(row)
            if len(rows) == GROUP * 3:
                seconds += _timed(writer, rows)
                rows = []
        seconds += _timed(writer, rows)
    return seconds


def _timed(writer: Any, rows: Sequence[Sequence[str]]) -> float:
    start = time.perf_counter()
    for row in rows:
        writer.writerow(row)
    return time.perf_counter() - start


def reading(program: str, path: Path, _invoices: int) -> float:
    """Read the file of a program back."""
    format_id, options = PROGRAMS[program]
    module: Any = importlib.import_module(f"formats.{format_id}")
    start = time.perf_counter()
    with path.open("rb") as source:
        module.read(source, None, module.Settings.model_validate(options.model_dump()))
    return time.perf_counter() - start


def measure(name: str, program: str, path: Path, invoices: int) -> None:
    """Do it, and print seconds and memory."""
    done = {"ours": partial(ours, program), "plain": plain, "read": partial(reading, program)}[name]
    before = peak_mb()
    print(json.dumps({"s": done(path, invoices), "mb": peak_mb(), "over": peak_mb() - before}))


def in_new_process(name: str, program: str, path: Path, invoices: int) -> dict[str, float]:
    """The same in a process of its own."""
    given = ["--invoices", str(invoices), "--measure", name, "--program", program, "--file", str(path)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.fibu_export", *given], check=True, capture_output=True, text=True
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def report(invoices: int, repeat: int) -> None:
    """One table; each ratio belongs to a csv.writer loop of the same round."""
    print(f"{invoices:,} invoices with 3 lines; best of {repeat}")
    print(f"{'':18}{'write s':>9}{'us/row':>8}{'peak MB':>9}{'over':>7}{'csv s':>8}{'ratio':>7}{'read s':>8}{'MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for program, (format_id, _) in PROGRAMS.items():
            path = Path(folder, format_id)
            rounds = []
            for _ in range(repeat):
                written = in_new_process("ours", program, path, invoices)
                rounds.append((written, in_new_process("plain", program, path, invoices)))
            written, loop = min(rounds, key=lambda pair: pair[0]["s"] / pair[1]["s"])
            back = in_new_process("read", program, path, invoices)
            with path.open("rb") as file:
                rows = sum(1 for _ in file)
            print(
                f"{program:18}{written['s']:9.2f}{written['s'] / rows * 1e6:8.1f}{written['mb']:9.1f}"
                f"{written['over']:7.1f}{loop['s']:8.2f}{written['s'] / loop['s']:7.1f}{back['s']:8.2f}"
                f"{path.stat().st_size / 1e6:8.1f}"
            )
            path.unlink()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=2, help="best of so many rounds")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--program", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure, given.program, given.file, given.invoices)
    else:
        report(given.invoices, given.repeat)


if __name__ == "__main__":
    main()
