"""Are the totals that a list prints right? The sums of its rows: of the group, of the section, of the page, of all."""

from decimal import Decimal

_ZERO = Decimal(0)


class GroupRow:
    """A row that sums up the rows below it, its children, and may be the sum of what they show."""

    def __init__(self) -> None:
        self.is_open = False
        self._row = 0
        self._amount = self._children = _ZERO
        self._count = 0
        self._known = True

    def begin(self, row: int, amount: Decimal) -> None:
        """Begin with a row that may be a group row; only children would prove it."""
        self.is_open, self._row, self._amount = True, row, amount
        self._children, self._count, self._known = _ZERO, 0, True

    def add(self, amount: Decimal | None) -> None:
        """Add a child; one without an amount makes the sum unknown."""
        self._count += 1
        self._known = self._known and amount is not None
        self._children += amount or _ZERO

    def close(self) -> tuple[int, Decimal, Decimal] | None:
        """End the group. Return its row, its amount and the sum of its children, where these two differ."""
        differs = self.is_open and self._count > 0 and self._known and self._amount != self._children
        self.is_open = False
        return (self._row, self._amount, self._children) if differs else None


class Totals:
    """Adds up the rows of a list and compares what the list prints as their sum."""

    def __init__(self) -> None:
        self.sum = _ZERO
        """Of all rows so far; who reads them adds to it."""
        self._group_mark = self._section_mark = self._page_mark = _ZERO
        self._printed: Decimal | None = None

    def begin_group(self) -> None:
        """The rows that follow are those of another account."""
        self._group_mark = self.sum

    def fits(self, printed: Decimal) -> bool:
        """Say whether an amount is the sum of the rows of a group, of a section or of all."""
        return printed in {self.sum - self._group_mark, self.sum - self._section_mark, self.sum}

    def expected(self, printed: Decimal | None, *, grand: bool, of_page: bool) -> Decimal | None:
        """The sum that should have been printed, where it is another one; None where it is right or cannot be told.

        ``grand``: the total is one of all rows. ``of_page``: every page prints one, in the middle of groups; other
        totals end their group.
        """
        group = self.sum - self._group_mark
        right = printed is None or printed == self.sum or (not grand and self.fits(printed))
        if of_page:
            right = right or printed == self.sum - self._page_mark
            self._page_mark = self.sum
        else:
            if printed != group:
                self._section_mark = self.sum
            self._group_mark = self.sum
        self._printed = self.sum if printed == self.sum else None
        if right:
            return None
        return self.sum if grand else group

    def all_checked(self) -> bool:
        """Say whether the list has printed the sum of all rows, behind them."""
        return self._printed == self.sum
