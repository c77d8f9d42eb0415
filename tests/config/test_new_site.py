"""``init`` makes a site that loads, leaves alone what is there, and refuses what is no site."""

import resource
from pathlib import Path

import pytest

from config import load
from config.new_site import init, make_folders, starter
from core.errors import ConfigError, TransportError
from tests.config.shipped import SHIPPED_PLUGINS


def tree(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_a_new_site_loads_and_has_its_folders(tmp_path: Path) -> None:
    site = tmp_path / "neu" / "hier"

    made = init(site, SHIPPED_PLUGINS)

    settings = load(site / "cluedrop.toml", SHIPPED_PLUGINS)
    assert settings.root == site
    assert all(route.folder.is_dir() for route in settings.routes)
    assert all(target.folder.is_dir() for target in settings.targets)
    assert {path.relative_to(site).as_posix() for path in made} == {
        *("cluedrop.toml", "cluedrop.reference.toml", "inbox", "outbox", "archive", ".state"),
        *("inbox/clue", "inbox/bmd", "inbox/rzl", "outbox/clue", "outbox/bmd", "outbox/rzl", "outbox/protokolle"),
        *("inbox/LIESMICH.txt", "outbox/LIESMICH.txt"),
    }
    assert (site / ".state").stat().st_mode & 0o077 == 0


def test_the_starter_explains_every_option_it_uses() -> None:
    lines = starter(SHIPPED_PLUGINS).splitlines()

    first = lines.index('id = "1"')
    assert lines[first - 1].startswith("# Allowed: text")
    assert 'root = "."' in lines


def test_doing_it_again_changes_nothing(tmp_path: Path) -> None:
    init(tmp_path, SHIPPED_PLUGINS)
    (tmp_path / "inbox" / "LIESMICH.txt").write_text("eigener Text")
    before = tree(tmp_path)

    assert init(tmp_path, SHIPPED_PLUGINS) == []
    assert tree(tmp_path) == before


def test_what_is_missing_of_a_site_is_made_again_as_its_configuration_says(tmp_path: Path) -> None:
    init(tmp_path, SHIPPED_PLUGINS)
    configuration = tmp_path / "cluedrop.toml"
    configuration.write_text(configuration.read_text() + '\n[[target]]\nname = "neu"\n')
    (tmp_path / "inbox" / "bmd").rmdir()

    assert init(tmp_path, SHIPPED_PLUGINS) == [tmp_path / "inbox" / "bmd", tmp_path / "outbox" / "neu"]


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "Urlaub.jpg").write_bytes(b"x")

    with pytest.raises(ConfigError, match="is not empty and no site"):
        init(tmp_path, SHIPPED_PLUGINS)
    assert tree(tmp_path) == {"Urlaub.jpg": b"x"}


def test_a_file_is_no_place_for_a_site(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")

    with pytest.raises(ConfigError, match="is no folder"):
        init(tmp_path / "x", SHIPPED_PLUGINS)


def test_a_site_with_a_wrong_configuration_is_told_its_mistakes(tmp_path: Path) -> None:
    (tmp_path / "cluedrop.toml").write_text("sight = 1\n")

    with pytest.raises(ConfigError, match='did you mean "site"'):
        init(tmp_path, SHIPPED_PLUGINS)


def test_what_the_disk_does_not_take_can_be_healed(tmp_path: Path) -> None:
    """No file may have more than a hundred bytes while the site is made."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(TransportError, match="neu: cannot be made: File too large"):
            init(tmp_path / "neu", SHIPPED_PLUGINS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    init(tmp_path / "neu", SHIPPED_PLUGINS)
    init(tmp_path / "other", SHIPPED_PLUGINS)
    assert tree(tmp_path / "neu") == tree(tmp_path / "other")


def test_folders_outside_the_root_are_never_made(tmp_path: Path) -> None:
    share = tmp_path / "share"
    path = tmp_path / "site" / "cluedrop.toml"
    path.parent.mkdir()
    path.write_text(f'[[target]]\nname = "x"\nfolder = "{share}"\n')

    made = list(make_folders(load(path, SHIPPED_PLUGINS)))

    assert share not in made
    assert not share.exists()


def test_clerks_read_their_notes_with_a_windows_editor(tmp_path: Path) -> None:
    init(tmp_path, SHIPPED_PLUGINS)

    content = (tmp_path / "outbox" / "LIESMICH.txt").read_bytes()

    assert content.startswith(b"\xef\xbb\xbfAusgang\r\n")
    assert content.count(b"\n") == content.count(b"\r\n")
