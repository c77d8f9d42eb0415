"""Files that get past the first check: lists, workbooks and messages with hostile values in the right places."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.fuzzing.corpus import EXAMPLES

_HOSTILE = (
    "", " ", "0", "-0", "-", "+", "=", "@", "=1+1", "=cmd|'/c calc'!A1", "+436641234567", "-1", "@SUM(A1)", "\t=1",
    "1e999999999", "1E+1000000", "9" * 400, "9" * 5000, "0." + "0" * 500 + "1", "NaN", "Infinity", "-inf", "1_000",
    "0x10", "١٢٣", "²", "½", "1,790.50", "1.790,50", "1.790.50", "12,345", "100,00-", "100,00 H", "100,00 X",
    "29.02.2027", "31.04.2026", "00.00.0000", "99.99.9999", "20260231", "60", "2958466", "1899-12-31",
    "2026-11-20T25:00:00+99:00", "a" * 3000, "ä" * 300, "\u202e", "\u2028", "\ufeff", "\x1b[2J", "\x85", "Summe",
    "Saldo", "Gesamtsumme", "Konto 20001", "Seite 1 von 3", "../../etc/passwd", "C:\\x", "CON", "a\0b", "{}", "[]",
    "null", "<a/>", "&lt;", "]]>", '"', "'", ";", ",", "|", "\n", "\r\n", "20001", "20001 Muster", "AR-1", "EUR",
    "EUR EUR",
)  # fmt: skip
_HEADINGS = (
    "Konto", "OP-Nr.", "Belegdatum", "Fälligkeit", "Betrag", "Saldo", "Soll", "Haben", "S/H", "Währung", "Text", "BS",
    "Belegnr", "", "Satzart", "Rechnungsnr", "offener Betrag", "KONTO", "x" * 300, "Stichtag: 20.11.2026",
)  # fmt: skip
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"

values = st.sampled_from(_HOSTILE) | st.text(max_size=30)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Rows of a list: perhaps a preamble, mostly the right headings, then anything."""
    needed = ["Konto", "OP-Nr.", draw(st.sampled_from(["Saldo", "Betrag", "offener Betrag", "Soll"]))]
    more = draw(st.lists(st.sampled_from(_HEADINGS), max_size=5))
    heading = draw(st.permutations(needed + more))
    width = st.just(len(heading)) | st.integers(0, len(heading) + 3)
    preamble = draw(st.lists(st.lists(values, max_size=3), max_size=2))
    rows = [draw(st.lists(values, min_size=n, max_size=n)) for n in draw(st.lists(width, max_size=8))]
    return [*preamble, heading, *rows]


@st.composite
def text_lists(draw: st.DrawFn) -> bytes:
    """A list as text, in some encoding, with some delimiter, quoted or not."""
    delimiter = draw(st.sampled_from(";\t,|"))
    quote = draw(st.sampled_from(["", '"']))
    end = draw(st.sampled_from(["\r\n", "\n", "\r"]))
    lines = [delimiter.join(f"{quote}{cell}{quote}" for cell in row) for row in draw(tables())]
    text = end.join(lines) + draw(st.sampled_from(["", end]))
    return text.encode(draw(st.sampled_from(["utf-8", "cp1252", "cp850", "utf-16", "utf-8-sig"])), "replace")


@st.composite
def workbooks(draw: st.DrawFn) -> bytes:
    """A workbook whose cells are written by hand: types that do not fit, formulas, errors, places that lie."""
    rows = draw(tables())
    made = []
    for number, row in enumerate(rows, 1):
        cells = [draw(_cells(f"{chr(65 + index % 26)}{number}", value)) for index, value in enumerate(row)]
        made.append(f'<row r="{draw(st.just(number) | st.integers(0, 1_100_000))}">{"".join(cells)}</row>')
    dimension = draw(st.sampled_from(["", '<dimension ref="A1:XFD1048576"/>', '<dimension ref="x"/>']))
    sheet = f'<worksheet xmlns="{_NAMESPACE}">{dimension}<sheetData>{"".join(made)}</sheetData></worksheet>'
    return workbook(sheet, date1904=draw(st.booleans()), hidden=draw(st.sampled_from(["visible", "hidden", "x"])))


@st.composite
def _cells(draw: st.DrawFn, place: str, value: str) -> str:
    text = "".join(char for char in value if char >= " " or char in "\t\n").translate(
        {38: "&amp;", 60: "&lt;", 62: "&gt;", 0xFFFE: "", 0xFFFF: ""}
    )
    reference = draw(st.sampled_from([f'r="{place}"'] * 6 + ["", 'r="XFD1048576"', 'r="A0"', 'r="$A$1"', 'r="9"']))
    formula = draw(st.sampled_from([""] * 5 + ["<f>1/0</f>", '<f t="shared" si="0"/>']))
    kind = draw(st.sampled_from(["inlineStr"] * 4 + ["n", "n", "s", "b", "e", "str", "d", "zz"]))
    if kind == "inlineStr":
        return f'<c {reference} t="inlineStr">{formula}<is><t>{text}</t></is></c>'
    style = draw(st.sampled_from(["", 's="0"', 's="1"', 's="99"']))
    return f'<c {reference} {style} t="{kind}">{formula}{draw(st.sampled_from([f"<v>{text}</v>", "", "<v/>"]))}</c>'


def workbook(sheet: str | bytes, *, date1904: bool = False, hidden: str = "visible", **more: bytes) -> bytes:
    """The smallest workbook around a sheet; ``more`` are further parts, "__" in their names standing for "/"."""
    types, package, relations = f"{_TYPES}.spreadsheetml", f"{_PACKAGE}/relationships", _RELATIONS
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{types}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}">'
        f'<Relationship Id="rId1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_NAMESPACE}" xmlns:r="{relations}">'
        f'<workbookPr date1904="{int(date1904)}"/>'
        f'<sheets><sheet name="Liste" sheetId="1" state="{hidden}" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">'
        f'<Relationship Id="rId1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{relations}/styles" Target="styles.xml"/>'
        f'<Relationship Id="rId3" Type="{relations}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_NAMESPACE}">'
        f'<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, **{name.replace("__", "/"): content for name, content in more.items()}}.items():
            archive.writestr(name, content)
    return made.getvalue()


def sheet_of(rows: Sequence[str], *, before: str = "") -> str:
    """A sheet with the headings of a list in row 1 and these cells in the rows behind it."""
    heading = "".join(
        f'<c r="{letter}1" t="inlineStr"><is><t>{name}</t></is></c>'
        for letter, name in zip("ABCDE", ("Konto", "OP-Nr.", "Saldo", "Fälligkeit", "Text"), strict=True)
    )
    body = "".join(f'<row r="{number}">{cells}</row>' for number, cells in enumerate(rows, 2))
    return (
        f'<worksheet xmlns="{_NAMESPACE}">{before}<sheetData><row r="1">{heading}</row>{body}</sheetData></worksheet>'
    )


# ── messages ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _examples() -> list[Any]:
    trees = [json.loads(path.read_bytes()) for path in sorted(Path(EXAMPLES).rglob("*.json"))]
    return [tree for tree in trees if isinstance(tree, dict) and "records" in tree]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A message of the examples in which some values, keys and whole branches are exchanged for others."""
    tree = draw(st.sampled_from(_examples()).map(lambda chosen: json.loads(json.dumps(chosen))))
    for _ in range(draw(st.integers(1, 4))):
        _exchange(draw, tree)
    text = json.dumps(tree, ensure_ascii=draw(st.booleans()), allow_nan=True)
    return text.encode("utf-8", "surrogatepass")


def _exchange(draw: st.DrawFn, tree: Any) -> None:
    holder = tree
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        below = holder[key]
        if isinstance(below, dict | list) and below and draw(st.integers(0, 5)):
            holder = below
            continue
        act = draw(st.sampled_from(["value", "value", "value", "remove", "nest", "copy"]))
        if act == "remove":
            del holder[key]
        elif act == "nest":
            holder[key] = [below] if draw(st.booleans()) else {"a": below}
        elif act == "copy" and isinstance(holder, dict):
            holder[draw(st.text(max_size=6))] = below
        else:
            holder[key] = draw(_JSON)
        return
