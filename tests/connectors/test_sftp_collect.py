"""Files outside come into the inbox: each once, whole, and only then they go from there."""

import os
import threading
from collections.abc import Callable

import pytest

from tests.connectors.rigs import Rig
from tests.sftp_servers import sftp_server

pytestmark = pytest.mark.slow

MakeRig = Callable[..., Rig]


def test_what_lies_there_comes_and_goes_from_there(rig: MakeRig) -> None:
    one = rig()
    contents = {f"f{number}.csv": f"content {number}\n".encode() * number for number in range(70)}
    contents |= {"long.csv": os.urandom(700_001), "edge.csv": os.urandom(1 << 16)}
    for name, content in contents.items():
        one.lay(name, content)

    done = one.collect()

    assert done.troubles == {}
    assert done.moved == len(contents)
    assert one.came() == contents
    assert sorted(one.hinted) == sorted(contents)
    assert one.left() == set()
    assert one.drafts() == []
    assert one.memory.arrivals(one.collecting.folder) == []


def test_the_oldest_comes_first(rig: MakeRig) -> None:
    one = rig()
    for number, name in enumerate(["c.csv", "a.csv", "b.csv"]):
        os.utime(one.lay(name), (1_000_000_000 + number, 1_000_000_000 + number))

    one.collect()

    assert one.hinted == ["c.csv", "a.csv", "b.csv"]


def test_a_full_folder_is_emptied_in_rounds_so_that_others_get_their_turn(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors._sftp.collect._MOST_A_ROUND", 50)
    one = rig()
    names = {f"f{number:03}.csv" for number in range(120)}
    for name in names:
        one.lay(name)

    rounds = [one.collect() for _ in range(3)]

    assert [(done.moved, done.more) for done in rounds] == [(50, True), (50, True), (20, False)]
    assert set(one.came()) == names


@pytest.mark.parametrize(
    "name", [".hidden", "x.part", "x.csv.filepart", "x.tmp", "~$x.xlsx", "X.PART", ".in.x.csv.", "x.bak", "Thumbs.db"]
)
def test_names_of_uploads_in_progress_and_ignored_ones_are_never_taken(rig: MakeRig, name: str) -> None:
    one = rig(ignore=("*.bak",))
    one.lay(name)
    one.lay("x.csv")

    one.collect()

    assert set(one.came()) == {"x.csv"}
    assert one.left() == {name}


def test_only_the_wanted_names_are_taken_and_folders_and_links_are_left(rig: MakeRig) -> None:
    one = rig(take=("*.xml",))
    one.lay("x.csv")
    one.lay("x.xml")
    (one.outside / "folder.xml").mkdir()
    (one.outside / "link.xml").symlink_to("/etc/passwd")

    one.collect()

    assert set(one.came()) == {"x.xml"}


def test_a_file_must_stand_still_first(rig: MakeRig) -> None:
    one = rig(settle_seconds=0.3)
    path = one.lay("x.csv", b"a")

    assert one.collect().waits
    with path.open("ab") as file:
        file.write(b"b")
    assert one.collect().waits
    assert one.came() == {}
    while one.collect().waits:
        pass
    assert one.came() == {"x.csv": b"ab"}


def test_a_marker_says_that_a_file_is_finished(rig: MakeRig) -> None:
    one = rig(ready="marker", settle_seconds=60.0)
    one.lay("x.csv")
    one.lay("y.csv")
    one.lay("y.csv.ok", b"")

    one.collect()

    assert set(one.came()) == {"y.csv"}
    assert one.left() == {"x.csv"}


@pytest.mark.parametrize("size", [10, 300_000], ids=["small", "long"])
def test_a_file_that_grows_while_it_is_fetched_is_waited_for(rig: MakeRig, size: int) -> None:
    one = rig()
    path = one.lay("x.csv", b"a" * size)
    [handle] = [path.open("ab")]  # its writer has it open still

    def grow() -> None:
        handle.write(b"b" * 5)
        handle.flush()
        one.landing.meddle = lambda: None

    one.landing.meddle = grow
    first = one.collect()
    handle.close()

    assert (first.moved, first.waits) == (0, True)
    one.collect()
    assert one.came() == {"x.csv": b"a" * size + b"b" * 5}


def test_a_file_that_is_replaced_after_the_claim_is_another_file(rig: MakeRig) -> None:
    one = rig()
    one.lay("x.csv", b"first")

    def replace() -> None:
        one.lay("x.csv", b"second")

    one.landing.meddle = replace
    one.collect()
    one.landing.meddle = lambda: None
    one.collect()

    assert one.came() == {"x.csv": b"first", "x (2).csv": b"second"}


def test_names_that_are_no_utf8_harm_nobody(rig: MakeRig) -> None:
    one = rig()
    raw = os.fsencode(one.outside) + b"/Rechnung M\xe4rz.csv"
    with open(raw, "wb") as file:
        file.write(b"latin")
    one.lay("Rechnung Mai.csv", b"utf8")
    one.lay("Größe.csv", b"umlaut")

    one.collect()

    assert one.came() == {"Rechnung März.csv": b"latin", "Rechnung Mai.csv": b"utf8", "Größe.csv": b"umlaut"}
    assert os.listdir(os.fsencode(one.outside)) == []


def test_a_name_that_is_taken_here_gets_a_number(rig: MakeRig) -> None:
    one = rig()
    (one.inbox / "x.csv").write_bytes(b"here before")
    one.lay("x.csv", b"new")

    one.collect()

    assert one.came() == {"x.csv": b"here before", "x (2).csv": b"new"}


def test_a_file_that_is_too_large_is_left_and_told(rig: MakeRig) -> None:
    one = rig(most_bytes=4)
    one.lay("big.csv", b"12345")
    one.lay("small.csv", b"1234")

    done = one.collect()

    assert set(one.came()) == {"small.csv"}
    assert "5 bytes, more than 4" in done.troubles["big.csv"]


def test_what_was_fetched_is_moved_where_that_is_wanted(rig: MakeRig, server) -> None:
    one = rig(after="move", move_to=str(server.home / "done"))
    for content in (b"first", b"second"):
        one.lay("x.csv", content)
        one.collect()

    moved = {path.read_bytes() for path in (server.home / "done").iterdir()}
    assert moved == {b"first", b"second"}
    assert "x.csv" in {path.name for path in (server.home / "done").iterdir()}
    assert one.left() == set()


# ── remembered, not claimed ──────────────────────────────────────────────────────────────────────────────────────


def test_what_is_to_stay_there_is_fetched_once_also_after_a_restart(rig: MakeRig) -> None:
    one = rig(after="keep")
    path = one.lay("x.csv", b"first")

    assert [one.collect().moved for _ in range(3)] == [1, 0, 0]
    one.restart()
    assert one.collect().moved == 0
    os.utime(path, (1_000_000_000, 1_000_000_000))  # touched, or the server's clock has changed to summer time
    assert one.collect().moved == 0
    one.lay("x.csv", b"other")
    assert one.collect().moved == 1
    assert one.left() == {"x.csv"}
    assert one.came() == {"x.csv": b"first", "x (2).csv": b"other"}
    assert one.drafts() == []


@pytest.mark.parametrize("refused", ["rename,posix-rename", "rename,posix-rename,remove"])
def test_without_the_right_to_rename_files_are_remembered(rig: MakeRig, refused: str) -> None:
    with sftp_server(refused=refused) as strict:
        one = rig(beside=strict)
        one.lay("x.csv", b"first")

        first = one.collect()
        assert "remembered" in first.troubles[""] or "cannot be deleted" in first.troubles[""]
        one.collect()
        one.restart()
        one.collect()

        assert one.came() == {"x.csv": b"first"}
        assert one.left() == ({"x.csv"} if "remove" in refused else set())


def test_a_folder_that_is_not_there_is_told_and_the_connection_lives(rig: MakeRig) -> None:
    one = rig(folder="/nowhere/at/all")

    done = one.collect()

    assert "/nowhere/at/all" in done.troubles[""]
    one.connection.probe()


# ── several ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_two_daemons_each_file_goes_to_one(rig: MakeRig) -> None:
    both = [rig("one"), rig("two")]
    names = {f"f{number}.csv" for number in range(200)}
    for name in names:
        both[0].lay(name, name.encode())
    threads = [threading.Thread(target=one.collect) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in both:
        one.collect()

    came = [one.came() for one in both]
    assert came[0].keys() | came[1].keys() == names
    assert came[0].keys() & came[1].keys() == set()
    assert both[0].left() == set()
