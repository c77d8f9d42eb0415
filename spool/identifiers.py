"""Drop ids: sort by time of arrival, unique for ever, short enough to read out on the telephone."""

import itertools
import secrets
import time

_SERIAL = itertools.count(secrets.randbelow(0x1000))
LENGTH = 20


def new_drop_id(now_ms: int) -> str:
    """Make an id: 11 digits of time in milliseconds, 3 of a counter, 6 of chance, all hexadecimal."""
    return f"{now_ms:011x}{next(_SERIAL) & 0xFFF:03x}{secrets.token_hex(3)}"


def now_ms() -> int:
    """Milliseconds since 1970, UTC: the journal's spelling of a moment."""
    return time.time_ns() // 1_000_000
