"""JSON Schema 2020-12 of the exchange format, made from the models."""

from typing import Any

from core.documents import ENTITIES
from core.documents.base import Model
from core.documents.messages import Ack, Cancellation, Envelope

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_names() -> tuple[str, ...]:
    """Every name that ``schema`` knows: the message as a whole, then the entities."""
    return ("message", *ENTITIES)


def schema(name: str) -> dict[str, Any]:
    """Schema of a whole message (``message``: of any type) or of the data of one entity. Raise KeyError otherwise."""
    if name == "message":
        return _message()
    made = _of(ENTITIES[name])
    made["required"] = [field for field in made.get("required", []) if field != "id"]
    if name == "ack":  # its fields stand beside the envelope's, which has a version of its own
        made["properties"] = {field: made["properties"][field] for field in Ack.__annotations__}
    return {"$schema": _DIALECT, "$id": _file(name), **made, "title": f"clue-exchange 1.0: {name}"}


def _file(name: str) -> str:
    """File name of a schema in docs/exchange/; the schemas refer to one another by it."""
    return f"{name}.schema.json"


def _of(model: type[Model]) -> dict[str, Any]:
    return model.model_json_schema(mode="validation")


def _message() -> dict[str, Any]:
    """The envelope with its records; what a record's data is depends on type and operation."""
    made = _of(Envelope)
    made["properties"]["records"] = {"type": "array", "items": {"type": "object", "required": ["id"]}}
    made["required"] = [*made["required"], "records"]
    made["allOf"] = [_when(entity) for entity in ENTITIES]
    return {"$schema": _DIALECT, "$id": _file("message"), **made, "title": "clue-exchange 1.0: message"}


def _when(entity: str) -> dict[str, Any]:
    """If the message is of this type, its records look so. An ack's fields stand in the message itself."""
    condition = {"properties": {"type": {"const": entity}}}
    if entity == "ack":
        return {"if": condition, "then": {"$ref": _file("ack")}}
    cases = [
        _case("upsert", {"$ref": _file(entity)}),
        _case("patch", {"type": "object"}),
        _case("cancel", _of(Cancellation)),
    ]
    record = {
        "type": "object",
        "required": ["op", "id"],
        "properties": {"op": {"enum": ["upsert", "patch", "delete", "cancel"]}, "id": {"type": "string"}},
        "allOf": cases,
    }
    return {"if": condition, "then": {"properties": {"records": {"items": record}}}}


def _case(operation: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "if": {"properties": {"op": {"const": operation}}},
        "then": {"required": ["data"], "properties": {"data": data}},
    }
