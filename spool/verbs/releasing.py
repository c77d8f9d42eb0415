"""What is handled before a released file: what its route has in hand when the release is first seen.

That may be the decisions about the very file. It keeps its old id, by which a restart puts files in order, so it must
not stand beside them.
"""

from spool.journal.store import Journal
from spool.journal.tables import Row


class Preceding:
    """Remembers for every release that waits which files it waits for; files that come later do not count."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._of_request: dict[int, frozenset[str]] = {}

    def is_in_hand(self, request: Row) -> bool:
        """Whether something is still to be handled before what this request releases; False for other verbs."""
        if request["verb"] != "release":
            return False
        held = self._journal.drop(request["drop_id"])
        rows = self._journal.unfinished() if held else []
        claimed = {row["id"] for row in rows if row["state"] == "claimed" and held and row["route"] == held["route"]}
        first = self._of_request.setdefault(request["id"], frozenset(claimed - {request["drop_id"]}))
        if first & claimed:
            return True
        del self._of_request[request["id"]]
        return False
