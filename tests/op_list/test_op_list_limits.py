"""Texts that no program prints are refused with the reason, before they take time or memory."""

import io
from datetime import UTC, datetime

import pytest

from core.batch import Origin
from core.errors import FormatError
from formats import op_list

ORIGIN = Origin("x-000001", "bmd", "OP 2026-11-20.csv", datetime(2026, 11, 20, tzinfo=UTC), "1")
PRINTED = "Konto   OP-Nr  Datum           Saldo\n" + "200001  1      01.10.2026       5,00\n" * 3_000


@pytest.mark.parametrize(
    ("text", "code", "row"),
    [
        (f"Konto;OP-Nr.;Saldo\n200001;1;{'9' * 140_000}\n", "long_cell", 2),
        ('Konto;OP-Nr.;Saldo;Text\n200001;1;5,00;"x\n' + "200001;2;5,00;y\n" * 20_000, "long_cell", None),
        (f"{PRINTED}200001  2      01.10.2026{' ' * 5_000}5,00\n", "long_line", 3_002),
        (f"Konto   OP-Nr   Saldo\n200001  1{' ' * 5_000}5,00\n", "wrong_delimiter", 1),
    ],
)
def test_too_long_lines_and_cells_are_refused(text: str, code: str, row: int | None) -> None:
    with pytest.raises(FormatError) as refused:
        list(op_list.read(io.BytesIO(text.encode()), ORIGIN, op_list.Settings()).documents)

    found = refused.value.problems[0]
    assert found.code == code
    assert row is None or found.row == row
