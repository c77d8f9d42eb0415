"""A long open-item list as CSV and XLSX, and a ledger that knows its documents; for bench.op_list."""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain
from pathlib import Path
from xml.sax.saxutils import escape

from core.contracts import Entry
from core.open_items import printed
from core.tracked import KIND, TrackedDocument

HEADINGS = (
    "Konto", "Bezeichnung", "OP-Nr.", "Belegdatum", "Fälligkeit", "Gegenkonto", "Code", "BK", "Währung", "Betrag Soll",
    "Betrag Haben", "offener Betrag", "Mahnstufe", "Text",
)  # fmt: skip


# ── the list ──────────────────────────────────────────────────────────────────────────────────────────────────────


def amount(index: int) -> Decimal:
    return Decimal(index * 7919 % 9_999_999 + 1000).scaleb(-2)


def row(index: int) -> tuple[object, ...]:
    day = date(2026, 1 + index % 10, 1 + index % 28)
    due = date(2026, 2 + index % 10, 1 + index % 28)
    open_amount = amount(index)
    return (
        200_000 + index % 5000, f"Müller & Söhne {index % 5000}", 2_026_000_000 + index, day, due, 4000, "M20", "AR",
        "EUR", open_amount, Decimal("0.00"), open_amount, 0, f"Rechnung {index} für Bücher",
    )  # fmt: skip


def write_csv(path: Path, rows: int) -> None:
    def text(value: object) -> str:
        if isinstance(value, date):
            return f"{value:%d.%m.%Y}"
        return printed(value) if isinstance(value, Decimal) else str(value)

    with path.open("w", encoding="cp1252", newline="") as file:
        file.write(";".join(HEADINGS) + "\r\n")
        file.writelines(";".join(map(text, row(index))) + "\r\n" for index in range(rows))


def write_xlsx(path: Path, rows: int) -> None:
    """Write the workbook by hand: openpyxl would take twenty seconds."""
    strings: dict[str, int] = {}

    def cell(value: object, place: str) -> str:
        if isinstance(value, str):
            return f'<c r="{place}" t="s"><v>{strings.setdefault(value, len(strings))}</v></c>'
        if isinstance(value, date):
            return f'<c r="{place}" s="1"><v>{(value - date(1899, 12, 30)).days}</v></c>'
        return f'<c r="{place}"><v>{value}</v></c>'

    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        with container.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f"<worksheet {main}><sheetData>".encode())
            for number, line in enumerate(chain([HEADINGS], map(row, range(rows))), 1):
                cells = "".join(cell(value, f"{column}{number}") for column, value in zip(_COLUMNS, line, strict=True))
                sheet.write(f'<row r="{number}">{cells}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
        items = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
        parts = {
            "xl/sharedStrings.xml": f'<sst {main} count="{len(strings)}" uniqueCount="{len(strings)}">{items}</sst>',
            "xl/styles.xml": f'<styleSheet {main}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
            "</styleSheet>",
            "xl/workbook.xml": f'<workbook {main} xmlns:r="{relations}"><sheets>'
            '<sheet name="OP" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packages}/relationships">'
            f'<Relationship Id="rId1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="rId2" Type="{relations}/sharedStrings" Target="sharedStrings.xml"/>'
            f'<Relationship Id="rId3" Type="{relations}/styles" Target="styles.xml"/></Relationships>',
            "_rels/.rels": f'<Relationships xmlns="{packages}/relationships"><Relationship Id="rId1" '
            f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "[Content_Types].xml": f'<Types xmlns="{packages}/content-types"><Default Extension="xml" '
            'ContentType="application/xml"/></Types>',
        }
        for name, text in parts.items():
            container.writestr(name, text)


_COLUMNS = "ABCDEFGHIJKLMN"


# ── the ledger ────────────────────────────────────────────────────────────────────────────────────────────────────


def tracked(index: int) -> Entry:
    account, number = str(200_000 + index % 5000), str(2_026_000_000 + index)
    gross = str(amount(index) + (5 if index % 10 == 0 else 0))
    body = {
        **_BODY,
        "document_id": f"AR-{number}",
        "number": number,
        "party_id": account,
        "ledger_account": account,
        "gross": gross,
        "amount_open": gross,
    }
    return Entry(f"{account}/{number}", body, f"{account}/{number}")


_BODY = TrackedDocument(
    document_id="x", direction="ar", number="x", party_id="x", ledger_account="1", issue_date=date(2026, 1, 1),
    currency="EUR", gross=Decimal(1), exported_by="x", amount_open=Decimal(1), first_seen=date(2026, 11, 1),
).body()  # fmt: skip


class ComputedLedger:
    """Knows every document of the list and keeps none, so that only our own memory is measured."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def of(self, _company: str) -> "ComputedLedger":
        return self

    def get(self, _kind: str, _key: str) -> Entry | None:
        return None

    def get_many(self, _kind: str, keys: Sequence[str]) -> Mapping[str, Entry]:
        return {key: tracked(int(key.partition("/")[2]) - 2_026_000_000) for key in keys}

    def get_groups(self, _kind: str, _groups: Sequence[str]) -> Mapping[str, Sequence[Entry]]:
        return {}

    def group(self, _kind: str, _group: str) -> Iterator[Entry]:
        return iter(())

    def all(self, kind: str) -> Iterator[Entry]:
        return map(tracked, range(self._rows) if kind == KIND else ())


class KeptLedger(ComputedLedger):
    """Has every document at hand, so that only our own time is measured."""

    def __init__(self, rows: int) -> None:
        super().__init__(rows)
        self._entries = {entry.key: entry for entry in super().all(KIND)}

    def get_many(self, _kind: str, keys: Sequence[str]) -> Mapping[str, Entry]:
        return {key: self._entries[key] for key in keys if key in self._entries}

    def all(self, kind: str) -> Iterator[Entry]:
        return iter(self._entries.values() if kind == KIND else ())
