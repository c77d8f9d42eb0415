"""What a reload takes over, and what needs a restart."""

from pathlib import Path

from config import Settings, changes, load
from tests.config.sample_plugins import PLUGINS

TEXT = """
[[target]]
name = "clue"

[[route]]
name = "bank"
formats = ["message"]
handler = "booking"

[[route]]
name = "lists"
formats = ["open_list"]
handler = "booking"
"""


def settings_of(folder: Path, text: str) -> Settings:
    path = folder / "cluedrop.toml"
    path.write_text(text)
    return load(path, PLUGINS)


def test_nothing_changes_when_nothing_changed(tmp_path: Path) -> None:
    assert changes(settings_of(tmp_path, TEXT), settings_of(tmp_path, TEXT)) == []


def test_routes_are_taken_over_by_name(tmp_path: Path) -> None:
    new = TEXT.replace('name = "bank"', 'name = "bank"\nmax_size = "1 MB"\nformat.message.most = 5')
    new = new.replace('name = "lists"', 'name = "stocks"')

    assert changes(settings_of(tmp_path, TEXT), settings_of(tmp_path, new)) == [
        "route[bank].format[message].most: taken over",
        "route[bank].max_size: taken over",
        "route[lists]: taken over",
        "route[stocks]: taken over",
    ]


def test_what_is_read_only_at_the_start_needs_a_restart(tmp_path: Path) -> None:
    new = '[folders]\nstate = "journal"\n[engine]\nworkers = 3\nsettle = "3 s"\n' + TEXT

    assert changes(settings_of(tmp_path, TEXT), settings_of(tmp_path, new)) == [
        "engine.workers: needs a restart",
        "folders.state: needs a restart",
        "journal.url: needs a restart",
        "engine.settle: taken over",
        "route[bank].settle: taken over",
        "route[lists].settle: taken over",
    ]


def test_another_order_of_routes_is_a_change(tmp_path: Path) -> None:
    target, bank, lists = TEXT.strip().split("\n\n")

    new = settings_of(tmp_path, f"{target}\n\n{lists}\n\n{bank}")

    assert changes(settings_of(tmp_path, TEXT), new) == ["route: taken over"]
