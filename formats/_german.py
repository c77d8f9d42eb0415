"""Numbers and dates as Austrian programs and people write them (facts/fibu.md 5.4).

Every function takes the text of one cell and answers None where the text is not what it should be.
"""

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")
_LARGEST = 1e12
_GERMAN = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3}){1,3}|\d{1,12})(?:,(?:\d{2}00|\d{1,2}))?", re.ASCII)
_POINT = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3}){1,3}\.\d{1,2}|\d{1,12}\.(?:\d{2}00|\d{1,2}))", re.ASCII)
_SIDE = re.compile(r"(.*\d)\s*(-|S|H|Soll|Haben)", re.IGNORECASE | re.ASCII)
_IN_BRACKETS = re.compile(r"\(([\d.,]+)\)", re.ASCII)
"""How accountants and Excel write a negative amount."""
_MINUS = str.maketrans("\u2212\u2012\u2013", "---")
_NO_CENTS = re.compile(r"(.*\d),-{1,2}", re.ASCII)
_APART = re.compile(r"\d\s{2,}\d|\d\s(?!\d{3}(?!\d))\d|\d{4}\s\d", re.ASCII)
"""Two numbers with a blank between them, which does not part thousands: "12 5,00" is not 125,00."""
_NOISE = re.compile(r"[\s'’]|€|EUR", re.IGNORECASE)
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})(?: \d{1,2}:\d{2}(?::\d{2})?)?", re.ASCII)
_HYPHENED = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00)?)?", re.ASCII)
_EXCEL_EPOCH = date(1899, 12, 30)
_FIRST_YEAR, _LAST_YEAR = 1990, 2099


def amount_of(text: str) -> Decimal | None:
    """Read an amount of money: ``1.790,50``, ``1790,50``, ``1790.50``, ``100,00-``, ``(100,00)``, ``100,00 H`` (credit,
    negative), ``400,--``.

    ``1.234`` is one thousand two hundred and thirty-four, as everywhere in German.
    """
    if _GERMAN.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", "."))
    if _APART.search(text):
        return None
    return _unusual_amount(_NOISE.sub("", text.translate(_MINUS)))


def _unusual_amount(text: str) -> Decimal | None:
    negative = False
    round_sum = _NO_CENTS.fullmatch(text)
    if round_sum is not None:
        text = round_sum[1]
    text = _IN_BRACKETS.sub(r"\1-", text)
    sided = _SIDE.fullmatch(text)
    if sided is not None:
        text, side = sided.groups()
        if text.startswith(("-", "+")):
            return None  # two signs contradict each other
        negative = side[0] in "-Hh"
    if _GERMAN.fullmatch(text):
        value = Decimal(text.replace(".", "").replace(",", "."))
    elif _POINT.fullmatch(text):
        value = Decimal(text.replace(",", ""))
    else:
        return None
    return -value if negative else value


def amount_of_cell(cell: object) -> Decimal | None:
    """Read an amount from a spreadsheet cell, which may hold a number; a binary fraction is rounded to cents."""
    if type(cell) is str:
        return amount_of(cell.strip())
    if (type(cell) is not float and type(cell) is not int) or not -_LARGEST < cell < _LARGEST:
        return None
    text = repr(cell)
    value = Decimal(text)
    # Most amounts have one or two decimals, and quantize takes longer than all the rest.
    return value if "." in text[-3:-1] else value.quantize(_CENT, ROUND_HALF_UP)


def date_of(text: str) -> date | None:
    """Read a day: ``20.11.2026``, ``20.11.26``, ``20261120``, ``20112026``, ``2026-11-20``, an Excel serial number."""
    match = _DOTTED.fullmatch(text)
    if match is not None:
        day, month, year = match.groups()
        return _day(int(year) if len(year) == 4 else _century(int(year)), int(month), int(day))
    match = _HYPHENED.fullmatch(text)
    if match is not None:
        return _day(*(int(part) for part in match.groups()))
    if not (text.isascii() and text.isdigit()):
        return None
    if len(text) == 5:
        return _serial(int(text))
    if len(text) in (7, 8):  # Excel takes the leading zero of TTMMJJJJ away
        text = text.zfill(8)
        # Read as yyyyMMdd, a TTMMJJJJ of this or the last century has month 19 or 20: never both are valid.
        return _day(int(text[:4]), int(text[4:6]), int(text[6:])) or _day(int(text[4:]), int(text[2:4]), int(text[:2]))
    return None


def date_of_cell(cell: object) -> date | None:
    """Read a day from a spreadsheet cell, which may hold a real date or its serial number."""
    if isinstance(cell, str):
        return date_of(cell.strip())
    if isinstance(cell, datetime):
        cell = cell.date()
    if isinstance(cell, date):
        return _day(cell.year, cell.month, cell.day)
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not 0 < cell < 1e9 or cell != int(cell):
        return None
    return date_of(str(int(cell)))


def _century(year: int) -> int:
    return 2000 + year if year < 80 else 1900 + year


def _serial(days: int) -> date | None:
    found = _EXCEL_EPOCH + timedelta(days=days)
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def _day(year: int, month: int, day: int) -> date | None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
