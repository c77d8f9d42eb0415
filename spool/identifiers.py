"""Drop ids: sort by time of arrival, unique for ever, short enough to read out on the telephone."""

import hashlib
import secrets
import time

LENGTH = 20
_SERIALS = 0x1000
_DAY_MS = 86_400_000


class _Last:
    """The moment and serial number of the last id; also a clock that is set back must not make an earlier one."""

    moment = 0
    serial = 0


def go_on_after(drop_id: str, now_ms: int) -> None:
    """Make no id that sorts before an earlier one of this site, also when the clock was set back between two runs.

    An id of a clock that was a day ahead or more was made in error and counts for nothing.
    """
    moment = int(drop_id[:11], 16)
    if _Last.moment < moment < now_ms + _DAY_MS:
        _Last.moment, _Last.serial = moment, _SERIALS - 1


def new_drop_id(now_ms: int) -> str:
    """Make an id: 11 digits of time in milliseconds, 3 of a serial number within it, 6 of chance, all hexadecimal."""
    if now_ms > _Last.moment:
        _Last.moment, _Last.serial = now_ms, 0
    else:
        _Last.moment += (_Last.serial + 1) // _SERIALS
        _Last.serial = (_Last.serial + 1) % _SERIALS
    return f"{_Last.moment:011x}{_Last.serial:03x}{secrets.token_hex(3)}"


def requested_id(request: int, asked_at: int) -> str:
    """The id of the drop that a request leads to: always the same, so that it is begun once, whatever happens."""
    unique = hashlib.sha256(f"request {request}".encode()).hexdigest()[: LENGTH - 11]
    return f"{asked_at:011x}{unique}"


def now_ms() -> int:
    """Milliseconds since 1970, UTC: the journal's spelling of a moment."""
    return time.time_ns() // 1_000_000
