"""What do the lines above the headings say of the whole list: its title, its currency, its unit?"""

import re
from collections.abc import Iterator, Sequence

from core.errors import Problem, shortened
from core.open_items import ListKind
from formats._op_list.cells import text_of
from formats._tables.delimited import Cells

_OTHER_TITLE = re.compile(
    r"(?:Konto(?:blatt|bl(?:ä|ae)tter|ausz(?:u|ü|ue)ge?|-?bewegung(?:en)?)|(?:Buchungs)?journal|"
    r"Rechnungs(?:aus|ein)gangs(?:buch|journal|liste)|(?:Wareneingangs|Kassa)buch|Saldenliste|Summen- und Saldenliste|"
    r"Mahn(?:liste|vorschlag(?:sliste)?|lauf)|Zahlungsvorschlag(?:sliste)?|Umsatz(?:liste|statistik))\b",
    re.IGNORECASE,
)
_OF_OPEN_ITEMS = re.compile(r"offene|\bOPs?\b|ausgegl|auszif|ausgez", re.IGNORECASE)
_THOUSANDS = re.compile(r"\bT(?:EUR|€)|\b(?:Tsd\.?|Tausend|1\.?000)\s*(?:EUR|Euro|€|$)", re.IGNORECASE)
_OF_AMOUNTS = re.compile(r"Betr(?:ä|ae)ge|Werte|Angaben|W(?:ä|ae)hrung", re.IGNORECASE)
_CURRENCY = re.compile(r"(?:W(?:ä|ae)hrung\s*[:=]?|(?:Betr(?:ä|ae)ge|Werte|Angaben)\s+in)\s*([A-Z]{3})\b")
_EURO = "EUR"
_TITLE = re.compile(r"offene|\bOPs?\b|posten|liste", re.IGNORECASE)
_OF_CUSTOMERS = re.compile(r"\bDebitoren|\bKunden", re.IGNORECASE)
_OF_SUPPLIERS = re.compile(r"\bKreditoren|\bLieferanten", re.IGNORECASE)
_LONGEST = 80


def lines_of(rows: Sequence[Cells]) -> list[str]:
    """The lines above the headings, as a person reads them."""
    return [line for cells in rows if (line := " ".join(filter(None, map(text_of, cells))))]


def faults(lines: Sequence[str]) -> Iterator[Problem]:
    """What these lines say that makes the rows below them something else than open amounts in euros and cents."""
    open_items = any(map(_OF_OPEN_ITEMS.search, lines))
    for line in lines:
        if not open_items and _OTHER_TITLE.match(line):
            yield Problem(
                "other_list",
                f"Über der Liste steht „{shortened(line, _LONGEST)}“; sie ist demnach keine Liste offener Posten.",
                "Bitte exportieren Sie die OP-Liste oder die Auszifferungsliste und legen Sie diese ab.",
            )
        if _OF_AMOUNTS.search(line) and _THOUSANDS.search(line):
            yield Problem(
                "thousands",
                f"Über der Liste steht „{shortened(line, _LONGEST)}“; auf Tausend gerundete Beträge sind zu ungenau.",
                "Bitte exportieren Sie die Liste mit Beträgen in Euro und Cent.",
            )


def currency(lines: Sequence[str]) -> str:
    """The currency of all amounts ("Alle Beträge in CHF"), "" where it is the euro or not said."""
    found = (match[1] for line in lines for match in _CURRENCY.finditer(line))
    return next((code for code in found if code != _EURO), "")


def kind_of(lines: Sequence[str], kind: ListKind) -> ListKind:
    """Whose items a list holds: a list of customers says nothing of suppliers, whatever the settings expect."""
    titles = [line for line in lines if _TITLE.search(line)]
    customers, suppliers = (any(map(of.search, titles)) for of in (_OF_CUSTOMERS, _OF_SUPPLIERS))
    if kind != "both" or customers == suppliers:
        return kind
    return "customers" if customers else "suppliers"
