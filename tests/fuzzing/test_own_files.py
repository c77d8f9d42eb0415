"""What we have written ourselves and others may have altered: archive, configuration, names, attachments."""

import base64
import json
import os
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import config
from core.batch import Batch
from core.errors import ConfigError
from spool.archive.checking import verify
from spool.folders.names import MAX_BYTES, free_name, safe_name, visible_name
from spool.results.notes import quoted
from tests.config.shipped import CONFIG, SHIPPED_PLUGINS
from tests.fuzzing.contract import Case, bounded, default_settings, exercise
from tests.fuzzing.mutations import damaged
from tests.sites import Running, a_site

often = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
chances = st.integers(0, 2**32).map(random.Random)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An archive of three drops; damage is done to copies."""
    running = Running(a_site(tmp_path_factory.mktemp("site")))
    for number in range(3):
        running.drop(f"{number}.txt", f"file {number}\n")
    running.until_archived(3)
    running.stop()
    yield running.site.archive
    shutil.rmtree(running.root, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["manifest.json", "chain.json"])
@often
@given(chance=chances)
def test_an_altered_archive_gives_findings_and_nothing_else(archive: Path, name: str, chance: random.Random) -> None:
    path = chance.choice(sorted(archive.rglob(name)))
    before = path.read_bytes()
    altered = damaged(before, chance)
    path.chmod(0o640)
    path.write_bytes(altered)
    try:
        with bounded():
            found = [str(finding) for finding in verify(archive)]
    finally:
        path.write_bytes(before)
    assert altered == before or found or name == "chain.json"
    assert all("\n" not in line for line in found)


@pytest.mark.slow
@often
@given(chance=chances)
def test_an_altered_configuration_loads_or_says_where_it_is_wrong(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random
) -> None:
    source = chance.choice(["default.toml", "demo.toml", "reference.toml"])
    path = tmp_path_factory.getbasetemp() / "altered.toml"
    path.write_bytes(damaged((CONFIG / source).read_bytes(), chance))
    mistakes: tuple[str, ...] = ("nothing:",)
    with bounded(seconds=5.0):
        try:
            config.site_of(config.load(path, SHIPPED_PLUGINS))
        except ConfigError as error:
            mistakes = error.mistakes
    assert mistakes
    assert all(":" in mistake for mistake in mistakes)


@often
@given(name=st.text(min_size=1, max_size=255) | st.binary(min_size=1, max_size=255).map(os.fsdecode))
def test_a_made_safe_name_is_safe_and_stays_so(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    safe = safe_name(name)
    assert safe_name(safe) == safe
    assert 0 < len(safe.encode("utf-8")) <= MAX_BYTES
    assert safe not in {".", ".."}
    assert not set(safe) & set('/\\\0\n\r\x1b<>:"|?*')
    assert not safe.startswith((".", " "))
    assert not safe.endswith((".", " "))
    assert free_name(tmp_path_factory.getbasetemp(), name)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", quoted(name))


@often
@given(name=st.binary(min_size=1, max_size=255).map(os.fsdecode))
def test_a_visible_name_can_be_stored(name: str) -> None:
    assert visible_name(name).encode("utf-8")


@often
@given(
    content=st.binary(max_size=60).map(base64.b64encode).map(bytes.decode) | st.text(max_size=60),
    name=st.text(max_size=40) | st.sampled_from(["../a", "/etc/passwd", "a\0b", "..", "CON", "a" * 300, "a/b"]),
    beside=st.booleans(),
)
def test_an_attachment_is_taken_as_a_plain_name_or_not_at_all(content: str, name: str, beside: bool) -> None:

    where = {"href": name} if beside else {"content_base64": content}
    message = {
        "format": "clue-exchange", "version": "1.0", "message_id": "0192f3a1-7c1e-7b1a-9a55-3f6f0c1d2e77",
        "type": "customer", "mode": "delta", "created_at": "2026-11-22T08:15:00+01:00",
        "sender": {"system": "clue", "company": "1"}, "records": [],
        "attachments": [{"attachment_id": "1", "filename": name, "media_type": "application/pdf", **where}],
    }  # fmt: skip
    text = json.dumps(message).encode()
    found = exercise(Case("clue_exchange", text, "a.json", default_settings("clue_exchange")))
    if isinstance(found, Batch):
        for taken in [*found.companions, *(file.filename for file in found.head["attachments"])]:
            assert taken == os.path.basename(taken) == name
            assert taken not in {"", ".", ".."}
            assert "\0" not in taken
