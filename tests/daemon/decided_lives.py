"""kill -9 at every step of what people decide: ``python -m tests.daemon.decided_lives SCENE ROOT STRIDE``.

Each scene is played on a site of its own: CLUE's documents and a first list come, then somebody decides something. The
life that is to obey ends at event n, the one that recovers at an event of its own, the third must put all right. What
the site has told and remembers then must be what it tells and remembers where nothing was killed. CLUE takes its files
as soon as it sees them, between two lives too.
"""

import contextlib
import io
import json
import os
import re
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from loguru import logger
from sqlalchemy import select

import config as configuration
from commands.composition import FORMATS, HANDLERS, plugin_settings
from core.fibu.export_run import RUN, WITHDRAWN, WithdrawnFile
from core.site import Site
from core.tracked import KIND
from handlers._reconciliation.decisions import DECISION
from spool.identifiers import now_ms
from spool.journal.store import Journal
from spool.journal.tables import drops, ledger, requests
from spool.service import once
from spool.verbs.item_verbs import decide_items
from spool.verbs.orders import ORDER
from spool.verbs.run_verbs import take_back
from spool.work.worker import WorkerSetup
from tests.conservation import Expected, digest, results, violations
from tests.daemon.cradle import fork_server, preload
from tests.daemon.crashing import arm

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "tests" / "golden" / "demo"
ENGINE = '[engine]\nsettle = "0.05 s"\ncanary_interval = "1 h"\nmin_free_space = 0\nworkers = 1\n\n'
HEADINGS = "Konto;OP-Nr.;Belegdatum;offener Betrag\n"
_MOST_EVENTS = 2_000
_STAMPS = re.compile(r"[0-9]{6,}(-[0-9]{6})?(_[0-9a-f]{6}_)?")


@dataclass
class Stage:
    """One site on which a scene is played."""

    root: Path
    dropped: Counter[str] = field(default_factory=Counter)
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    payments: list[tuple[str, ...]] = field(default_factory=list)
    """What CLUE was told of payments, in the order of the files."""

    def begin(self) -> None:
        """An empty site like that of the demo, whose lists are complete, and CLUE's documents in two runs."""
        self.root.mkdir()
        for route in ("clue", "bmd", "rzl"):
            (self.root / "inbox" / route).mkdir(parents=True)
        text = (ROOT / "config" / "demo.toml").read_text("utf-8").replace("[[company]]", f"{ENGINE}[[company]]", 1)
        complete = "[route.settings]\ncomplete = true\n\n[route.format.op_list]"
        (self.root / "cluedrop.toml").write_text(text.replace("[route.format.op_list]", complete), "utf-8")
        self.drop("clue", "1.json", (DEMO / "clue" / "1_kunden.json").read_bytes())
        message = json.loads((DEMO / "clue" / "2_rechnungen.json").read_text("utf-8"))
        first, second, third = message["records"]
        self.drop("clue", "2.json", _message(message, 2, [first, third]))
        self.drop("clue", "3.json", _message(message, 3, [second]))
        self.life()
        name = "OP-Liste_November.csv"
        self.drop("bmd", name, (DEMO / "bmd" / name).read_bytes())
        self.life()

    @property
    def site(self) -> Site:
        """Read anew, as every life does."""
        settings = configuration.load(self.root / "cluedrop.toml", plugin_settings())
        return configuration.site_of(settings)

    @contextlib.contextmanager
    def journal(self) -> Iterator[Journal]:
        """Closed before the next life begins."""
        opened = Journal(self.site.journal_url)
        try:
            yield opened
        finally:
            opened.close()

    def drop(self, route: str, name: str, content: str | bytes) -> None:
        """Lay a file into an inbox."""
        data = content.encode() if isinstance(content, str) else content
        folder = self.root / "inbox" / route
        (folder / f".{name}").write_bytes(data)
        (folder / f".{name}").rename(folder / name)
        self.dropped[sha256(data).hexdigest()] += 1

    def ask(self, verb: str, name: str) -> None:
        """What a person asks for about the last file of this name."""
        with self.journal() as journal:
            row = next(row for row in journal.latest(1_000) if row["name"] == name)
            journal.ask(verb, row["id"], "", now_ms())

    def decide(self, name: str, item: str, verdict: Any) -> None:
        """``release --item`` and ``discard --item``."""
        with self.journal() as journal, contextlib.redirect_stdout(io.StringIO()):
            row = next(row for row in journal.latest(1_000) if row["name"] == name)
            decide_items(self.site, journal, row["id"], [item], verdict)

    def take_back(self, message: str) -> None:
        """Take the run of a message back and have it handled again."""
        with self.journal() as journal, contextlib.redirect_stdout(io.StringIO()):
            row = next(row for row in journal.latest(1_000) if row["name"] == message)
            take_back(self.site, journal, row["id"], "falsches Konto", again=True, even_if_booked=True)

    def life(self, doom: int = 0) -> bool:
        """One life in a process of its own; True when it came to its end. Then CLUE takes what it sees."""
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                self._live(doom)
                code = 0
            except BaseException:
                logger.exception("a life has ended by itself")
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        if not (os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0):
            raise SystemExit(f"a life has ended with {status}: {(self.root / 'log').read_text()[-4000:]}")
        self._consume()
        return not os.WIFSIGNALED(status)

    def _live(self, doom: int) -> None:
        os.setpgid(0, 0)
        logger.remove()
        logger.add(str(self.root / "log"), backtrace=False)
        setup = WorkerSetup(self.site, FORMATS, HANDLERS)
        if doom:
            arm(("event", doom), self.root)
        fork_server()
        once(setup)

    def _consume(self) -> None:
        """Its last files may still lie there when CLUE comes, or be half-way: what it sees it takes."""
        for target, path in sorted(results(self.site)):
            if target != "clue":
                continue
            self.taken[target, digest(path)] += 1
            if path.name.endswith("zahlungen.json"):
                records = [record["data"] for record in json.loads(path.read_text("utf-8"))["records"]]
                names = ("document_number", "date", "amount", "open_after", "inferred", "source")
                self.payments += [tuple(str(record.get(name)) for name in names) for record in records]
            path.unlink()

    # ── what must be the same whatever was killed ─────────────────────────────────────────────────────────────────

    def picture(self) -> dict[str, Any]:
        """What was told, what is remembered, what lies where; without what differs from one playing to the next."""
        with self.journal() as journal:
            books = [
                (row["kind"], row["key"], json.loads(row["body"]))
                for row in journal.stream(select(ledger))
                if row["kind"] in {KIND, DECISION, RUN}
            ]
            rows = [(_plain(row["name"]), row["state"]) for row in journal.stream(select(drops))]
            asked = [(row["verb"], row["done"]) for row in journal.stream(select(requests))]
        return {
            "payments": sorted(self.payments),
            "tracked": {
                key: (body["amount_open"], body["status"], body.get("first_seen"), len(body.get("told", ())))
                for kind, key, body in books
                if kind == KIND
            },
            "decisions": {key: body["decision"] for kind, key, body in books if kind == DECISION},
            "runs": sorted(body["status"] for kind, _, body in books if kind == RUN),
            "drops": sorted(rows),
            "requests": sorted(asked),
            "outbox": sorted(f"{target}/{_plain(path.name)}" for target, path in results(self.site)),
        }

    def violations(self) -> list[str]:
        """What is lost, doubled or left over."""
        with self.journal() as journal:
            expected = Expected(self.dropped.copy(), taken=self.taken.copy())
            for row in journal.stream(select(requests)):
                if row["verb"] == ORDER:
                    expected.dropped[sha256(json.loads(row["reason"])["content"].encode()).hexdigest()] += 1
                elif row["verb"] == "replay":
                    original = journal.drop(row["drop_id"])
                    expected.dropped[original["sha256"] if original else ""] += 1
            withdrawn = select(ledger.c.body).where(ledger.c.kind == WITHDRAWN)
            for file in [WithdrawnFile.model_validate_json(row["body"]) for row in journal.stream(withdrawn)]:
                made = [row for row in journal.outputs_of([file.drop_id])[file.drop_id] if row["name"] == file.name]
                expected.taken.update((file.target, row["sha256"]) for row in made)
            return violations(self.site, journal, expected)


def _plain(name: str) -> str:
    return _STAMPS.sub("#", name)


def _message(like: dict[str, Any], sequence: int, records: list[Any]) -> str:
    own = {"message_id": f"3b1f0c52-6a51-4f0e-9d4b-{sequence:012}", "sequence": sequence, "records": records}
    return json.dumps({**like, **own, "totals": {"record_count": len(records)}})


def a_list(day: str, *rows: str) -> str:
    """A list of open items of a day."""
    return f"OP-Liste per {day}\n\n{HEADINGS}" + "".join(f"{row}\n" for row in rows)


OF_NOBODY = "200009;99;02.11.2026;10,00"
CLEARED = (
    "Konto;OP-Nr.;Ausgeglichen am;Datum;Gegenkonto;SOLL;HABEN;BK;Text\n"
    "200001;2026-0001;12.11.2026;02.11.2026;4000;1200,00;;AR;\n"
    "200001;2026-0001;12.11.2026;12.11.2026;2800;;800,00;BK;Teilzahlung\n"
)


# ── the scenes: what came before, what the killed life obeys, and what comes when all is right again ──────────────


def _hold(stage: Stage) -> None:
    """A list that holds nothing of ours, so that all three documents would be paid."""
    stage.drop("bmd", "OP-Liste.csv", a_list("21.11.2026", OF_NOBODY))
    stage.life()


def _release(stage: Stage) -> None:
    """One document stays open by a clerk's table, one by the command line; the third is paid by the released list."""
    stage.drop("bmd", "Entscheidung.csv", "Konto;Beleg;Entscheidung\n200001;2026-0003;offen\n")
    stage.life()
    stage.decide("OP-Liste.csv", "200002/2026-0002", "open")
    stage.ask("release", "OP-Liste.csv")


def _table(stage: Stage) -> None:
    """A table of decisions for the held list; that is released when everything is at rest."""
    stage.drop("bmd", "Entscheidung.csv", "Konto;Beleg;Entscheidung\n200001;2026-0003;offen\n200002;2026-0002;offen\n")


def _released(stage: Stage) -> None:
    stage.ask("release", "OP-Liste.csv")
    stage.life()


def _discard(stage: Stage) -> None:
    """The list does not count, but for one document that it says is paid."""
    stage.decide("OP-Liste.csv", "200002/2026-0002", "settled")
    stage.ask("discard", "OP-Liste.csv")


def _next_list(stage: Stage) -> None:
    """A list that holds the others."""
    rows = ("200001;2026-0001;02.11.2026;400,00", "200001;2026-0003;05.11.2026;-120,00", OF_NOBODY)
    stage.drop("bmd", "OP-Liste 2.csv", a_list("22.11.2026", *rows))
    stage.life()


def _take_back(stage: Stage) -> None:
    """The run of one invoice, after a list has shown it, while the bookings of another one come."""
    stage.drop("bmd", "Ausgeglichene OP.csv", CLEARED)
    stage.take_back("3.json")


def _nothing(_stage: Stage) -> None:
    return


Act = Callable[[Stage], None]
SCENES: dict[str, tuple[Act, Act, Act]] = {
    "a table of decisions": (_hold, _table, _released),
    "release after decisions": (_hold, _release, _nothing),
    "discard after a decision": (_hold, _discard, _next_list),
    "a run is taken back": (_nothing, _take_back, _next_list),
}


def play(stage: Stage, scene: str, nth: int) -> bool:
    """One playing; True when the life that was to die came to its end."""
    before, act, after = SCENES[scene]
    stage.begin()
    before(stage)
    act(stage)
    whole = stage.life(nth)
    if nth:
        stage.life(nth % 37 + 1)
        stage.life()
    after(stage)
    return whole


def main(scene: str, root: str, stride: str) -> dict[str, Any]:
    """Returns how many steps there were, what comes of the scene, and what was otherwise at which of them."""
    preload()
    reference = Stage(Path(root) / "0")
    play(reference, scene, 0)
    wanted, found = reference.picture(), {}
    if violated := reference.violations():
        return {"steps": 0, "picture": wanted, "violations": {0: violated}}
    for nth in range(1, _MOST_EVENTS, int(stride)):
        stage = Stage(Path(root) / str(nth))
        whole = play(stage, scene, nth)
        picture = stage.picture()
        otherwise = [f"{what}: {picture[what]}, not {wanted[what]}" for what in wanted if picture[what] != wanted[what]]
        if violated := [*otherwise, *stage.violations()]:
            found[nth] = violated
        else:
            shutil.rmtree(stage.root, onerror=_writable)
        if whole:
            return {"steps": nth, "picture": wanted, "violations": found}
    return {"steps": 0, "picture": wanted, "violations": {0: ["there was no end"]}}


def _writable(remove: Callable[[str], object], path: str, _error: object) -> None:
    """What the archive holds may not be written; its folders neither."""
    os.chmod(os.path.dirname(path), 0o700)
    os.chmod(path, 0o700)
    remove(path)


if __name__ == "__main__":
    signal.alarm(3000)
    print(json.dumps(main(*sys.argv[1:])))
