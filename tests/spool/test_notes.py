"""Notes for clerks: whole texts as golden files, the engine's problems, and the workbook with marked cells."""

import os
import stat
import textwrap
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FormatError, Problem
from spool.results import file_problems
from spool.results.marked_table import SHOWN_COLUMNS, SHOWN_ROWS, marked_workbook
from spool.results.notes import SHOWN_PROBLEMS, NoteKind, _wrap, column_letter, note_text, place, read_note, visible

GOLDEN = Path(__file__).parents[1] / "golden" / "notes"
UPDATE = os.environ.get("CLUEDROP_UPDATE_GOLDEN") == "1"
RECEIVED = datetime(2026, 3, 12, 14, 5, tzinfo=UTC)
EARLIER = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
AMOUNT = Problem(
    "not-a-number",
    "Der Betrag ist keine Zahl.",
    "Bitte einen Betrag wie 1234,56 eintragen.",
    row=1007,
    column="Betrag",
    column_index=4,
    value="12,3x",
)
RECORD = Problem(
    "unknown-account",
    "Das Konto gibt es im Kontenplan nicht.",
    "Bitte das Konto anlegen oder berichtigen.",
    record="AR-2026-10231",
    pointer="/documents/3/lines/0/account",
    value="",
)
FORGOTTEN = Problem(
    "forgotten",
    "Für outbox/bmd war ein Ergebnis vorbereitet (1.205 Bytes). Dort liegt es nicht.",
    "Bitte nachsehen, ob es schon abgeholt wurde.",
)
NOTES = {
    "remarks": (NoteKind.REMARKS, [RECORD], {}),
    "rejected": (NoteKind.REJECTED, [AMOUNT, RECORD], {}),
    "rejected_wrong_folder": (
        NoteKind.REJECTED,
        [file_problems.wrong_format(["BMD-OP-Liste", "BMD-Auszifferungsliste"], [("RZL-OP-Liste", "inbox/rzl")])],
        {},
    ),
    "rejected_cut": (NoteKind.REJECTED, [AMOUNT] * (SHOWN_PROBLEMS + 1023), {}),
    "held": (NoteKind.HELD, [RECORD], {}),
    "duplicate": (NoteKind.DUPLICATE, [file_problems.duplicate_of("OP März.csv", EARLIER)], {"processed_at": EARLIER}),
    "waiting": (NoteKind.WAITING, [file_problems.attachment_missing("AR-2026-10231.pdf")], {}),
    "unclear": (NoteKind.UNCLEAR, [], {}),
    "forgotten": (NoteKind.FORGOTTEN, [FORGOTTEN], {}),
    "crashed": (NoteKind.CRASHED, [file_problems.out_of_memory(1_000_000_000)], {}),
    "bug": (NoteKind.BUG, [file_problems.bug("0198f3a2")], {"extra": ["Die Systembetreuung wurde verständigt."]}),
}


@pytest.mark.parametrize("case", NOTES)
def test_a_note_reads_as_agreed(case: str) -> None:
    kind, problems, more = NOTES[case]

    text = note_text(
        kind, "OP-Liste März.csv", problems, received_at=RECEIVED, route_label="inbox/bmd", reference="0198f3a2", **more
    )

    expected = GOLDEN / case / "expected.txt"
    if UPDATE:
        expected.parent.mkdir(parents=True, exist_ok=True)
        expected.write_bytes(text.encode("utf-8"))
    assert text.encode("utf-8") == expected.read_bytes()


@pytest.mark.parametrize("case", NOTES)
@pytest.mark.parametrize("name", ["OP.csv", "„OP“ wartet auf Freigabe.csv", "x" * 180])
def test_a_note_tells_a_rebuild_what_became_of_its_file(case: str, name: str) -> None:
    kind, problems, more = NOTES[case]

    text = note_text(kind, name, problems, received_at=RECEIVED, route_label="inbox/bmd", reference="0198f3a2", **more)

    assert read_note(text.encode().decode("utf-8")) == (kind, "0198f3a2")


def test_what_is_no_note_tells_nothing() -> None:
    assert read_note("Die Datei „a.csv“ wartet auf Freigabe.\r\n======\r\n") is None
    assert read_note("") is None


def test_every_kind_of_note_has_a_golden_text() -> None:
    assert {kind for kind, _, _ in NOTES.values()} == set(NoteKind)


def test_a_note_is_made_for_windows_notepad() -> None:
    text = note_text(NoteKind.HELD, "a.csv", [AMOUNT], received_at=RECEIVED, route_label="inbox/a", reference="1")

    assert text.startswith("\ufeffDie Datei „a.csv“ wartet auf Freigabe.\r\n")
    assert text.replace("\r\n", "").isprintable() is False  # the BOM alone
    assert text[1:].replace("\r\n", "").isprintable()


@given(st.text(st.characters(exclude_categories=[]), max_size=400))
def test_nothing_in_a_note_hides(text: str) -> None:
    note = note_text(
        NoteKind.REJECTED,
        text,
        [Problem("x", text, text, column=text, record=text, pointer=text, value=text)],
        received_at=RECEIVED,
        route_label=text,
        reference=text,
    )

    assert not {"\x1b", "\u202e", "\u200b", "\x00"} & set(note)
    note.encode("utf-8")
    assert max(map(len, note.split("\r\n"))) < 420


def test_control_characters_and_long_values_are_made_visible() -> None:
    assert visible("a\tb\x00c\x7f\u202ed\udcff") == "a␉b␀c␡[U+202E]d[Byte FF]"
    assert visible("x" * 2000, 20) == "x" * 15 + " … " + "x" * 5 + " (2.000 Zeichen)"


def test_a_place_names_what_the_file_has() -> None:
    assert place(AMOUNT) == "Zeile 1007, Spalte „Betrag“ (E), Wert „12,3x“"
    assert place(RECORD) == (
        "Datensatz „AR-2026-10231“, 4. Eintrag in „documents“, 1. Eintrag in „lines“, Feld „account“, "
        "Stelle /documents/3/lines/0/account, Wert leer"
    )
    assert place(Problem("x", "y", column_index=27)) == "Spalte AB"
    assert place(Problem("x", "y")) == ""


def test_columns_are_lettered_as_in_a_spreadsheet() -> None:
    assert [column_letter(index) for index in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


# ── problems of the engine ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (file_problems.empty_file(), "Die Datei ist leer."),
        (file_problems.too_big(2_147_483_648, 200_000_000), "ist 2,1 GB groß, angenommen werden höchstens 200 MB."),
        (file_problems.too_big(999_999, 999), "ist 1,0 MB groß, angenommen werden höchstens 999 Byte."),
        (file_problems.not_a_file(stat.S_IFLNK), "sondern eine Verknüpfung auf eine andere Datei."),
        (file_problems.not_a_file(stat.S_IFIFO), "sondern eine Leitung zwischen Programmen."),
        (file_problems.not_a_file(stat.S_IFBLK), "sondern ein Gerät."),
        (file_problems.not_a_file(Path("/").stat().st_mode), "sondern ein Ordner."),
        (file_problems.unusable_name("a\x07.csv"), "enthält Zeichen, die man nicht sehen kann."),
        (file_problems.unusable_name("ä" * 150), "ist zu lang (300 Byte, möglich sind 255)."),
        (file_problems.wrong_format(["A"]), "Erwartet wird: A."),
        (
            file_problems.wrong_format(["A"], [("B", "inbox/b"), ("C", "inbox/c")]),
            "gehört vermutlich in den Ordner „inbox/b“ (B) oder „inbox/c“ (C).",
        ),
        (file_problems.several_formats(["A", "B", "C"]), "auf mehrere Arten gelesen werden: A, B und C."),
        (file_problems.worker_died(), "unerwartet abgebrochen"),
        (file_problems.took_too_long(timedelta(seconds=300)), "länger als 5 Minuten gedauert"),
        (file_problems.took_too_long(timedelta(seconds=90)), "länger als 90 Sekunden gedauert"),
        (file_problems.took_too_long(timedelta(seconds=1)), "länger als 1 Sekunde gedauert"),
        (
            file_problems.conflict("AR-1", "a.json", EARLIER),
            "„AR-1“ wurde am 03.03.2026 um 09:30 Uhr aus der Datei „a.json“",
        ),
        (file_problems.attachment_unsafe("../x.pdf"), "kein einfacher Dateiname"),
    ],
)
def test_the_engine_says_what_it_found(found: Problem, words: str) -> None:
    assert words in found.what
    assert found.todo.startswith("Bitte ")


# ── the workbook ──────────────────────────────────────────────────────────────────────────────────────────────────

TABLE = [
    ["Konto", "Betrag", "Text"],
    ["200001", Decimal("1.50"), "Miete"],
    ["200002", "12,3x", "Strom"],
    ["200003", date(2026, 3, 1), None],
]


def _book(path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(path)


def test_wrong_cells_are_red_commented_and_linked(tmp_path: Path) -> None:
    path = tmp_path / "a.hinweis.xlsx"
    by_heading = Problem("x", "Der Betrag ist keine Zahl.", "Bitte berichtigen.", row=3, column="Betrag", value="12,3x")
    whole_row = Problem("y", "Die Buchung fehlt.", row=4)
    beyond = Problem("z", "Die Spalte fehlt.", row=2, column_index=4)

    marked_workbook(TABLE, [by_heading, whole_row, beyond, Problem("w", "Die Summe stimmt nicht.")], path)

    book = _book(path)
    table, hints = book["Tabelle"], book["Hinweise"]
    assert book.sheetnames == ["Hinweise", "Tabelle"]
    assert [[cell.value for cell in row] for row in table.iter_rows(max_col=3)] == [
        ["Konto", "Betrag", "Text"],
        ["200001", 1.5, "Miete"],
        ["200002", "12,3x", "Strom"],
        ["200003", datetime(2026, 3, 1), None],  # noqa: DTZ001 - a cell knows no time zone,
    ]
    assert table["B3"].comment.text == "Der Betrag ist keine Zahl. Bitte berichtigen."
    assert table["B3"].fill.fgColor.rgb == table["E2"].fill.fgColor.rgb == "FFFF9999"
    assert table["A4"].comment.text == "Die Buchung fehlt."
    assert {cell.fill.fgColor.rgb for cell in table[4][:3]} == {"FFFFE5CC"}
    assert table["B2"].fill.fill_type is None
    assert [row[1].hyperlink and row[1].hyperlink.location for row in hints.iter_rows(min_row=2)] == [
        "'Tabelle'!B3",
        "'Tabelle'!A4",
        "'Tabelle'!E2",
        None,
    ]
    assert hints["B5"].value == "ganze Datei"
    assert table.freeze_panes == hints.freeze_panes == "A2"
    assert table.auto_filter.ref == "A1:E4"


def test_wrong_rows_far_below_come_on_a_sheet_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.hinweis.xlsx"
    rows = (["Nr", "Wert"] if number == 1 else [str(number), "x"] for number in range(1, 20_001))

    marked_workbook(rows, [Problem("x", "Falsch.", row=row, column_index=1) for row in (19_000, 7_000, 5_000)], path)

    book = _book(path)
    below = book["Weitere Zeilen"]
    assert book["Tabelle"].max_row == SHOWN_ROWS
    assert [[cell.value for cell in row] for row in below.iter_rows()] == [
        ["Zeile", "Nr", "Wert"],
        [7000, "7000", "x"],
        [19000, "19000", "x"],
    ]
    assert below["C2"].comment.text == "Falsch."
    links = [row[1].hyperlink.location for row in book["Hinweise"].iter_rows(min_row=2)]
    assert links == ["'Weitere Zeilen'!C3", "'Weitere Zeilen'!C2", "'Tabelle'!B5000"]


dangerous = st.tuples(st.sampled_from(["=", "+", "-", "@", "\t", "\r", "#N/A", "", "\x00="]), st.text(max_size=20)).map(
    "".join
)


@given(st.lists(st.lists(dangerous, min_size=1, max_size=3), min_size=2, max_size=4))
@settings(max_examples=60)
def test_no_cell_ever_calculates(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    path = tmp_path_factory.getbasetemp() / "danger.hinweis.xlsx"

    marked_workbook(rows, [Problem("x", rows[0][0], rows[1][0], row=2, column_index=0, value=rows[1][0])], path)

    with ZipFile(path) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 2
    assert not any(b"<f" in sheet or b't="e"' in sheet for sheet in sheets)
    cells = [cell for row in _book(path)["Tabelle"].iter_rows() for cell in row if isinstance(cell.value, str)]
    assert all(cell.quotePrefix for cell in cells if cell.value.startswith(("=", "+", "-", "@", "\t")))


def test_long_numbers_huge_texts_and_wide_rows_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.hinweis.xlsx"
    row = [
        12345678901234567890,
        "x" * 50_000,
        float("nan"),
        True,
        datetime(2026, 1, 1, tzinfo=UTC),
        date(1800, 1, 1),
        b"a",
    ]

    marked_workbook([row, range(2000)], [AMOUNT], path)

    table = _book(path)["Tabelle"]
    values = [cell.value for cell in table[1]]
    assert values[0] == "12345678901234567890"
    assert values[1] == "x" * 1000 + " … (50.000 Zeichen)"
    assert values[2:7] == ["nan", True, "2026-01-01 00:00:00+00:00", "1800-01-01", "b'a'"]
    assert table.max_column == SHOWN_COLUMNS


def test_a_table_that_breaks_off_is_shown_up_to_there(tmp_path: Path) -> None:
    def rows() -> Iterator[list[str]]:
        yield ["Konto"]
        yield ["1"]
        raise FormatError(AMOUNT)

    marked_workbook(rows(), [AMOUNT], tmp_path / "a.hinweis.xlsx")

    assert _book(tmp_path / "a.hinweis.xlsx")["Tabelle"].max_row == 2


def test_an_empty_table_still_gives_the_list(tmp_path: Path) -> None:
    marked_workbook([], [AMOUNT], tmp_path / "a.hinweis.xlsx")

    assert _book(tmp_path / "a.hinweis.xlsx")["Hinweise"]["C2"].value == "Der Betrag ist keine Zahl."


@pytest.mark.parametrize(
    ("pointer", "record", "said"),
    [
        ("/records/2/data/lines/1/gross", "AR-7", "3. Datensatz „AR-7“, 2. Eintrag in „lines“, Feld „gross“"),
        ("/records/0", None, "1. Datensatz"),
        ("/records/1/op", "K-1", "2. Datensatz „K-1“, Feld „op“"),
        ("/records/5/data/totals/payable", None, "6. Datensatz, „totals“, Feld „payable“"),
        ("/attachments/0/filename", None, "1. Eintrag in „attachments“, Feld „filename“"),
        ("/records/99999999999999999999/x", None, "„records“, Feld „x“"),
    ],
)
def test_a_place_in_a_message_is_told_as_a_person_counts(pointer: str, record: str | None, said: str) -> None:
    assert place(Problem("x", "y", pointer=pointer, record=record)) == f"{said}, Stelle {pointer}"


def test_a_field_of_the_message_itself_is_told_once() -> None:
    assert place(Problem("x", "y", pointer="/a~1b~0c")) == "Feld „a/b~c“"
    assert place(Problem("x", "y", pointer="")) == ""


_ODD = st.one_of(st.sampled_from(" ab-–\t\n\x0b\x1c\x85\xa0\u2003„“"), st.characters())


@given(st.text(_ODD, max_size=120), st.sampled_from([10, 91, 96]))
def test_the_short_way_of_wrapping_gives_what_the_long_one_gives(text: str, width: int) -> None:
    assert list(_wrap(text, width)) == textwrap.wrap(text, width, break_on_hyphens=False)
