"""Are the totals that a list prints right? The sums of its rows: of the group, of the section, of the page, of all."""

from decimal import Decimal

_ZERO = Decimal(0)


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
