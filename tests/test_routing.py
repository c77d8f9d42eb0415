"""Exactly one format reads a file, or the answer says why not."""

from core.routing import Choice, choose


class Knows:
    """A format that knows files by their first bytes."""

    def __init__(self, *heads: bytes) -> None:
        self._heads = heads

    def sniff(self, head: bytes, name: str) -> bool:
        return head in self._heads


class Explains(Knows):
    """A format of tables that says of a file what it has understood."""

    def explain(self) -> None:
        """See core.contracts.ExplainingReader."""


READERS = {"one": Knows(b"1", b"both"), "two": Knows(b"2", b"both"), "three": Knows(b"3"), "tables": Explains(b"4")}
OTHERS = {"elsewhere": ("three",), "both": ("one", "three"), "nothing": ()}


def test_one_format_is_chosen() -> None:
    assert choose(b"1", "x", ["one", "two"], READERS, OTHERS) == Choice(("one",))


def test_all_that_know_the_file_are_named() -> None:
    assert choose(b"both", "x", ["one", "two"], READERS, OTHERS) == Choice(("one", "two"))


def test_other_routes_are_asked_only_when_no_own_format_knows_it() -> None:
    assert choose(b"3", "x", ["one", "two"], READERS, OTHERS) == Choice((), ("elsewhere", "both"))
    assert choose(b"1", "x", ["one"], READERS, OTHERS).elsewhere == ()


def test_nobody_knows_it() -> None:
    assert choose(b"?", "x", ["one", "two"], READERS, OTHERS) == Choice((), ())


def test_the_only_format_of_a_route_says_itself_what_is_wrong() -> None:
    assert choose(b"?", "x", ["one"], READERS, OTHERS) == Choice(("one",))
    assert choose(b"3", "x", ["one"], READERS, OTHERS) == Choice((), ("elsewhere", "both"))


def test_of_several_formats_the_one_that_explains_tables_says_what_is_wrong() -> None:
    assert choose(b"?", "x", ["tables", "two"], READERS, OTHERS) == Choice(("tables",))
    assert choose(b"2", "x", ["tables", "two"], READERS, OTHERS) == Choice(("two",))
    assert choose(b"3", "x", ["tables", "two"], READERS, OTHERS) == Choice((), ("elsewhere", "both"))
