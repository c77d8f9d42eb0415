"""Turns what pydantic finds wrong into German problems with JSON pointers."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from core.errors import Problem

_QUOTED = re.compile(r"'([^']*)'")
LIMIT = 100
"""More problems of one file help nobody."""


def pointer(*parts: str | int) -> str:
    """JSON pointer (RFC 6901) of these parts."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def shown(value: object) -> str:
    """A value as it may stand in a note: short, one line."""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join("".join(char if char.isprintable() else " " for char in text[:200]).split())
    return text if len(text) <= 60 else text[:59] + "…"


def problems_of(error: ValidationError, at: str = "", record: str | None = None) -> Iterator[Problem]:
    """Yield the problems of a validation error; ``at`` is the pointer of what was validated."""
    for detail in error.errors(include_url=False):
        place = at + pointer(*detail["loc"])
        context: Mapping[str, Any] = detail.get("ctx", {})
        if detail["type"] == "rules":
            for broken in context["broken"]:
                yield Problem(
                    code=broken.code,
                    what=broken.what,
                    todo=broken.todo,
                    pointer=place + broken.at,
                    record=record,
                    value=broken.value,
                )
            continue
        code, what, todo = _said(detail, context)
        missing = detail["type"] == "missing"
        value = None if missing or isinstance(detail["input"], dict | list | tuple) else shown(detail["input"])
        yield Problem(code=code, what=what, todo=todo, pointer=place, record=record, value=value)


def _said(detail: ErrorDetails, context: Mapping[str, Any]) -> tuple[str, str, str]:
    """Code, what and todo of one pydantic error."""
    names = [part for part in detail["loc"] if isinstance(part, str)]
    name = names[-1] if names else "Inhalt"
    kind, given = detail["type"], shown(detail["input"])
    if kind in _SENTENCES:
        code, what, todo = _SENTENCES[kind]
        said = _QUOTED.sub(r"„\1“", todo.format(name=name, **context)).replace("“ or „", "“ oder „")
        return code, what.format(name=name, value=given), said
    if kind == "string_pattern_mismatch":
        todo = _SHAPES.get(name, "Bitte die Schreibweise in der Formatbeschreibung nachsehen.")
        return "shape", f"„{given}“ ist für „{name}“ nicht zulässig.", todo
    return "invalid", f"Der Wert „{given}“ ist für „{name}“ nicht zulässig.", "Bitte die Angabe in CLUE prüfen."


_NUMBER = 'Bitte als Text mit Dezimalpunkt schreiben, zum Beispiel "170.40"; höchstens {places} Nachkommastellen.'
_SENTENCES: Mapping[str, tuple[str, str, str]] = {
    "missing": ("missing", "Die Angabe „{name}“ fehlt.", "Bitte „{name}“ ergänzen."),
    "decimal_float": (
        "decimal_as_number",
        "Der Betrag „{name}“ steht als Zahl mit Komma ({value}) in der Datei; dabei können Cent verloren gehen.",
        _NUMBER,
    ),
    "decimal_text": ("decimal", "„{value}“ ist für „{name}“ keine zulässige Zahl.", _NUMBER),
    "day_text": ("date", "„{value}“ ist für „{name}“ kein Datum.", 'Bitte so schreiben: "2026-11-20".'),
    "date_from_datetime_parsing": (
        "date",
        "Das Datum „{value}“ bei „{name}“ gibt es nicht.",
        "Bitte das Datum prüfen.",
    ),
    "date_parsing": ("date", "Das Datum „{value}“ bei „{name}“ gibt es nicht.", "Bitte das Datum prüfen."),
    "timestamp_text": (
        "timestamp",
        "„{value}“ ist für „{name}“ kein Zeitpunkt mit Zeitzone.",
        'Bitte so schreiben: "2026-11-20T10:02:11+01:00".',
    ),
    "datetime_from_date_parsing": ("timestamp", "Den Zeitpunkt „{value}“ bei „{name}“ gibt es nicht.", "Bitte prüfen."),
    "datetime_parsing": ("timestamp", "Den Zeitpunkt „{value}“ bei „{name}“ gibt es nicht.", "Bitte prüfen."),
    "literal_error": ("unknown_code", "„{value}“ ist für „{name}“ nicht vorgesehen.", "Erlaubt ist: {expected}."),
    "string_type": ("text_expected", "„{name}“ muss ein Text sein.", "Bitte den Wert in Anführungszeichen setzen."),
    "string_too_short": ("empty", "Die Angabe „{name}“ ist leer.", "Bitte „{name}“ ausfüllen."),
    "string_too_long": ("too_long", "Die Angabe „{name}“ ist zu lang.", "Erlaubt sind höchstens {max_length} Zeichen."),
    "bool_type": ("yes_no_expected", "„{name}“ muss true oder false sein.", "Bitte ohne Anführungszeichen schreiben."),
    "int_type": ("integer_expected", "„{name}“ muss eine ganze Zahl sein.", "Bitte ohne Anführungszeichen schreiben."),
    "greater_than_equal": ("too_small", "„{name}“ ist mit {value} zu klein.", "Erlaubt ist {ge} oder mehr."),
    "tuple_type": ("list_expected", "„{name}“ muss eine Liste sein.", "Bitte in eckige Klammern setzen."),
    "too_short": ("empty", "Die Liste „{name}“ hat zu wenige Einträge.", "Mindestens nötig: {min_length}."),
    "model_type": ("object_expected", "„{name}“ muss aus benannten Angaben bestehen.", "Bitte in {{ }} setzen."),
    "mapping_type": ("object_expected", "„{name}“ muss aus benannten Angaben bestehen.", "Bitte in {{ }} setzen."),
}
_SHAPES: Mapping[str, str] = {
    "country": "Bitte das Land mit zwei Großbuchstaben angeben, zum Beispiel „AT“.",
    "currency": "Bitte die Währung mit drei Großbuchstaben angeben, zum Beispiel „EUR“.",
    "language": "Bitte die Sprache mit zwei Kleinbuchstaben angeben, zum Beispiel „de“.",
    "unit": "Bitte die Einheit nach UN/ECE Rec 20 angeben, zum Beispiel „C62“ für Stück.",
    "vat_category": "Bitte den Code nach UNTDID 5305 angeben, zum Beispiel „S“.",
    "vat_id": "Bitte die UID mit Länderkennzeichen und ohne Leerzeichen angeben, zum Beispiel „ATU12345675“.",
    "ledger_account": "Bitte die Kontonummer nur mit Ziffern und Buchstaben angeben.",
    "account": "Bitte die Kontonummer nur mit Ziffern und Buchstaben angeben.",
    "iban": "Bitte die IBAN ohne Leerzeichen angeben.",
    "bic": "Bitte die BIC mit 8 oder 11 Zeichen angeben.",
    "email": "Bitte eine vollständige E-Mail-Adresse angeben.",
    "message_id": "Bitte eine UUID angeben, zum Beispiel „0192f3a1-7c1e-7b1a-9a55-3f6f0c1d2e10“.",
    "version": "Gelesen werden die Versionen 1.x.",
    "vat_month": "Bitte so schreiben: „2026-11“.",
}
