"""Writers of reports for people: one report, or several after one another, as a text; one as a workbook."""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

Report = TypeVar("Report")


class TextWriter(Generic[Report]):
    """Writes reports as text: UTF-8 with a byte order mark, CRLF."""

    def __init__(self, lines: Callable[[Report], Iterable[str]]) -> None:
        """``lines``: those of a report, without their ends."""
        self._lines = lines

    def begin(self) -> bytes:
        """The byte order mark: Notepad then knows the encoding."""
        return "\ufeff".encode()

    def add(self, documents: Sequence[Report]) -> bytes:
        """The text of these reports."""
        lines = (line for report in documents for line in self._lines(report))
        return "".join(f"{line}\r\n" for line in lines).encode()

    def end(self) -> bytes:
        """Nothing comes after the last line."""
        return b""


class WorkbookWriter(Generic[Report]):
    """Writes one report as a workbook; all of it comes at the end."""

    def __init__(self, workbook: Callable[[Report], bytes]) -> None:
        self._workbook = workbook
        self._reports: list[Report] = []

    def begin(self) -> bytes:
        """Nothing yet."""
        return b""

    def add(self, documents: Sequence[Report]) -> bytes:
        """Nothing yet: a workbook is packed when it is complete."""
        self._reports += documents
        return b""

    def end(self) -> bytes:
        """The workbook. Raises ValueError where it was handed anything but one report."""
        [report] = self._reports
        return self._workbook(report)
