"""Which requests shall fail, and how?"""

import errno
import os
from dataclasses import dataclass, field
from typing import Any

from tests.faultfs.protocol import Request

SHORT = -1
"""Instead of an error number: half of what should be written is."""
CHANGING = frozenset({"CREATE", "MKDIR", "LINK", "UNLINK", "RENAME", "RENAME2", "SETATTR", "WRITE"})
SYNCING = frozenset({"FSYNC", "FSYNCDIR", "SYNCFS"})
LOOKING = frozenset({"LOOKUP", "GETATTR", "OPEN", "OPENDIR", "READ", "READDIR", "STATFS"})
CLOSING = frozenset({"FLUSH"})


@dataclass(slots=True)
class Fault:
    """From the ``skip``-th request of these kinds on, ``times`` of them fail; None: until somebody mends it."""

    kinds: frozenset[str]
    number: int
    skip: int = 0
    times: int | None = 1
    spare: int = 0
    """A process whose requests never fail: the test itself."""
    lose: bool = True
    """What a failing sync has not brought to the disk never comes there, though a second sync says that all is well."""
    met: dict[str, int] = field(default_factory=dict)
    """How many requests of each kind there were."""
    failed: list[str] = field(default_factory=list)

    @classmethod
    def from_wire(cls, values: dict[str, Any]) -> "Fault":
        """As a test has sent it."""
        return cls(**{**values, "kinds": frozenset(values["kinds"])})

    def to_wire(self) -> dict[str, Any]:
        """As JSON takes it."""
        values = {name: getattr(self, name) for name in ("number", "skip", "times", "spare", "lose")}
        return {**values, "kinds": sorted(self.kinds)}

    def hits(self, request: Request, process: int) -> bool:
        """Say whether this request fails; counts it."""
        name = "RENAME" if request is Request.RENAME2 else request.name
        if name not in self.kinds or process == self.spare:
            return False
        self.met[name] = self.met.get(name, 0) + 1
        number = sum(self.met.values())
        if number <= self.skip or (self.times is not None and number > self.skip + self.times):
            return False
        self.failed.append(name)
        return True

    def __str__(self) -> str:
        what = "short write" if self.number == SHORT else errno.errorcode[self.number]
        return f"{what} at {'/'.join(sorted(self.kinds))} after {self.skip}, {self.times} times"

    def error(self) -> OSError:
        """What the caller gets."""
        return OSError(self.number, os.strerror(self.number))
