"""Writes the inputs of the golden cases that an editor cannot write: odd encodings, workbooks, damaged files.

Run once by hand, ``python -m tests.op_list.make_inputs``; its results are committed and then left alone. All names
and numbers are invented.
"""

import io
import json
import zipfile
from datetime import date
from pathlib import Path

from openpyxl import Workbook

GOLDEN = Path(__file__).parents[1] / "golden" / "op_list"

BMD = """\
Konto;Name;Belegnr.;Belegdatum;Fälligkeit;BS;Betrag Soll;Betrag Haben;Saldo;Text
200001;Müller & Söhne GmbH;2026-10231;20.11.2026;20.12.2026;AR;170,40;0,00;170,40;Rechnung 10231
200001;Müller & Söhne GmbH;2026-10232;20.11.2026;20.12.2026;AR;1.790,50;1.000,00;790,50;Rechnung 10232 für Bücher
200002;Käthe Größ e.U.;2026-10233;21.11.2026;05.12.2026;AR;1.234;0,00;1.234;Rechnung 10233
200002;Käthe Größ e.U.;2026-10240;21.11.2026;;AR;0,00;120,00;-120,00;Gutschrift
300001;Lieferant AG;ER-88;02.11.2026;02.12.2026;ER;0,00;1.200,00;-1.200,00;Wareneinkauf
"""
RZL = """\
OP-Liste Debitoren\t\t\t\t\t\t\t\t
Klient: 0815 Musterbetrieb\t\t\t\tStichtag: 20.11.2026\t\t\t\t
\t\t\t\t\t\t\t\t
OP-Nr.\tDatum\tGegenkonto\tCode\tSOLL\tHABEN\toffener Betrag\tBK\tText
Konto: 20001; Max Mustermann\t\t\t\t\t\t\t\t
2\t01.06.2021\t4020\tM20\t653,27\t0,00\t653,27\tAR\tMax Mustermann, AR 2
15\t\t\t\t1.790,50\t1.000,00\t790,50\t\t
\t01.05.2021\t4020\tM20\t1.790,50\t0,00\t1.790,50\tAR\tAR 15
\t15.05.2021\t2800\t\t0,00\t1.000,00\t-1.000,00\tBK\tTeilzahlung
18\t01.05.21\t4020\tM20\t4.650,30\t0,00\t4.650,30\tAR\t
Summe Konto 20001\t\t\t\t7.094,07\t1.000,00\t6.094,07\t\t
Konto: 20002; Erika Käfer\t\t\t\t\t\t\t\t
19\t02.05.2021\t4020\tM20\t100,00\t0,00\t100,00\tAR\t
Summe Konto 20002\t\t\t\t100,00\t0,00\t100,00\t\t
Gesamtsumme\t\t\t\t7.194,07\t1.000,00\t6.194,07\t\t
"""


def case(name: str, content: bytes, suffix: str = "csv", **settings: object) -> None:
    folder = GOLDEN / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"input.{suffix}").write_bytes(content)
    if settings:
        (folder / "settings.json").write_text(json.dumps(settings, ensure_ascii=False) + "\n", encoding="utf-8")


def text(lines: str, encoding: str = "cp1252") -> bytes:
    return lines.replace("\n", "\r\n").encode(encoding)


def workbook(rows: list[list[object]], **cells: object) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for place, value in cells.items():
        sheet[place] = value
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def good() -> None:
    case("bmd_plain_cp1252", text(BMD))
    case("bmd_utf8_bom", text(BMD, "utf-8-sig"))
    case("bmd_utf8", text(BMD, "utf-8"))
    case("bmd_utf16", text(BMD, "utf-16"))
    case("bmd_cp850", text(BMD, "cp850"), encoding="cp850")
    case("rzl_grouped_tab", text(RZL), "txt", source="rzl", kind="customers")
    case("notations", text(
        "Kto-Nr|OPNr|Datum|Fällig am|Betrag\n"
        "20001|1|20112026|20261120|1790.50\n"
        "20001|2|20.11.26|46346|100,00-\n"
        "20001|3|1062021|2026-11-20|100,00 H\n"
        "20001|4|||1.234\n"
        "20001|5|||€ 1.234.567,8\n"
        '20001|"6"|||"2,345.67 S"\n'
    ))  # fmt: skip
    case("side_column", text("Konto;OP-Nr.;S/H;Betrag;Währung\n20001;7;S;10,00;EUR\n30001;8;H;20,00;EUR\n"))
    case("suppliers_positive", text("Konto;OP-Nr.;Offen\n30001;ER 1;1.200,00\n30001;ER 2;-20,00\n"),
         kind="suppliers", suppliers_positive=True)  # fmt: skip
    case("rows_of_one_item", text(
        "Konto;OP-Nr.;Datum;BK;offener Betrag;Fremdbeleg\n"
        "20001;5;01.10.2026;AR;500,00;\n20001;5;15.10.2026;BK;-200,00;\n30001;17;02.10.2026;ER;-90,00;RE-4711\n"
    ))  # fmt: skip
    case("comma_and_preamble", text(
        "Offene Posten per 31.10.2026\n\nKonto,Rechnungs-Nr,Rechnungsdatum,Saldo,Text\n"
        '200001,AR 1,01.10.2026,"1.000,00","Holz, gesägt"\n\nSeite 1 von 1\n'
    ))  # fmt: skip
    case("named_columns", text("Kunde;Faktura;Rest\n20001;A1;5,00\n"),
         columns={"account": "Kunde", "number": "Faktura", "open": "Rest"})  # fmt: skip
    day = date(2026, 11, 20)
    heading: list[object] = ["Konto", "OP-Nr.", "Datum", "Fälligkeit", "offener Betrag", "Text"]
    case("excel_dates", workbook([
        ["OP-Liste", "Stichtag:", day], [], heading,
        [20001, 20260001, day, 46376, 1790.5, "Müller"], [20001, "AR-2", "20.11.2026", None, "100,00-", None],
        [30001, 7, day, None, 0.1 + 0.2 - 1, None], ["Summe", None, None, None, 1689.8, None],
    ]), "xlsx")  # fmt: skip
    case("excel_grouped", workbook([
        ["OP-Nr.", "Datum", "SOLL", "HABEN", "offener Betrag", "BK", "Text"], ["Konto: 20001; Max Mustermann"],
        [2, day, 653.27, 0, 653.27, "AR", "AR 2"], ["Konto: 20002; Erika Käfer"], [3, day, 0, 10, -10, "AR", None],
    ]), "xlsx", source="rzl")  # fmt: skip


def wrong() -> None:
    case("wrong_encoding", text(BMD, "cp850"))
    case("wrong_encoding_byte", text("Konto;OP-Nr.;Saldo;Text\n20001;1;5,00;B\u00fccher\n", "cp850"))
    case("wrong_delimiter", text(BMD.replace(";", "^")))
    case("missing_amount_column", text("Konto;OP-Nr.;Datum;Text\n20001;1;20.11.2026;x\n"))
    case("missing_number_column", text("Konto;Datum;Saldo\n20001;20.11.2026;5,00\n"))
    case("missing_account_column", text("OP-Nr.;Datum;Saldo\n1;20.11.2026;5,00\n"))
    case("wrong_cells", text(
        "Konto;OP-Nr.;Datum;Saldo\n20001;1;20.11.2026;1.79x\n20001;2;31.02.2026;5,00\nKD-7;3;20.11.2026;5,00\n"
        ";4;20.11.2026;5,00\n20001;;20.11.2026;5,00\n20001;6;20.11.2026;\n20001;7;20.11.2026;1,790\n"
        "20001;8;20.11.2026;5,00;zu viel\n20001;9\n20001;10;heute;5,00\n"
    ))  # fmt: skip
    case("wrong_side", text("Konto;OP-Nr.;S/H;Betrag\n20001;7;X;10,00\n"))
    case("duplicate_column", text("Konto;OP-Nr.;Saldo;Saldo\n20001;7;10,00;11,00\n"))
    case("wrong_total", text("Konto;OP-Nr.;Saldo\n20001;7;10,00\nSumme;;30,00\n"))
    case("truncated", text(BMD)[:-62])
    case(
        "truncated_character", text("Konto;OP-Nr.;Saldo;Text\n20001;7;10,00;Bücher für\n20001;8;1,00;fü", "utf-8")[:-1]
    )
    case("open_quote", text('Konto;OP-Nr.;Saldo;Text\n20001;7;10,00;"Alt\n20001;8;1,00;x\n20001;9;1,00;y\n'))
    case("empty", b"")
    case("only_blank", b"\r\n \r\n")
    case("no_rows", text("Konto;OP-Nr.;Saldo\nSumme;;0,00\n"))
    case("no_heading", text("20001;7;20.11.2026;10,00\n20001;8;20.11.2026;10,00\n"))
    case("not_a_table", b"%PDF-1.7\n\x00\x01\x02\x03 stream")
    case("json", b'{"format":"clue-exchange","version":"1.0"}')
    case("clearing_list", text("Konto;Bezeichnung;OP-Nr.;OP-Nr. vor SR;Ausgeglichen am;Datum;Betrag\n"))
    case("bmd_bookings", text("satzart;konto;gkonto;belegnr;belegdatum;buchsymbol;buchcode;betrag;steuer;text\n"))
    case("too_many_rows", text(BMD), max_rows=2)
    case("encrypted_workbook", bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"), "xlsx")
    good_book = workbook([["Konto", "OP-Nr.", "Saldo"], [20001, 1, 5]])
    case("truncated_workbook", good_book[: len(good_book) * 2 // 3], "xlsx")
    case("excel_wrong_cells", workbook([
        ["Konto", "OP-Nr.", "Datum", "Saldo"], ["KD", 1, date(2026, 11, 20), 5], [20001, 2, 3.5, 5],
        [20001, 3, None, "fünf"], [20001, 4, None, None],
    ]), "xlsx")  # fmt: skip
    case("zip_bomb", _with_part(good_book, "xl/media/big.bin", bytes(30 << 20)), "xlsx")
    entities = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    case("xml_entities", _with_part(good_book, "xl/custom.xml", entities), "xlsx")
    far = workbook([["Konto", "OP-Nr.", "Saldo"], [20001, 1, 5]], XFD1048576=1)
    case("far_cell", far, "xlsx")
    case("other_zip", _with_part(b"", "readme.txt", b"hello"), "xlsx")


def _with_part(book: bytes, name: str, content: bytes) -> bytes:
    stream = io.BytesIO(book)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as container:
        container.writestr(name, content)
    return stream.getvalue()


if __name__ == "__main__":
    good()
    wrong()
