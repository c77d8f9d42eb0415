"""Orders: files that nobody drops, because the daemon makes them itself for a person or for a schedule.

They go through the stream of their company like every other file, so they see what was handled before them, and are
archived with all that they have changed.
"""

import json
from dataclasses import asdict, dataclass

ORDER = "order"
"""Verb of the request (``spool.verbs.control``)."""


_AFTER = "after "


def following(order: str) -> str:
    """Reason of a request that shall be carried out when this order (id of its drop) is over, and only if it was."""
    return _AFTER + order


def order_before(reason: str) -> str:
    """The order that a request shall follow, "" for none."""
    return reason.removeprefix(_AFTER) if reason.startswith(_AFTER) else ""


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
