"""The generated reference shows everything, loads, and so does it with every shown line taken in."""

import re
import tomllib
from pathlib import Path

from config import Plugins, Settings, load
from config.reference import reference
from config.settings import Engine, Folders, Journal, Log, Retry, Route, Target
from core.company import Company
from tests.config.sample_plugins import PLUGINS


def taken_in(text: str) -> str:
    return re.sub(r"(?m)^#(?=[^ #\n])", "", text)


def load_text(folder: Path, text: str, plugins: Plugins = PLUGINS) -> Settings:
    path = folder / "cluedrop.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, plugins)


def test_the_reference_loads_with_all_defaults(tmp_path: Path) -> None:
    plugins = Plugins(PLUGINS.formats, {"booking": PLUGINS.handlers["booking"]}, PLUGINS.writers)
    settings = load_text(tmp_path, reference(plugins), plugins)

    assert settings.engine == Engine()
    assert settings.companies == (Company(id="1", fibu="bmd"),)
    assert settings.routes[0].handler_settings == PLUGINS.handlers["booking"]()
    assert dict(settings.routes[0].format_settings) == {name: model() for name, model in PLUGINS.formats.items()}
    assert settings.routes[0].max_size == Route.model_fields["max_size"].default


def test_the_reference_loads_with_every_shown_line_taken_in(tmp_path: Path) -> None:
    settings = load_text(tmp_path, taken_in(reference(PLUGINS)))

    assert settings.engine == Engine()
    assert [route.name for route in settings.routes] == ["booking", "labels"]
    assert settings.companies[0].accounts.debtors == Company(id="1", fibu="bmd").accounts.debtors


def test_every_option_is_shown_with_what_it_means() -> None:
    text = reference(PLUGINS)
    models = [Folders, Journal, Engine, Log, Retry, Route, Target, Company, *PLUGINS.handlers.values()]
    for model in models:
        for name, field in model.model_fields.items():
            key = field.alias or name
            assert re.search(rf"(?m)^#?(?:{key} = |\[+[\w.]*{key}\b)", text), key
            assert field.description


def test_a_required_setting_of_a_handler_is_shown_live() -> None:
    assert tomllib.loads(reference(PLUGINS))["route"][1]["settings"] == {"password": "credential:label-password"}


def test_the_reference_without_plugins_loads(tmp_path: Path) -> None:
    nothing = Plugins({}, {})

    assert load_text(tmp_path, reference(nothing), nothing).routes == ()


def test_no_line_is_wider_than_a_screen() -> None:
    assert max(len(line) for line in reference(PLUGINS).splitlines()) <= 120
