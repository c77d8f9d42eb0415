"""What the readers of person accounts share: whether an account is a customer's, and its terms of payment."""

from pydantic import BaseModel, ConfigDict, Field

from core.company import AccountRange
from core.fibu.booking import PaymentTerms
from formats._fibu.cells import Cells


class AccountReadingSettings(BaseModel):
    """What a list of person accounts does not say of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    suppliers: AccountRange = Field(
        default=AccountRange(first=300000, last=399999), description="Person accounts of suppliers; all others buy."
    )
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$", description="Currency of accounts that name none.")
    max_rows: int = Field(default=2_000_000, ge=1, description="Longer files are refused.")

    def kind(self, account: str) -> str:
        """Whose account it is."""
        return "supplier" if account.isdecimal() and self.suppliers.holds(int(account)) else "customer"


def some_terms(terms: PaymentTerms) -> PaymentTerms | None:
    """None for terms that say nothing."""
    return None if terms == PaymentTerms() else terms


def country(cells: Cells, name: str) -> str:
    """ISO code of a country; empty is fine."""
    value = cells.text(name)
    if value and not (len(value) == 2 and value.isascii() and value.isupper()):
        cells.wrong(name, "fibu_country", f"„{value}“ ist kein Land mit zwei Großbuchstaben.")
    return value
