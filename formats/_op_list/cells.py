"""Texts, account numbers and document numbers in the cells of a list."""

import re
from datetime import date
from functools import lru_cache

ACCOUNT = r"[0-9]{1,3}(?:[. \u00a0\u202f][0-9]{3}){1,3}|[0-9]{3,10}"
"""An account number, also as Excel shows it with a separator of thousands: "200 001"."""
_ACCOUNT = re.compile(rf"({ACCOUNT})(?:[,.]0{{1,2}}|[\s,;:–-]*|[\s,;:–-].*[^\W\d].*)", re.DOTALL)
"""Behind it a name may stand, with a letter: digits alone could be the rest of the account."""
_AS_FLOAT = re.compile(r"([0-9]+)[.,]0")
_DAMAGED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]{1,3}|#{3,}", re.IGNORECASE)
_NOT_DIGIT = re.compile(r"[^0-9]+")


def text_of(cell: object) -> str:
    """What a spreadsheet shows in a cell; whole numbers without a fraction."""
    if type(cell) is str:
        return cell.strip()
    if type(cell) is float and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return f"{cell:%d.%m.%Y}"
    return str(cell).strip()


@lru_cache(maxsize=8192)
def account_of(text: str) -> str:
    """The account number at the start of a cell ("20001 Max Muster"), "" where there is none."""
    match = _ACCOUNT.fullmatch(text.strip())
    return joined(match[1]) if match else ""


def joined(account: str) -> str:
    """An account without separators."""
    return _NOT_DIGIT.sub("", account)


@lru_cache(maxsize=8192)
def account_of_cell(cell: object) -> str:
    """The same of a spreadsheet cell, which may hold a number."""
    return account_of(text_of(cell))


def may_be_changed(number: str) -> bool:
    """Say quickly whether a spreadsheet may have changed a document number; most have none of these marks."""
    return "+" in number or number.endswith((".0", ",0", "##"))


def plain_number(number: str) -> str | None:
    """A document number without the fraction that a spreadsheet gave it; None where what it was cannot be told.

    "10001.0" was 10001; "1,0001E+04" and "####" may have been anything.
    """
    whole = _AS_FLOAT.fullmatch(number)
    if whole is not None:
        return whole[1]
    return None if _DAMAGED.fullmatch(number) else number
