"""Names and kinds of the columns of DATEV's "Buchungsstapel" (version 13) and "Debitoren/Kreditoren" (version 5).

Columns go by position; the second line of a file names them. A text is quoted, also an empty one, a number is not.
Source: facts/fibu.md 6 and the sources named there.
"""

from collections.abc import Iterator, Sequence


def _pairs(first: str, second: str, count: int) -> Iterator[str]:
    for number in range(1, count + 1):
        yield f"{first} {number}"
        yield f"{second} {number}"


BOOKING_COLUMNS: tuple[str, ...] = (
    "Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basis-Umsatz", "WKZ Basis-Umsatz",
    "Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum", "Belegfeld 1", "Belegfeld 2", "Skonto",
    "Buchungstext", "Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank", "Sachverhalt", "Zinssperre",
    "Beleglink", *_pairs("Beleginfo - Art", "Beleginfo - Inhalt", 8), "KOST1 - Kostenstelle", "KOST2 - Kostenstelle",
    "Kost-Menge", "EU-Land u. UStID (Bestimmung)", "EU-Steuersatz (Bestimmung)", "Abw. Versteuerungsart",
    "Sachverhalt L+L", "Funktionsergänzung L+L", "BU 49 Hauptfunktionstyp", "BU 49 Hauptfunktionsnummer",
    "BU 49 Funktionsergänzung", *_pairs("Zusatzinformation - Art", "Zusatzinformation- Inhalt", 20), "Stück", "Gewicht",
    "Zahlweise", "Forderungsart", "Veranlagungsjahr", "Zugeordnete Fälligkeit", "Skontotyp", "Auftragsnummer",
    "Buchungstyp", "USt-Schlüssel (Anzahlungen)", "EU-Land (Anzahlungen)", "Sachverhalt L+L (Anzahlungen)",
    "EU-Steuersatz (Anzahlungen)", "Erlöskonto (Anzahlungen)", "Herkunft-Kz", "Buchungs GUID", "KOST-Datum",
    "SEPA-Mandatsreferenz", "Skontosperre", "Gesellschaftername", "Beteiligtennummer", "Identifikationsnummer",
    "Zeichnernummer", "Postensperre bis", "Bezeichnung SoBil-Sachverhalt", "Kennzeichen SoBil-Buchung",
    "Festschreibung", "Leistungsdatum", "Datum Zuord. Steuerperiode", "Fälligkeit", "Generalumkehr (GU)", "Steuersatz",
    "Land", "Abrechnungsreferenz", "BVV-Position", "EU-Land u. UStID (Ursprung)", "EU-Steuersatz (Ursprung)",
    "Abw. Skontokonto",
)  # fmt: skip

BOOKING_NUMBERS = frozenset(
    BOOKING_COLUMNS[place - 1]
    for place in (
        1, 4, 5, 7, 8, 10, 13, 15, 17, 18, 19, 39, 41, 43, 44, 45, 46, 47, 88, 89, 90, 92, 93, 94, 97, 99, 100, 101,
        104, 106, 108, 111, 113, 114, 115, 116, 117, 119, 122, 124, 125,
    )
)  # fmt: skip
"""Columns that are never quoted."""


def _bank(number: int) -> Sequence[str]:
    return (
        f"Bankleitzahl {number}", f"Bankbezeichnung {number}", f"Bank-Kontonummer {number}",
        f"Länderkennzeichen {number}", f"IBAN-Nr. {number}", f"Leerfeld Bank {number}", f"SWIFT-Code {number}",
        f"Abw. Kontoinhaber {number}", f"Kennz. Hauptbankverb. {number}", f"Bankverb {number} Gültig von",
        f"Bankverb {number} Gültig bis",
    )  # fmt: skip


def _banks(first: int, last: int) -> Iterator[str]:
    for number in range(first, last + 1):
        yield from _bank(number)


_INVOICE_ADDRESS = tuple(
    f"{name} (Rechnungsadresse)"
    for name in (
        "Abweichende Anrede", "Adressart", "Straße", "Postfach", "Postleitzahl", "Ort", "Land", "Versandzusatz",
        "Adresszusatz", "Abw. Zustellbezeichnung 1", "Abw. Zustellbezeichnung 2", "Adresse Gültig von",
        "Adresse Gültig bis",
    )
)  # fmt: skip

ACCOUNT_COLUMNS: tuple[str, ...] = (
    "Konto", "Name (Adressattyp Unternehmen)", "Unternehmensgegenstand", "Name (Adressattyp natürl. Person)",
    "Vorname (Adressattyp natürl. Person)", "Name (Adressattyp keine Angabe)", "Adressattyp", "Kurzbezeichnung",
    "EU-Land", "EU-UStID", "Anrede", "Titel/Akad. Grad", "Adelstitel", "Namensvorsatz", "Adressart", "Straße",
    "Postfach", "Postleitzahl", "Ort", "Land", "Versandzusatz", "Adresszusatz", "Abweichende Anrede",
    "Abw. Zustellbezeichnung 1", "Abw. Zustellbezeichnung 2", "Kennz. Korrespondenzadresse", "Adresse Gültig von",
    "Adresse Gültig bis", "Telefon", "Bemerkung (Telefon)", "Telefon GL", "Bemerkung (Telefon GL)", "E-Mail",
    "Bemerkung (E-Mail)", "Internet", "Bemerkung (Internet)", "Fax", "Bemerkung (Fax)", "Sonstige",
    "Bemerkung (Sonstige)", *_banks(1, 5), "Leerfeld", "Briefanrede", "Grußformel", "Kunden-/Lief.-Nr.", "Steuernummer",
    "Sprache", "Ansprechpartner", "Vertreter", "Sachbearbeiter", "Diverse-Konto", "Ausgabeziel", "Währungssteuerung",
    "Kreditlimit (Debitor)", "Zahlungsbedingung", "Fälligkeit in Tagen (Debitor)", "Skonto in Prozent (Debitor)",
    "Kreditoren-Ziel 1 Tg.", "Kreditoren-Skonto 1 %", "Kreditoren-Ziel 2 Tg.", "Kreditoren-Skonto 2 %",
    "Kreditoren-Ziel 3 Brutto Tg.", "Kreditoren-Ziel 4 Tg.", "Kreditoren-Skonto 4 %", "Kreditoren-Ziel 5 Tg.",
    "Kreditoren-Skonto 5 %", "Mahnung", "Kontoauszug", "Mahntext 1", "Mahntext 2", "Mahntext 3", "Kontoauszugstext",
    "Mahnlimit Betrag", "Mahnlimit %", "Zinsberechnung", "Mahnzinssatz 1", "Mahnzinssatz 2", "Mahnzinssatz 3",
    "Lastschrift", "Verfahren", "Mandantenbank", "Zahlungsträger",
    *(f"Indiv. Feld {number}" for number in range(1, 16)), *_INVOICE_ADDRESS, *_banks(6, 10), "Nummer Fremdsystem",
    "Insolvent", *(f"SEPA-Mandatsreferenz {number}" for number in range(1, 11)), "Verknüpftes OPOS-Konto",
    "Mahnsperre bis", "Lastschriftsperre bis", "Zahlungssperre bis", "Gebührenberechnung", "Mahngebühr 1",
    "Mahngebühr 2", "Mahngebühr 3", "Pauschalberechnung", "Verzugspauschale 1", "Verzugspauschale 2",
    "Verzugspauschale 3", "Alternativer Suchname", "Status",
    "Anschrift manuell geändert (Korrespondenzadresse)", "Anschrift individuell (Korrespondenzadresse)",
    "Anschrift manuell geändert (Rechnungsadresse)", "Anschrift individuell (Rechnungsadresse)",
    "Fristberechnung bei Debitor", "Mahnfrist 1", "Mahnfrist 2", "Mahnfrist 3", "Letzte Frist",
)  # fmt: skip

_NUMBER_PLACES = (
    (1, 1), (26, 28), (49, 51), (60, 62), (71, 73), (82, 84), (93, 96), (101, 101), (105, 132), (135, 135), (163, 164),
    (173, 175), (184, 186), (195, 197), (206, 208), (217, 219), (221, 221), (232, 243), (245, 245), (246, 246),
    (248, 248), (250, 254),
)  # fmt: skip
ACCOUNT_NUMBERS = frozenset(
    ACCOUNT_COLUMNS[place - 1] for first, last in _NUMBER_PLACES for place in range(first, last + 1)
)
"""Columns that are never quoted."""
