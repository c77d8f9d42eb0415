"""Golden cases: JSON in, the exact bytes of the FIBU's import file out, or the exact problems."""

import pytest

from core.booking import Booking, PersonAccount
from tests.fibu.rendering import GOLDEN, cases, export_case, writer_case

WRITERS = {
    "bmd_bookings": Booking,
    "rzl_bookings": Booking,
    "bmd_accounts": PersonAccount,
    "rzl_accounts": PersonAccount,
}


def golden_files(module: str, case: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (GOLDEN / module / case).iterdir() if path.name != "input.json"}


@pytest.mark.parametrize(("module", "case"), [(module, case) for module in WRITERS for case in cases(module)])
def test_a_writer_makes_exactly_these_bytes(module: str, case: str) -> None:
    assert writer_case(module, WRITERS[module], case) == golden_files(module, case)


@pytest.mark.parametrize("case", cases("fibu_export"))
def test_an_export_makes_exactly_these_files(case: str) -> None:
    assert export_case(case) == golden_files("fibu_export", case)
