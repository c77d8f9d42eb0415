"""Long files go on where they were cut off, when it is certain that what lies there is their beginning."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors._sftp.session import Session
from core.errors import TransportError
from spool.remote.drafts import Draft
from tests.connectors.rigs import Rig

pytestmark = pytest.mark.slow

MakeRig = Callable[..., Rig]
SIZE = 60_000_000
CUT = 40_000_000


class Cut(Draft):
    """A draft at which the server goes down in the middle of the file."""

    def __init__(self, one: Rig, draft: Draft) -> None:
        self.__dict__.update(draft.__dict__)
        self._one = one

    def write(self, piece: bytes) -> None:
        super().write(piece)
        if self.size >= CUT:
            self._one.server.kill()


def cut_off(one: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round in which the server goes down in the middle; then it is there again."""
    with monkeypatch.context() as patch:
        begin = one.landing.draft
        patch.setattr(one.landing, "draft", lambda arrival: Cut(one, begin(arrival)))
        with pytest.raises(TransportError):
            one.collect()
    one.server.start()
    one.restart()


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From where on files were fetched."""
    starts: list[int] = []
    original = Session.fetch_long

    def fetch(self: Session, path: bytes, size: int, sink, done: int = 0, digest=None):  # type: ignore[no-untyped-def]
        starts.append(done)
        return original(self, path, size, sink, done, digest)

    monkeypatch.setattr(Session, "fetch_long", fetch)
    return starts


@pytest.mark.parametrize(("after", "least"), [("delete", CUT), ("keep", 0)])
def test_a_file_that_was_cut_off_is_fetched_from_there_on_if_it_was_claimed(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch, fetched: list[int], after: str, least: int
) -> None:
    """One that was not claimed may be another by now, with the same size and time."""
    one = rig(after=after)
    content = os.urandom(SIZE)
    one.lay("x.csv", content)
    cut_off(one, monkeypatch)

    one.collect()

    assert one.came() == {"x.csv": content}
    assert fetched[0] == 0
    assert fetched[1] == 0 if least == 0 else fetched[1] >= least
    assert one.drafts() == []
    one.collect()
    assert len(fetched) == 2


def test_a_file_that_was_changed_meanwhile_is_fetched_from_its_beginning(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch, fetched: list[int]
) -> None:
    one = rig()
    one.lay("x.csv", os.urandom(SIZE))
    cut_off(one, monkeypatch)
    [claimed] = one.outside.iterdir()
    other = os.urandom(SIZE)
    one.server.lay(claimed, other)
    os.utime(claimed, (1_000_000_000, 1_000_000_000))

    one.collect()

    assert fetched[1] == 0
    assert one.came() == {"x.csv": other}


def _damage(draft: Path, _note: Path) -> None:
    with draft.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\0" * 4096)  # as a power cut leaves it


def _shorten(draft: Path, _note: Path) -> None:
    os.truncate(draft, 1_000_000)


def _garble(_draft: Path, note: Path) -> None:
    note.write_bytes(b"\0" * 100)


def _share(draft: Path, _note: Path) -> None:
    os.link(draft, draft.with_name("of somebody else"))


@pytest.mark.parametrize("harm", [_damage, _shorten, _garble, _share])
def test_what_is_not_proved_to_be_its_beginning_is_not_used(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch, fetched: list[int], harm: Callable[[Path, Path], None]
) -> None:
    one = rig()
    content = os.urandom(SIZE)
    one.lay("x.csv", content)
    cut_off(one, monkeypatch)
    hidden = one.inbox / ".arriving"
    [note] = hidden.glob("*.part.*")
    [draft] = set(hidden.iterdir()) - {note, hidden / ".owner"}
    harm(draft, note)

    one.collect()

    assert fetched[1] == 0
    assert one.came() == {"x.csv": content}
    assert all(path.read_bytes() == content[: path.stat().st_size] for path in hidden.glob("of somebody*"))


def test_the_part_of_a_file_that_is_gone_outside_goes_too(rig: MakeRig, monkeypatch: pytest.MonkeyPatch) -> None:
    one = rig()
    one.lay("x.csv", os.urandom(SIZE))
    cut_off(one, monkeypatch)
    assert len(one.drafts()) == 2
    [claimed] = one.outside.iterdir()
    claimed.unlink()

    one.collect()

    assert one.drafts() == []


def test_a_small_file_leaves_nothing_behind(rig: MakeRig) -> None:
    one = rig()
    one.lay("x.csv", os.urandom(300_000))
    one.landing.meddle = one.server.kill
    with pytest.raises(TransportError):
        one.collect()

    assert [name for name in one.drafts() if ".part." in name] == []
    one.landing.prepare()
    assert one.drafts() == []


# ── the other way ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From where on files were stored."""
    starts: list[int] = []
    original = Session.store_long

    def store(self: Session, path: bytes, source, done: int, digest, *, sync: bool):  # type: ignore[no-untyped-def]
        starts.append(done)
        return original(self, path, source, done, digest, sync=sync)

    monkeypatch.setattr(Session, "store_long", store)
    return starts


def part_of(one: Rig, content: bytes) -> Path:
    """An upload that broke: its beginning lies outside."""
    one.publish("x.csv", content)
    [departure] = one.despatch.waiting()
    return one.server.lay(one.inside / f".cluedrop-{departure.id}.part", content[:CUT])


def test_an_upload_that_broke_goes_on(rig: MakeRig, stored: list[int]) -> None:
    one = rig()
    content = os.urandom(SIZE)
    part_of(one, content)

    one.deliver()

    assert stored == [CUT]
    assert one.stands() == {"x.csv": content}


def test_an_upload_of_which_something_else_lies_there_begins_anew(rig: MakeRig, stored: list[int]) -> None:
    one = rig()
    content = os.urandom(SIZE)
    part = part_of(one, content)
    _damage(part, part)

    one.deliver()

    assert stored == [0]
    assert one.stands() == {"x.csv": content}


def test_a_server_that_is_killed_in_the_middle_of_an_upload_gets_the_rest(rig: MakeRig, stored: list[int]) -> None:
    one = rig()
    content = os.urandom(SIZE)
    one.publish("x.csv", content)
    connection = one.connection

    def killed_at(count: int) -> int:
        if count > 0 and next(left) < 0:
            one.server.kill()
        return count

    left = iter(range(150, -10_000, -1))
    pace = connection.session._pace
    pace.take = killed_at  # type: ignore[assignment, method-assign]
    with pytest.raises(TransportError):
        one.deliver()
    one.server.start()
    one.restart()
    one.deliver()

    assert stored[0] == 0
    assert stored[1] > 1 << 24
    assert one.stands() == {"x.csv": content}
