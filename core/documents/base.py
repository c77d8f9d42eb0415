"""What every entity of clue-exchange has in common: exact values, shapes of codes, rules (facts/domain.md 2.2).

Foreign data is validated (``core.documents.validate``). Our own writers of long lists may use
``Document.trusted``; then Money carries exactly two decimals and no Decimal is in exponent form.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, ClassVar, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from core.money import CENT

# ── exact values ──────────────────────────────────────────────────────────────────────────────────────────────────


def _decimal(places: int, digits: int, *, sign: bool, cents: bool = False) -> Any:
    """Type annotations of a decimal that is written as text; JSON numbers with a fraction are refused."""
    pattern = rf"{'-?' if sign else ''}[0-9]{{1,{digits}}}(\.[0-9]{{1,{places}}})?"
    shape = re.compile(pattern)

    def exact(value: object) -> Decimal:
        if isinstance(value, float):
            raise PydanticCustomError("decimal_float", "a JSON number with a fraction", {"places": places})
        if isinstance(value, Decimal) and value.is_finite():
            text = format(value, "f")
        elif isinstance(value, str | int) and not isinstance(value, bool):
            text = str(value) if isinstance(value, str) or abs(value) < 10**digits else ""
        else:
            text = ""
        if not shape.fullmatch(text):
            raise PydanticCustomError("decimal_text", "not a decimal", {"places": places, "sign": sign})
        number = Decimal(text)
        return number.quantize(CENT) if cents else number

    return BeforeValidator(exact), WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


Money = Annotated[Decimal, *_decimal(2, 13, sign=True, cents=True)]
"""Amount with two decimals in the document's currency."""
Quantity = Annotated[Decimal, *_decimal(4, 11, sign=True)]
"""Quantity or unit price, up to four decimals."""
Percent = Annotated[Decimal, *_decimal(4, 3, sign=False)]
"""Percentage, e.g. Decimal("4.9")."""
ExchangeRate = Annotated[Decimal, *_decimal(8, 9, sign=False)]
Measure = Annotated[Decimal, *_decimal(4, 9, sign=False)]
"""Weight in kg, length in cm, money with more than two decimals: never negative."""


def _text_in(shape: str, code: str) -> BeforeValidator:
    """Refuse everything but text of this shape, before pydantic's own and laxer parser sees it."""
    compiled = re.compile(shape)

    def check(value: object) -> object:
        if isinstance(value, str) and not compiled.fullmatch(value):
            raise PydanticCustomError(code, "wrong shape")
        if not isinstance(value, str | date):
            raise PydanticCustomError(code, "not text")
        return value

    return BeforeValidator(check)


_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
Day = Annotated[date, _text_in(_DAY, "day_text")]
_CLOCK = r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
Timestamp = Annotated[datetime, _text_in(_DAY + _CLOCK, "timestamp_text")]
"""RFC 3339 with offset."""

# ── texts and codes ───────────────────────────────────────────────────────────────────────────────────────────────

Id = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Key of a record in the system that sent it."""
Text = Annotated[str, Field(max_length=4000)]
Name = Annotated[str, Field(min_length=1, max_length=250)]
Number = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Number of a document or order: text, leading zeros matter."""
Account = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,20}$")]
"""Account of the ledger, text."""
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Unit = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$")]
"""UN/ECE Recommendation 20, e.g. C62, KGM."""
VatCategory = Annotated[str, Field(pattern=r"^[A-Z]{1,2}$")]
"""UNTDID 5305, e.g. S, AA, AE."""
VatId = Annotated[str, Field(pattern=r"^[A-Z]{2}[0-9A-Za-z+*]{2,12}$")]
Email = Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0)]

# ── models ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Model(BaseModel):
    """A part of a document. Unknown fields are kept and passed on (facts/domain.md 2.2)."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)


class Document(Model):
    """An entity: what one record carries."""

    VOLATILE: ClassVar[frozenset[str]] = frozenset({"id", "updated_at", "version"})
    """Fields that may change without changing the content."""

    id: Id
    external_ids: Mapping[str, str] = Field(default_factory=dict)
    """Id of the same thing in other systems, by system."""
    updated_at: Timestamp | None = None
    version: Count | None = None

    @classmethod
    def trusted(cls, **values: Any) -> Self:
        """Make one from values of the declared types, checking nothing: for our own writers of long lists.

        Every required field SHALL be given, Money with two decimals. Many times faster than ``model_construct``.
        """
        made = cls.__new__(cls)
        put = object.__setattr__
        put(made, "__dict__", {**_template(cls), **values})
        put(made, "__pydantic_fields_set__", set(values))
        put(made, "__pydantic_extra__", {})
        put(made, "__pydantic_private__", None)
        return made

    @property
    def control_amount(self) -> Decimal | None:
        """What the document adds to the control total ``amount_sum``; None where its kind has no amount."""
        return None


@cache
def _template(model: type[Document]) -> Mapping[str, Any]:
    """Every field in order with its default, None where it has none."""
    return {
        name: None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
        for name, field in model.model_fields.items()
    }


class MasterData(Document):
    """An entity that lives on and changes. It may be deleted; issued documents may only be cancelled."""

    active: Flag = True


# ── rules over several fields ─────────────────────────────────────────────────────────────────────────────────────


class Broken(NamedTuple):
    """One broken rule, in German, at a place below the model that breaks it."""

    at: str
    """JSON pointer from the model on, e.g. "/payable"."""
    code: str
    what: str
    todo: str = ""
    value: str | None = None


def refuse(broken: Iterable[Broken]) -> None:
    """Raise all broken rules as one validation error that ``core.documents.problems`` takes apart again."""
    found = list(broken)
    if found:
        raise PydanticCustomError("rules", "broken rules", {"broken": found})
