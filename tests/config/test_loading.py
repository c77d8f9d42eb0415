"""What a right configuration becomes."""

import random
from datetime import time
from pathlib import Path

import pytest

from config import Settings, load, site_of
from core.errors import ConfigError
from tests.config.sample_plugins import PLUGINS, BookingSettings, Colour, ListSettings, MessageSettings, WriterSettings

SMALL = """
[[target]]
name = "clue"

[[route]]
name = "bank"
formats = ["message", "open_list"]
handler = "booking"
"""


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str | bytes) -> Path:
        path = tmp_path / "site" / "cluedrop.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def mistakes_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(path, PLUGINS)
    return caught.value.mistakes


def test_an_empty_file_is_a_site_without_routes(write) -> None:
    settings = load(write(""), PLUGINS)

    assert (settings.routes, settings.targets, settings.companies) == ((), (), ())


def test_folders_hang_on_the_root_and_the_root_on_the_file(write, tmp_path: Path) -> None:
    settings = load(write('root = "../data"\n[folders]\ninbox = "in"\narchive = "/srv/archive"\n' + SMALL), PLUGINS)

    assert settings.root == tmp_path / "data"
    assert settings.folders.archive == Path("/srv/archive")
    assert settings.routes[0].folder == tmp_path / "data" / "in" / "bank"
    assert settings.targets[0].folder == tmp_path / "data" / "outbox" / "clue"
    assert settings.journal.url == f"sqlite:///{tmp_path}/data/.state/journal.sqlite3"


def test_a_relative_path_of_the_file_gives_absolute_folders(write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(SMALL)
    monkeypatch.chdir(path.parent)

    assert load(Path("cluedrop.toml"), PLUGINS).root == path.parent


def test_each_route_holds_the_typed_settings_of_its_plugins(write) -> None:
    text = SMALL + 'settings = { colour = "green", patience = "2 min" }\nformat.open_list.codec = "cp850"\n'

    settings = load(write(text + '[format.booking_file]\nend_of_line = "\\n"\n'), PLUGINS)

    route = settings.routes[0]
    assert route.handler_settings == BookingSettings(colour=Colour.GREEN, patience=120)
    assert route.format_settings == {"message": MessageSettings(), "open_list": ListSettings(codec="cp850")}
    assert settings.writer_settings == {"booking_file": WriterSettings(end_of_line="\n")}


def test_routes_and_targets_take_what_they_do_not_say_from_the_engine(write) -> None:
    text = '[engine]\nsettle = "7 s"\npickup_alert = 0\nmax_waiting = 9\n' + SMALL + 'poll = 3\nwatch = "poll"\n'

    settings = load(write(text), PLUGINS)

    assert (settings.routes[0].settle, settings.routes[0].poll) == (7, 3)
    assert (settings.targets[0].pickup_alert, settings.targets[0].max_waiting) == (0, 9)


def test_on_a_share_a_file_is_finished_when_it_stands_still(write) -> None:
    assert load(write(SMALL + 'watch = "poll"\n'), PLUGINS).routes[0].ready == "stable"
    assert load(write(SMALL), PLUGINS).routes[0].ready == "closed"


@pytest.mark.parametrize("written", ['"07:30"', "07:30:00", '"7:30"'])
def test_a_time_of_day_may_be_text_or_a_toml_time(write, written: str) -> None:
    assert load(write(SMALL + f"due_by = {written}\n"), PLUGINS).routes[0].due_by == time(7, 30)


def test_the_engine_gets_its_site(write) -> None:
    text = '[[company]]\nid = "1"\nfibu = "bmd"\ntarget = "clue"\n' + SMALL
    text += 'company = "1"\nmax_size = "5 MiB"\ndue_by = "07:00"\ndue_days = ["sat"]\n'
    text += '[[route]]\nname = "off"\nformats = ["message"]\nhandler = "booking"\nenabled = false\n'
    settings = load(write(text), PLUGINS)

    site = site_of(settings, {})

    assert [route.name for route in site.routes] == ["bank"]
    route = site.routes[0]
    assert (route.max_bytes, route.due_days, route.company) == (5 * 1024**2, (5,), "1")
    assert dict(route.formats) == dict(settings.routes[0].format_settings)
    assert site.targets["clue"].file_mode == 0o640
    assert site.companies["1"] == settings.companies[0]
    assert site.journal_url == settings.journal.url


def test_files_of_windows_editors_are_read(write) -> None:
    content = b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode()

    assert load(write(content), PLUGINS).routes[0].name == "bank"


def test_lines_of_windows_files_are_counted_right(write) -> None:
    assert ":5: " in mistakes_of(write("# eins\r\n# zwei\r\n# drei\r\n\r\nsight = 1\r\n"))[0]


def test_a_file_that_is_not_utf8_is_refused_with_its_line(write) -> None:
    assert mistakes_of(write(b'root = "."\n# B\xfcro\n'))[0].endswith(
        "cluedrop.toml:2: holds bytes that are not UTF-8, save the file as UTF-8"
    )


def test_a_file_that_is_not_there_is_one_mistake(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path / "none.toml") == (
        f"{tmp_path}/none.toml:1: cannot be read: No such file or directory",
    )


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path) == (f"{tmp_path}:1: cannot be read: Is a directory",)


def test_a_file_that_is_nested_too_deeply_is_one_mistake(write) -> None:
    assert "nested too deeply" in mistakes_of(write("a = " + "[" * 5000 + "]" * 5000))[0]


def test_folders_overlap_through_a_link_too(write, tmp_path: Path) -> None:
    path = write(SMALL)
    (tmp_path / "site" / "inbox").mkdir()
    (tmp_path / "site" / "outbox").mkdir()
    (tmp_path / "site" / "inbox" / "bank").symlink_to(tmp_path / "site" / "outbox" / "clue")

    assert 'is the same folder as that of route "bank"' in mistakes_of(path)[0]


def test_a_link_out_of_the_root_is_allowed(write, tmp_path: Path) -> None:
    path = write(SMALL)
    (tmp_path / "share").mkdir()
    (tmp_path / "site" / "inbox").symlink_to(tmp_path / "share")

    assert load(path, PLUGINS).routes[0].folder == tmp_path / "site" / "inbox" / "bank"


def test_the_order_of_tables_does_not_change_what_is_found(write) -> None:
    tables = [*SMALL.strip().split("\n\n"), '[[company]]\nid = "1"\nfibu = "rzl"']
    found = set()
    for seed in range(5):
        random.Random(seed).shuffle(tables)
        found.add(tuple(line.partition(": ")[2] for line in mistakes_of(write("\n\n".join(tables)))))

    assert found == {('company[1].fibu: there is no target "rzl", allowed: "clue"; or name another one with target',)}


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().site = "other"  # type: ignore[misc]
