"""A dropped invoice becomes files of the company's FIBU program in its outbox, whichever program that is."""

import importlib
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.batch import Origin
from tests.configurations import one_company

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "tests" / "golden" / "demo" / "clue"
KEYS = """
[[company.datev.tax_keys]]
side = "ar"
treatment = "domestic"
rate = 20
key = "3"

[[company.datev.tax_keys]]
side = "ar"
treatment = "domestic"
rate = 10
key = "2"
"""
PROGRAMS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "bmd": ("bmd", "", "bmd_bookings", {}),
    "rzl": ("rzl", "", "rzl_bookings", {}),
    "bmd55": ("bmd55", "", "bmd55_bookings", {}),
    "bmd55 fixed": ("bmd55", '[company.bmd55]\nform = "fixed"', "bmd55_fixed", {"form": "fixed"}),
    "datev": (
        "datev",
        KEYS,
        "datev_bookings",
        {
            "tax_keys": [
                {"side": "ar", "treatment": "domestic", "rate": r, "key": k} for r, k in (("20", "3"), ("10", "2"))
            ]
        },
    ),
}
pytestmark = [pytest.mark.daemon, pytest.mark.slow]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_dropped_invoice_becomes_a_file_of_the_program(name: str, tmp_path: Path) -> None:
    fibu, options, format_id, settings = PROGRAMS[name]
    (tmp_path / "cluedrop.toml").write_text(one_company(fibu, options), "utf-8")
    inbox = tmp_path / "inbox" / "clue"
    inbox.mkdir(parents=True)
    for path in ("1_kunden.json", "2_rechnungen.json"):
        shutil.copy(DEMO / path, inbox)

    command = [sys.executable, "daemon.py", "once", "--config", str(tmp_path / "cluedrop.toml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    [accounts, bookings] = sorted(path for path in (tmp_path / "outbox" / fibu).iterdir() if path.is_file())
    assert "_1_personenkonten" in accounts.name
    module = importlib.import_module(f"formats.{format_id}")
    origin = Origin("x", "x", bookings.name, datetime(2026, 11, 22, tzinfo=UTC))
    with bookings.open("rb") as source:
        found = module.read(source, origin, module.Settings.model_validate(settings)).documents
    assert [booking.gross for booking in found] == [Decimal(1200), Decimal(350), Decimal(-120)]
    assert [len(booking.lines) for booking in found] == [1, 2, 1]
