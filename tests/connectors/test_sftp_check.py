"""``check --connect`` says in plain words what does not work, and leaves nothing behind."""

from dataclasses import replace
from pathlib import Path

import pytest

from connectors import sftp
from core.remote import CollectFolder, DeliverFolder, RemotePlace
from tests.sftp_servers import SftpServer, sftp_server

pytestmark = pytest.mark.slow


def place_of(server: SftpServer, **collect: object) -> RemotePlace:
    values: dict[str, object] = {"folder": str(server.folder("out")), "route": "in"}
    collecting = CollectFolder(**{**values, **collect})  # type: ignore[arg-type]
    return RemotePlace(
        "partner", "sftp", server.access(), (collecting,), (DeliverFolder(str(server.folder("in")), "out"),)
    )


def left(server: SftpServer) -> list[Path]:
    return [path for path in server.home.rglob("*") if path.is_file()]


def test_a_place_that_works_is_said_to_work(server: SftpServer) -> None:
    found = list(sftp.check(place_of(server)))

    assert [trouble for _, trouble in found] == [None, None, None]
    assert [subject.rpartition(", ")[2].split(" /")[0] for subject, _ in found[1:]] == ["collect from", "deliver to"]
    assert left(server) == []


def test_a_login_that_fails_is_the_only_trouble(server: SftpServer) -> None:
    place = place_of(server)
    server.kill()

    [(subject, trouble)] = sftp.check(place)

    assert subject.startswith("sftp partner (")
    assert "no SSH server listens" in str(trouble)


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        ("open", "no file can be written"),
        ("rename,posix-rename", "files cannot be renamed in"),
        ("remove", "cannot be deleted"),
    ],
)
def test_every_right_that_is_missing_is_told(refused: str, words: str) -> None:
    with sftp_server(refused=refused) as server:
        troubles = [trouble for _, trouble in sftp.check(place_of(server))]

        assert troubles[0] is None
        assert all(words in str(trouble) for trouble in troubles[1:])


def test_a_folder_that_is_missing_or_read_only_is_told(server: SftpServer) -> None:
    place = place_of(server)
    server.folder("out").rmdir()
    server.folder("in").chmod(0o555)

    _, (_, missing), (_, closed) = sftp.check(place)

    assert missing == "this folder is not there"
    assert "no file can be written" in str(closed)
    assert "no right to" in str(closed)


def test_what_is_only_read_needs_no_rights(server: SftpServer) -> None:
    place = place_of(server, after="keep")
    server.folder("out").chmod(0o555)

    assert [trouble for _, trouble in sftp.check(replace(place, deliver=()))] == [None, None]


def test_moving_away_is_tried_too(server: SftpServer) -> None:
    place = place_of(server, after="move", move_to=str(server.folder("done")))
    server.folder("done").chmod(0o555)

    assert "renamed" in str([trouble for _, trouble in sftp.check(place)][1])
