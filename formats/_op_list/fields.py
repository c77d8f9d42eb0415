"""What the columns of a list of open items can hold, and how FIBU programs and people head them (facts/fibu.md 5.2).

Headings are compared in lower case, without blanks, points and hyphens, with "ae" for "ä" and without "EUR" at the end.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

Field = Literal[
    "account", "number", "second_number", "document_date", "due_date", "open", "amount", "debit", "credit", "side",
    "currency", "symbol", "text", "name", "counter_account", "tax_code", "cleared_on", "clearing_number",
    "earlier_number", "clearing_mark", "key_date",
]  # fmt: skip

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_IN_EURO = re.compile(r"(?<=[a-z])(?:in)?(?:eur|euro)$")


@lru_cache(maxsize=4096)
def normalised(heading: str) -> str:
    """Make headings comparable: "Fällig am" and "FAELLIG-AM", "Saldo (EUR)" and "Saldo" are the same."""
    text = unicodedata.normalize("NFC", heading).casefold().translate(_UMLAUTS)
    return _IN_EURO.sub("", _NOT_ALPHANUMERIC.sub("", text))


def _words(words: str) -> tuple[str, ...]:
    return tuple(words.split())


SYNONYMS: Mapping[Field, tuple[str, ...]] = MappingProxyType({
    "account": _words(
        "konto kontonummer kontonr ktonr ktonummer kto personenkonto personenkontonr personenkontonummer perskonto "
        "perskto debitor debitornr debitorennr debitorennummer debitorenkonto debnr kreditor kreditornr kreditorennr "
        "kreditorennummer kreditorenkonto krednr debitorkreditor kundenkonto lieferantenkonto kundennr kundennummer "
        "kdnr lieferantennr lieferantennummer liefnr"),
    "number": _words(
        "opnr opnummer op opbelegnr opbeleg rechnungsnr rechnungsnummer rechnungnr rechnnr rechnr renr rgnr rnr "
        "fakturanr fakturanummer fakturennr faktura rechnung belegnr belegnummer belnr beleg dokumentnr "
        "dokumentennr dokumentnummer extbelegnr extbelegnummer externebelegnr externebelegnummer externerbeleg "
        "fremdbeleg fremdbelegnr fremdbelegnummer belegfeld1"),
    "second_number": (),
    "document_date": _words(
        "belegdatum rechnungsdatum datum buchungsdatum buchdatum belegdat beldatum beldat rechnungsdat rechndatum "
        "rechdatum redatum rgdatum fakturadatum fakturendatum opdatum dokumentdatum"),
    "due_date": _words(
        "faelligkeitsdatum faelligkeit faelligam faellig nettodatum nettofaelligkeit nettofaellig nettofaelligam "
        "faelligkeitnetto faelligdatum faelldatum faelldat faelligdat zahlbarbis valutadatum valuta"),
    "open": _words(
        "offenerbetrag betragoffen offen opbetrag opsaldo restbetrag offenersaldo saldooffen offenbetrag opoffen "
        "nochoffen offenerrest restsaldo rest saldo"),
    "amount": _words("betrag bruttobetrag brutto"),
    "debit": _words("soll betragsoll sollbetrag umsatzsoll sollumsatz"),
    "credit": _words("haben betraghaben habenbetrag umsatzhaben habenumsatz"),
    "side": _words("sh sollhaben sollhabenkz sollhabenkennzeichen sollhabenkennz shkz shkennzeichen kzsh"),
    "currency": _words("waehrung whg wkz wae waehrungskz waehrungscode isocode"),
    "symbol": _words("bk belegkreis bs buchsymbol buchungssymbol busymbol symbol belegart"),
    "text": _words("text buchungstext butext buchtext postentext"),
    "name": _words(
        "bezeichnung kontobezeichnung kontobez kontoname personenkontobezeichnung name name1 kundenname firmenname "
        "firma debitorenname kreditorenname kunde lieferant"),
    "counter_account": _words("gegenkonto gegenkontonr gegenkontonummer gegenkto gkonto gkto"),
    "tax_code": _words("code steuercode stcode ustcode steuerschluessel buschluessel"),
    "cleared_on": _words(
        "ausgeglichenam ausgleichsdatum ausgleichdatum ausgleicham auszifferungsdatum auszdatum ausgeziffertam "
        "zahldatum"),
    "clearing_number": _words(
        "auszifferungsnummer auszifferungsnr ausznr ausznummer auszbelegnr ausgleichsnr ausgleichsnummer"),
    "earlier_number": _words("opnrvorsr opnummervorsr opvorsr"),
    "clearing_mark": _words("ausgleichskz ausgleichskennzeichen ausgleichkz ausgleichskennz"),
    "key_date": _words("stichtag"),
})  # fmt: skip
"""Normalised headings by what they mean, the best one first."""

PASSED_OVER = frozenset(_words(
    "mahnstufe mahnung mahnsperre letztemahnung zahlungsziel zahlungsbedingung skonto skontoprozent skontobetrag "
    "skontotage skontodatum skontofaelligkeit steuersatz ust mwst uid uidnr periode kostenstelle kost kostentraeger "
    "ueberfaelligtage tageueberfaellig ueberfaellig tage verzug ort plz adresse strasse land telefon email "
    "zahlungsreferenz stapelname stapel buchungsnr vertreter sachbearbeiter belegfeld2"
))  # fmt: skip
"""Normalised headings that are understood and hold nothing that is needed here."""

CLEARED: frozenset[Field] = frozenset({"cleared_on", "clearing_number", "earlier_number", "clearing_mark"})
"""Columns that make a list a clearing list."""
_ALSO_OF_OPEN_ITEMS = frozenset({"zahldatum"})

NEEDED: frozenset[Field] = frozenset({"account", "number", "open", "amount", "debit", "credit", "side"})
DATES: tuple[Field, ...] = ("document_date", "due_date", "cleared_on")
TELLING: frozenset[Field] = frozenset({"account", "number", "document_date", "due_date", "side", "symbol"})
"""Two of these in a row, and it should be a document."""
PLACED = NEEDED | set(DATES)
"""Something in one of these columns that is no word, and the row must not be passed over."""

OTHER_LISTS: Mapping[str, str] = MappingProxyType({
    "satzart": "eine Buchungsdatei für den Import",
    "buchcode": "eine Buchungsdatei für den Import",
    "buchungsart": "eine Buchungsdatei für den Import",
    "umsatzohnesollhabenkz": "eine Buchungsdatei für den Import",
    "umsatzohnesollhabenkennzeichen": "eine Buchungsdatei für den Import",
})  # fmt: skip
"""Headings that no list of open items has, and what the file is instead."""

GERMAN_NAMES: Mapping[Field, str] = MappingProxyType({
    "account": "Konto", "number": "OP-Nr.", "second_number": "weitere Belegnummer", "document_date": "Datum",
    "due_date": "Fälligkeit", "open": "offener Betrag", "amount": "Betrag", "debit": "Soll", "credit": "Haben",
    "side": "S/H", "currency": "Währung", "symbol": "Belegkreis", "text": "Text", "name": "Bezeichnung",
    "counter_account": "Gegenkonto", "tax_code": "Steuercode", "cleared_on": "Ausgeglichen am",
    "clearing_number": "Auszifferungsnummer", "earlier_number": "OP-Nr. vor SR",
    "clearing_mark": "Ausgleichskennzeichen", "key_date": "Stichtag",
})  # fmt: skip

FIELD_OF: Mapping[str, Field] = MappingProxyType({name: field for field, names in SYNONYMS.items() for name in names})
"""What a normalised heading means."""


def says_cleared(fields: Mapping[Field, int], names: tuple[str, ...]) -> bool:
    """Say whether columns are those of a clearing list; ``names`` are the normalised headings.

    A number of the clearing alone does not tell: BMD may print the column, blank, beside the open amount. Nor does a
    day of payment.
    """
    found = {field for field in CLEARED & fields.keys() if names[fields[field]] not in _ALSO_OF_OPEN_ITEMS}
    return bool(found) and not (found == {"clearing_number"} and "open" in fields)
