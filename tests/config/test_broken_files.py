"""Golden broken files: every mistake of a file is told at once, with its line."""

import os
from pathlib import Path

import pytest

from config import load
from core.errors import ConfigError
from tests.config.sample_plugins import PLUGINS

GOLDEN = Path(__file__).parents[1] / "golden" / "config"
CASES = sorted(folder.name for folder in GOLDEN.iterdir())


def mistakes_of(case: str) -> str:
    path = GOLDEN / case / "cluedrop.toml"
    with pytest.raises(ConfigError) as caught:
        load(path, PLUGINS)
    assert caught.value.__cause__ is None
    # the checkout may lie anywhere
    return "".join(f"{line}\n" for line in caught.value.mistakes).replace(f"{path.parent}{os.sep}", "")


@pytest.mark.parametrize("case", CASES)
def test_all_mistakes_of_a_broken_file_are_told(case: str) -> None:
    expected = (GOLDEN / case / "expected.err").read_text(encoding="utf-8")

    assert mistakes_of(case) == expected


@pytest.mark.parametrize("case", CASES)
def test_no_mistake_shows_a_secret(case: str) -> None:
    assert "hunter2" not in mistakes_of(case)
