"""A set of very many texts in eight bytes each."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from hashlib import blake2b

_BUCKETS = 256


class KeySet:
    """Remembers which keys were added, and which of them twice; ``freeze`` comes between adding and asking.

    A million strings in a Python set take 150 MB; here each is a 64-bit hash in an array, 8 MB. The hash is blake2b
    and not ``hash()``, so that the answer is the same in every process; for two of a million keys to collide the odds
    are one in thirty million. Buckets keep the lists small that sorting needs for a moment.
    """

    def __init__(self) -> None:
        self._buckets = [array("Q") for _ in range(_BUCKETS)]

    def add_all(self, keys: Iterable[str]) -> None:
        """Add keys, also repeatedly."""
        buckets = self._buckets
        for key in keys:
            value = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little")
            buckets[value % _BUCKETS].append(value)

    def freeze(self) -> bool:
        """Sort, so that keys can be asked for; True where a key was added more than once."""
        repeated = False
        for index, bucket in enumerate(self._buckets):
            values = sorted(bucket)
            repeated = repeated or len(set(values)) < len(values)
            self._buckets[index] = array("Q", values)
        return repeated

    def __contains__(self, key: str) -> bool:
        value = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little")
        bucket = self._buckets[value % _BUCKETS]
        at = bisect_left(bucket, value)
        return at < len(bucket) and bucket[at] == value
