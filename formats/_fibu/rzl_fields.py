"""The 41 fields of a RZL booking and the forms of its rows (facts/fibu.md 3.2, 3.3)."""

FIELDS = (
    "Kontonummer", "Gegenkonto", "OP-Nummer", "Belegdatum", "Valutadatum", "Waehrung", "Sollbetrag", "Habenbetrag",
    "Steuerbetrag", "Fremdwährung", "Sollbetrag FW", "Habenbetrag FW", "Kostenstelle", "Belegkreis", "Belegnummer",
    "UST Land", "UST Prozentsatz", "UST-Code", "Sondercode", "Buchungsart", "Abweichende Zahlungsfrist",
    "Abweichende Skontofrist", "Abweichender Skontoprozentsatz", "Buchungstext", "Buchungstext Zeile 2", "UID-Nummer",
    "Dienstleistungsnummer", "Dienstleistungsland", "Dienstleistungsexport", "DMS-Schlüssel", "Kostenträger",
    "Fremdbelegnummer", "Wert1", "Wert2", "Mahnsperre", "Zahlungsreferenz", "Belegpfad", "Reserviert",
    "OSS-Korrekturzeitraum", "OSS-Korrekturart", "DMS-GUID",
)  # fmt: skip
"""Names of the 41 fields; the first 26 are those of a header seen in practice."""

PAIR, SPLIT, COLLECTIVE = "1", "3", "4"
"""Buchungsart: a row with its contra row, a split row, the collective row of split rows."""
FORMS = (PAIR, SPLIT, COLLECTIVE)
