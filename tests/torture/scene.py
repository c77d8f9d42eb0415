"""The scene of the torture: routes of two companies, files of every kind, and what must come of each."""

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.batch import REJECTED_FOLDER
from core.site import Site
from tests.conservation import FINAL, Expected
from tests.plugins.handlers import echo
from tests.sites import a_route, a_site, a_target

COMPANY = {"a": "1", "b": "1", "c": "2"}
TARGET = {"a": "out", "b": "other", "c": "out"}
STATES = FINAL | {"unclear"}
_SAME = "one of many with this name\n"


def quiet(root: Path) -> Site:
    """Two routes of one company, by events, and one of another, by looking; two outboxes."""
    routes = [
        a_route(root, name, company=COMPANY[name], handler_settings=echo.Settings(target=TARGET[name]),
                watch="poll" if name == "c" else "events")
        for name in COMPANY
    ]  # fmt: skip
    return a_site(root, *routes, targets=(a_target(root), a_target(root, "other")), workers=2)


def with_canaries(root: Path) -> Site:
    """The same with canaries all the time."""
    site = quiet(root)
    return replace(site, limits=replace(site.limits, canary_seconds=0.2))


def text(*lines: object) -> str:
    """A result of the test format."""
    return "".join(f"{line}\n" for line in ("begin", *lines, "end"))


def sha(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


@dataclass(slots=True)
class File:
    """One dropped file, what must come of it, and what it needs."""

    kind: str
    route: str
    name: str
    content: str
    state: str
    """Its end, as long as no person asks for something else."""
    results: list[tuple[str, str]] = field(default_factory=list)
    """(target, content) of what comes of it when it goes through."""
    attachments: dict[str, str] = field(default_factory=dict)
    remembers: str = ""


class Scene:
    """Everything that was dropped on one site, and what is to be expected of it."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self.root = root
        self.files: dict[str, File] = {}
        self.late: list[tuple[str, str, str]] = []
        """Route, name and content of what others wait for and was not dropped yet."""
        self.kinds: Counter[str] = Counter()
        self._chance = chance
        self._serial = 0
        self._expected = Expected(Counter(), states=STATES, results=Counter(), ledger={})
        self._counts = dict.fromkeys(COMPANY.values(), 0)
        self._known: dict[tuple[str, str, str], str] = {}
        for route in COMPANY:
            (root / "inbox" / route).mkdir(parents=True)

    # ── dropping ──────────────────────────────────────────────────────────────────────────────────────────────────

    def drop(self, count: int) -> None:
        """Drop so many files of chance kinds."""
        self.drop_kinds(self._chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()), k=count))
        while self.late and self._chance.random() < 0.4:
            self.bring_late()

    def drop_kinds(self, kinds: Iterable[str]) -> None:
        """Drop a file of each kind, on chance routes."""
        for kind in kinds:
            self._serial += 1
            self._drop(self._made(kind, self._chance.choice(list(COMPANY)), f"{self._serial}"))

    def bring_late(self) -> None:
        """Drop one thing that others wait for."""
        route, name, content = self.late.pop(self._chance.randrange(len(self.late)))
        if name in self.files:
            self._lay(route, name, content)
        else:
            self._attach(route, name, content)

    def _drop(self, file: File) -> None:
        self.files[file.name] = file
        self.kinds[file.kind] += 1
        first, then = [], []
        for name, content in file.attachments.items():
            (first if self._chance.random() < 0.6 else then).append((file.route, name, content))
        for attachment in first:
            self._attach(*attachment)
        self._expect(file)
        if file.kind == "remember" and self._chance.random() < 0.7:
            self.late.append((file.route, file.name, file.content))
        else:
            self._lay(file.route, file.name, file.content)
        self.late.extend(then)

    def _attach(self, route: str, name: str, content: str) -> None:
        self._expected.dropped[sha(content)] += 1
        self._lay(route, name, content)

    def _lay(self, route: str, name: str, content: str) -> None:
        folder = self.root / "inbox" / route
        if self._chance.random() < 0.3:
            (folder / name).write_text(content)
        else:
            hidden = folder / f".{name}"
            hidden.write_text(content)
            hidden.rename(folder / name)

    def _expect(self, file: File) -> None:
        self._expected.dropped[sha(file.content)] += 1
        if file.state == "archived":
            self.went_through(file)

    def went_through(self, file: File) -> None:
        """A file has its results, once more."""
        assert self._expected.results is not None
        self._expected.results.update((target, sha(content)) for target, content in file.results)
        self._counts[COMPANY[file.route]] += 1
        if file.remembers:
            self._known[COMPANY[file.route], "known", file.remembers] = '{"is":"known"}'

    # ── kinds ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _made(self, kind: str, route: str, serial: str) -> File:
        name, target, known = f"{serial}-{kind}.txt", TARGET[route], f"known {serial}"
        plain = (target, text(serial))
        lines, state, results = [serial], "archived", [plain]
        attachments: dict[str, str] = {}
        remembers = ""
        match kind:
            case "several":
                lines += [f"to other {serial}", "many 2", "same same.txt"]
                several = [("other", text(serial)), (target, text(0)), (target, text(1)), (target, _SAME)]
                results = [plain, *several]
            case "attach":
                attachments = {f"{serial}-{number}.pdf": f"pdf {serial} {number}\n" for number in range(2)}
                lines += [f"needs {attached}" for attached in attachments]
                results = [plain, *((target, content) for content in attachments.values())]
            case "wait":
                lines.insert(0, f"wait {known}")
                asked = File("remember", route, f"{serial}-remember.txt", f"remember {known}\n{serial} known\n",
                             "archived", [(target, text(f"{serial} known"))], remembers=known)  # fmt: skip
                self._drop(asked)
            case "claim" | "back" | "spill" | "warn":
                lines.append({"claim": f"claim {serial}", "back": f"to back {serial}", "spill": "puts 6000",
                              "warn": f"warn {serial}"}[kind])  # fmt: skip
                if kind == "back":
                    results.append((REJECTED_FOLDER, text(serial)))
            case "hold" | "unclear":
                lines.insert(0, f"{kind} {serial}")
                state = "held" if kind == "hold" else "unclear"
            case "wrong" | "rule" | "kill" | "bug" | "poison":
                lines.append({"wrong": "wrong", "rule": "rule no", "kill": "kill SIGKILL"}.get(kind, kind))
                state = "rejected"
            case "table":
                name, lines, state = f"{serial}-table.csv", [f"{serial},x"], "rejected"
            case "again":
                earlier = [file for file in self.files.values() if file.kind == "plain"]
                if earlier:
                    first = self._chance.choice(earlier)
                    return File(kind, first.route, name, first.content, "duplicate", first.results)
                kind = "plain"
        content = "".join(f"{line}\n" for line in lines)
        return File(kind, route, name, content, state, results, attachments, remembers)

    # ── what a person asks for ────────────────────────────────────────────────────────────────────────────────────

    def requests(self, rows: Sequence[dict[str, str]]) -> Iterator[tuple[str, str]]:
        """Verbs and drop ids that a person may ask for in a quiet moment; what follows is expected from now on."""
        for row in self._chance.sample(rows, min(len(rows), 6)):
            file = self.files[row["name"]]
            match row["state"], file.kind:
                case "held", _:
                    verb = self._chance.choice(["release", "discard"])
                    if verb == "release":
                        self.went_through(file)
                case "unclear", _:
                    verb = self._chance.choice(["release", "discard"])
                case "rejected", "wrong" | "rule" | "table" | "kill" | "bug":
                    verb = "retry"
                case "duplicate", _:
                    verb = "retry"
                    self.went_through(file)
                case "archived", "plain" | "several" | "attach" | "wait" | "claim" | "warn" | "again":
                    verb = "replay"
                    for content in (file.content, *file.attachments.values()):
                        self._expected.dropped[sha(content)] += 1
                    self.went_through(file)
                case _:
                    continue
            yield verb, row["id"]

    def expected(self, taken: Counter[tuple[str, str]]) -> Expected:
        """What must be true when everything has come to its end."""
        counts = {(company, "count", "files"): f'{{"files":{number}}}' for company, number in self._counts.items()}
        self._expected.ledger = {place: body for place, body in counts.items() if body != '{"files":0}'} | self._known
        self._expected.taken = taken
        return self._expected


_WEIGHTS = {
    "plain": 30, "several": 6, "attach": 8, "wait": 4, "claim": 3, "back": 2, "spill": 1, "warn": 2, "hold": 4,
    "unclear": 1, "wrong": 3, "rule": 2, "table": 2, "kill": 1, "bug": 1, "poison": 1, "again": 6,
}  # fmt: skip
