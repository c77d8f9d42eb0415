"""A refused list is explained, and the column map that is proposed makes the reader understand it."""

import io
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.batch import Batch, Origin
from core.errors import FormatError
from core.table_explanation import TableExplanation
from formats import op_list
from tests.op_list.make_inputs import text, workbook

ROOT = Path(__file__).parents[2]
ORIGIN = Origin("x-000001", "bmd", "OP 2026-11-20.csv", datetime(2026, 11, 20, tzinfo=UTC), "1")
UNKNOWN = (
    "OP-Liste per 20.11.2026\nKundenkto;Beleg-Kennung;Ausstellung;Ausstand;Mahnstufe\n"
    "200001;2026-0001;02.11.2026;400,00;1\n200001;2026-0003;05.11.2026;-120,00;0\n"
    "200002;2026-0002;03.11.2026;350,00;0\n"
)


def read(content: bytes, settings: op_list.Settings) -> Batch:
    return op_list.read(io.BytesIO(content), ORIGIN, settings)


def explained(content: bytes, **settings: object) -> TableExplanation:
    found = op_list.explain(io.BytesIO(content), op_list.Settings.model_validate(settings))
    assert found is not None
    return found


@pytest.mark.parametrize(
    "content",
    [
        text(UNKNOWN),
        text("Konto;Kennung;Rechnungsdatum;Ausstand\n200001;2026-0001;02.11.2026;400,00\n200001;A3;;-120,00\n"),
        text("Konto;OP-Nr.;Saldo;Saldo\n200001;1;400,00;1,00\n200001;2;-120,00;0,00\n"),
        text("Konto;OP-Nr.;;x\n200001;1;400,00;a\n200001;2;-120,00;b\n"),
        text("Wer;OP-Nr.;SOLL;Gutschrift\n20001;1;400,00;\n20001;2;;120,00\n"),
        workbook([["Partner", "Kennung", "Rest offen"], [20001, 17, 400.5], [20001, 18, -120]]),
        text("Konto;OP-Nr.;Betrag;bezahlt;Restford.\n20001;1;1.200,00;800,00;400,00\n20001;2;3,00;0,00;3,00\n"),
        text("Konto;OP-Nr.;Betrag;Kz.\n20001;1;400,00;S\n20001;2;120,00;H\n"),
    ],
)
def test_what_is_proposed_is_understood(content: bytes) -> None:
    with pytest.raises(FormatError):
        list(read(content, op_list.Settings()).documents)

    explanation = explained(content)
    settings = op_list.Settings.model_validate(explanation.proposal)
    found = [(row.account, str(row.amount)) for row in read(content, settings).documents]

    assert len(found) > 1
    assert all(account.startswith("2000") for account, _ in found)
    assert any(amount.startswith("400") for _, amount in found)


def test_every_column_is_named_with_what_it_was_taken_for_and_with_samples() -> None:
    columns = explained(text(UNKNOWN)).columns

    assert [(column.place, column.meaning) for column in columns] == [
        ("A", ""), ("B", ""), ("C", ""), ("D", ""), ("E", "wird nicht gebraucht")
    ]  # fmt: skip
    assert columns[1].samples == ("2026-0001", "2026-0003", "2026-0002")


def test_what_was_paid_is_never_proposed_as_what_is_open() -> None:
    explanation = explained(text("Konto;OP-Nr.;Betrag;bezahlt\n20001;1;1.200,00;800,00\n20001;2;300,00;0,00\n"))

    assert explanation.proposal == {}


def test_what_was_named_before_stays_in_the_proposal() -> None:
    proposal = explained(text(UNKNOWN), columns={"account": "Kundenkto"}).proposal

    assert proposal["columns"] == {
        "account": "Kundenkto", "number": "Beleg-Kennung", "open": "Ausstand", "document_date": "Ausstellung"
    }  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n\0\1", b"nur Text\n", b"PK\x03\x04nothing", b"\xff\xfe"])
def test_what_is_no_table_is_not_explained(content: bytes) -> None:
    assert op_list.explain(io.BytesIO(content), op_list.Settings()) is None


@pytest.mark.slow
def test_preview_prints_lines_that_a_configuration_takes(tmp_path: Path) -> None:
    (tmp_path / "liste.csv").write_bytes(text(UNKNOWN))
    (tmp_path / "cluedrop.toml").write_bytes((ROOT / "config" / "demo.toml").read_bytes())

    def preview() -> subprocess.CompletedProcess[str]:
        options = ["--route", "bmd", "--config", str(tmp_path / "cluedrop.toml")]
        command = [sys.executable, "daemon.py", "preview", str(tmp_path / "liste.csv"), *options]
        return subprocess.run(command, cwd=ROOT, timeout=120, check=False, capture_output=True, text=True)

    refused = preview()
    assert refused.returncode == 1, refused.stderr
    proposed = refused.stdout.partition("[route.format.op_list]\n")[2].strip()
    assert tomllib.loads(proposed)["columns"]["open"] == "Ausstand"

    saved = (tmp_path / "cluedrop.toml").read_text().replace('source = "bmd"', f'source = "bmd"\n{proposed}', 1)
    (tmp_path / "cluedrop.toml").write_text(saved)
    accepted = preview()
    assert "would be rejected" not in accepted.stdout
