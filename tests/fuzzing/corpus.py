"""Where fuzzing starts from: every golden sample, for every reader, with the settings that lie beside it."""

from functools import cache
from pathlib import Path

from tests.fuzzing.contract import READERS, Case, default_settings

GOLDEN = Path(__file__).parents[1] / "golden"
EXAMPLES = Path(__file__).parents[2] / "docs" / "exchange" / "examples"
_LARGEST = 300_000


@cache
def samples(reader: str) -> tuple[Case, ...]:
    """The samples of a reader first, then those of all others: what is good for one is hostile to the next."""
    own = [_case(reader, path) for path in sorted((GOLDEN / reader).glob("*/input.*"))]
    foreign = [
        _case(reader, path)
        for folder in (GOLDEN, EXAMPLES)
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".csv", ".txt", ".json", ".gz", ".xlsx", ".xls"} and path.parts[len(GOLDEN.parts)] != reader
    ]
    return tuple(case for case in (*own, *foreign) if len(case.content) <= _LARGEST)


def own_samples(reader: str) -> tuple[Case, ...]:
    """The samples that were made for this reader."""
    return samples(reader)[: sum(1 for _ in (GOLDEN / reader).glob("*/input.*"))]


def _case(reader: str, path: Path) -> Case:
    given = path.with_name("settings.json")
    settings = default_settings(reader)
    if given.exists() and path.parent.parent.name == reader:
        settings = READERS[reader].Settings.model_validate_json(given.read_text("utf-8"))
    return Case(reader, path.read_bytes(), path.name, settings)
