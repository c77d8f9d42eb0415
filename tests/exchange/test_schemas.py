"""The published schemas are those of the models, and an independent validator agrees with us about the examples."""

import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from core.batch import Batch, Origin
from core.documents import ENTITIES, BadRecord
from core.documents.schema import schema, schema_names
from formats import clue_exchange

DOCS = Path(__file__).parents[2] / "docs" / "exchange"
UPDATE = os.environ.get("CLUEDROP_UPDATE_GOLDEN") == "1" and not os.environ.get("CI")
ORIGIN = Origin("01", "clue", "beispiel.json", datetime(2026, 11, 22, 8, 15, tzinfo=UTC))


def published(name: str) -> Path:
    return DOCS / f"{name}.schema.json"


def validator() -> Draft202012Validator:
    made = [schema(name) for name in schema_names()]
    registry = Registry().with_resources([(one["$id"], Resource.from_contents(one)) for one in made])
    return Draft202012Validator(schema("message"), registry=registry)


def example(name: str) -> dict:
    return json.loads((DOCS / "examples" / f"{name}.json").read_text("utf-8"))


def read(name: str) -> Batch:
    with (DOCS / "examples" / f"{name}.json").open("rb") as source:
        return clue_exchange.read(source, ORIGIN, clue_exchange.Settings())


@pytest.mark.parametrize("name", schema_names())
def test_published_schema_is_the_generated_one(name: str) -> None:
    text = json.dumps(schema(name), ensure_ascii=False, indent=2) + "\n"
    if UPDATE:
        published(name).write_text(text, "utf-8")
    assert published(name).read_text("utf-8") == text


@pytest.mark.parametrize("name", schema_names())
def test_schema_is_valid_and_complete(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


def test_every_entity_has_one_example_and_nothing_else_lies_there() -> None:
    assert sorted(path.stem for path in (DOCS / "examples").iterdir()) == sorted(ENTITIES)


@pytest.mark.parametrize("name", sorted(ENTITIES))
def test_example_is_valid_and_readable(name: str) -> None:
    assert [error.message for error in validator().iter_errors(example(name))] == []
    documents = list(read(name).documents)
    assert documents
    assert [record for record in documents if isinstance(record, BadRecord)] == []


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("invoice", ["totals", "gross"], 170.4),
        ("invoice", ["totals", "gross"], "170,40"),
        ("invoice", ["currency"], "eur"),
        ("invoice", ["document_type"], "rechnung"),
        ("customer", ["addresses"], "Wels"),
        ("cash_receipt", ["total"], "1e3"),
        ("clearing", ["items", 0, "amount"], "NaN"),
        ("article", ["unit"], "stück"),
    ],
)
def test_schema_and_reader_refuse_the_same(name: str, path: list[str | int], value: object) -> None:
    message = example(name)
    place = message["records"][0]["data"]
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    message.pop("totals")
    assert not validator().is_valid(message)
    batch = clue_exchange.read(io.BytesIO(json.dumps(message).encode()), ORIGIN, clue_exchange.Settings())
    bad = next(iter(batch.documents))
    assert isinstance(bad, BadRecord)
    pointers = ["/records/0/data/" + "/".join(str(part) for part in path)]
    assert [problem.pointer for problem in bad.problems] == pointers


def test_schema_allows_fields_that_it_does_not_know() -> None:
    message = example("customer")
    message["x_partner"] = {"any": 1.5}
    message["records"][0]["data"]["x_partner"] = ["kept"]
    assert validator().is_valid(message)
