"""kill -9 at every step: nothing is lost, nothing comes or goes twice, nothing is left lying about."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.connectors.rigs import Rig
from tests.sftp_servers import SftpServer

ROOT = Path(__file__).resolve().parents[2]
EVERY = os.environ.get("EVERY", "7")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("after", ["delete", "keep"])
def test_whatever_the_moment_of_the_crash_each_file_comes_and_goes_once(
    server: SftpServer, tmp_path: Path, after: str
) -> None:
    """Every seventh step; all of them: ``EVERY=1 python -m pytest tests/connectors/test_kill.py``."""
    Rig(tmp_path, server).close()
    done = subprocess.run(
        [sys.executable, "-m", "tests.connectors.lives", server.root, str(server.port), tmp_path, EVERY, after],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["violations"] == {}
    assert told["steps"] > 100
