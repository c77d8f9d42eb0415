"""Writes the inputs of the golden cases that show layouts: those of facts/fibu.md 4 and 5, and distorted ones.

Run by hand, ``python -m tests.op_list.make_layouts``; its results are committed and then left alone. All names and
numbers are invented.
"""

import io
import unicodedata
from datetime import date, datetime

from openpyxl import Workbook

from tests.op_list.make_inputs import GOLDEN, case, text, workbook
from tests.op_list.spreadsheets import compound, ods, xls

DAY = date(2026, 11, 20)

RZL_HEADINGS = "OP-Nr.;Datum;Gegenkonto;Code;SOLL;HABEN;offener Betrag;BK;Text\n"
RZL_CLEARED = "Konto;Bezeichnung;OP-Nr.;OP-Nr. vor SR;Ausgeglichen am;Datum;Gegenkonto;Code;SOLL;HABEN;Betrag;BK;Text\n"
PRINTED = """\
Musterbetrieb GmbH                OP-Liste Debitoren                    Seite   1
Stichtag: 20.11.2026

Datum      OP-Nr  Belegnr   Text                      Steuersatz       Betrag
------------------------------------------------------------------------------
Konto: 20001 Max Mustermann
01.10.2026 12     AR 12     Rechnung Oktober               20,00       653,27
02.10.2026 15     AR 15     Bücher und Hefte für Schule    10,00     1.790,50
15.10.2026 15     BK 3      Teilzahlung                              1.000,00-
                            Summe OP                                 1.443,77
                            Kontosaldo                               1.543,77
                            Differenz                                  100,00-
\fMusterbetrieb GmbH                OP-Liste Debitoren                    Seite   2
Stichtag: 20.11.2026

Datum      OP-Nr  Belegnr   Text                      Steuersatz       Betrag
------------------------------------------------------------------------------
Konto: 20002 Käthe Größ e.U.
03.11.2026 19     AR 19     Wartung                        20,00    12.400,00
                            Summe OP                                12.400,00
Gesamtsumme                                                         13.843,77
"""
BLOCKS = """\
Konto;Bezeichnung;OP-Nr.;Datum;offener Betrag
20001;Max Mustermann;1;01.10.2026;10,00
;;2;02.10.2026;20,00
;;3;03.10.2026;30,00
20002;Erika Käfer;1;01.10.2026;5,00
;;4;02.10.2026;-2,00
20003;Anna Wolf;7;02.10.2026;1,00
"""


def known() -> None:
    """Layouts that somebody has described."""
    case("rzl_without_grouping", text(
        "Konto;Bezeichnung;" + RZL_HEADINGS
        + "20001;Max Mustermann;2;01.06.2021;4020;M20;653,27;0,00;653,27;AR;Johann Maier, AR 2\n"
        "20001;Max Mustermann;18;01.05.2021;4020;M20;4.650,30;0,00;4.650,30;AR;\n"
        "30001;Lieferant AG;7;03.05.2021;5010;V20;0,00;100,00;-100,00;ER;\n"
    ), source="rzl")  # fmt: skip
    case("rzl_cleared", text(
        RZL_CLEARED + "Konto: 20001; Max Mustermann\n"
        ";;15;;15.06.21;01.05.21;4020;M20;1.790,50;0,00;1.790,50;AR;AR 15\n"
        ";;15;;15.06.21;15.05.21;2800;;0,00;1.000,00;-1.000,00;BK;Teilzahlung\n"
        ";;15;;15.06.21;15.06.21;2800;;0,00;790,50;-790,50;BK;Rest\n"
        ";;16;;20.06.21;02.05.21;4020;M20;120,00;0,00;120,00;AR;AR 16\n"
        ";;16;;20.06.21;03.05.21;4020;AN20s;-120,00;0,00;-120,00;AR;Storno AR 16\n"
        "Konto: 20002; Erika Käfer\n"
        ";;31;17;30.06.21;01.04.21;4020;M20;500,00;0,00;500,00;AR;Anzahlung\n"
        ";;31;;30.06.21;30.06.21;2700;;0,00;500,00;-500,00;BA;\n"
        "Gesamtsumme;;;;;;;;2.290,50;2.290,50;0,00;;\n"
    ), source="rzl")  # fmt: skip
    case("rzl_cleared_by_item", text(
        RZL_CLEARED + "20001;Max Mustermann;15;;;;;;1.790,50;1.790,50;0,00;;\n"
        "20001;Max Mustermann;;;15.06.21;01.05.21;4020;M20;1.790,50;0,00;1.790,50;AR;AR 15\n"
        "20001;Max Mustermann;;;15.06.21;15.06.21;2800;;0,00;1.755,00;-1.755,00;BK;\n"
        "20001;Max Mustermann;;;15.06.21;15.06.21;4400;;0,00;35,50;-35,50;BK;Skonto\n"
        "20001;Max Mustermann;16;;20.06.21;02.05.21;4020;M20;120,00;0,00;120,00;AR;\n"
    ), source="rzl")  # fmt: skip
    case("rzl_printed", text(PRINTED, "cp850"), "txt", source="rzl", kind="customers", encoding="cp850")
    case("rzl_dunning_fields", text(
        "Konto;OPNr;Beleg;Belegkreis;Datum;Fremdbeleg;Fälligkeitsdatum;Gegenkonto;Soll;Haben;Mahnstufe;Steuercode;Text;"
        "Valutadatum;Zahlungsreferenz\n"
        "20001;2;AR 2;AR;01.06.2021;;15.06.2021;4020;653,27;;1;M20;Johann Maier;;RF18\n"
        "30001;8;ER 8;ER;02.06.2021;RE-4711;16.06.2021;5010;;90,00;0;V20;Papier;;\n"
    ), source="rzl")  # fmt: skip
    case("helium_normalised", text(
        "Kontonummer;Rechnungs-Nr;Rechnungsdatum;Fälligkeit;Gegenkonto;Betrag Soll;Betrag Haben;Saldo\n"
        "20001;AR-2026-0001;01.10.2026;15.10.2026;4000;1790,50;1000,00;790,50\n"
        "20002;AR-2026-0002;02.10.2026;16.10.2026;4000;0,00;120,00;-120,00\n"
    ))  # fmt: skip
    case("datev_open_items", text(
        "Konto;Rechnungsnummer;Datum;Fälligkeit;Sollbetrag;Habenbetrag;Saldo;Gegenkonto;Buchungstext\n"
        "10000;RE201802-135;01.10.2026;15.10.2026;5950,00;0,00;5950,00;8400;Honorar FiBu-Seminar\n"
        "10001;RE201802-136;02.10.2026;16.10.2026;1190,00;690,00;500,00;8400;Miete\n"
        "70001;4711;02.10.2026;16.10.2026;0,00;238,00;-238,00;4980;Büromaterial\n"
    ), source="datev")  # fmt: skip
    case("datev_all_items", text(
        "Kontonummer;Rechnungsnummer;Rechnungsdatum;Fälligkeit;Gegenkonto;Soll;Haben;Saldo;Buchungstext;AusgleichsKZ\n"
        "10000;RE-135;01.10.2026;15.10.2026;8400;5950,00;;5950,00;Honorar;A\n"
        "10000;RE-135;20.10.2026;;1200;;5950,00;-5950,00;Eingang;A\n"
        "10001;RE-136;02.10.2026;16.10.2026;8400;1190,00;;1190,00;Miete;\n"
        "10001;RE-136;18.10.2026;;1200;;690,00;-690,00;RueckLs;\n"
    ), source="datev")  # fmt: skip
    case("bmd_database_names", text(
        "Konto;belegnr;belegdatum;busymbol;valutadatum;opbetrag;zahlungsziel;mahn_zaehler;buchungstext\n"
        "200001;10231;20261120;AR;20261220;170,40;30;0;Rechnung\n"
        "300001;88;20261102;ER;20261202;-1200,00;30;0;Wareneinkauf\n"
    ))  # fmt: skip


def headings() -> None:
    """The columns in other orders, under other words, in two rows, twice or not at all."""
    case("columns_in_another_order", text(
        "Text;offener Betrag;Fälligkeit;Konto;Datum;OP-Nr.\nRechnung;170,40;20.12.2026;200001;20.11.2026;10231\n"
    ))  # fmt: skip
    case("other_words", text(
        "Debitoren-Nr.;Re.-Nr.;Rg.-Datum;fällig;WAE;noch offen (EUR);Buch.-Text\n"
        "200001;10231;20.11.26;20.12.26;EUR;170,40;Rechnung\n"
    ))  # fmt: skip
    case("capitals_and_decomposed_umlauts", text(
        unicodedata.normalize("NFD", "KONTO NR.;OP NR;FÄLLIGKEITS-DATUM;WÄHRUNG;OFFENER_BETRAG\n")
        + "200001;1;20.12.2026;EUR;5,00\n", "utf-8"
    ))  # fmt: skip
    case("long_preamble", text(
        "\nMuster Handel GmbH;;;\nSaldo;Konto;;\nOP-Liste Debitoren;;Stichtag: 20.11.2026;\nvon Konto;20000;bis;29999\n"
        "Ausgedruckt am 23.11.2026 um 08:15;;;\n;;;\n\n"
        "Konto;OP-Nr.;Datum;Saldo\n200001;1;20.11.2026;5,00\n"
    ))  # fmt: skip
    case("headings_in_two_rows", text(
        "Konto;OP-Nr.;Fällig-;Betrag;;Text\n;;keit;Soll;Haben;\n20001;1;20.11.2026;5,00;;x\n20001;2;;;3,00;y\n"
    ))  # fmt: skip
    case("empty_columns", text(";Konto;;OP-Nr.;;;Saldo;;\n;20001;;1;;;5,00;;\n;20002;;2;;;6,00;;\n;;;;;;11,00;;\n"))
    case("padded_cells", text(
        "Konto   ;OP-Nr. ;Datum     ;      Saldo\n20001   ;1      ;20.11.2026;       5,00\n"
        "20002   ;2      ;          ;   1.200,00\n"
    ))  # fmt: skip
    case("two_texts", text("Konto;OP-Nr.;Saldo;Text;Text\n20001;1;5,00;Rechnung;Hinweis\n"))
    case("second_of_two_balances", text(
        "Konto;OP-Nr.;Saldo;Saldo\n20001;7;10,00;11,00\n"), columns={"open": "Saldo#2"})  # fmt: skip
    case("column_named_by_its_letter", text(
        "Konto;OP-Nr.;;\n20001;7;x;11,00\n20002;8;x;12,00\n"), columns={"open": "#D", "text": "#C"})  # fmt: skip


def groups() -> None:
    """Accounts that stand above, beside or between their rows."""
    case("group_label_and_account_apart", text(
        RZL_HEADINGS + "Debitor;20001;Max Mustermann;;;;;;\n2;01.06.2021;4020;M20;653,27;0,00;653,27;AR;\n"
        ";;;;;;653,27;;\n20002 Erika Käfer;;;;;;;;\n3;01.06.2021;4020;M20;10,00;0,00;10,00;AR;\n"
        "Kto.-Nr. 20003;;;;;;;;\n4;01.06.2021;4020;M20;1,00;0,00;1,00;AR;\n"
    ), source="rzl")  # fmt: skip
    case("group_named_without_account", text(
        "Konto;OP-Nr.;Saldo\n20001;1;5,00\n;Erika Käfer;\n;2;6,00\n"
    ))  # fmt: skip
    case("account_in_first_row_of_block", text(BLOCKS))
    case("account_missing_in_one_row", text(BLOCKS.replace("\n;;2;", "\n20001;Max Mustermann;2;")))
    case("account_missing_behind_a_total", text(
        "Konto;OP-Nr.;Saldo\n20001;1;5,00\nSumme;;5,00\n;2;6,00\nSumme;;6,00\n"
    ))  # fmt: skip
    case("pages_in_the_middle_of_an_account", text(
        "OP-Liste per 20.11.2026;;Seite 1\nKonto;OP-Nr.;Saldo\n20001;1;5,00\n;2;6,00\nÜbertrag;;11,00\n"
        "OP-Liste per 20.11.2026;;Seite 2\nKonto;OP-Nr.;Saldo\nÜbertrag;;11,00\n20001;3;7,00\n;4;1,00\n"
        "Seitensumme;;8,00\nSumme;;19,00\n20002;5;1,00\nSumme;;1,00\nGesamtsumme;;20,00\n"
    ))  # fmt: skip
    case("one_account_above_the_headings", text(
        "Offene Posten\nKonto: 20001 Max Mustermann;;;;;;;;\n" + RZL_HEADINGS
        + "2;01.06.2021;4020;M20;653,27;0,00;653,27;AR;Johann Maier, AR 2\n"
        "18;01.05.2021;4020;M20;4.650,30;0,00;4.650,30;AR;\n;;;;5.303,57;0,00;5.303,57;;\n"
    ), source="rzl")  # fmt: skip
    case("headings_of_each_account", text(
        "Konten: 20000 - 29999;;\nKonto: 20001 Max Mustermann;;\nOP-Nr.;Datum;Betrag\n1;01.10.2026;5,00\n"
        "20001 Summe;;5,00\nKonto: 20002 Erika Käfer;;\nOP-Nr.;Datum;Betrag\n1;01.10.2026;7,00\n20002 Summe;;7,00\n"
    ))  # fmt: skip
    case("children_that_differ", text(
        "Konto;OP-Nr.;Datum;BK;Saldo\n20001;1;;;5,00\n20001;;01.10.2026;AR;6,00\n20001;;02.10.2026;BK;-2,00\n"
    ))  # fmt: skip


def signs_and_totals() -> None:
    """Debit and credit in every form, and what is printed below."""
    case("footers", text(
        "Konto;OP-Nr.;Saldo;Text\n200001;1;5,00;\n;;;Fortsetzung des Textes ohne Betrag\n\n;;5,00;\nAnzahl Posten: 1\n"
        "Erstellt am 23.11.2026;;;von Huber\n*** Ende der Liste ***\n- 1 -\n"
    ))  # fmt: skip
    case("side_behind_the_amount", text(
        "Konto;OP-Nr.;Betrag\n20001;1;1.790,50 S\n20001;2;100,00 H\n30001;3;50,00 Haben\n30001;4;5,00-\n"
    ))  # fmt: skip
    case("trailing_minus", text(
        "Konto;OP-Nr.;SOLL;HABEN;Saldo\n30001;1;0,00;1.200,00;1.200,00-\n30001;2;5,00;0,00;5,00\nSumme;;5,00;1.200,00;1.195,00-\n"
    ))  # fmt: skip
    case("only_debit_and_credit", text(
        "Konto;Beleg-Nr.;Soll;Haben\n20001;1;10,00;\n20001;1;;4,00\n20002;2;7,00;0,00\nSumme;;17,00;4,00\n"
    ))  # fmt: skip
    case("account_balances", text(
        "Konto;OP-Nr.;Betrag\n20001;1;5,00\nSumme OP;;5,00\nKontosaldo;;4,00\nDifferenz;;1,00\n"
    ))  # fmt: skip
    case("wrong_group_total", text(
        "Konto;OP-Nr.;Saldo\n20001;1;5,00\n20001;2;6,00\nSumme 20001;;12,00\n20002;3;1,00\nSumme 20002;;1,00\n"
        "Gesamtsumme;;12,00\n"
    ))  # fmt: skip
    case("wrong_debit_total", text(
        "Konto;OP-Nr.;SOLL;HABEN;offen\n20001;1;5,00;;5,00\n20001;2;6,00;1,00;5,00\nSumme;;11,00;2,00;\n"
    ))  # fmt: skip
    case("unplaced_rows", text(
        "Konto;OP-Nr.;Datum;Saldo\n20001;1;20.11.2026;5,00\n;4711 ff.;;\n;;20.11.2026;\n20001;2;20.11.2026;\n;;;3,00\n"
    ))  # fmt: skip
    case("texts_that_look_like_totals", text(
        "Konto;OP-Nr.;Datum;Saldo;Text\n20001;1;01.10.2026;5,00;Gesamtrechnung\n20001;2;01.10.2026;6,00;Differenz\n"
        ";3;01.10.2026;7,00;Saldo laut Brief\n;4;;8,00;Seite 1\n"
    ))  # fmt: skip
    case("running_balance", text(
        "Konto;OP-Nr.;Soll;Haben;Saldo\n20001;1;10,00;;10,00\n20001;2;5,00;;15,00\n20001;3;;3,00;12,00\n"
    ))  # fmt: skip
    case("total_that_is_called_otherwise", text(
        "Konto;OP-Nr.;Datum;Saldo\n20001;1;01.10.2026;5,00\n;2;01.10.2026;6,00\n;Resultat;;11,00\n20002;AKONTO;;3,00\n"
    ))  # fmt: skip


def print_lists() -> None:
    """What was made for a printer."""
    case("boxed", text(
        "+-------+--------+----------+\n| Konto | OP-Nr. |    Saldo |\n+-------+--------+----------+\n"
        "| 20001 | 1      |     5,00 |\n|       | 2      | 1.200,00 |\n+-------+--------+----------+\n"
    ), "txt")  # fmt: skip
    case("fixed_width", text(
        "Konto  OP-Nr Datum      Fällig          Soll        Haben Text\n"
        "200001 10231 20.11.2026 20.12.2026    170,40              Müller & Söhne GmbH\n"
        "200001 10232 20.11.2026             1.790,50     1.000,00 Bücher\n"
        "300001 88    02.11.2026                          1.200,00 Wareneinkauf im Oktober\n"
        "Summe                               1.960,90     2.200,00\n"
    ), "txt")  # fmt: skip
    case("fixed_width_crossed", text(
        "Konto   OP-Nr    Name            offener Betrag\n200001  10231    Muster GmbH             170,40\n"
        "200002  10232    Anna Wolf               180,00\n200003  10233    Donaudampfschifffahrtsges.1.200,00\n"
    ), "txt")  # fmt: skip
    case("dos_print_list", text(
        "Konto    OP-Nr  Fällig          Saldo\n─────────────────────────────────────\n"
        "200001   10231  20.12.2026     170,40\n         10232  20.12.2026   1.790,50\n"
        "═════════════════════════════════════\nSumme                        1.960,90\n\x1a", "cp850"
    ), "txt", encoding="cp850")  # fmt: skip


def cut_off() -> None:
    """Files that end too early: nothing of the last line is taken for whole."""
    case("truncated_credit", text("Konto;OP-Nr.;Soll;Haben\n20001;1;10,00;0,00\n20001;2;0,00;120,00\n")[:-7])
    case("truncated_side", text("Konto;OP-Nr.;Betrag;S/H\n20001;1;10,00;S\n20001;2;120,00;H\n")[:-3])
    case("truncated_minus", text("Konto;OP-Nr.;Saldo\n20001;1;10,00-\n20001;2;120,00-\n")[:-3])
    case("truncated_date", text("Konto;OP-Nr.;Saldo;Fällig\n20001;1;10,00;20.11.2026\n20001;2;1,00;20.12.2026\n")[:-4])
    case("truncated_number", text("Konto;Saldo;OP-Nr.\n20001;10,00;10231\n20001;1,00;10232\n")[:-3])


def key_dates() -> None:
    """Where the Stichtag stands, and where it does not."""
    case("key_date_in_a_column", text(
        "Stichtag;Konto;OP-Nr.;Saldo\n20.11.2026;20001;1;5,00\n20.11.2026;20001;2;6,00\n"
    ), without_key_date="refuse")  # fmt: skip
    case("another_key_date_far_below", text(
        "Stichtag;Konto;OP-Nr.;Saldo\n" + "".join(f"20.11.2026;20001;{n};5,00\n" for n in range(60))
        + "21.11.2026;20001;99;6,00\n"
    ), without_key_date="refuse")  # fmt: skip
    case("key_date_in_the_name", text("Konto;OP-Nr.;Saldo\n20001;1;5,00\n"), without_key_date="refuse")
    (GOLDEN / "key_date_in_the_name" / "name.txt").write_text("OP Debitoren 20001-29999 vom 20.11.2026.csv\n")
    case("two_key_dates", text("Konto;OP-Nr.;Saldo\n20001;1;5,00\n"))
    (GOLDEN / "two_key_dates" / "name.txt").write_text("OP 2026-01-01 bis 2026-11-20.csv\n")
    case("no_key_date", text("Konto;OP-Nr.;Saldo\n20001;1;x\n20001;2;5,00\n"), without_key_date="refuse")


def workbooks() -> None:
    """What only a spreadsheet can do."""
    heading: list[object] = ["Konto", "OP-Nr.", "Datum", "Fälligkeit", "offener Betrag", "Text"]
    case("excel_text_numbers", workbook([
        heading, ["200001", "00017", "20.11.2026", "20261220", " 1.790,50 ", None],
        ["200001", 18, 46346, "46376", "100,00-", 0],
        [200001.0, "19 ", datetime(2026, 11, 20, 0, 0), "", "€ 5,00", " "],  # noqa: DTZ001
    ]), "xlsx")  # fmt: skip
    case("excel_merged_cells", merged(), "xlsx")
    case("excel_one_list_of_three_sheets", sheets({
        "Deckblatt": [["Offene Posten"], ["Stand", DAY]],
        "Liste": [["OP-Liste per 20.11.2026"], heading, [20001, 1, DAY, None, 5, None]],
        "Legende": [["AR", "Ausgangsrechnung"], ["ER", "Eingangsrechnung"]],
    }), "xlsx")  # fmt: skip
    case("excel_two_lists", sheets({
        "Debitoren": [heading, [20001, 1, DAY, None, 5, None]],
        "Kreditoren": [heading, [30001, 1, DAY, None, -5, None]],
    }), "xlsx")  # fmt: skip
    case("excel_empty_columns", workbook([
        [], [None, None, "OP-Liste", None, "Stichtag", DAY], [], [None, "Konto", None, "OP-Nr.", None, "Saldo"],
        [None, 20001, None, 1, None, 5], [None, None, None, None, None, None], [None, 20001, None, 2, None, -1.5],
        [None, "Summe", None, None, None, 3.5],
    ]), "xlsx")  # fmt: skip
    case("excel_note_beside_the_list", workbook([
        ["Konto", "OP-Nr.", "Saldo"], [20001, 1, 5, None, "bitte anrufen"], [20001, 2, 6],
    ]), "xlsx")  # fmt: skip


def other_spreadsheets() -> None:
    """OpenDocument and old Excel."""
    rows: list[list[object]] = [
        ["OP-Liste", "Stichtag:", DAY], [], ["Konto", "OP-Nr.", "Datum", "offener Betrag", "Text"],
        [20001, 20260001, DAY, 1790.5, "Müller"], [20001, "AR-2", "20.11.2026", "100,00-", None],
        [None, "Summe", None, 1690.5, None],
    ]  # fmt: skip
    case("opendocument", ods(rows), "ods")
    case("opendocument_encrypted", ods(rows, manifest="<manifest:encryption-data/>"), "ods")
    far = '<table:table-row table:number-rows-repeated="900000"/><table:table-row><table:table-cell/></table:table-row>'
    case("opendocument_far_row", ods(rows, after=far.replace("<table:table-cell/>", "<text:p>x</text:p>")), "ods")
    formula = '<table:table-row><table:table-cell table:formula="of:=1+1"/></table:table-row>'
    case("opendocument_formula", ods(rows, after=formula), "ods")
    case("old_excel", xls([*rows[:-1], [None, "Übertrag", None, 1690.5, "Größe ŵ"]]), "xls")
    case("old_excel_hidden", xls(rows, hidden=True), "xls")
    case("old_excel_encrypted", xls(rows, more=bytes.fromhex("2f000200 0100")), "xls")
    case("old_excel_1904", xls(rows, more=bytes.fromhex("22000200 0100")), "xls")
    case("old_excel_cut", xls(rows)[:2560], "xls")
    case("older_excel", compound(b"", "Book"), "xls")


def merged() -> bytes:
    """Headings and accounts in merged cells, as reports have them."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["Konto", "Bezeichnung", "OP-Nr.", "Betrag", None, "Text"], [None, None, None, "Soll", "Haben", None],
        [20001, "Max Mustermann", 1, 10, None, "a"], [None, None, 2, None, 4, "b"],
        [20002, "Erika Käfer", 3, 7, None, "c"],
    ):  # fmt: skip
        sheet.append(row)
    for cells in ("A1:A2", "B1:B2", "C1:C2", "D1:E1", "F1:F2", "A3:A4", "B3:B4"):
        sheet.merge_cells(cells)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def sheets(rows_of: dict[str, list[list[object]]]) -> bytes:
    book = Workbook()
    for number, (name, rows) in enumerate(rows_of.items()):
        sheet = book.create_sheet(name, number)
        for row in rows:
            sheet.append(row)
    del book[book.sheetnames[-1]]
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


if __name__ == "__main__":
    known()
    headings()
    groups()
    signs_and_totals()
    print_lists()
    cut_off()
    key_dates()
    workbooks()
    other_spreadsheets()
