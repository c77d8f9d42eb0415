"""Every path of a valid document is found, and on the line that holds it."""

import tomllib
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from config.toml_lines import KeyPath, line_of, locate

_ODD_TEXT = st.sampled_from(["", "a", "# no comment", "[x]", "k = 1", '"', "'", "\\", "ä", ", ]", "} #", "=", "."])
_NEWLINES = st.sampled_from(["\n", "\r\n"])


def paths(data: object, path: KeyPath = ()) -> set[KeyPath]:
    found = {path} if path else set()
    if isinstance(data, dict):
        for key, inside in data.items():
            found |= paths(inside, (*path, key))
    if isinstance(data, list):
        for position, inside in enumerate(data):
            found |= paths(inside, (*path, position))
    return found


class Writer:
    """Writes a random document in random style; every key and every list element holds a number of its own."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._numbers = count(1)
        self.end = draw(_NEWLINES)

    def chance(self) -> bool:
        return self._draw(st.booleans())

    def key(self) -> str:
        name = f"k{next(self._numbers)}k"
        style = self._draw(st.sampled_from(["bare", "basic", "literal"]))
        odd = self._draw(st.sampled_from(["", ".", " ", "#", "]", "=", "ä"]))
        if style == "bare":
            return name
        return f'"{name}{odd}\\t\\""' if style == "basic" else f"'{name}{odd}\"'"

    def fill(self) -> str:
        """Blanks, comments and line breaks, as they may stand in lists and between statements."""
        comment = self._draw(_ODD_TEXT).replace("\n", "")
        return self._draw(st.sampled_from(["", " ", "\t", self.end, f" # {comment}{self.end}", self.end * 2]))

    def scalar(self) -> str:
        text = self._draw(_ODD_TEXT)
        basic = text.replace("\\", "\\\\").replace('"', '\\"')
        literal = text.replace("'", "")
        return self._draw(
            st.sampled_from(
                [
                    str(next(self._numbers)),
                    "1979-05-27 07:32:00",
                    "07:32:00",
                    "-1.5e3",
                    "true",
                    f'"{basic}"',
                    f"'{literal}'",
                    f'"""{self.end}{basic}{self.end}[fake]{self.end}k = 1{self.end}\\\\"""',
                    f"'''{self.end}{literal}\\{self.end}'' a'''",
                    f'"""{basic} """""',
                    "''''''",
                ]
            )
        )

    def value(self, depth: int) -> str:
        kind = self._draw(st.sampled_from(["scalar", "scalar", "list", "inline"])) if depth else "scalar"
        if kind == "list":
            elements = [self.fill() + self.value(depth - 1) + self.fill() for _ in range(self._draw(st.integers(0, 3)))]
            trailing = "," if elements and self.chance() else ""
            return "[" + ",".join(elements) + trailing + self.fill() + "]"
        if kind == "inline":
            pairs = [f"{self.dotted()} = {self.value(depth - 1)}" for _ in range(self._draw(st.integers(0, 3)))]
            return "{ " + " , ".join(pairs) + " }"
        return self.scalar()

    def dotted(self) -> str:
        keys = [self.key() for _ in range(self._draw(st.integers(1, 3)))]
        return self._draw(st.sampled_from([".", " . ", "\t."])).join(keys)

    def statements(self) -> str:
        lines = [f"{self.fill()}{self.dotted()} = {self.value(2)}" for _ in range(self._draw(st.integers(0, 4)))]
        return "".join(f"{line}  # end{self.end}" for line in lines)

    def document(self) -> str:
        text = self.statements()
        for _ in range(self._draw(st.integers(0, 3))):
            header = self.dotted()
            if self.chance():
                text += f"[ {header} ]{self.end}{self.statements()}"
                continue
            for _ in range(self._draw(st.integers(1, 3))):
                text += f"[[{header}]] # element{self.end}{self.statements()}"
                for _ in range(self._draw(st.integers(0, 2))):
                    text += f"[{header}.{self.dotted()}]{self.end}{self.statements()}"
        return text


@st.composite
def documents(draw: st.DrawFn) -> str:
    return Writer(draw).document()


@settings(max_examples=80, deadline=None)
@given(documents())
def test_every_path_of_a_valid_document_is_found_and_no_other(text: str) -> None:
    assert set(locate(text)) == paths(tomllib.loads(text))


@settings(max_examples=80, deadline=None)
@given(documents())
def test_every_key_is_found_on_the_line_that_holds_it(text: str) -> None:
    lines = text.split("\n")
    for path, line in locate(text).items():
        last = path[-1]
        if isinstance(last, str):
            number = last[: last.index("k", 1) + 1]  # every key begins with its own number: k17k
            assert number in lines[line - 1]


def test_list_elements_are_found_on_their_own_lines() -> None:
    text = 'a = [ # ]\n  "x]",\n\n  [2, { z = 1 }],\n]\nb = 1\n'

    found = locate(text)

    assert found["a", 0] == 2
    assert found["a", 1] == found["a", 1, 1, "z"] == 4
    assert found[("b",)] == 6


def test_headers_inside_an_array_of_tables_mean_its_last_element() -> None:
    text = "[[route]]\nname = 1\n[route.settings]\nx = 1\n\n[[route]]\n[[route.t]]\n[[route.t]]\ny = 1\n"

    found = locate(text)

    assert found["route", 0, "settings", "x"] == 4
    assert found["route", 1] == 6
    assert found["route", 1, "t", 1, "y"] == 9


def test_a_path_that_is_not_there_is_placed_at_the_nearest_table_around_it() -> None:
    found = locate("a = 1\n[b]\nc = 1\n")

    assert line_of(found, ("b", "missing", 3)) == 2
    assert line_of(found, ("missing",)) == 1


def test_a_number_as_a_key_is_no_position() -> None:
    assert locate("[a]\n1 = 2\n") == {("a",): 1, ("a", "1"): 2}
