"""Does a folder answer at all? A share whose server hangs blocks whoever touches it; here only a thread of ours waits.

A call into a hanging file system cannot be taken back. So before the daemon touches a folder, a thread asks for it
first; as long as that one has not come back, the folder counts as away and nobody else goes near it. Who is between
its answer and the end of his own work when the server begins to hang still waits for it: the watchdog's case.
"""

import os
import threading
import time
from dataclasses import dataclass, field

from core.errors import TransportError

_PATIENCE_SECONDS = 5.0
_BELIEVED_SECONDS = 0.2
"""An answer is good for so long; one of the root's own disk, which hangs only with everything else, for longer."""
_LOCAL_SECONDS = 60.0


@dataclass(slots=True)
class _Question:
    asked_at: float
    answered: threading.Event = field(default_factory=threading.Event)
    good_until: float = 0.0


_QUESTIONS: dict[str, _Question] = {}
"""The last question to each folder. The file systems are those of the machine, so there is one book for the process."""


def check_answers(folder: str) -> None:
    """Raise TransportError when a folder does not answer; whether it is there and whose it is others must ask."""
    now = time.monotonic()
    question = _QUESTIONS.get(folder)
    if question is not None and question.answered.is_set():
        if now < question.good_until:
            return
        question = None
    if question is None:
        question = _QUESTIONS[folder] = _Question(now)
        threading.Thread(target=_ask, args=(folder, question), daemon=True).start()
    if not question.answered.wait(max(0.0, question.asked_at + _PATIENCE_SECONDS - now)):
        waited = round(time.monotonic() - question.asked_at)
        raise TransportError(f"{folder}: does not answer for {waited} s; does its server hang?")


def answers(folder: str) -> bool:
    """Say whether a folder answers."""
    try:
        check_answers(folder)
    except TransportError:
        return False
    return True


def _ask(folder: str, question: _Question) -> None:
    good_for = _BELIEVED_SECONDS
    try:
        os.statvfs(folder)  # a stat alone may be answered from memory
        if os.stat(folder).st_dev == os.stat("/").st_dev:
            good_for = _LOCAL_SECONDS
    except OSError:
        pass  # it does answer
    question.good_until = time.monotonic() + good_for
    question.answered.set()
