"""Where the log goes: the journal of systemd with its levels, a terminal, and if wanted a file of JSON lines."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from loguru import logger

from spool.results.notes import printable

if TYPE_CHECKING:
    from loguru import Record

_LEVELS = {"TRACE": 7, "DEBUG": 7, "INFO": 6, "SUCCESS": 5, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}
_FILE_BYTES = 10_000_000
_KEPT_FILES = 10


def log_to(level: str, file: Path | None) -> None:
    """Send the log where it belongs. Values of variables never appear in it: they can be secrets or customers."""
    logger.remove()
    if "JOURNAL_STREAM" in os.environ:
        logger.add(sys.stdout, level=level, format=_for_systemd, diagnose=False, colorize=False)
    else:
        logger.add(sys.stderr, level=level, format=_for_terminal, diagnose=False)
    if file is not None:
        logger.add(
            file, level=level, serialize=True, rotation=_FILE_BYTES, retention=_KEPT_FILES, diagnose=False, delay=True
        )


def _for_systemd(record: "Record") -> str:
    """Every line with its own priority, else the later lines of a traceback would lose theirs."""
    prefix = f"<{_LEVELS[record['level'].name]}>"
    record["extra"]["text"] = _harmless(record["message"], f"\n{prefix}    ")
    return prefix + "{extra[text]}\n{exception}"


def _for_terminal(record: "Record") -> str:
    record["extra"]["text"] = _harmless(record["message"], "\n    ")
    return "{time:HH:mm:ss} {level: <7} {extra[text]}\n{exception}"


def _harmless(message: str, line_break: str) -> str:
    """Names of files stand in messages: no later line passes for a line of ours, and no terminal obeys them."""
    return line_break.join(printable(line) for line in message.split("\n"))
