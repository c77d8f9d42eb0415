"""A real OpenSSH server, and a site beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.connectors.rigs import Rig
from tests.sftp_servers import SftpServer, sftp_server


@pytest.fixture
def server() -> Iterator[SftpServer]:
    with sftp_server() as started:
        yield started


@pytest.fixture
def rig(server: SftpServer, tmp_path: Path) -> Iterator[Callable[..., Rig]]:
    """Make sites beside the server; all are closed in the end."""
    made: list[Rig] = []

    def make(name: str = "site", beside: SftpServer | None = None, **collect: object) -> Rig:
        made.append(Rig(tmp_path / name, beside or server, **collect))
        return made[-1]

    yield make
    for one in made:
        one.close()
