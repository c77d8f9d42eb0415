"""Foreign data becomes documents, or problems that say what is wrong with it."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.documents import ENTITIES
from core.documents.base import Document
from core.documents.problems import LIMIT, pointer, problems_of
from core.errors import Problem, RuleError

_Model = TypeVar("_Model", bound=BaseModel)


def document(entity: str, record_id: str, data: object, at: str = "") -> Document:
    """Validate the data of a record; ``at`` is its JSON pointer. Raise RuleError with every problem."""
    if not isinstance(data, dict):
        what = f"Beim Datensatz {record_id} fehlen die Daten."
        raise RuleError(Problem("data_missing", what, "Bitte „data“ angeben.", pointer=at, record=record_id))
    stated = data.get("id", record_id)
    if stated != record_id:
        what = f"Der Datensatz {record_id} nennt in seinen Daten eine andere Kennung ({stated})."
        todo = "Bitte beide Kennungen gleich schreiben."
        raise RuleError(Problem("id_differs", what, todo, pointer=at + pointer("id"), record=record_id))
    return model(ENTITIES[entity], {**data, "id": record_id}, at, record_id)


def model(kind: type[_Model], data: object, at: str = "", record: str | None = None) -> _Model:
    """Validate data as a model. Raise RuleError with every problem."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        problems = list(problems_of(error, at, record))
        raise RuleError(*problems[:LIMIT]) from None


def merge_patch(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Apply a JSON merge patch (RFC 7396): what is missing stays, null clears, lists are replaced whole."""
    merged = dict(target)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            below = merged.get(key)
            merged[key] = merge_patch(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged
