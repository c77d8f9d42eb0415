"""What has a drop changed in the journal, and how is it written down? In the manifest, so that it can be done again.

Handlers see what was there before and put what shall be there now, so effects that are done again in the order of
their numbers lead to the same ledger, whatever the program or its settings have become meanwhile.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.contracts import Put
from spool.archive.manifest import Effects, SourceFile
from spool.journal.store import as_json
from spool.journal.tables import Row
from spool.work.messages import DropRef, Outcome

LEDGER_FILE = "ledger.jsonl"
"""Name in the archive of the entries that are too many for a manifest."""
_NAMES = ("company", "kind", "key", "group")


def ledger_rows(outcome: Outcome) -> Iterator[Row]:
    """Everything that an outcome puts into the ledger, as rows of the journal."""
    if outcome.spilled_puts is not None:
        with Path(outcome.spilled_puts).open(encoding="utf-8") as file:
            yield from _rows(file, outcome.drop_id)
    for put in outcome.puts:
        yield _row(put, outcome.drop_id)


def effects_of(drop: DropRef, outcome: Outcome, number: int, rows: Sequence[Row]) -> Effects:
    """The effects of an outcome that is about to be committed; ``rows`` of those that were not spilled."""
    flags = [name for name in ("released", "forced", "settled") if getattr(drop, name)]
    return Effects(
        number,
        " ".join(flags),
        tuple(outcome.claims),
        [_line(row) for row in rows],
        _spilled(outcome.spilled_puts) if outcome.spilled_puts else None,
    )


def unseen(effects: Effects, rows: Iterable[Row]) -> str | None:
    """What a restart could not read from the tables: for the journal, until the drop is archived."""
    if effects.spilled is not None:
        file = effects.spilled
        return as_json({"spilled": [os.path.basename(file.path), file.size, file.sha256]})
    gone = [[row[name] for name in _NAMES] for row in rows if row["body"] is None]
    return as_json({"forgotten": gone}) if gone else None


def recalled(row: Row, keys: Sequence[tuple[str, str]], ledger: Iterable[Row], state: str) -> Effects:
    """The effects of a committed drop after a restart: what no later drop has overwritten, which does no harm.

    ``state`` is the folder where spilled files lie.
    """
    kept = json.loads(row["effects"]) if row["effects"] else {}
    number, flags = row["number"] or 0, row["flags"]
    if "spilled" in kept:
        name, size, sha256 = kept["spilled"]
        return Effects(number, flags, keys, (), SourceFile(LEDGER_FILE, f"{state}/{name}", size, sha256))
    lines = [_line(found) for found in ledger]
    lines += [as_json([*gone, None]) for gone in kept.get("forgotten", ())]
    return Effects(number, flags, keys, lines)


def done_again(lines: Iterable[str], drop_id: str) -> Iterator[Row]:
    """The rows of the journal that lines of a manifest, or of its file, stand for."""
    return _rows(lines, drop_id)


def _row(put: Put, drop_id: str) -> Row:
    body = None if put.body is None else as_json(put.body)
    return {name: getattr(put, name) for name in _NAMES} | {"body": body, "drop_id": drop_id}


def _rows(lines: Iterable[str], drop_id: str) -> Iterator[Row]:
    for line in lines:
        company, kind, key, group, body = json.loads(line)
        yield _row(Put(company, kind, key, body, group), drop_id)


def _line(row: Mapping[str, Any]) -> str:
    # The body is text already; to read it and write it again would cost more than all the rest.
    return f"{as_json([row[name] for name in _NAMES])[:-1]},{row['body'] or 'null'}]"


def _spilled(path: str) -> SourceFile:
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return SourceFile(LEDGER_FILE, path, file.tell(), digest)
