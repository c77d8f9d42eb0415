"""What comes out: complete files only, one name each, notes for what is refused, and what people may ask for."""

import os
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from spool.results.publishing import Naming
from tests.consumers import Consumer
from tests.sites import Running, a_route, a_site, a_target, visible

pytestmark = pytest.mark.slow

Start = Callable[..., Running]


# ── outputs ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reader_that_takes_what_it_sees_gets_whole_files_once(site: Running) -> None:
    consumer = Consumer(site.outbox(), seed=7)
    consumer.start()
    for number in range(300):
        site.drop(f"{number:03}.txt", "".join(f"{number} {line}\n" for line in range(60)))
    site.until_archived(300)
    site.until(lambda: site.outputs() == {})

    taken = consumer.finish()
    assert len(taken) == 300
    expected = {
        f"{n:03}.out.txt": "begin\n" + "".join(f"{n} {line}\n" for line in range(60)) + "end\n" for n in range(300)
    }
    assert dict(taken) == expected
    assert site.leftovers() == []
    assert site.findings() == []


def test_equal_names_never_overwrite_one_another(site: Running) -> None:
    (site.outbox() / "same.txt").write_text("of somebody else\n")
    site.drop("a.txt", "same same.txt\nsame same.txt\nsame same.txt\n")
    site.drop("b.txt", "same same.txt\nsame same.txt\n\n")
    site.until_archived(2)

    assert set(site.outputs()) == {"same.txt", *(f"same ({number}).txt" for number in range(2, 7)), "b.out.txt"}
    assert site.outputs()["same.txt"] == "of somebody else\n"


@pytest.mark.parametrize("name", ["x.txt", "no suffix", "a" * 300 + ".txt", "ü" * 150 + ".csv", "CON", "..", "a/b.txt"])
def test_any_number_of_equal_names_gets_different_ones(tmp_path: Path, name: str) -> None:
    naming = Naming()
    chosen = {naming.free(str(tmp_path), name, with_notes=True) for _ in range(40)}
    assert len(chosen) == 40
    assert all(len(free.encode()) <= 200 for free in chosen)


def test_numbers_go_on_where_an_earlier_group_ended(tmp_path: Path) -> None:
    for taken in ("same.txt", "same (2).txt"):
        (tmp_path / taken).touch()
    naming = Naming()
    assert naming.free(str(tmp_path), "same (3).txt") == "same (3).txt"
    assert [naming.free(str(tmp_path), "same.txt") for _ in range(2)] == ["same (4).txt", "same (5).txt"]


def test_umlauts_stay_and_are_composed(site: Running) -> None:
    decomposed = unicodedata.normalize("NFD", "Müller Größe.txt")
    site.drop(decomposed, "ä\n")
    site.until_archived(1)
    assert site.outputs() == {"Müller Größe.out.txt": "begin\nä\nend\n"}


def test_mode_and_group_are_the_targets(start: Start, tmp_path: Path) -> None:
    group = "daemon" if os.geteuid() == 0 else None
    running = start(a_site(tmp_path, targets=(a_target(tmp_path, file_mode=0o664, group=group),)))
    running.drop("a.txt", "a\n")
    running.until_archived(1)

    status = (running.outbox() / "a.out.txt").stat()
    assert stat.S_IMODE(status.st_mode) == 0o664
    if group:
        import grp

        assert status.st_gid == grp.getgrnam(group).gr_gid


def test_many_outputs_of_one_file_come_together_and_in_order(site: Running) -> None:
    site.drop("a.txt", "many 120\n")
    site.until_archived(1)
    assert len(site.outputs()) == 120
    drop = site.row("a.txt")
    assert [row["name"] for row in site.journal.outputs_of([drop["id"]])[drop["id"]]] == [
        f"many-{number}.txt" for number in range(120)
    ]


def test_a_hundred_thousand_changes_of_the_ledger_are_committed_whole(site: Running) -> None:
    site.drop("a.txt", "puts 100000\na\n")
    site.drop("b.txt", "b\n")
    site.until_archived(2)
    assert site.leftovers() == []
    assert site.ledger("many")["0099999"] == '{"number":99999}'
    assert len(site.ledger("many")) == 100_000
    assert site.ledger("count") == {"files": '{"files":2}'}


# ── what is refused ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wrong_file_comes_back_with_a_note_and_nothing_else_happens(site: Running) -> None:
    site.drop("wrong.txt", "good\nremember X\nwrong\n")
    site.drop("right.txt", "right\n")
    site.until(lambda: site.count("rejected") == 1)
    site.until_archived(1)

    assert site.rejected() == {"wrong.txt", "wrong.txt.hinweis.txt"}
    assert "Diese Zeile ist falsch." in site.note("wrong.txt")
    assert site.outputs() == {"right.out.txt": "begin\nright\nend\n"}
    assert site.ledger("known") == {}
    assert site.leftovers() == []


def test_a_rule_broken_after_outputs_were_written_leaves_none(site: Running) -> None:
    site.drop("late.txt", "many 5\nremember X\nrule Die Summe stimmt nicht.\n")
    site.until(lambda: site.count("rejected") == 1)
    assert "Die Summe stimmt nicht." in site.note("late.txt")
    assert site.outputs() == {}
    assert site.ledger("known") == {}
    assert site.leftovers() == []


def test_a_wrong_table_comes_back_with_its_cells_marked(site: Running) -> None:
    from openpyxl import load_workbook

    site.drop("table.csv", "Nummer,Betrag\n1,x\n2,5\n")
    site.until(lambda: site.count("rejected") == 1)

    assert site.rejected() == {"table.csv", "table.csv.hinweis.txt", "table.csv.hinweis.xlsx"}
    book = load_workbook(site.inbox() / "rejected" / "table.csv.hinweis.xlsx")
    marked = [cell for sheet in book for row in sheet for cell in row if cell.value == "x" and cell.fill.fill_type]
    assert marked


def test_the_same_content_again_is_a_duplicate(site: Running) -> None:
    site.drop("first.txt", "a\n")
    site.until_archived(1)
    site.drop("second.txt", "a\n")
    site.until(lambda: site.count("duplicate") == 1)

    assert set(site.outputs()) == {"first.out.txt"}
    assert "first.txt" in site.note("second.txt")
    assert site.rejected() == {"second.txt", "second.txt.hinweis.txt"}


def test_duplicates_inside_one_burst_are_found_too(site: Running) -> None:
    for number in range(20):
        site.drop(f"{number}.txt", f"content {number % 5}\n")
    site.until(lambda: site.count("duplicate") == 15)
    assert site.count("archived") == 5
    assert len(site.outputs()) == 5


def test_a_route_may_want_duplicates(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, duplicates="force")))
    running.drop("first.txt", "a\n")
    running.drop("second.txt", "a\n")
    running.until_archived(2)


def test_a_business_key_with_other_content_is_a_conflict(site: Running) -> None:
    site.drop("first.txt", "claim AR-1\na\n")
    site.until_archived(1)
    site.drop("second.txt", "claim AR-1\nb\n")
    site.until(lambda: site.count("rejected") == 1)

    assert "AR-1" in site.note("second.txt")
    assert "first.txt" in site.note("second.txt")
    assert set(site.outputs()) == {"first.out.txt"}


def test_an_unknown_target_is_no_reason_to_stop(site: Running) -> None:
    site.drop("a.txt", "to nowhere hello\n")
    site.until(lambda: site.count("rejected") == 1)
    assert "nowhere" in site.note("a.txt")


def test_a_bug_costs_one_file(site: Running) -> None:
    site.drop("bug.txt", "many 3\nbug\n")
    site.drop("good.txt", "good\n")
    site.until(lambda: site.count("rejected") == 1)
    site.until_archived(1)
    assert site.row("bug.txt")["id"] in site.note("bug.txt")
    assert set(site.outputs()) == {"good.out.txt"}
    assert site.leftovers() == []


def test_what_no_database_can_hold_costs_one_file(site: Running) -> None:
    names = [f"{number:02}.txt" for number in range(20)]
    for name in names:
        site.drop(name, "poison\n" if name == "07.txt" else f"{name}\n")
    site.until(lambda: site.count("rejected") == 1)
    site.until_archived(19)
    assert site.rejected() == {"07.txt", "07.txt.hinweis.txt"}
    assert site.ledger("count") == {"files": '{"files":19}'}
    assert site.leftovers() == []


def test_what_is_to_be_noted_of_a_good_file_is_shown_to_the_clerk(site: Running) -> None:
    site.drop("a.txt", "hello\nwarn look here\n")
    site.until_archived(1)

    notes = visible(site.inbox() / "notes")
    assert set(notes) == {"a.txt.hinweis.txt"}
    assert "look here" in (site.inbox() / "notes" / "a.txt.hinweis.txt").read_text(encoding="utf-8")
    assert site.rejected() == set()
    assert site.leftovers() == []


# ── held, retried, replayed ───────────────────────────────────────────────────────────────────────────────────────


def test_a_held_file_goes_on_when_it_is_released(site: Running) -> None:
    site.drop("a.txt", "many 3\nhold\n")
    site.until(lambda: site.held() == {"a.txt", "a.txt.hinweis.txt"})
    drop = site.row("a.txt")
    assert site.outputs() == {}

    site.ask("release", drop["id"])
    site.until_archived(1)
    assert len(site.outputs()) == 3
    assert site.held() == set()
    assert site.row("a.txt")["id"] == drop["id"]
    assert site.leftovers() == []


def test_an_unclear_file_is_parked_and_never_repeated_by_itself(site: Running) -> None:
    site.drop("a.txt", "unclear sent, no answer\n")
    site.until(lambda: site.held() == {"a.txt", "a.txt.hinweis.txt"})
    site.for_a_while(0.3)
    assert site.engine.outcomes == {"unclear": 1}
    assert site.row("a.txt")["state"] == "unclear"


def test_a_discarded_file_lies_in_the_archive_and_has_done_nothing(site: Running) -> None:
    site.drop("a.txt", "hold\n")
    site.until(lambda: "a.txt" in site.held())
    site.ask("discard", site.row("a.txt")["id"])
    site.until(lambda: site.count("discarded") == 1)

    assert site.held() == set()
    assert site.outputs() == {}
    assert site.findings() == []
    assert [path.name for path in site.site.archive.rglob("a.txt")] == ["a.txt"]


def test_a_rejected_file_is_retried_where_it_lies(site: Running) -> None:
    site.drop("a.txt", "claim AR-1\na\n")
    site.until_archived(1)
    site.drop("b.txt", "wrong\n")
    site.until(lambda: site.rejected() == {"b.txt", "b.txt.hinweis.txt"})

    (site.inbox() / "rejected" / "b.txt").write_text("mended\n")
    site.ask("retry", site.row("b.txt")["id"])
    site.until_archived(2)
    assert site.rejected() == set()
    assert site.outputs()["b.out.txt"] == "begin\nmended\nend\n"


def test_a_duplicate_is_handled_when_a_person_wants_it(site: Running) -> None:
    site.drop("first.txt", "a\n")
    site.drop("second.txt", "a\n")
    site.until(lambda: "second.txt" in site.rejected())
    site.ask("retry", site.row("second.txt")["id"])
    site.until_archived(2)
    assert set(site.outputs()) == {"first.out.txt", "second.out.txt"}


def test_a_replay_makes_a_new_drop_of_what_is_archived(site: Running) -> None:
    (site.inbox() / "beilage.pdf").write_bytes(b"%PDF")
    site.drop("a.txt", "needs beilage.pdf\na\n")
    site.until_archived(1)
    for name in site.outputs():
        (site.outbox() / name).unlink()

    site.ask("replay", site.row("a.txt")["id"])
    site.until_archived(2)
    assert set(visible(site.outbox())) == {"a.out.txt", "beilage.pdf"}
    assert site.findings() == []
    assert site.leftovers() == []


def test_a_damaged_manifest_is_an_answer_and_not_the_end(site: Running) -> None:
    site.drop("a.txt", "a\n")
    site.until_archived(1)
    (manifest,) = site.site.archive.rglob("manifest.json")
    manifest.chmod(0o600)
    manifest.write_bytes(b"{")
    number = site.ask("replay", site.row("a.txt")["id"])
    site.until(lambda: site.journal.answered(number))
    assert "verify the archive" in (site.journal.answered(number) or "")


@pytest.mark.parametrize("verb", ["release", "discard", "replay", "retry"])
def test_what_cannot_be_done_is_answered(site: Running, verb: str) -> None:
    site.drop("a.txt", "wait X\n" if verb in {"release", "discard", "retry"} else "wrong\n")
    site.until(lambda: site.rows("waiting") or site.rows("rejected"))
    number = site.ask(verb, site.row("a.txt")["id"])
    site.ask(verb, "00000000000000000000")
    site.until(lambda: site.journal.asked() == [])
    assert _answers(site)[number].startswith("not done")


def _answers(site: Running) -> dict[int, str]:
    from sqlalchemy import select

    from spool.journal.tables import requests

    return {row["id"]: row["answer"] for row in site.journal.stream(select(requests.c.id, requests.c.answer))}


def test_a_rejected_file_that_somebody_took_away_cannot_be_retried(site: Running) -> None:
    site.drop("a.txt", "wrong\n")
    site.until(lambda: "a.txt" in site.rejected())
    (site.inbox() / "rejected" / "a.txt").unlink()
    number = site.ask("retry", site.row("a.txt")["id"])
    site.until(lambda: site.journal.asked() == [])
    assert "no longer there" in _answers(site)[number]
    assert site.row("a.txt")["state"] == "rejected"


# ── waiting and attachments ───────────────────────────────────────────────────────────────────────────────────────


def test_a_file_waits_for_what_should_come_first_and_lets_others_pass(site: Running) -> None:
    site.drop("needy.txt", "wait X\nneedy\n")
    site.until(lambda: site.count("waiting") == 1)
    site.drop("other.txt", "other\n")
    site.until_archived(1)
    assert set(site.outputs()) == {"other.out.txt"}
    site.drop("master.txt", "remember X\n")
    site.until_archived(3)
    assert set(site.outputs()) == {"other.out.txt", "needy.out.txt"}


def test_who_has_waited_long_enough_is_shown_to_a_person(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, wait_seconds=0.3)))
    running.drop("a.txt", "wait X\n")
    running.drop("b.txt", "needs beilage.pdf\n")
    running.until(lambda: {"a.txt", "b.txt"} <= running.held())
    assert "Es fehlt noch X." in running.note("a.txt", "held")
    assert "beilage.pdf" in running.note("b.txt", "held")
    running.ask("discard", running.row("a.txt")["id"])
    running.until(lambda: running.count("discarded") == 1)
    assert running.findings() == []


def test_a_file_waits_for_its_attachment(site: Running) -> None:
    site.drop("a.txt", "needs beilage.pdf\na\n")
    site.until(lambda: site.count("waiting") == 1)
    with (site.inbox() / "beilage.pdf").open("wb") as file:
        file.write(b"%PDF")
        file.flush()
        site.for_a_while(0.4)
        assert site.count("waiting") == 1
        file.write(b" whole")
    site.until_archived(1)

    assert (site.outbox() / "beilage.pdf").read_bytes() == b"%PDF whole"
    assert site.waiting() == set()
    assert site.findings() == []
    assert [path.read_bytes() for path in site.site.archive.rglob("beilage.pdf")] == [b"%PDF whole"]


def test_attachments_of_a_refused_file_come_back_with_it(site: Running) -> None:
    (site.inbox() / "beilage.pdf").write_bytes(b"%PDF")
    site.drop("a.txt", "needs beilage.pdf\nrule Nein.\n")
    site.until(lambda: site.count("rejected") == 1)
    assert site.rejected() == {"a.txt", "a.txt.hinweis.txt", "beilage.pdf"}

    site.ask("retry", site.row("a.txt")["id"])
    site.until(lambda: site.engine.outcomes.get("rejected") == 2)
    site.until(lambda: site.rejected() == {"a.txt", "a.txt.hinweis.txt", "beilage.pdf"})


@pytest.mark.parametrize("name", ["../secret.pdf", "/etc/hostname", "..", ".", "sub/x.pdf"])
def test_attachments_outside_the_folder_are_refused_at_once(site: Running, name: str) -> None:
    (site.inbox().parent / "secret.pdf").write_bytes(b"secret")
    site.drop("a.txt", f"needs {name}\n")
    site.until(lambda: site.count("rejected") == 1, seconds=5)
    assert "kein einfacher Dateiname" in site.note("a.txt")
    assert visible(site.outbox()) == set()


def test_a_link_is_no_attachment(site: Running, tmp_path: Path) -> None:
    (tmp_path / "secret.pdf").write_bytes(b"secret")
    (site.inbox() / "beilage.pdf").symlink_to(tmp_path / "secret.pdf")
    site.drop("a.txt", "needs beilage.pdf\n")
    site.until(lambda: site.count("waiting") == 1)
    site.for_a_while(0.3)
    assert visible(site.outbox()) == set()


def test_attachments_are_found_however_their_umlauts_are_spelled(site: Running) -> None:
    (site.inbox() / unicodedata.normalize("NFD", "Prüfung.pdf")).write_bytes(b"%PDF")
    site.drop("a.txt", "needs Prüfung.pdf\n")
    site.until_archived(1)
    assert visible(site.outbox()) == {"Prüfung.pdf"}
