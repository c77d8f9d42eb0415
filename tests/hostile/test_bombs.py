"""Small files that want to be huge: each costs itself, its clerk is told why, and the next file goes through."""

import gzip
import io
import json
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import config
from config.new_site import make_folders
from core.errors import ContentError
from spool.engine import Engine
from spool.journal.database import upgrade
from spool.journal.store import Journal
from spool.work.worker import WorkerSetup
from tests.config.shipped import CONFIG, SHIPPED_PLUGINS
from tests.fuzzing.contract import Case, bounded, default_settings, exercise
from tests.fuzzing.mutations import unzipped, zipped
from tests.fuzzing.structured import sheet_of, workbook
from tests.sites import DEADLINE, visible

pytestmark = pytest.mark.slow

ITEM = '<c r="A2"><v>20001</v></c><c r="B2"><v>1</v></c>'
GOOD = f'{ITEM}<c r="C2"><v>12.5</v></c>'
FAR = '<c r="A1048576"><v>1</v></c>'
LAUGHING = f'{ITEM}<c r="C2" t="inlineStr"><is><t>&i;</t></is></c>'
DOUBLED = b"{" + b",".join(b'"%d":1' % (n % 40_000) for n in range(80_000)) + b"}]}"
LAUGHS = '<?xml version="1.0"?><!DOCTYPE lol [<!ENTITY a "lol">{}]>'.format(
    "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
)
ENVELOPE = (
    b'{"format":"clue-exchange","version":"1.0","message_id":"0192f3a1-7c1e-7b1a-9a55-3f6f0c1d2e77","type":"invoice",'
    b'"mode":"delta","created_at":"2026-11-22T08:15:00+01:00","sender":{"system":"clue","company":"1"},"records":['
)


def _with_shared_texts(count: str, before: str = "") -> bytes:
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    texts = f'{before}<sst xmlns="{namespace}" count="1" uniqueCount="{count}"><si><t>a</t></si></sst>'.encode()
    return zipped({**unzipped(workbook(sheet_of([GOOD]))), "xl/sharedStrings.xml": texts})


def _many_parts() -> bytes:
    parts = unzipped(workbook(sheet_of([GOOD])))
    return zipped({**parts, **{f"xl/media/{number}.xml": b"<a/>" for number in range(6_000)}})


def _overlapping() -> bytes:
    """Many entries of the directory that all name one compressed block."""
    content = b"<a>" + b"0" * 5_000_000 + b"</a>"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/aaaa.xml", content)
        block = archive.infolist()[0]
        for number in range(400):
            again = zipfile.ZipInfo(f"xl/{number:04}.xml")
            again.header_offset, again.CRC = block.header_offset, block.CRC
            again.file_size, again.compress_size, again.compress_type = len(content), block.compress_size, 8
            archive.filelist.append(again)
            archive.NameToInfo[again.filename] = again
    return made.getvalue()


def _lying_about_size() -> bytes:
    """The directory says a thousand bytes, inside there are fifty million."""
    parts = unzipped(workbook(sheet_of([GOOD])))
    data = bytearray(zipped({**parts, "xl/sharedStrings.xml": b"<sst>" + b" " * 50_000_000 + b"</sst>"}, packed=True))
    struct.pack_into("<I", data, data.rfind(b"xl/sharedStrings.xml") - 46 + 24, 1_000)
    return bytes(data)


def _ratio() -> bytes:
    return zipped(
        {**unzipped(workbook(sheet_of([GOOD]))), "xl/sharedStrings.xml": b"<sst>" + b" " * 60_000_000}, packed=True
    )


BOMBS: dict[str, tuple[str, bytes | Callable[[], bytes], str]] = {
    "ratio": ("a.xlsx", _ratio, "das braucht keine Liste"),
    "parts": ("a.xlsx", _many_parts, "besteht aus 6006 Teilen"),
    "overlapping": ("a.xlsx", _overlapping, "Excel-Datei"),
    "lying about size": ("a.xlsx", _lying_about_size, "beschädigt"),
    "false count": ("a.xlsx", _with_shared_texts("4000000000"), "beschädigt"),
    "false count behind blanks": ("a.xlsx", _with_shared_texts("4000000000", " " * 3_000), "Anweisungen"),
    "laughs": ("a.xlsx", workbook(LAUGHS + sheet_of([LAUGHING])), "Anweisungen"),
    "late laughs": ("a.xlsx", workbook(" " * 3_000 + LAUGHS + sheet_of([GOOD])), "Anweisungen"),
    "far cell": ("a.xlsx", workbook(sheet_of([GOOD + '<c r="XFD2"><v>1</v></c>'])), "weit außerhalb"),
    "far row": ("a.xlsx", workbook(sheet_of([GOOD, FAR])), "weit außerhalb"),
    "far row behind blanks": ("a.xlsx", workbook(sheet_of([GOOD, FAR], before=" " * 5_000)), "weit"),
    "deep xml": ("a.xlsx", workbook("<worksheet>" + "<a>" * 300_000), "Excel"),
    "digits in a cell": ("a.xlsx", workbook(sheet_of([f'{ITEM}<c r="C2"><v>{"9" * 100_000}</v></c>'])), "kein Betrag"),
    "exponent in a cell": ("a.xlsx", workbook(sheet_of([f'{ITEM}<c r="C2"><v>1e999999999</v></c>'])), "kein Betrag"),
    "exponent": ("a.csv", b"Konto;OP-Nr.;Saldo\n20001;1;1E+1000000\n", "kein Betrag"),
    "one line": ("a.csv", b"Konto;OP-Nr.;Saldo\n" + b"a" * 20_000_000, "mehr als einer Million Zeichen"),
    "columns": ("a.csv", b"Konto;OP-Nr.;Saldo\n" + b";x" * 400_000, "400001 Spalten"),
    "quotes": ("a.csv", b'"' * 900_000, "Anführungszeichen"),
    "wrong rows": ("a.csv", b"Konto;OP-Nr.;Saldo\n" + b"20001;1;x\n" * 50_000, "kein Betrag"),
    "brackets": ("a.json", b"[" * 100_000, "Ebenen tief"),
    "brackets inside": ("a.json", ENVELOPE + b'{"a":' * 100_000, "Ebenen tief"),
    "packed": ("a.json.gz", gzip.compress(ENVELOPE + b" " * 150_000_000), "zu groß"),
    "digits": ("a.json", ENVELOPE + b'{"a":' + b"9" * 900_000 + b"}]}", "eine Zahl"),
    "exponent in json": ("a.json", ENVELOPE + b'{"a":1e999999999}]}', "eine Zahl"),
    "doubled names": ("a.json", ENVELOPE + DOUBLED, "zweimal"),
}  # fmt: skip


def _content(bomb: str) -> bytes:
    made = BOMBS[bomb][1]
    return made if isinstance(made, bytes) else made()


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_soon_and_in_little_room(bomb: str) -> None:
    name, _, said = BOMBS[bomb]
    reader = "clue_exchange" if ".json" in name else "op_list"
    content = _content(bomb)
    with bounded():
        found = exercise(Case(reader, content, name, default_settings(reader)))
    assert isinstance(found, ContentError)
    assert any(said in problem.what for problem in found.problems[:2])


class Site:
    """The shipped formats and handlers on the real engine."""

    def __init__(self, root: Path) -> None:
        (root / "cluedrop.toml").write_bytes((CONFIG / "demo.toml").read_bytes())
        settings = config.load(root / "cluedrop.toml", SHIPPED_PLUGINS)
        list(make_folders(settings))
        self.site = config.site_of(settings)
        upgrade(self.site.journal_url)
        self.journal = Journal(self.site.journal_url)
        self.engine = Engine(
            WorkerSetup(self.site, "formats", "handlers", dict(settings.writer_settings)), self.journal
        )
        self.engine.start()

    def inbox(self, route: str) -> Path:
        return next(found.folder for found in self.site.routes if found.name == route)


@pytest.fixture
def shipped(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.engine.close()
    made.journal.close()


def test_after_every_bomb_the_next_file_goes_through(shipped: Site) -> None:
    wanted: dict[tuple[str, str], str] = {}
    for number, bomb in enumerate(BOMBS):
        name, _, said = BOMBS[bomb]
        route = "clue" if ".json" in name else "bmd"
        shown = f"{number:02}-{name}"
        hidden = shipped.inbox(route) / f".{shown}"
        hidden.write_bytes(_content(bomb))
        hidden.rename(shipped.inbox(route) / shown)
        wanted[route, shown] = said
    for route, number in (("bmd", 1), ("clue", 2)):
        good = (
            f"OP-Liste per 20.11.2026\nKonto;OP-Nr.;Saldo\n20001;{number};12,50\n"
            if route == "bmd"
            else _good_message()
        )
        (shipped.inbox(route) / ".good").write_text(good)
        (shipped.inbox(route) / ".good").rename(shipped.inbox(route) / f"good{number}")
    deadline = time.monotonic() + DEADLINE
    while len(shipped.journal.latest(1_000)) < len(wanted) + 2 or not shipped.engine.idle:
        assert time.monotonic() < deadline, [dict(row) for row in shipped.journal.latest(1_000)]
        shipped.engine.step()

    states = {row["name"]: row["state"] for row in shipped.journal.latest(1_000)}
    assert {states[name] for _, name in wanted} == {"rejected"}
    assert shipped.engine.outcomes.get("bug", 0) == 0
    assert states["good2"] == "archived"
    assert states["good1"] in {"archived", "held"}
    for (route, name), said in wanted.items():
        note = (shipped.inbox(route) / "rejected" / f"{name}.hinweis.txt").read_text("utf-8-sig")
        assert said in " ".join(note.split()), (name, note)
        assert len(note) < 100_000
    assert "Was jetzt zu tun ist" in note
    assert visible(shipped.inbox("clue") / "rejected") >= {name for route, name in wanted if route == "clue"}


def _good_message() -> str:
    return json.dumps(
        {
            **json.loads(ENVELOPE + b"]}"),
            "type": "customer",
            "records": [
                {
                    "id": "K-1",
                    "op": "upsert",
                    "data": {"name": "Muster", "addresses": [{"country": "AT", "city": "Wien"}]},
                }
            ],
        }
    )
