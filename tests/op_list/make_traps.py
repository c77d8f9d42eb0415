"""Writes the inputs of the golden cases that look like lists of open items and would be read wrongly.

Run by hand, ``python -m tests.op_list.make_traps``; its results are committed and then left alone. All names and
numbers are invented.
"""

from tests.op_list.make_inputs import case, text


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
    case("sign_in_a_column", text("Konto;OP-Nr.;VZ;Betrag\n20001;1;+;1.200,00\n20001;2;-;120,00\n"))
    case("points_that_may_be_thousands", text("Konto;OP-Nr.;Saldo\n20001;1;98.820\n20001;2;400.000\n"))


if __name__ == "__main__":
    amounts()
