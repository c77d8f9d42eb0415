"""Settings of invented formats and handlers, with every shape that a plug-in may choose."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from config.credentials import SecretReference
from config.plugins import Plugins
from config.units import Duration


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Column(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    heading: str = Field(description="Heading as the file spells it.")
    width: int = Field(default=10, ge=1, description="Width in characters.")


class ListSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    codec: Literal["cp1252", "cp850"] = Field(default="cp1252", description="Encoding of the text.")
    columns: tuple[Column, ...] = Field(default=(Column(heading="Konto"),), description="Columns of the list.")
    words: Mapping[str, str] = Field(default={"number": "Nr."}, description="Headings by field.")


class MessageSettings(BaseModel):
    """This one forgets to forbid unknown keys."""

    most: int = Field(default=100, ge=1, description="Most records of a message.")


class BookingSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str = Field(default="clue", description="Target of the answers.")
    tolerance: Decimal = Field(default=Decimal("0.05"), description="Difference that is let through.")
    colour: Colour = Field(default=Colour.RED, description="Colour of the note.")
    patience: Duration = Field(default=600.0, description="Time until the note is written.")
    tables: Mapping[str, Column] = Field(default={}, description="Columns by name.")


class LabelSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    password: SecretReference = Field(description="Password of the service.", examples=["credential:label-password"])
    targets: tuple[str, ...] = Field(default=(), description="Targets of the labels.")


class WriterSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    end_of_line: str = Field(default="\r\n", description="End of a line.")


PLUGINS = Plugins(
    formats={"message": MessageSettings, "open_list": ListSettings},
    handlers={"booking": BookingSettings, "labels": LabelSettings},
    writers={"booking_file": WriterSettings},
)
