"""Secrets never stand in a configuration: it names where they lie, and they are fetched when they are needed.

``"credential:NAME"`` is the file NAME in systemd's ``$CREDENTIALS_DIRECTORY`` (``LoadCredential=`` in the unit),
``"env:NAME"`` the environment variable NAME. Credentials are the better place: environment variables are inherited by
every child process (facts/ecosystem.md 1).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import BeforeValidator, PlainSerializer, SecretStr
from pydantic_core import PydanticCustomError

from config.units import Notation
from core.errors import ConfigError

REFERENCE_ALLOWED = (
    '"credential:NAME" (systemd credential) or "env:NAME" (environment variable), never the secret itself'
)
NOT_SHOWN = "not_shown"
"""Type of the validation error whose input must never be shown."""

_REFERENCE = re.compile(r"(credential|env):([A-Za-z0-9_][A-Za-z0-9._-]{0,199})")


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret lies. Its repr shows the place, never the secret."""

    source: Literal["credential", "env"]
    name: str

    def reveal(self, environ: Mapping[str, str] | None = None) -> SecretStr:
        """Fetch the secret now, without a trailing line break. Raise ConfigError if it is not there or empty."""
        environ = os.environ if environ is None else environ
        text = environ.get(self.name) if self.source == "env" else _credential(self.name, environ)
        if not text:
            raise ConfigError([f"{self}: the secret is not there or empty, {_PLACES[self.source]}"])
        return SecretStr(text)

    def __str__(self) -> str:
        """The reference as it stands in the configuration."""
        return f"{self.source}:{self.name}"


_PLACES = {
    "credential": "it is looked for in the folder $CREDENTIALS_DIRECTORY, set by LoadCredential= in the systemd unit",
    "env": "it is looked for in the environment of the daemon",
}


def is_reference(value: object) -> bool:
    """Say whether a value looks like a reference to a secret."""
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


def parse_secret(value: object) -> Secret:
    """Read a reference. Raise a validation error that never shows the value, for it may be the secret itself."""
    if isinstance(value, Secret):
        return value
    match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise PydanticCustomError(NOT_SHOWN, f"must be {REFERENCE_ALLOWED}")
    return Secret(cast(Literal["credential", "env"], match[1]), match[2])


SecretReference = Annotated[Secret, BeforeValidator(parse_secret), PlainSerializer(str), Notation(REFERENCE_ALLOWED)]
"""Type of a setting that holds a secret."""


def _credential(name: str, environ: Mapping[str, str]) -> str | None:
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return None
    try:
        return Path(folder, name).read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:  # told without its cause, which holds the secret
        raise ConfigError([f"credential:{name}: is no text in UTF-8"]) from None
    except OSError as error:
        raise ConfigError([f"credential:{name}: cannot be read: {error.strerror}"]) from None
