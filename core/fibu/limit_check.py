"""Checks of single values, and the German problems that come of them: whole or refused, digits only, writable."""

import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field

from core.errors import Problem
from core.fibu.program import ProgramOptions

AGAIN = "und übergeben Sie den Beleg noch einmal."
_SEPARATORS = frozenset(';"')


@dataclass(slots=True)
class LimitCheck:
    """Collects the problems of one document or account."""

    what: str
    record: str
    pointer: str
    options: ProgramOptions
    problems: list[Problem] = field(default_factory=list)

    @property
    def program(self) -> str:
        """Name of the FIBU program, as clerks know it."""
        return self.options.LIMITS.program

    def identity(self, heading: str, value: str, length: int, at: str = "") -> None:
        """Whole or refused."""
        if len(value) > length:
            self.refuse(
                "fibu_too_long",
                f"Das Feld „{heading}“ hat {len(value)} Zeichen, {self.program} nimmt höchstens {length}.",
                f"Bitte kürzen Sie die Angabe in CLUE auf höchstens {length} Zeichen {AGAIN}",
                value,
                at,
            )
        elif not (value.isprintable() and _SEPARATORS.isdisjoint(value)):
            self.refuse(
                "fibu_separator",
                f"Das Feld „{heading}“ enthält einen Strichpunkt, ein Anführungszeichen oder ein unsichtbares Zeichen.",
                f"Bitte entfernen Sie dieses Zeichen in CLUE {AGAIN}",
                value,
                at,
            )
        self.text(heading, value, at)

    def digits(self, heading: str, value: str, length: int, at: str = "") -> None:
        """Nothing but digits; empty is fine."""
        if value and not (value.isascii() and value.isdigit() and len(value) <= length):
            self.refuse(
                "fibu_not_numeric",
                f"Das Feld „{heading}“ muss in {self.program} eine Nummer mit höchstens {length} Ziffern sein, "
                f"angegeben ist „{value}“.",
                f"Bitte berichtigen Sie die Nummer in CLUE {AGAIN}",
                value,
                at,
            )

    def text(self, heading: str, value: str, at: str = "") -> None:
        """Every character must have a place in the encoding."""
        if value.isascii():
            return
        composed = unicodedata.normalize("NFC", value)
        with suppress(UnicodeEncodeError):
            composed.encode(self.options.encoding)
            return
        for char in dict.fromkeys(composed):
            if unicodedata.category(char) == "Cc":
                continue  # writers leave control characters out
            try:
                char.encode(self.options.encoding)
            except UnicodeEncodeError:
                shown = char if char.isprintable() else f"U+{ord(char):04X}"
                self.refuse(
                    "fibu_character",
                    f"Das Zeichen „{shown}“ im Feld „{heading}“ kann {self.program} nicht aufnehmen.",
                    f"Bitte ersetzen Sie das Zeichen in CLUE durch ein anderes {AGAIN}",
                    shown,
                    at,
                )

    def refuse(self, code: str, what: str, todo: str, value: str, at: str = "") -> None:
        self.problems.append(
            Problem(
                code=code,
                what=f"{self.what}: {what}",
                todo=todo,
                record=self.record,
                pointer=self.pointer + at if self.pointer else None,
                value=value,
            )
        )
