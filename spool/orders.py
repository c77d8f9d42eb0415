"""Orders: files that nobody drops, because the daemon makes them itself for a person or for a schedule.

They go through the stream of their company like every other file, so they see what was handled before them, and are
archived with all that they have changed.
"""

import json
from dataclasses import asdict, dataclass

ORDER = "order"
"""Verb of the request (``spool.control``)."""


@dataclass(frozen=True, slots=True)
class Order:
    """A file as it would have been dropped."""

    name: str
    content: str

    @classmethod
    def from_text(cls, text: str) -> "Order":
        """As it lies in the request."""
        return cls(**json.loads(text))

    def as_text(self) -> str:
        """What the request holds."""
        return json.dumps(asdict(self), ensure_ascii=False)
