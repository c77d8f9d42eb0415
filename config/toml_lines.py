"""Which line of a TOML file holds a setting? The standard library's parser does not tell.

A small scanner over text that ``tomllib`` has accepted: it follows table headers, array-of-tables counters, dotted and
quoted keys, inline tables and arrays, and notes the line of each path. What it finds is tested against ``tomllib``.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""Keys and list positions (from 0) that lead to a setting, e.g. ``("route", 1, "max_size")``."""

_BLANKS = re.compile(r"[ \t]*")
_FILL = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'''
      """ (?:\\.|[^\\])*? """ "{0,2}   # up to two quotes may stand before the closing three
    | \'{3} .*? \'{3} \'{0,2}
    | " (?:\\.|[^"\\\n])* "
    | \' [^\'\n]* \'
    ''',
    re.DOTALL | re.VERBOSE,
)
_SCALAR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[^,\]}\s#]+|[^,\]}\s#]+")


def locate(text: str) -> Mapping[KeyPath, int]:
    """Line (from 1) of every table, key and list element of a valid TOML document.

    A table stands where its header does, or else where it is first mentioned. For text that ``tomllib`` refuses the
    result is meaningless: parse first.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.found


def line_of(found: Mapping[KeyPath, int], path: KeyPath) -> int:
    """Line of a path, or of the nearest table around it that stands in the file; 1 if there is none."""
    for length in range(len(path), 0, -1):
        if path[:length] in found:
            return found[path[:length]]
    return 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self.found: dict[KeyPath, int] = {}
        self._text = text
        self._at = 0
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._elements: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        self._skip(_FILL)
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._assignment(table)
            self._skip(_FILL)

    def _header(self) -> KeyPath:
        line = self._line()
        is_element = self._text.startswith("[[", self._at)
        self._at += 2 if is_element else 1
        keys = self._keys()
        self._at += 2 if is_element else 1
        path = (*self._table_of(keys[:-1], line), keys[-1])
        if is_element:
            self.found.setdefault(path, line)
            self._elements[path] = self._elements.get(path, -1) + 1
            path = (*path, self._elements[path])
        self.found[path] = line
        return path

    def _table_of(self, keys: list[str], line: int) -> KeyPath:
        """The table that a header's leading keys mean: in an array of tables always the last one."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            self.found.setdefault(path, line)
            if path in self._elements:
                path = (*path, self._elements[path])
        return path

    def _assignment(self, table: KeyPath) -> None:
        line = self._line()
        keys = self._keys()
        path = table
        for key in keys:
            path = (*path, key)
            self.found.setdefault(path, line)
        self._at += 1  # the equals sign
        self._skip(_BLANKS)
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        match self._text[self._at]:
            case "[":
                self._list(path)
            case "{":
                self._inline_table(path)
            case '"' | "'":
                self._skip(_STRING)
            case _:
                self._skip(_SCALAR)

    def _list(self, path: KeyPath) -> None:
        self._at += 1
        position = 0
        self._skip(_FILL)
        while not self._text.startswith("]", self._at):
            element = (*path, position)
            self.found[element] = self._line()
            self._value(element)
            position += 1
            self._skip_comma()
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        self._skip(_FILL)
        while not self._text.startswith("}", self._at):
            self._assignment(path)
            self._skip_comma()
        self._at += 1

    def _skip_comma(self) -> None:
        self._skip(_FILL)
        if self._text.startswith(",", self._at):
            self._at += 1
            self._skip(_FILL)

    def _keys(self) -> list[str]:
        """One dotted key; stops before the bracket or the equals sign that follows it."""
        keys = []
        while True:
            self._skip(_BLANKS)
            bare = _BARE_KEY.match(self._text, self._at)
            if bare:
                keys.append(bare[0])
                self._at = bare.end()
            else:
                start = self._at
                self._skip(_STRING)
                keys.append(next(iter(tomllib.loads(f"{self._text[start : self._at]} = 0"))))
            self._skip(_BLANKS)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"not TOML at line {self._line()}")
        self._at = match.end()

    def _line(self) -> int:
        return bisect_right(self._breaks, self._at - 1) + 1
