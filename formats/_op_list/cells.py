"""Texts and account numbers in the cells of a list."""

import re
from functools import lru_cache

_ACCOUNT = re.compile(r"(\d{3,10})(?:[\s,;:–-].*)?", re.ASCII | re.DOTALL)


def text_of(cell: object) -> str:
    """What a spreadsheet shows in a cell; whole numbers without a fraction."""
    if type(cell) is str:
        return cell.strip()
    if type(cell) is float and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


@lru_cache(maxsize=8192)
def account_of(text: str) -> str:
    """The account number at the start of a cell ("20001 Max Muster"), "" where there is none."""
    match = _ACCOUNT.fullmatch(text.strip())
    return match[1] if match else ""


@lru_cache(maxsize=8192)
def account_of_cell(cell: object) -> str:
    """The same of a spreadsheet cell, which may hold a number."""
    return account_of(text_of(cell))
