"""A set of very many texts in eight bytes each."""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable

_BUCKETS = 256


class KeySet:
    """Remembers which keys were added, and whether one was added twice; ``freeze`` comes between adding and asking.

    A million strings in a Python set take 150 MB; here each is its 64-bit hash in an array, 8 MB. Buckets keep the
    lists small that sorting needs for a moment. The odds that two of a million keys collide are one in thirty million,
    and because Python salts its hash anew in every process, such an accident does not happen again the next time.
    """

    def __init__(self) -> None:
        self._buckets = [array("q") for _ in range(_BUCKETS)]
        self._taken: Counter[int] = Counter()

    def add_all(self, keys: Iterable[str]) -> None:
        """Add keys, also repeatedly."""
        buckets = self._buckets
        for value in map(hash, keys):
            buckets[value % _BUCKETS].append(value)

    def freeze(self) -> bool:
        """Sort, so that keys can be asked for; True where a key was added more than once."""
        repeated = False
        for index, bucket in enumerate(self._buckets):
            if len(bucket) < 2:
                continue
            values = sorted(bucket)
            repeated = repeated or len(set(values)) < len(values)
            self._buckets[index] = array("q", values)
        return repeated

    def take(self, key: str) -> bool:
        """Say whether the key was added more often than it was taken so far, and take it once."""
        value = hash(key)
        bucket = self._buckets[value % _BUCKETS]
        if bisect_right(bucket, value) - bisect_left(bucket, value) <= self._taken[value]:
            return False
        self._taken[value] += 1
        return True

    def __contains__(self, key: str) -> bool:
        value = hash(key)
        bucket = self._buckets[value % _BUCKETS]
        at = bisect_left(bucket, value)
        return at < len(bucket) and bucket[at] == value
