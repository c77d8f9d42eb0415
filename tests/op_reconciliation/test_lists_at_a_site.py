"""Lists that are dropped at a whole site: reader, reconciliation, report, and what people decide about a held one."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import config as configuration
from commands.composition import FORMATS, HANDLERS, plugin_settings
from core.errors import CluedropError
from spool.verbs.item_verbs import decide_items
from spool.verbs.preview import preview
from spool.work.worker import WorkerSetup
from tests.sites import Running, visible

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "tests" / "golden" / "demo"
HEADINGS = "Konto;OP-Nr.;Belegdatum;offener Betrag\n"
OF_NOBODY = "200009;99;02.11.2026;10,00\n"
ENGINE = '[engine]\nsettle = "0.1 s"\ncanary_interval = "1 h"\nmin_free_space = 0\n'
pytestmark = pytest.mark.slow


class DemoSite(Running):
    """The site of the demo with complete lists, and what CLUE has sent."""

    def __init__(self, folder: Path) -> None:
        text = (ROOT / "config" / "demo.toml").read_text("utf-8")
        settings = "[route.settings]\ncomplete = true\n\n[route.format.op_list]"
        file = folder / "cluedrop.toml"
        file.write_text(
            text.replace("[[company]]", f"{ENGINE}\n[[company]]", 1).replace("[route.format.op_list]", settings),
            "utf-8",
        )
        for route in ("clue", "bmd", "rzl"):
            (folder / "inbox" / route).mkdir(parents=True)
        super().__init__(configuration.site_of(configuration.load(file, plugin_settings())), FORMATS, HANDLERS)
        for name in ("1_kunden.json", "2_rechnungen.json", "3_eingangsrechnung.json"):
            self.handle("clue", name, (DEMO / "clue" / name).read_bytes())

    def handle(self, route: str, name: str, content: str | bytes) -> str:
        """Drop a file and wait until it is settled; the state that it has then."""
        self.drop(name, content, route)
        self.settle(name)
        return str(self.row(name)["state"])

    def settle(self, name: str) -> None:
        self.until(lambda: any(row["name"] == name and row["state"] in SETTLED for row in self.rows()))

    def told(self) -> list[dict[str, Any]]:
        """All payments that CLUE was told of."""
        files = [content for name, content in self.outputs("clue").items() if name.endswith("zahlungen.json")]
        return [record["data"] for content in files for record in json.loads(content)["records"]]


SETTLED = {"archived", "rejected", "held", "discarded"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[DemoSite]:
    running = DemoSite(tmp_path)
    yield running
    running.stop()


def a_list(key_date: str, rows: str) -> str:
    return f"OP-Liste per {key_date}\n\n{HEADINGS}{rows}"


def held_list(site: DemoSite) -> str:
    """A list that holds nothing of ours after one that did; the id of its drop."""
    name = "OP-Liste_November.csv"
    assert site.handle("bmd", name, (DEMO / "bmd" / name).read_bytes()) == "archived"
    assert site.handle("bmd", "OP-Liste.csv", a_list("22.11.2026", OF_NOBODY)) == "held"
    return str(site.row("OP-Liste.csv")["id"])


def test_a_clearing_list_becomes_payments_and_a_report_and_says_nothing_when_it_comes_again(site: DemoSite) -> None:
    content = (DEMO / "rzl" / "Ausgeglichene_OP.csv").read_bytes()
    assert site.handle("rzl", "Auszifferung.csv", content) == "archived"
    assert [(payment["amount"], payment.get("discount_amount")) for payment in site.told()] == [
        ("396.80", "8.10"),
        ("1200.00", None),
    ]
    [report] = list(site.outbox("protokolle").glob("*abgleich.txt"))
    text = report.read_text("utf-8-sig")
    assert "verglichen                                   5" in text
    assert "übergangen: Gruppenzeilen                    2" in text
    before = visible(site.outbox("clue"))
    assert site.handle("rzl", "Auszifferung 2.csv", content + b"\r\n") == "archived"
    assert visible(site.outbox("clue")) == before
    assert len(list(site.outbox("protokolle").glob("*abgleich.txt"))) == 2


def test_documents_of_a_held_list_are_decided_one_by_one(site: DemoSite) -> None:
    held = held_list(site)
    said = " ".join(site.note("OP-Liste.csv", "held", "bmd").split())
    assert "Die Rechnung 2026-0002 auf Konto 200002 mit 350,00 fehlt in der Liste" in said
    assert "Konto;Beleg;Entscheidung" in said
    before = site.told()

    decision = "Konto;Name;Beleg;offener Betrag;Entscheidung\n200001;Muster;2026-0003;-120,00;offen\n"
    assert site.handle("bmd", "Entscheidung.csv", decision) == "archived"
    archived = site.count("archived")
    assert decide_items(site.site, site.journal, held, ["200002/2026-0002"], "open")
    site.until_archived(archived + 1)
    assert site.told() == before
    assert site.held("bmd") == {"OP-Liste.csv", "OP-Liste.csv.hinweis.txt"}

    site.ask("release", held)
    site.until_archived(archived + 2)
    [payment] = [payment for payment in site.told() if payment not in before]
    assert (payment["document_number"], Decimal(payment["amount"])) == ("2026-0001", Decimal(400))


def test_what_is_no_document_or_not_held_is_not_decided(site: DemoSite) -> None:
    with pytest.raises(CluedropError, match="the drop is archived, so there is nothing to decide"):
        decide_items(site.site, site.journal, str(site.row("1_kunden.json")["id"]), ["200001/1"], "settled")
    with pytest.raises(CluedropError, match="write ACCOUNT/NUMBER"):
        decide_items(site.site, site.journal, held_list(site), ["2026-1"], "settled")


def test_a_list_in_an_unknown_layout_is_explained_although_its_inbox_takes_decisions_too(
    site: DemoSite, tmp_path: Path
) -> None:
    odd = tmp_path / "odd.csv"
    odd.write_text("Wer;Was;Wieviel;Wann\n200001;2026-0001;400,00;22.11.2026\n", "utf-8")
    found = preview(odd, "bmd", WorkerSetup(site.site, FORMATS, HANDLERS))
    assert found.explained is not None
    assert found.explained[0] == "op_list"
    assert site.handle("bmd", "odd.csv", odd.read_bytes()) == "rejected"
    assert "keine OP-Liste" in site.note("odd.csv", route="bmd")


def test_a_list_of_datev_becomes_payments_and_says_nothing_when_it_comes_again(site: DemoSite) -> None:
    rows = "200001;2026-0001;02.11.2026;16.11.2026;1200,00;800,00;400,00;4000;\n"
    rows += "200001;2026-0003;05.11.2026;;0,00;120,00;-120,00;4000;\n"
    rows += "200002;2026-0002;03.11.2026;03.12.2026;350,00;0,00;350,00;4000;\n"
    headings = "Konto;Rechnungsnummer;Datum;Fälligkeit;Sollbetrag;Habenbetrag;Saldo;Gegenkonto;Buchungstext\n"
    assert site.handle("bmd", "OPOS 2026-11-20.csv", (headings + rows).encode("cp1252")) == "archived"
    [payment] = site.told()
    assert (payment["document_number"], payment["amount"], payment["inferred"]) == ("2026-0001", "800.00", True)
    assert site.handle("bmd", "OPOS 2026-11-21.csv", (headings + rows + "\n").encode("cp1252")) == "archived"
    assert site.told() == [payment]
