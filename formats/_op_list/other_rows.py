"""What is a row of a list that shows no document: a group, a total, a page, a note? (facts/fibu.md 4, 5.3)."""

import re
from collections.abc import Sequence
from typing import Literal

from formats._op_list.headings import Columns, repeats_headings

Other = Literal["blank", "group", "heading", "page", "balance", "total", "grand_total", "unknown"]

_GROUP = re.compile(
    r"(?:(?:Personen|Kunden|Lieferanten|Debitoren|Kreditoren)?konto(?:nummer|[ -]?Nr\.?)?|Kto\.?(?:[ -]?Nr\.?)?|"
    r"Debitor(?:en)?(?:[ -]?Nr\.?)?|Kreditor(?:en)?(?:[ -]?Nr\.?)?|Kunde(?:n[ -]?Nr\.?)?|Lieferant(?:en[ -]?Nr\.?)?)"
    r"[\s:;]*(\d{3,10})(?!\d)(?!\s*(?:[-–]|bis)\s*\d)",
    re.IGNORECASE | re.ASCII,
)
_TOTAL = re.compile(
    r"(?:\d{3,10}\s+)?(?:(?:zwischen|end|teil|konto(?:en)?|gruppen|seiten|haupt)?summe|saldo(?!vortrag)|gesamt|total|übertrag|uebertrag)",
    re.IGNORECASE,
)
_GRAND_TOTAL = re.compile(r"gesamt|endsumme|total|hauptsumme", re.IGNORECASE)
_OF_PAGE = re.compile(r"übertrag|uebertrag|seitensumme", re.IGNORECASE)
_BALANCE = re.compile(r"(?:konto|fibu|buch)-?saldo|saldo\s+(?:laut|lt\.?|des kontos|konto)|differenz", re.IGNORECASE)
_PAGE = re.compile(
    r"(?:Seite|Blatt|Page|S\.)[\s:]*\d+(?:\s*(?:von|/|of)\s*\d+)?|-+\s*\d+\s*-+|[-=_*.+|\s─━═│║┼╪╬├┤]{3,}",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"Seite\s*\d|gedruckt|ausgedruckt|erstellt|druckdatum|erstellungsdatum|ausdruck|anzahl|stand[\s:]|stichtag|per\s+\d|"
    r"\*|ende\b|mandant|klient|firma\b|benutzer|bearbeiter|datum[\s:]+\d|uhrzeit|liste\b|op-liste|offene posten|"
    r"alle beträge|beträge in|filter|sortierung|auswahl",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_NAMED_ACCOUNT = re.compile(r"(\d{3,10})[\s,;:–-]+[^\W\d].*", re.DOTALL)
_MOST_WORDS = 200
"""A row with more filled cells is not looked at any closer."""


def what_is(words: Sequence[str], columns: Columns, preamble: frozenset[str]) -> Other:
    """Say what a row is, from the texts in its cells; "unknown" where they do not tell."""
    if not words:
        return "blank"
    if len(words) > _MOST_WORDS:
        return "unknown"
    if _GROUP.match("; ".join(words)):
        return "group"
    if repeats_headings(words, columns):
        return "heading"
    if signature(words) in preamble or any(_PAGE.fullmatch(word) for word in words):
        return "page"
    if any(_BALANCE.match(word) for word in words):
        return "balance"
    label = total_label(words)
    if label is not None:
        return "grand_total" if _GRAND_TOTAL.match(label) else "total"
    return "unknown"


def group_account(words: Sequence[str]) -> str:
    """The account that a group row names ("Konto: 20001; Max Mustermann")."""
    match = _GROUP.match("; ".join(words))
    return match[1] if match else ""


def account_before_name(word: str) -> str:
    """The account at the start of "20001 Max Mustermann"; "" where no name follows."""
    match = _NAMED_ACCOUNT.fullmatch(word)
    return match[1] if match else ""


def total_label(words: Sequence[str]) -> str | None:
    """What a total is called in its row."""
    return next((word for word in words if _TOTAL.match(word)), None)


def is_of_page(label: str) -> bool:
    """Say whether a total is one that every page prints, in the middle of accounts ("Übertrag")."""
    return _OF_PAGE.match(label) is not None


def is_label(text: str) -> bool:
    """Say whether a text that stands where a number should is the label of a total or a group."""
    return _TOTAL.match(text) is not None or _GROUP.match(text) is not None or _BALANCE.match(text) is not None


def is_no_number(text: str, *, bare: bool) -> bool:
    """Say whether what stands where a number should is none; ``bare``: the row has no account and no day of its own."""
    return is_label(text) or (bare and not any(char.isdigit() for char in text))


def is_footer(words: Sequence[str]) -> bool:
    """Say whether a row without amounts is text that belongs to a page, not to a document."""
    return _FOOTER.match(" ".join(words)) is not None


def signature(words: Sequence[str]) -> str:
    """What stays the same when a line is printed again on the next page: all but its digits."""
    return _DIGITS.sub("#", " ".join(words)).casefold()
