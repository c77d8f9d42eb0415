"""Writes the inputs of the golden cases that look like lists of open items and would be read wrongly.

Run by hand, ``python -m tests.op_list.make_traps``; its results are committed and then left alone. All names and
numbers are invented.
"""

from datetime import date

from tests.op_list.make_inputs import case, text, workbook


def amounts() -> None:
    """Amounts that are not what their headings seem to say."""
    case("running_balance_of_two_rows", text(
        "Konto;Belegnr.;Datum;Soll;Haben;Saldo\n20001;1;01.10.2026;400,00;;400,00\n20001;2;02.10.2026;300,00;;700,00\n"
        "20002;3;03.10.2026;50,00;;50,00\n"
    ))  # fmt: skip
    case("running_balance_within_one_item", text(
        "Konto;OP-Nr.;Soll;Haben;Saldo\n20001;1;1.200,00;;1.200,00\n20001;1;;800,00;400,00\n20002;2;5,00;;5,00\n"
    ))  # fmt: skip
    case("amounts_beside_payments", text(
        "Konto;OP-Nr.;Datum;Betrag;bezahlt;Restford.\n20001;1;01.10.2026;1.200,00;800,00;400,00\n"
        "20001;2;02.10.2026;300,00;0,00;300,00\n"
    ))  # fmt: skip
    case("journal_of_invoices", text(
        "Datum;Rechnungsnr;Kunde;Konto;Netto;USt;Brutto\n02.10.2026;10001;Müller;20001;1.000,00;200,00;1.200,00\n"
    ))  # fmt: skip
    case("amounts_by_age", text(
        "Konto;OP-Nr.;Datum;Betrag;1-30 Tage;31-60 Tage\n20001;1;01.10.2026;1.200,00;;400,00\n"
        "20001;2;02.11.2026;300,00;300,00;\n"
    ))  # fmt: skip
    case("amount_shown_twice", text(
        "Konto;OP-Nr.;Betrag;FW-Betrag;Mahnspesen\n20001;1;1.200,00;1.200,00;5,00\n20001;2;-300,00;-300,00;0,00\n"
    ))  # fmt: skip
    case("side_under_another_heading", text(
        "Konto;OP-Nr.;Betrag;Kz.\n20001;1;1.200,00;S\n20001;2;120,00;H\n20002;3;5,00;S\n"
    ))  # fmt: skip
    case("hyphens_in_a_column", text("Konto;OP-Nr.;Notiz;Betrag\n20001;1;-;1.200,00\n20001;2;-;120,00\n"))
    case("sign_in_a_column", text("Konto;OP-Nr.;VZ;Betrag\n20001;1;+;1.200,00\n20001;2;-;120,00\n"))
    case("running_balance_beside_invoices", text(
        "Konto;OP-Nr.;Rechnungsbetrag;Saldo\n20001;1;5,00;5,00\n20001;2;6,00;11,00\n20002;3;7,00;18,00\n"
    ))  # fmt: skip
    case("side_of_credits_alone", text("Konto;OP-Nr.;Saldo;Kz\n20001;1;5,00;\n20001;2;6,00;H\n20002;3;7,00;\n"))
    case("fixed_width_text_before_an_amount", text(
        "Konto   OP-Nr Text            Saldo\n200001  1     Rechnung 12      5,00\n"
        "200001  2     Rechnung 1 1.006,00\n200002  3     R                7,00\n"
    ), "txt")  # fmt: skip
    case("points_of_both_kinds", text("Konto;OP-Nr.;Saldo\n20001;1;98.82\n20001;2;1.006\n"))
    case("columns_that_change_places", text(
        "Debitoren\nKonto;OP-Nr.;Soll;Haben\n20001;1;5,00;\n\nKreditoren\nKonto;OP-Nr.;Haben;Soll\n30001;71;600,00;\n"
    ))  # fmt: skip
    case("columns_that_change_places_and_words", text(
        "Konto;OP-Nr.;Datum;Saldo\n20001;1;;5,00\nKto;Rechnung;offen;Belegdatum\n30001;71;600,00;\n"
    ))  # fmt: skip
    case("points_that_may_be_thousands", text("Konto;OP-Nr.;Saldo\n20001;1;98.820\n20001;2;400.000\n"))


def settled() -> None:
    """Lists that hold settled items beside open ones, or a payment beside its invoice."""
    rows = "20001;1;02.10.2026;1.200,00;{}\n20001;2;02.10.2026;300,00;{}\n"
    headings = "Konto;OP-Nr.;Datum;Offen;"
    case("items_that_are_settled", text(headings + "Status\n" + rows.format("ausgeglichen", "offen")))
    case("items_with_days_of_settlement", text(headings + "Ausgleich\n" + rows.format("14.11.2026", "")))
    case("items_none_of_which_is_settled", text(headings + "ausgeziffert\n" + rows.format("N", "N")))
    case("items_with_what_was_paid", text(headings + "bezahlt\n" + rows.format("50,00", "0,00")))
    case("payments_beside_their_invoices", text(
        "Konto;OP-Nr.;Datum;Betrag;Ausgeglichen am;Zahlbetrag;Skonto\n"
        "20001;1;02.10.2026;1.200,00;14.11.2026;1.176,00;24,00\n"
    ))  # fmt: skip
    case("clearings_in_short_words", text(
        "Kto;Bel.-Nr.;Datum;Soll;Haben;Ausz.;Ausz. am\n20001;1;02.10.2026;1.200,00;;5;14.11.2026\n"
        "20001;1;14.11.2026;;1.200,00;5;14.11.2026\n"
    ))  # fmt: skip


def spreadsheets() -> None:
    """What a spreadsheet has made of a list on its way."""
    case("numbers_as_floats", text(
        "Konto;OP-Nr.;Fremdbeleg;Saldo\n20001.0;10001.0;17,0;400.0\n20001.0;AR-2.0;;1.5\n20002;10.002;;-3.25\n"
    ))  # fmt: skip
    case("numbers_in_scientific_notation", text(
        "Konto;OP-Nr.;Saldo\n20001;1,0001E+04;400,00\n20001;RE+5;1,00\n2,00E+04;3;5,00\n20002;####;7,00\n"
    ))  # fmt: skip
    case("number_that_became_a_day", workbook([
        ["Konto", "OP-Nr.", "Saldo"], [20001, date(2026, 1, 26), 400], [20001, 17.0, 5],
    ]), "xlsx")  # fmt: skip
    case("accounts_with_separators", text(
        "Konto;OP-Nr.;Saldo\n200 001;1;400,00\n200.001 Müller GmbH;2;5,00\n200002 3M Österreich;3;6,00\n"
        "200003 77;4;7,00\n200004,00;5;8,00\n"
    ))  # fmt: skip
    case("subtotals_of_excel", text(
        "Konto;Name;OP-Nr.;Saldo\n20001;Müller;1;5,00\n20001;Müller;2;6,00\n20001 Ergebnis;;;11,00\n"
        "20002;Käfer;3;7,00\n;Käfer Ergebnis;;7,00\nGesamtergebnis;;;18,00\n"
    ))  # fmt: skip
    case("notations_of_people", text(
        "Konto;OP-Nr.;Datum;Offener Betrag in €\n20001;1;20.11.2026 14:33;400,--\n20001;2;;(1.120,00)\n"
        "20001;3;;€ 5,-\n20001;4;;1234.5000\n20001;5;;– 7,00\n"
    ))  # fmt: skip
    case("cents_apart", text(
        "Konto,OP-Nr.,Saldo,Mahnstufe,Text\n20001,1,400,50,,\n20001,2,-1.120,00,1,x\nSumme,,-719,50,,\n"
    ))  # fmt: skip
    case("comma_and_points", text(
        "Konto,OP-Nr.,Saldo,Mahnstufe,Text\n20001,1,400.50,10,\n20001,2,-1120.00,10,x,\n"
    ))  # fmt: skip


def reports() -> None:
    """What stands above and between the rows."""
    case("groups_of_account_and_name", text(
        "OP-Nr.;Datum;Fällig;Saldo\n20001;Müller & Söhne;;\n1;01.10.2026;;5,00\n;;Summe;5,00\n"
        "200 002;Käfer;;\n2;;;7,00\n"
    ))  # fmt: skip
    rows = "Konto;OP-Nr.;Whg;Saldo\n20001;1;;5,00\n20001;2;EUR;6,00\n"
    case("currency_above_the_list", text("OP-Liste per 20.11.2026\nAlle Beträge in CHF\n" + rows))
    case("euros_above_the_list", text("OP-Liste per 20.11.2026\nWährung: EUR\nWerte in 1.000 Stück\n" + rows))
    case("thousands_above_the_list", text("OP-Liste per 20.11.2026\nBeträge in TEUR\n" + rows))
    case("thousands_of_euros_above_the_list", text("OP-Liste per 20.11.2026\nWerte in 1.000 EUR\n" + rows))
    case("account_statement", text(
        "Kontoblatt 01.10.2026 bis 20.11.2026\nDatum;Beleg-Nr.;Gegenkonto;Soll;Haben;BK\nKonto: 20001 Müller;;;;;\n"
        "02.10.2026;1;4000;1.200,00;;AR\n20.10.2026;17;2800;;800,00;BK\n"
    ))  # fmt: skip
    case("statement_of_open_items", text("Kontoauszug offene Posten per 20.11.2026\n" + rows))
    case("dunning_list", text("Mahnliste per 20.11.2026\n" + rows))


if __name__ == "__main__":
    amounts()
    settled()
    spreadsheets()
    reports()
