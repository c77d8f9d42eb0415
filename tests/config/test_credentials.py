"""Secrets are named, never written down, and fetched when they are needed."""

import pickle
from pathlib import Path

import pytest
from pyfakefs.fake_filesystem import FakeFilesystem
from pyfakefs.helpers import set_uid

from config import Secret, load, site_of
from config.credentials import parse_secret
from core.errors import ConfigError
from tests.config.sample_plugins import PLUGINS

TEXT = """
[journal]
url = "credential:journal-url"

[[route]]
name = "labels"
formats = ["message"]
handler = "labels"
settings.password = "env:LABEL_PASSWORD"
"""


def test_a_credential_is_read_late_and_without_its_line_break(tmp_path: Path) -> None:
    secret = parse_secret("credential:journal-url")
    (tmp_path / "journal-url").write_text("postgresql+psycopg://clue:hunter2@db/x\n")

    revealed = secret.reveal({"CREDENTIALS_DIRECTORY": str(tmp_path)})

    assert revealed.get_secret_value() == "postgresql+psycopg://clue:hunter2@db/x"
    assert "hunter2" not in repr(revealed)


@pytest.mark.parametrize(
    ("reference", "environ"),
    [
        ("env:NONE", {}),
        ("env:NONE", {"NONE": ""}),
        ("credential:none", {}),
        ("credential:none", {"CREDENTIALS_DIRECTORY": "/"}),
    ],
)
def test_a_secret_that_is_not_there_is_a_mistake_that_says_where_it_was_looked_for(
    reference: str, environ: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match="not there or empty, it is looked for in the") as caught:
        parse_secret(reference).reveal(environ)
    assert caught.value.mistakes[0].startswith(reference)


def test_a_credential_that_cannot_be_read_says_why_and_not_what_it_holds(other_disk: FakeFilesystem) -> None:
    """The daemon is not root: the file of somebody else stays closed to it."""
    other_disk.create_file("/run/credentials/closed", contents="hunter2", st_mode=0o400)
    other_disk.create_file("/run/credentials/latin-1", contents=b"hunter2\xe4")
    other_disk.create_dir("/run/credentials/folder")
    set_uid(1000)
    said = {}
    for name in ("closed", "latin-1", "folder"):
        with pytest.raises(ConfigError) as caught:
            parse_secret(f"credential:{name}").reveal({"CREDENTIALS_DIRECTORY": "/run/credentials"})
        assert "hunter2" not in str(caught.value) + repr(caught.value.__cause__)
        [said[name]] = caught.value.mistakes

    assert said == {
        "closed": "credential:closed: cannot be read: Permission denied",
        "latin-1": "credential:latin-1: is no text in UTF-8",
        "folder": "credential:folder: cannot be read: Is a directory",
    }


@pytest.mark.parametrize(
    "text", ["hunter2", "env:", "credential:../x", "credential:a/b", "file:x", "env:a b", "", 5, None]
)
def test_what_is_no_reference_is_refused_and_not_shown(text: object) -> None:
    with pytest.raises(ValueError, match="never the secret itself") as caught:
        parse_secret(text)
    assert "hunter2" not in repr(caught.value)


def test_a_loaded_configuration_shows_no_secret_and_can_be_sent_to_workers(tmp_path: Path) -> None:
    path = tmp_path / "cluedrop.toml"
    path.write_text(TEXT)
    (tmp_path / "journal-url").write_text("postgresql+psycopg://clue:hunter2@db/x")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "LABEL_PASSWORD": "hunter2"}

    settings = load(path, PLUGINS)
    site = site_of(settings, environ)

    assert site.journal_url == "postgresql+psycopg://clue:hunter2@db/x"
    assert "hunter2" not in repr(settings) + str(settings.model_dump()) + settings.model_dump_json()
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert settings.routes[0].handler_settings.password == Secret("env", "LABEL_PASSWORD")
