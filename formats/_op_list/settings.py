"""How the lists of one route look: the settings of ``formats/op_list.py``."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from core.open_items import ListKind, Source
from formats._op_list import fields as _op_fields


class Settings(BaseModel):
    """How the lists of one route look."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Source = Field(default="bmd", description="FIBU program that prints the lists.")
    kind: ListKind = Field(default="both", description="Whose open items the lists hold: customers, suppliers or both.")
    encoding: Literal["cp1252", "cp850", "iso8859-15"] = Field(
        default="cp1252", description="Encoding of text that has no byte order mark and is not UTF-8."
    )
    columns: Mapping[_op_fields.Field, str] = Field(
        default_factory=dict,
        description='Headings that are not known, by field, e.g. { number = "Rechnung", open = "Rest" }; "Saldo#2" is '
        'the second column of that name, "#E" column E. daemon.py preview proposes them for a refused list.',
    )
    without_key_date: Literal["refuse", "arrival"] = Field(
        default="refuse",
        description="Lists that print no key date, and have none in their file name, are refused, or count as of the "
        "day they arrive. The latter only where every list is dropped on the day it is made.",
    )
    suppliers_positive: bool = Field(
        default=False, description="Lists of suppliers show what is owed to them as positive amounts."
    )
    max_rows: int = Field(default=2_000_000, ge=1, description="Longer lists are refused.")
    max_unpacked_mb: int = Field(
        default=1_000, ge=1, description="Workbooks larger than this when unpacked are refused."
    )
