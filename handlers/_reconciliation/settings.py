"""How far the lists of a route may be trusted, and what the accounts in them mean."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core.money import ZERO

AccountRange = Annotated[str, Field(pattern=r"^[0-9]{3,10}-[0-9]{3,10}$")]
"""Two accounts and what lies between them, e.g. ``20000-29999``."""


class Settings(BaseModel):
    """How far the lists of a route may be trusted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str = Field(
        default="", description="Target of the payments and invoice states; empty: the company's clue_target."
    )
    complete: bool = Field(
        default=False,
        description="The lists hold every open item, so that a document that is no longer in them is settled.",
    )
    complete_accounts: tuple[AccountRange, ...] = Field(
        default=(), description='Ranges of accounts that the lists hold whole, e.g. ["20000-29999"]; empty: all.'
    )
    tolerance: Decimal = Field(
        default=ZERO,
        ge=0,
        le=10,
        description="A rest up to this counts as paid; a document of which all is open never does.",
    )
    write_off_limit: Decimal = Field(
        default=ZERO,
        ge=0,
        le=10,
        description="A rest up to this that is no longer in a complete list counts as written off, not as paid.",
    )
    discount_grace: int = Field(
        default=5, ge=0, le=60, description="Days after the end of the Skonto period in which Skonto is still assumed."
    )
    confirmed_runs: bool = Field(
        default=False,
        description="A document that no list has shown yet counts as booked as soon as a list has shown another one of "
        "its export run; else it is never taken as settled.",
    )
    hold_share: int = Field(
        default=40, ge=0, le=100, description="More disappeared documents than this (percent) hold the file."
    )
    hold_count: int = Field(default=20, ge=0, description="So few disappeared documents never hold the file.")
    hold_accounts: int = Field(
        default=10,
        ge=0,
        description="So many accounts in a row of which everything has disappeared hold the file, because the list may "
        "have been cut or restricted; 0: any number may.",
    )
    money_accounts: tuple[AccountRange, ...] = Field(
        default=("2700-2899",),
        description="Bank, cash and transit accounts: a booking against one of them is a payment. Those of the company "
        "count too.",
    )
    discount_accounts: tuple[AccountRange, ...] = Field(
        default=("4400-4409", "5800-5809"), description="Accounts of Skonto given and taken."
    )
    exchange_accounts: tuple[AccountRange, ...] = Field(
        default=("4860-4869", "7860-7869"), description="Accounts of gains and losses from exchange rates."
    )


def bounds(ranges: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """The first and last accounts of ranges."""
    pairs = (accounts.split("-") for accounts in ranges)
    return tuple((int(first), int(last)) for first, last in pairs)


def lies_in(account: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    """Whether an account lies in one of the ranges."""
    return account.isdecimal() and any(first <= int(account) <= last for first, last in ranges)
