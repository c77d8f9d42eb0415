"""Files of an outbox go outside: each once, never half, and only then they go from here."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors._sftp.packets import FSYNC, Request
from connectors._sftp.wire import Wire
from core.errors import TransportError
from tests.connectors.rigs import Rig
from tests.sftp_servers import SftpServer, sftp_server
from tests.world.mounts import Mounts

pytestmark = pytest.mark.slow

MakeRig = Callable[..., Rig]


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_what_lies_in_the_outbox_stands_outside_and_goes_from_here(rig: MakeRig) -> None:
    one = rig()
    contents = {f"f{number}.csv": f"content {number}\n".encode() * number for number in range(70)}
    contents |= {"long.csv": os.urandom(700_001), "edge.csv": os.urandom(1 << 16), "Größe (1).csv": b"x"}
    for name, content in contents.items():
        one.publish(name, content)

    done = one.deliver()

    assert done.troubles == {}
    assert done.moved == len(contents)
    assert one.stands() == contents
    assert hidden(one.inside) == []
    assert list(one.outbox.iterdir()) == []
    assert one.memory.departures("out") == {}


def test_until_it_is_whole_nobody_outside_sees_it(rig: MakeRig) -> None:
    one = rig()
    one.publish("x.csv", os.urandom(500_000))
    seen: list[list[str]] = []
    one.despatch.meddle = lambda: seen.append([path.name for path in one.inside.iterdir()])

    one.deliver()

    [[name]] = seen
    assert name.startswith(".cluedrop-")
    assert name.endswith(".part")


@pytest.mark.parametrize(("refused", "sync", "synced"), [("", True, 2), ("", False, 0), ("fsync", True, 0)])
def test_a_server_that_can_is_asked_to_bring_every_file_onto_its_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str, sync: bool, synced: int
) -> None:
    asked: list[Request] = []
    send = Wire.send

    def listen(wire: Wire, request: Request) -> int:
        asked.append(request)
        return send(wire, request)

    monkeypatch.setattr(Wire, "send", listen)
    with sftp_server(refused=refused) as server:
        one = Rig(tmp_path, server)
        one.deliver_with(sync=sync)
        contents = {"short.csv": b"x", "long.csv": os.urandom(700_001)}
        for name, content in contents.items():
            one.publish(name, content)

        one.deliver()

        assert one.stands() == contents
        assert len([request for request in asked if FSYNC in request.body]) == synced
        one.close()


def test_a_delivered_file_is_kept_where_that_is_wanted(rig: MakeRig) -> None:
    one = rig()
    one.deliver_with(after="keep")
    for content in (b"first", b"second"):
        one.publish("x.csv", content)
        one.deliver()
        (one.inside / "x.csv").unlink()

    assert {path.name: path.read_bytes() for path in (one.outbox / "sent").iterdir()} == {
        "x.csv": b"first",
        "x (2).csv": b"second",
    }
    assert one.deliver().moved == 0


def test_a_file_of_the_same_name_is_never_overwritten_by_default(rig: MakeRig) -> None:
    one = rig()
    for content in (b"first", b"second", b"third"):
        one.publish("x.csv", content)
        one.deliver()

    assert one.stands() == {"x.csv": b"first", "x (2).csv": b"second", "x (3).csv": b"third"}


def test_it_replaces_or_waits_where_that_is_wanted(rig: MakeRig) -> None:
    one = rig()
    one.deliver_with(exists="replace")
    one.server.lay(one.inside / "x.csv", b"old")
    one.publish("x.csv", b"new")
    one.deliver()
    assert one.stands() == {"x.csv": b"new"}

    one.deliver_with(exists="wait")
    one.publish("x.csv", b"newer")
    assert "still lies there" in one.deliver().troubles["x.csv"]
    assert one.stands() == {"x.csv": b"new"}
    assert (one.outbox / "x.csv").exists()
    (one.inside / "x.csv").unlink()
    one.deliver()
    assert one.stands() == {"x.csv": b"newer"}


def test_the_same_content_under_the_same_name_is_there_already(rig: MakeRig) -> None:
    one = rig()
    one.server.lay(one.inside / "x.csv", b"same")
    one.publish("x.csv", b"same")

    assert one.deliver().moved == 1
    assert one.stands() == {"x.csv": b"same"}
    assert hidden(one.inside) == []


def test_what_was_renamed_and_picked_up_before_a_crash_is_not_sent_again(rig: MakeRig) -> None:
    """The answer to the rename got lost, and the partner has taken the file away meanwhile."""
    one = rig()
    one.publish("x.csv", b"once")
    one.despatch.delivered = lambda departures: (_ for _ in ()).throw(TransportError("the power goes"))  # type: ignore[method-assign]
    with pytest.raises(TransportError):
        one.deliver()
    assert one.stands() == {"x.csv": b"once"}
    (one.inside / "x.csv").unlink()

    one.restart()
    one.deliver()

    assert one.stands() == {}
    assert list(one.outbox.iterdir()) == []


def test_what_somebody_takes_back_while_it_is_uploaded_is_not_shown(rig: MakeRig) -> None:
    one = rig()
    path = one.publish("x.csv", b"wrong")
    one.publish("y.csv", b"right")
    one.despatch.meddle = path.unlink

    one.deliver()

    assert one.stands() == {"y.csv": b"right"}
    assert hidden(one.inside) == []


@pytest.mark.parametrize("restarted", [False, True])
def test_an_upload_that_somebody_deletes_before_it_got_its_name_is_sent_again(rig: MakeRig, restarted: bool) -> None:
    one = rig()
    one.deliver_with(exists="wait")
    one.server.lay(one.inside / "x.csv", b"in the way")
    one.publish("x.csv", b"ours")
    one.deliver()
    if restarted:
        one.restart()
        one.deliver()
    for name in hidden(one.inside):
        (one.inside / name).unlink()
    (one.inside / "x.csv").unlink()

    one.deliver()
    one.deliver()

    assert one.stands() == {"x.csv": b"ours"}
    assert list(one.outbox.iterdir()) == []


def test_half_of_an_earlier_upload_is_written_anew(rig: MakeRig) -> None:
    one = rig()
    one.publish("x.csv", b"whole content")

    def cut() -> None:
        [name] = hidden(one.inside)
        (one.inside / name).write_bytes(b"whole")
        one.despatch.meddle = lambda: None

    one.despatch.delivered = lambda departures: (_ for _ in ()).throw(TransportError("the power goes"))  # type: ignore[method-assign]
    one.deliver_with(exists="wait")
    one.server.lay(one.inside / "x.csv", b"in the way")
    one.deliver()
    cut()
    (one.inside / "x.csv").unlink()
    one.restart()
    one.deliver()
    one.deliver()

    assert one.stands() == {"x.csv": b"whole content"}


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        ("open,write", "cannot be written"),
        ("rename,posix-rename", "cannot get its name"),
        ("write", "cannot be written"),
    ],
)
def test_a_refusal_is_told_in_words_and_nothing_goes_from_here(rig: MakeRig, refused: str, words: str) -> None:
    with sftp_server(refused=refused) as strict:
        one = rig(beside=strict)
        one.publish("x.csv")

        done = one.deliver()

        assert words in done.troubles["x.csv"]
        assert one.stands() == {}
        assert (one.outbox / "x.csv").exists()


def test_a_read_only_folder_is_told_and_mended_by_a_right(rig: MakeRig) -> None:
    one = rig()
    one.publish("x.csv")
    one.inside.chmod(0o555)

    assert "ermission denied" in one.deliver().troubles["x.csv"]

    one.inside.chmod(0o755)
    one.deliver()
    assert set(one.stands()) == {"x.csv"}


def test_a_full_disk_there_never_shows_half_a_file(rig: MakeRig, server: SftpServer, tmp_path: Path) -> None:
    mounts = Mounts(tmp_path)
    mounts.tmpfs(server.folder("in"), "size=256k,mode=777")
    try:
        one = rig()
        one.publish("big.csv", os.urandom(400_000))
        one.publish("small.csv", b"small")

        done = one.deliver()

        assert "big.csv" in done.troubles
        assert set(one.stands()) <= {"small.csv"}
        assert (one.outbox / "big.csv").exists()
    finally:
        one.connection.close()
        server.kill()
        mounts.close()


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGSTOP, marks=pytest.mark.slow), signal.SIGKILL], ids=["frozen", "killed"]
)
def test_a_server_that_goes_in_the_middle_gets_each_file_once(rig: MakeRig, number: signal.Signals) -> None:
    one = rig()
    contents = {f"f{index}.csv": os.urandom(90_000) for index in range(6)}
    for name, content in contents.items():
        one.publish(name, content)
    one.despatch.meddle = lambda: one.server.signal(number)

    with pytest.raises(TransportError):
        one.deliver()
    assert one.stands() == {}
    one.server.kill()
    one.server.start()
    one.restart()
    one.deliver()

    assert one.stands() == contents
    assert hidden(one.inside) == []
    assert list(one.outbox.iterdir()) == []
