"""Durations and sizes as people write them: ``"10 min"``, ``"200 MB"``, or a plain number of seconds or bytes."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field

_SECONDS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86_400}
_BYTES = {
    "B": 1,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "TB": 1000**4,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "TiB": 1024**4,
}
_AMOUNT = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([A-Za-z]+)")

DURATION_ALLOWED = 'a duration such as "2 s", "10 min", "24 h", or a number of seconds'
SIZE_ALLOWED = 'a size such as "200 MB" (powers of 1000), "64 MiB" (powers of 1024), or a number of bytes'


@dataclass(frozen=True, slots=True)
class Notation:
    """How a setting is written, where its Python type does not say so; stands in the annotation's metadata."""

    allowed: str
    """English words for what may be written."""
    show: Callable[[float], str] | None = None
    """Writes a value the way a person would."""


def parse_seconds(value: object) -> float:
    """Seconds of ``"10 min"`` or of a number. Raise ValueError for anything else."""
    return _amount(value, _SECONDS, DURATION_ALLOWED)


def parse_bytes(value: object) -> int:
    """Bytes of ``"200 MB"`` or of a number. Raise ValueError for anything else."""
    return round(_amount(value, _BYTES, SIZE_ALLOWED))


def show_seconds(value: float) -> str:
    """The largest unit that gives a whole number: 600 is ``"10 min"``."""
    return _shown(value, _SECONDS)


def show_bytes(value: float) -> str:
    """The largest unit that gives a whole number: 200,000,000 is ``"200 MB"``."""
    return _shown(value, _BYTES)


def _amount(value: object, units: Mapping[str, float], allowed: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    match = _AMOUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    names = {name.casefold(): factor for name, factor in units.items()}
    if match is None or match[2].casefold() not in names:
        raise ValueError(f"must be {allowed}")
    return float(match[1]) * names[match[2].casefold()]


def _shown(value: float, units: Mapping[str, float]) -> str:
    smallest = next(iter(units))
    for name, factor in sorted(units.items(), key=lambda unit: -unit[1]):
        count = round(value / factor, 6)
        if count >= 1 and count == int(count):
            return f"{int(count)} {name}"
    return f"{value / units[smallest]:.6f} {smallest}" if value else "0 s" if "s" in units else "0 B"


_DURATION = Notation(DURATION_ALLOWED + "; more than 0", show_seconds)
_TEN_YEARS = 3650 * 86_400

Duration = Annotated[float, BeforeValidator(parse_seconds), Field(gt=0, le=_TEN_YEARS), _DURATION]
"""Seconds, more than 0."""
DurationOrOff = Annotated[
    float,
    BeforeValidator(parse_seconds),
    Field(ge=0, le=_TEN_YEARS),
    Notation(DURATION_ALLOWED + "; 0 switches it off", show_seconds),
]
"""Seconds; 0 means off."""
Size = Annotated[int, BeforeValidator(parse_bytes), Field(gt=0), Notation(SIZE_ALLOWED + "; more than 0", show_bytes)]
"""Bytes, more than 0."""
SizeOrOff = Annotated[
    int, BeforeValidator(parse_bytes), Field(ge=0), Notation(SIZE_ALLOWED + "; 0 switches it off", show_bytes)
]
"""Bytes; 0 means off."""
