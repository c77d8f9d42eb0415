"""A small site that has lived through everything a journal remembers, and ways to look at what is known of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select

from core.site import Site
from spool.journal.database import open_database
from spool.journal.tables import chain, drops, keys, ledger, outputs, routes
from spool.repair.soundness import make_ready
from tests.sites import Running

SCENE = {
    "a.txt": "claim AR-1\nremember A\na\n",
    "b.txt": "remember B\nremember C\nwarn Bitte beachten.\nb\nmany 2\n",
    "c.txt": "forget B\nc\n",
    "d.txt": "needs d.pdf\nd\n",
    "big.txt": "puts 6000\nbig\n",
    "e.txt": "hold\nremember E\ne\n",
    "f.txt": "rule Das geht nicht.\n",
    "g.txt": "hold\ng\n",
    "again.txt": "claim AR-1\nremember A\na\n",
}
"""Names and contents: six archived (one with a companion, one with very many changes), two held, one rejected, one
duplicate."""


def live(running: Running, scene: Mapping[str, str] = SCENE) -> None:
    """Drop the scene, and let a person decide on one of the held files."""
    (running.inbox() / "d.pdf").write_text("attached\n")
    for name, content in scene.items():
        running.drop(name, content)
        running.until(lambda name=name: any(row["name"] == name for row in running.rows()) and running.engine.idle)
    running.ask("release", running.row("e.txt")["id"])
    running.until(lambda: running.count("archived") == 6 and running.engine.idle)
    assert {row["name"]: row["state"] for row in running.rows()} == {
        **dict.fromkeys(("a.txt", "b.txt", "c.txt", "d.txt", "big.txt", "e.txt"), "archived"),
        "f.txt": "rejected",
        "g.txt": "held",
        "again.txt": "duplicate",
    }


def journal_file(site: Site) -> Path:
    return Path(site.journal_url.removeprefix("sqlite:///"))


def known(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of a journal, without what only the moment of the publication knew."""
    engine = open_database(url, readonly=True)
    with engine.connect() as connection:
        found = {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in (drops, outputs, keys, ledger, routes, chain)
        }
    engine.dispose()
    for row in found["outputs"]:
        for name in ("staged", "place", "inode", "ctime_ns"):
            del row[name]
    for rows in found.values():
        rows.sort(key=repr)
    return found


def archived_part(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """What a journal knows of drops in the archive, all of which can be made anew."""
    ids = {row["id"] for row in found["drops"] if row["state"] in {"archived", "discarded"}}
    return {
        "drops": [_lasting(row) for row in found["drops"] if row["id"] in ids],
        "outputs": [row for row in found["outputs"] if row["drop_id"] in ids],
        "keys": found["keys"],
        "ledger": found["ledger"],
        "chain": found["chain"],
    }


def _lasting(row: dict[str, Any]) -> dict[str, Any]:
    """Where an attachment lay in the work folder, and the second in which all was noted, matter to nobody."""
    return {name: value for name, value in row.items() if name not in {"companions", "finished_at"}}


def is_ready(site: Site) -> bool:
    make_ready(site, thoroughly=True)
    return True


def states(found: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    """What became of every drop."""
    return {row["id"]: row["state"] for row in found["drops"]}
