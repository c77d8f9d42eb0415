"""Other servers than OpenSSH: what they do differently loses, doubles and halves no file, and is told."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import paramiko
import pytest

from connectors import sftp
from core.connecting import Round
from core.errors import TransportError
from tests.connectors import odd_servers as odd
from tests.connectors.rigs import Rig

pytestmark = pytest.mark.slow

MakeRig = Callable[..., Rig]
SMALL, LONG = 3_000, 700_001


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[MakeRig]:
    """Make a site beside an odd server."""
    with ExitStack() as stack:

        def make(kind: type[odd.Ordinary], **collect: object) -> Rig:
            server = stack.enter_context(odd.odd_server(tmp_path / "server", kind))
            one = Rig(tmp_path / "site", server, **collect)
            stack.callback(one.close)
            return one

        yield make


def troubles(done: Round) -> str:
    return " ".join(done.troubles.values())


# ── collecting ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "kind",
    [
        odd.Ordinary,
        odd.RenamesOver,
        odd.TellsNames,
        odd.TellsRightsAlone,
        odd.TellsNoTime,
        odd.GivesLittle,
        odd.KeepsMarkers,
    ],
)
def test_what_lies_there_comes_whole_and_once_whatever_the_server_is_like(
    beside: MakeRig, kind: type[odd.Ordinary]
) -> None:
    one = beside(kind)
    contents = {"a.csv": os.urandom(SMALL), "b.csv": os.urandom(LONG), "empty.csv": b"", "Größe.csv": b"x"}
    for name, content in contents.items():
        one.lay(name, content)

    rounds = [one.collect() for _ in range(2)]

    assert [done.troubles for done in rounds] == [{}, {}]
    assert one.came() == contents
    assert one.left() == set()


def test_a_folder_or_a_link_that_only_the_long_name_tells_of_is_none_of_ours(beside: MakeRig) -> None:
    one = beside(odd.TellsRightsAlone)
    (one.outside / "folder.csv").mkdir()
    (one.outside / "link.csv").symlink_to("/etc/passwd")
    one.lay("x.csv")

    one.collect()

    assert set(one.came()) == {"x.csv"}


@pytest.mark.parametrize(
    ("kind", "collect", "words"),
    [
        (odd.TellsNoSize, {}, "does not tell how many bytes"),
        (odd.TellsNoTime, {"after": "keep"}, "tells no times"),
        (odd.TellsNothingLies, {}, "had changed"),
        (odd.TellsMore, {}, "had changed"),
        (odd.TellsAnotherTime, {}, "other times in its listing"),
        (odd.LetsNobodyLook, {}, "cannot be read"),
    ],
)
@pytest.mark.parametrize("size", [SMALL, LONG], ids=["small", "long"])
def test_what_nobody_can_be_sure_of_is_left_there_and_told(
    beside: MakeRig, kind: type[odd.Ordinary], collect: dict[str, object], words: str, size: int
) -> None:
    one = beside(kind, **collect)
    content = os.urandom(size)
    one.lay("x.csv", content)

    rounds = [one.collect() for _ in range(4)]

    assert one.came() == {}
    assert words in rounds[-1].troubles["x.csv"]
    assert [path.read_bytes() for path in one.outside.iterdir()] == [content]


def test_a_file_that_is_in_use_there_waits_and_the_others_are_claimed(beside: MakeRig) -> None:
    one = beside(odd.HasOneInUse)
    for name in ("a.csv", "in use.csv", "z.csv"):
        one.lay(name)

    done = one.collect()

    assert set(one.came()) == {"a.csv", "z.csv"}
    assert "others can" in done.troubles["in use.csv"]
    (one.outside / "in use.csv").rename(one.outside / "b.csv")
    assert one.collect().troubles == {}
    assert set(one.came()) == {"a.csv", "b.csv", "z.csv"}


def test_where_hidden_files_are_not_listed_nothing_is_claimed(beside: MakeRig) -> None:
    """What was claimed would be lost in a crash: nobody would find it."""
    one = beside(odd.HidesHiddenFiles)
    contents = {"a.csv": b"a", "b.csv": b"b"}
    for name, content in contents.items():
        one.lay(name, content)
    one.landing.meddle = lambda: seen.append(one.left())
    seen: list[set[str]] = []

    done = one.collect()

    assert seen[0] == set(contents)
    assert "does not list hidden files" in done.troubles[""]
    assert one.came() == contents
    assert one.left() == set()
    assert "hidden files are not listed" in str([trouble for _, trouble in sftp.check(one.place)])
    assert one.left() == set()


def test_a_file_that_cannot_get_its_name_back_is_fetched_under_the_hidden_one(beside: MakeRig) -> None:
    """Its listing shows it no more: nobody would fetch it later."""
    one = beside(odd.KeepsHiddenFiles)
    one.lay("a.csv", b"a")

    one.collect()

    assert one.came() == {"a.csv": b"a"}
    assert one.left() == set()


@pytest.mark.parametrize("kind", [odd.Ordinary, odd.MakesNoFolders])
def test_what_cannot_be_moved_away_is_told_and_never_comes_twice(beside: MakeRig, kind: type[odd.Ordinary]) -> None:
    """The answer to a rename into a folder that is not there is "no such file", too."""
    one = beside(kind, after="move", move_to="/nowhere/at/all")
    one.lay("x.csv", b"once")

    rounds = [one.collect() for _ in range(3)]
    one.restart()
    rounds.append(one.collect())

    assert one.came() == {"x.csv": b"once"}
    assert all("cannot be moved to /nowhere/at/all" in troubles(done) for done in rounds)


def test_what_was_moved_away_is_never_renamed_over(beside: MakeRig, tmp_path: Path) -> None:
    done = tmp_path / "server" / "home" / "done"
    one = beside(odd.RenamesOver, after="move", move_to=str(done))
    for content in (b"first", b"second"):
        one.lay("x.csv", content)
        one.collect()

    assert {path.read_bytes() for path in done.iterdir()} == {b"first", b"second"}


def test_a_marker_that_cannot_be_removed_holds_nothing_up(beside: MakeRig) -> None:
    one = beside(odd.KeepsMarkers, ready="marker")
    one.lay("x.csv", b"x")
    one.lay("x.csv.ok", b"")
    one.collect()
    claimed = f".cluedrop-{one.owner}-{one.landing.new_id()}-y.csv"  # as a crash after the claim leaves it
    one.lay(claimed, b"y")
    one.lay("y.csv.ok", b"")

    one.collect()

    assert one.came() == {"x.csv": b"x", "y.csv": b"y"}


def test_more_than_was_asked_for_is_not_believed(beside: MakeRig) -> None:
    one = beside(odd.GivesMore)
    one.lay("x.csv", b"x" * SMALL)

    with pytest.raises(TransportError, match="longer than what it was asked for"):
        one.collect()

    assert one.came() == {}


# ── delivering ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", [odd.Ordinary, odd.RenamesOver, odd.GivesLittle, odd.LiesAboutRenames])
def test_a_file_of_the_same_name_is_never_overwritten_there(beside: MakeRig, kind: type[odd.Ordinary]) -> None:
    one = beside(kind)
    for content in (b"first", b"second", b"third"):
        one.publish("x.csv", content)
        for _ in range(3):
            one.deliver()

    assert one.stands() == {"x.csv": b"first", "x (2).csv": b"second", "x (3).csv": b"third"}
    assert {path.name for path in one.inside.iterdir()} == set(one.stands())
    assert list(one.outbox.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "words"), [(odd.TellsNoSize, "does not tell its size"), (odd.LetsNobodyLook, "cannot be written")]
)
@pytest.mark.parametrize("size", [SMALL, LONG], ids=["small", "long"])
def test_what_nobody_can_be_sure_of_stays_here_and_is_told(
    beside: MakeRig, kind: type[odd.Ordinary], words: str, size: int
) -> None:
    one = beside(kind)
    one.publish("x.csv", os.urandom(size))

    done = one.deliver()

    assert words in done.troubles["x.csv"]
    assert one.stands() == {}
    assert (one.outbox / "x.csv").exists()


def test_an_upload_that_broke_begins_anew_where_the_server_does_not_let_it_go_on(beside: MakeRig) -> None:
    one = beside(odd.NeverGoesOn)
    content = os.urandom(20_000_000)
    one.publish("x.csv", content)
    [departure] = one.despatch.waiting()
    one.server.lay(one.inside / f".cluedrop-{departure.id}.part", content[:18_000_000])

    done = one.deliver()

    assert done.troubles == {}
    assert one.stands() == {"x.csv": content}


class SpeaksOnce(odd.LikeOpenSSH):
    """A second session is begun, and nothing is ever said in it."""

    class server(paramiko.SFTPServer):  # noqa: N801 - as the oddities are handed over
        def start_subsystem(self, name: str, transport: paramiko.Transport, channel: paramiko.Channel) -> None:
            if channel.get_id() == 0:
                super().start_subsystem(name, transport, channel)
            else:
                threading.Event().wait(30)


@pytest.mark.parametrize("kind", [odd.LikeOpenSSH, odd.LocksOpenFiles, SpeaksOnce])
def test_a_long_file_goes_over_one_session_where_two_will_not_do(beside: MakeRig, kind: type[odd.Ordinary]) -> None:
    one = beside(kind)
    if kind is SpeaksOnce:
        one.restart_with(answer_seconds=3.0)
    content = os.urandom(20_000_001)
    one.publish("x.csv", content)

    done = one.deliver()

    assert done.troubles == {}
    assert one.stands() == {"x.csv": content}


# ── names that would do harm ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [b"\x1b]0;owned\x07x.csv", b"M\xe4rz.csv", "x\u202evsc.exe".encode(), b"a\nb.csv"])
def test_what_is_told_of_a_file_can_be_printed_and_kept_whatever_its_name_is(rig: MakeRig, name: bytes) -> None:
    one = rig(most_bytes=1)
    with open(os.fsencode(one.outside) + b"/" + name, "wb") as file:
        file.write(b"too large")

    [told] = one.collect().troubles

    assert told.isprintable()
    one.memory.tell(trouble=told)
    assert one.memory.state()["trouble"] == told  # type: ignore[index]
