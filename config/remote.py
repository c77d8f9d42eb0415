"""Settings of places outside: how to get there, whose server it is, what is collected and delivered."""

import base64
import binascii
import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from config.credentials import SecretReference
from config.fields import FilePattern, FolderName, MarkerName
from config.units import Duration, Notation, Size, SizeOrOff
from core.cron import cron_trigger

_KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
_KEY_ALLOWED = 'type and key as "ssh-keyscan HOST" prints them, without the host: "ssh-ed25519 AAAA..."'
_FOLDER_ALLOWED = "a folder of the server, absolute or relative to the folder of the login, with / between its parts"
_LEAST_KEPT = 2.0
"""Seconds a file stands still that stays where it lies and is known again by its time."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _host_key(value: str) -> str:
    parts = value.split()
    if len(parts) not in {2, 3} or parts[0] not in _KEY_TYPES:
        raise ValueError(f"must be {_KEY_ALLOWED}")
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except binascii.Error:
        raise ValueError(f"is cut off or holds a wrong character, must be {_KEY_ALLOWED}") from None
    length = int.from_bytes(blob[:4], "big")
    if blob[4 : 4 + length] != parts[0].encode() or len(blob) < 4 + length + 32:
        raise ValueError(f"is not a key of the type {parts[0]}, must be {_KEY_ALLOWED}")
    return f"{parts[0]} {parts[1]}"


def _remote_folder(value: str) -> str:
    parts = value.split("/")
    if not value or "\\" in value or _CONTROL.search(value) or ".." in parts or value.startswith("~"):
        raise ValueError(f"must be {_FOLDER_ALLOWED}")
    return value.rstrip("/") or "/"


RemoteFolder = Annotated[str, AfterValidator(_remote_folder), Notation(_FOLDER_ALLOWED)]
"""A folder on a server."""


class _Table(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True, hide_input_in_errors=True
    )


class HostKey(_Table):
    """A key that the server may show."""

    key: Annotated[str, AfterValidator(_host_key), Notation(_KEY_ALLOWED)] = Field(
        description="The server's public key.",
        examples=["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJEK5jiFKJkn6fdZzWrFDyCWEVoGQBsbkFJFcfoJMK0"],
    )
    valid_from: date | None = Field(None, description="First day on which it counts; a new key before its time.")
    valid_until: date | None = Field(None, description="Last day on which it counts; an old key after a change.")

    @field_validator("valid_until")
    @classmethod
    def _not_before_from(cls, value: date | None, info: ValidationInfo) -> date | None:
        begin = info.data.get("valid_from")
        if value is not None and begin is not None and value < begin:
            raise ValueError("must not be before valid_from")
        return value


class Login(_Table):
    """A server and how to enter it."""

    host: str = Field(min_length=1, description="Name or address of the server.", examples=["sftp.example.org"])
    port: int = Field(22, ge=1, le=65_535, description="Port of the server.")
    user: str = Field(min_length=1, description="User of the login.", examples=["muster"])
    key: SecretReference | None = Field(
        None,
        description="Where our private key lies (ed25519, ECDSA or RSA; OpenSSH, PEM). It is tried before a password.",
        examples=["credential:partner-key"],
    )
    passphrase: SecretReference | None = Field(
        None, description="Where the passphrase of the key lies.", examples=["credential:partner-key-passphrase"]
    )
    password: SecretReference | None = Field(
        None, description="Where the password lies.", examples=["credential:partner-password"]
    )
    host_keys: tuple[HostKey, ...] = Field(
        (), description="The keys that the server may show; with none of them the login is refused. Ask the partner."
    )
    weak_algorithms: bool = Field(
        False, description="Whether to offer weak algorithms too (CBC, 3DES, SHA-1, MD5), for a server of the past."
    )

    @model_validator(mode="after")
    def _can_prove_itself(self) -> "Login":
        if self.key is None and self.password is None:
            raise ValueError("there must be a key or a password")
        if self.passphrase is not None and self.key is None:
            raise ValueError("passphrase has no effect, allowed only with key")
        return self


class Collect(_Table):
    """A folder of the server whose files go to the inbox of a route."""

    folder: RemoteFolder = Field(description="Folder of the server.", examples=["/out"])
    route: str = Field(description="Name of the route that gets the files.", examples=["clue"])
    ready: Literal["stable", "marker"] = Field(
        "stable",
        description='When a file is finished: "stable" for the settle time, or when its "marker" file lies beside it.',
    )
    marker: MarkerName = Field(
        "{name}.ok",
        description='Name of the marker file, with ready = "marker"; {name} is the name of the file itself.',
    )
    settle: Duration = Field(
        10.0,
        description='Time a file must stand still; with after = "keep" 2 s or more: servers tell whole seconds.',
    )
    take: tuple[FilePattern, ...] = Field(
        (), description="Names that are taken, where it is not all of them.", examples=[["*.xml"]]
    )
    ignore: tuple[FilePattern, ...] = Field(
        (), description="Names that are never taken, beside temporary and hidden files.", examples=[["*.bak"]]
    )
    after: Literal["delete", "keep"] = Field(
        "delete", description='What becomes of a file there when it lies safely in the inbox; "keep" remembers it.'
    )
    move_to: RemoteFolder | None = Field(
        None, description="Folder of the server for what was fetched, instead of deleting it.", examples=["/out/done"]
    )
    max_size: Size = Field(200_000_000, description="A larger file is left there, and shown in the status.")

    @field_validator("after")
    @classmethod
    def _told_from_the_next(cls, value: str, info: ValidationInfo) -> str:
        if value == "keep" and info.data.get("settle", _LEAST_KEPT) < _LEAST_KEPT:
            raise ValueError(
                '"keep" needs settle = "2 s" or more: servers tell times in whole seconds, and a file that is replaced '
                "within one would be taken for the one before"
            )
        return value

    @field_validator("move_to")
    @classmethod
    def _elsewhere(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("after") == "keep":
            raise ValueError('has no effect, allowed only with after = "delete"')
        if value is not None and value == info.data.get("folder"):
            raise ValueError("must be another folder, or files would be fetched again")
        return value


class Deliver(_Table):
    """A folder of the server that gets the files of a target."""

    folder: RemoteFolder = Field(description="Folder of the server.", examples=["/in"])
    target: str = Field(description="Name of the target whose files go there.", examples=["clue"])
    exists: Literal["number", "replace", "wait"] = Field(
        "number",
        description='When a file of the same name lies there: "number" the new one, "replace" the old one, or "wait" '
        "until it is gone.",
    )
    sync: bool = Field(
        True,
        description="Whether a server that can is asked to bring every file onto its disk before it goes from here. "
        "Without it a power cut there may cost files of the last half minute.",
    )
    after: Literal["remove", "keep"] = Field(
        "remove", description='What becomes of our file when it stands there; "keep" moves it to the folder sent.'
    )


class _Named(_Table):
    name: FolderName = Field(description="Name of the place.", examples=["partner"])
    enabled: bool = Field(True, description="Whether anything is collected and delivered.")


class Sftp(Login, _Named):
    """A place that is reached by SFTP."""

    jump: Login | None = Field(None, description="A server in between, through which alone the place can be reached.")
    poll: Duration = Field(60.0, description="Time between two looks at the folders that are collected from.")
    collect_at: str = Field(
        "",
        description="When to look at them instead: five fields of cron (minute hour day month weekday). What is "
        "delivered goes at once all the same.",
        examples=["0 6,18 * * 1-5"],
    )
    connect_timeout: Duration = Field(15.0, description="Time for the connection, and for each step of the login.")
    answer_timeout: Duration = Field(30.0, description="Longest time for one answer; then the place counts as away.")
    max_rate: SizeOrOff = Field(0, description="Bytes a second, at most.", examples=["1 MB"])
    retry_first: Duration = Field(5.0, description="Time until the first new attempt; it doubles each time.")
    retry_most: Duration = Field(900.0, description="Longest time between two attempts; it is never given up.")
    collect: tuple[Collect, ...] = Field((), description="What is collected.")
    deliver: tuple[Deliver, ...] = Field((), description="What is delivered.")

    @field_validator("collect_at")
    @classmethod
    def _readable(cls, value: str) -> str:
        if value:
            cron_trigger(value)
        return value

    @field_validator("retry_most")
    @classmethod
    def _not_below_first(cls, value: float, info: ValidationInfo) -> float:
        if value < info.data.get("retry_first", 0):
            raise ValueError("must not be shorter than retry_first")
        return value
