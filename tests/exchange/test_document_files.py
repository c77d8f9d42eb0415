"""Files of documents in the FIBU's folder: how they are called, which one a booking names, and when they are there."""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from core.company import Company
from core.contracts import Attach, Put
from core.fibu.booking import Booking
from formats import clue_exchange
from handlers import clue_intake
from spool.folders.names import safe_name
from tests.exchange.intake_site import Outcome, Site, attached
from tests.exchange.messages import customer, invoice, message
from tests.sites import Running, a_route, a_site, a_target

pytestmark = pytest.mark.slow

NAME = re.compile(r"(AR|ER)_?[0-9A-Za-z-]*(_[0-9]+)?(\.[0-9a-z]{1,8})?")
PDF = b"%PDF-1.7 beleg"


def files(*named: tuple[str, str], content: bytes = PDF) -> list[dict[str, str]]:
    """Embedded attachments of these ids and file names."""
    text = base64.b64encode(content).decode()
    return [{"attachment_id": id_, "filename": name, "content_base64": text} for id_, name in named]


def dropped(site: Site, number: str, *named: str, company: str = "1", content: bytes = PDF, **data: Any) -> Outcome:
    """Hand over one invoice with attachments of these file names."""
    ids = [f"f{place}" for place in range(len(named))]
    data = {"ledger_account": str(200001 + site.count), **data}  # of another customer each
    record = invoice(f"id {number}", number=number, attachments=ids, **data)
    sent = files(*zip(ids, named, strict=True), content=content)
    sender = {"system": "clue", "company": company}
    outcome = site.drop(message("invoice", record, attachments=sent, sender=sender))
    assert outcome.error is None, outcome.error
    return outcome


def names(outcome: Outcome) -> list[str]:
    return [name for _, name in attached(outcome)]


def booking(outcome: Outcome) -> Booking:
    [found] = [d for effect in outcome.effects for d in getattr(effect, "documents", ()) if isinstance(d, Booking)]
    return found


@pytest.mark.parametrize(
    ("number", "filename", "expected"),
    [
        ("2026-0001", "Rechnung 1.pdf", "AR_2026-0001.pdf"),
        ("AR-2026-0001", "x.PDF", "AR-2026-0001.pdf"),
        ("2026/17", "Scan.JPEG", "AR_2026-17.jpg"),
        ("Größe 1 é", "a.b.png", "AR_Groesse-1-e.png"),
        ("ÄÖÜß-9", "ebInterface.xml", "AR_AeOeUess-9.xml"),
        ("§§", "ohne", "AR_Beleg"),
        ("..", "x.p d f", "AR_Beleg"),
    ],
)
def test_a_name_says_direction_and_number_in_plain_ascii(number: str, filename: str, expected: str) -> None:
    assert names(dropped(Site(), number, filename)) == [expected]


def test_a_suppliers_document_is_called_by_our_own_number() -> None:
    outcome = dropped(
        Site(),
        "17",
        "a.pdf",
        direction="ap",
        external_number="R 4711",
        vat_breakdown=INPUT_VAT,
        ledger_account="300001",
    )

    assert names(outcome) == ["ER_17.pdf"]
    assert booking(outcome).document_file == "ER_17.pdf"


INPUT_VAT = [
    {"vat_treatment": "input_vat", "vat_category": "S", "vat_rate": "20", "net": "131.00", "vat": "26.20"},
    {"vat_treatment": "input_vat", "vat_category": "AA", "vat_rate": "10", "net": "12.00", "vat": "1.20"},
]


def test_several_files_of_a_document_are_counted_and_all_travel() -> None:
    outcome = dropped(Site(), "1", "a.xml", "b.pdf", "c.pdf")

    assert names(outcome) == ["AR_1.xml", "AR_1_2.pdf", "AR_1_3.pdf"]
    assert booking(outcome).document_file == "AR_1_2.pdf", "people look at the PDF"


@pytest.mark.parametrize(
    ("company", "sent", "shown", "warned"),
    [
        ("1", ["a.xml"], "AR_1.xml", False),
        ("2", ["a.xml"], "", True),
        ("2", ["a.xml", "b.tiff"], "", True),
        ("2", ["a.xml", "b.jpeg"], "AR_1_2.jpg", False),
        ("2", ["a.png", "b.pdf"], "AR_1_2.pdf", False),
        ("2", [], "", False),
    ],
)
def test_a_booking_names_a_file_that_the_program_can_show(
    company: str, sent: list[str], shown: str, warned: bool
) -> None:
    """RZL shows PDF, JPG and PNG (facts/fibu.md 3.6); the others lie beside the bookings all the same."""
    outcome = dropped(Site(), "1", *sent, company=company)

    assert booking(outcome).document_file == shown
    assert ("fibu_document_file" in outcome.warnings) == warned
    assert len(names(outcome)) == len(sent)


def test_numbers_that_differ_in_what_a_name_cannot_hold_get_names_of_their_own() -> None:
    site = Site()
    at_once = [
        invoice(f"I{place}", number=number, attachments=["f"], ledger_account=f"29000{place}")
        for place, number in enumerate(("1/7", "1 7"))
    ]
    together = site.drop(message("invoice", *at_once, attachments=files(("f", "a.pdf"))))
    later = [names(dropped(site, number, "a.pdf")) for number in ("1-7", "1_7", "1.7")]

    assert names(together) == ["AR_1-7.pdf", "AR_1-7_2.pdf"]
    assert later == [["AR_1-7_3.pdf"], ["AR_1-7_4.pdf"], ["AR_1-7_5.pdf"]]


def test_a_counter_never_meets_a_number_that_ends_like_one() -> None:
    site = Site()
    first = names(dropped(site, "1", "a.pdf", "b.pdf"))
    capital, small = names(dropped(site, "x", "a.pdf")), names(dropped(site, "X", "a.pdf"))

    assert first == ["AR_1.pdf", "AR_1_2.pdf"]
    assert (capital, small) == (["AR_x.pdf"], ["AR_X_2.pdf"]), "shares do not tell upper from lower case"


def test_companies_do_not_know_each_others_names() -> None:
    site = Site()

    assert names(dropped(site, "1", "a.pdf", company="1")) == names(dropped(site, "1", "a.pdf", company="2"))


def test_companies_that_share_a_folder_have_names_of_their_own() -> None:
    both = {id_: Company(id=id_, fibu="bmd") for id_ in ("1", "Töchter 2")}
    site = Site(companies=both)

    assert [names(dropped(site, "1", "a.pdf", company=id_)) for id_ in both] == [
        ["1_AR_1.pdf"],
        ["Toechter-2_AR_1.pdf"],
    ]


def taken_back(site: Site) -> None:
    """Forget that anything was handed over, as a person may want it; names stay given."""
    ledger = site.ledger.of("1")
    for kind in ("exported_document", "tracked_document", "record:invoice"):
        for entry in list(ledger.all(kind)):
            ledger.put(Put("1", kind, entry.key, None))


def test_the_same_file_keeps_its_name_and_another_one_gets_another() -> None:
    """A file with the old name may still lie in the folder, or in the FIBU."""
    site = Site()
    first = names(dropped(site, "1", "a.pdf"))
    taken_back(site)
    again = names(dropped(site, "1", "a.pdf"))
    taken_back(site)
    other = dropped(site, "1", "a.pdf", content=b"%PDF-1.7 berichtigt")

    assert first == again == ["AR_1.pdf"]
    assert names(other) == ["AR_1_2.pdf"]
    assert booking(other).document_file == "AR_1_2.pdf"


@given(
    sent=st.lists(
        st.tuples(
            st.text(alphabet="AaÄ1-/ _.§", min_size=1, max_size=8).filter(str.strip),
            st.lists(st.sampled_from(["a.pdf", "b.PDF", "c", "d.jpeg", "e.xml"]), max_size=3),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda one: one[0].strip(),
    ),
    at_once=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_numbers_are_no_name_is_given_twice(sent: Sequence[tuple[str, list[str]]], at_once: bool) -> None:
    site = Site()
    records, attachments = [], []
    for place, (number, named) in enumerate(sent):
        ids = [f"{place}.{index}" for index in range(len(named))]
        attachments += files(*zip(ids, named, strict=True))
        records.append(invoice(f"I{place}", number=number, attachments=ids, ledger_account=f"20000{place}"))
    groups = [records] if at_once else [[record] for record in records]
    given_names = []
    for group in groups:
        wanted = {id_ for record in group for id_ in record["data"]["attachments"]}
        own = [file for file in attachments if file["attachment_id"] in wanted]
        outcome = site.drop(message("invoice", *group, attachments=own))
        given_names += names(outcome)
        assert outcome.error is None, outcome.error

    assert len({name.lower() for name in given_names}) == len(given_names)
    for name in given_names:
        assert NAME.fullmatch(name)
        assert len(name) <= 80
        assert safe_name(name) == name, "what a booking names is what lies in the folder"


def test_a_file_beside_the_message_is_handed_on_unread() -> None:
    """However large it is: nobody could have read this one, it is not there."""
    sent = [{"attachment_id": "f", "filename": "a.pdf", "href": "riesig.pdf"}]
    outcome = Site().drop(message("invoice", invoice(attachments=["f"]), attachments=sent), beside={"riesig.pdf": b"x"})

    [effect] = outcome.of(Attach)
    assert isinstance(effect.content, Path)
    assert not effect.content.exists()


# ── in a real folder ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A site that takes messages of CLUE for a company with BMD."""
    route = a_route(
        tmp_path,
        name="clue",
        formats={"clue_exchange": clue_exchange.Settings()},
        handler="clue_intake",
        handler_settings=clue_intake.Settings(),
    )
    targets = tuple(a_target(tmp_path, name) for name in ("bmd", "clue", "protokolle"))
    company = Company(id="1", name="Muster Handel GmbH", fibu="bmd", report_target="protokolle")
    site = replace(a_site(tmp_path, route, targets=targets), companies={"1": company})
    engine = Running(site, "formats", "handlers")
    yield engine
    engine.stop()


class _Appearances(FileSystemEventHandler):
    """Names in the order in which they appear."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def on_created(self, event: FileSystemEvent) -> None:
        self.names.append(Path(str(event.src_path)).name)


@contextmanager
def appearances(folder: Path) -> Iterator[_Appearances]:
    """Watch what becomes visible in a folder."""
    seen, observer = _Appearances(), Observer()
    observer.schedule(seen, str(folder))
    observer.start()
    try:
        yield seen
    finally:
        observer.stop()
        observer.join()


def test_the_files_lie_there_before_the_bookings_that_name_them(running: Running) -> None:
    running.drop("1.json", json.dumps(message("customer", customer("K10234"))), "clue")
    running.until_archived(1)
    sent = [*files(("a", "a.pdf")), {"attachment_id": "b", "filename": "b.pdf", "href": "Größe.pdf"}]
    record = invoice(number="2026-1", attachments=["a", "b"])

    with appearances(running.outbox("bmd")) as seen:
        running.drop("Größe.pdf", PDF * 1000, "clue")
        running.drop("2.json", json.dumps(message("invoice", record, attachments=sent)), "clue")
        running.until(lambda: any("2_buchungen" in name for name in seen.names))

    order = [name for name in seen.names if not name.startswith(".")]
    assert order[:2] == ["AR_2026-1.pdf", "AR_2026-1_2.pdf"]
    assert [name.split("_", 3)[-1] for name in order[2:]] == ["1_personenkonten.csv", "2_buchungen.csv"]
    running.until_archived(2)
    assert (running.outbox("bmd") / "AR_2026-1_2.pdf").read_bytes() == PDF * 1000
    rows = (running.outbox("bmd") / order[3]).read_text("cp1252").splitlines()
    assert [row.split(";")[-1] for row in rows] == ["dokument", "AR_2026-1.pdf", "AR_2026-1.pdf"]
    reports = sorted(path.suffix for path in running.outbox("protokolle").iterdir() if path.is_file())
    assert reports == [".txt", ".xlsx"]


def test_a_message_waits_for_a_file_that_is_missing(running: Running) -> None:
    running.drop("1.json", json.dumps(message("customer", customer("K10234"))), "clue")
    running.until_archived(1)
    sent = [{"attachment_id": "a", "filename": "a.pdf", "href": "r.pdf"}]
    running.drop("2.json", json.dumps(message("invoice", invoice(attachments=["a"]), attachments=sent)), "clue")
    running.until(lambda: running.count("waiting") == 1)

    running.for_a_while(0.3)
    assert [path.name for path in running.outbox("bmd").iterdir() if path.is_file()] == []

    running.drop("r.pdf", PDF, "clue")
    running.until_archived(2)
    assert (running.outbox("bmd") / "AR-1.pdf").read_bytes() == PDF
