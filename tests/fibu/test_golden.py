"""Golden cases: JSON in, the exact bytes of the FIBU's import file out, or the exact problems; and files read back."""

import os

import pytest

from core.fibu.booking import Booking, PersonAccount
from tests.fibu.rendering import GOLDEN, cases, export_case, reading_case, reading_cases, report_case, writer_case

WRITERS = {
    "bmd_bookings": Booking,
    "bmd55_bookings": Booking,
    "bmd55_fixed": Booking,
    "rzl_bookings": Booking,
    "datev_bookings": Booking,
    "bmd_accounts": PersonAccount,
    "rzl_accounts": PersonAccount,
    "datev_accounts": PersonAccount,
}
INPUTS = {"input.json", "input.csv", "settings.json"}


def compare(module: str, case: str, made: dict[str, bytes]) -> None:
    """Compare byte for byte, or write anew what came out."""
    folder = GOLDEN / module / case
    if os.environ.get("CLUEDROP_UPDATE_GOLDEN"):
        for path in folder.iterdir():
            if path.name not in INPUTS:
                path.unlink()
        for name, content in made.items():
            (folder / name).write_bytes(content)
    assert made == {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in INPUTS}


@pytest.mark.parametrize(("module", "case"), [(module, case) for module in WRITERS for case in cases(module)])
def test_a_writer_makes_exactly_these_bytes(module: str, case: str) -> None:
    compare(module, case, writer_case(module, WRITERS[module], case))


@pytest.mark.parametrize(("module", "case"), [(module, case) for module in WRITERS for case in reading_cases(module)])
def test_a_reader_finds_exactly_these_documents(module: str, case: str) -> None:
    compare(module, case, reading_case(module, case))


@pytest.mark.parametrize("case", cases("fibu_export"))
def test_an_export_makes_exactly_these_files(case: str) -> None:
    compare("fibu_export", case, export_case(case))


@pytest.mark.parametrize(
    ("module", "case"), [(module, case) for module in ("run_report_txt", "run_report_xlsx") for case in cases(module)]
)
def test_a_run_is_reported_exactly_so(module: str, case: str) -> None:
    compare(module, case, report_case(module, case))
