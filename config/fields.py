"""Types of settings that more than one table uses: names, folders, patterns, times, the journal's address."""

import re
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from config.credentials import NOT_SHOWN, REFERENCE_ALLOWED, Secret, is_reference, parse_secret
from config.units import Notation

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_WINDOWS_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
BACKSLASH_HINT = "write paths with / or in 'single quotes'; in \"double quotes\" a backslash starts an escape"

_NAME_ALLOWED = "1 to 40 letters (A-Z, a-z), digits, - and _, starting with a letter or digit"
_FOLDER_ALLOWED = "a folder, absolute or relative to root"
_FILE_NAME_ALLOWED = "the name of a file, without a folder"
_PATTERN_ALLOWED = 'a pattern of file names such as "*.pdf", without a folder'
_MARKER_ALLOWED = 'a file name with {name} in it once, such as "{name}.ok"'
_TIME_ALLOWED = 'a time of day such as "07:00"'
_MODE_ALLOWED = 'four octal digits in quotes, such as "0640"'
_TIMEZONE_ALLOWED = 'a name of the time zone database such as "Europe/Vienna"'
_JOURNAL_ALLOWED = (
    '"sqlite:///FILE" (relative to folders.state), "postgresql+psycopg://HOST/DATABASE", '
    'or, where the address holds a password, "credential:NAME" or "env:NAME"'
)


def _refuse(allowed: str) -> ValueError:
    return ValueError(f"must be {allowed}")


def _folder_name(value: str) -> str:
    if not _NAME.fullmatch(value) or value.casefold() in _WINDOWS_DEVICES:
        raise _refuse(_NAME_ALLOWED + "; no name that Windows keeps for devices (con, nul, ...)")
    return value


def _folder(value: object) -> Path:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value:
        raise _refuse(_FOLDER_ALLOWED)
    if _CONTROL.search(value):
        raise ValueError(f"holds a tab or another control character: {BACKSLASH_HINT}")
    if "\\" in value:
        raise ValueError("a Windows path cannot be used: mount the share and name the folder where it is mounted")
    if value.startswith("~"):
        raise ValueError("~ is not expanded: write the folder in full")
    return Path(value)


def _file_name(value: str) -> str:
    if not value or value in {".", ".."} or "/" in value or "\\" in value or _CONTROL.search(value):
        raise _refuse(_FILE_NAME_ALLOWED)
    return value


def _pattern(value: str) -> str:
    if not value.strip() or "/" in value or "\\" in value or _CONTROL.search(value):
        raise _refuse(_PATTERN_ALLOWED)
    if not value.strip("*"):
        raise ValueError(f"must not match every file, but be {_PATTERN_ALLOWED}")
    return value


def _marker(value: str) -> str:
    rest = value.replace("{name}", "")
    if (
        value.count("{name}") != 1
        or not rest
        or "{" in rest
        or "}" in rest
        or "/" in rest
        or "\\" in rest
        or _CONTROL.search(rest)
    ):
        raise _refuse(_MARKER_ALLOWED)
    return value


def _time_of_day(value: object) -> time:
    if isinstance(value, time) and value.tzinfo is None:
        return value
    match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", value) if isinstance(value, str) else None
    if match is None:
        raise _refuse(_TIME_ALLOWED)
    return time(int(match[1]), int(match[2]))


def _mode(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"0[0-7]{3}", value):
        raise _refuse(_MODE_ALLOWED)
    if value[1] not in "67":
        raise ValueError('must leave the daemon itself reading and writing: "06.." or "07.."')
    return value


def _timezone(value: str) -> str:
    if value not in available_timezones():
        raise _refuse(_TIMEZONE_ALLOWED)
    return value


def _journal_url(value: object) -> Secret | str:
    if isinstance(value, Secret) or is_reference(value):
        return parse_secret(value)
    if not isinstance(value, str):
        raise PydanticCustomError(NOT_SHOWN, f"must be {_JOURNAL_ALLOWED}")
    if value.startswith("sqlite:///") and not _CONTROL.search(value):
        file = value.removeprefix("sqlite:///")
        if file and not file.startswith(":memory:") and "?" not in file:
            return value
        raise _refuse(_JOURNAL_ALLOWED)
    return _server_url(value)


def _server_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        has_password = parts.password is not None or "password" in parts.query.casefold()
        is_complete = parts.scheme == "postgresql+psycopg" and len(parts.path) > 1 and (parts.port or 1) > 0
    except ValueError:
        has_password = is_complete = False
    if has_password:
        raise PydanticCustomError(
            NOT_SHOWN,
            f"holds a password: keep the whole address as a secret and write {REFERENCE_ALLOWED}",
        )
    if not is_complete:
        raise PydanticCustomError(NOT_SHOWN, f"must be {_JOURNAL_ALLOWED}")
    return value


def _text(check: Callable[[str], str], allowed: str) -> tuple[AfterValidator, Notation]:
    return AfterValidator(check), Notation(allowed)


FolderName = Annotated[str, *_text(_folder_name, _NAME_ALLOWED)]
"""Name of a route or target; safe as a folder name, in addresses and in metrics."""
FolderPath = Annotated[Path, BeforeValidator(_folder), Notation(_FOLDER_ALLOWED)]
"""A folder; control characters, Windows paths and ~ are refused."""
PlainFileName = Annotated[str, *_text(_file_name, _FILE_NAME_ALLOWED)]
"""Name of a file without a folder."""
FilePattern = Annotated[str, *_text(_pattern, _PATTERN_ALLOWED)]
"""Pattern of file names that does not match everything."""
MarkerName = Annotated[str, *_text(_marker, _MARKER_ALLOWED)]
"""Name of the file that stands beside another and says that it is finished."""
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day), Notation(_TIME_ALLOWED)]
"""Local time."""
FileMode = Annotated[str, BeforeValidator(_mode), Notation(_MODE_ALLOWED)]
"""Unix rights of a file."""
Timezone = Annotated[str, *_text(_timezone, _TIMEZONE_ALLOWED)]
"""Name of a time zone."""
JournalUrl = Annotated[Secret | str, PlainValidator(_journal_url), PlainSerializer(str), Notation(_JOURNAL_ALLOWED)]
"""Address of the journal's database, or where it is kept as a secret; never shown in a mistake."""
