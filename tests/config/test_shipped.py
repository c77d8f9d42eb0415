"""The configurations that are delivered."""

import shutil
from pathlib import Path

from config import load
from config.reference import reference
from tests.config.shipped import CONFIG, SHIPPED_PLUGINS


def test_the_default_configuration_serves_the_folders_of_the_checkout() -> None:
    settings = load(CONFIG / "default.toml", SHIPPED_PLUGINS)

    assert settings.root == CONFIG.parent
    assert {route.name: route.folder for route in settings.routes} == {
        name: CONFIG.parent / "inbox" / name for name in ("clue", "bmd", "rzl")
    }
    assert [(company.id, company.fibu) for company in settings.companies] == [("1", "bmd"), ("2", "rzl")]


def test_the_reference_is_up_to_date() -> None:
    """If it is not: ``python -m tests.config.shipped`` writes it anew."""
    assert (CONFIG / "reference.toml").read_text(encoding="utf-8") == reference(SHIPPED_PLUGINS)


def test_the_reference_loads(tmp_path: Path) -> None:
    path = Path(shutil.copy(CONFIG / "reference.toml", tmp_path))

    assert {route.handler for route in load(path, SHIPPED_PLUGINS).routes} == set(SHIPPED_PLUGINS.handlers)
