"""kill -9 at every step of what people decide: each payment is told once, or not at all, as they have decided."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemon.decided_lives import SCENES

pytestmark = [pytest.mark.daemon, pytest.mark.slow, pytest.mark.timeout(1200)]

ROOT = Path(__file__).resolve().parents[2]
EVERY = os.environ.get("EVERY", "41")


@pytest.mark.parametrize("scene", SCENES)
def test_whatever_the_moment_of_the_crash_the_outcome_is_as_it_was_decided(scene: str, tmp_path: Path) -> None:
    """Every 41st step; all of them: ``EVERY=1 python -m pytest tests/daemon/test_kill_decisions.py``."""
    command = [sys.executable, "-m", "tests.daemon.decided_lives", scene, tmp_path, EVERY]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["violations"] == {}
    assert told["steps"] > 80
