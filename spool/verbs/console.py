"""Showing things on a terminal: tables where somebody looks, plain lines where a program reads."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Column, Table

from core.errors import Problem
from core.table_explanation import TableExplanation
from spool.health.status import DropStatus, OpenRunStatus, RemoteStatus, Status
from spool.results.notes import place, printable
from spool.verbs.preview import Preview

if TYPE_CHECKING:
    from spool.export_runs import Found
    from spool.repair.rebuilding import Report

_SHOWN_LINES = 12
_TYPED_AGAIN = {"id", "run"}
"""Headings of columns whose values verbs ask for."""
_NOTHING = {"", "0"}
_FATES = {
    "done": "would go through",
    "rejected": "would be rejected",
    "bug": "would be rejected because of a bug of ours",
    "duplicate": "would be refused: the same content has been here before",
    "held": "would be held until somebody releases it",
    "unclear": "would be held: the other side did not answer",
    "waiting": "would wait for something that should come first",
    "companions": "would wait for its attachments",
    "retry": "cannot be handled at the moment",
}


def is_terminal() -> bool:
    """A person is looking."""
    return sys.stdout.isatty()


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """A table on a terminal; elsewhere the same as lines with tabs between the values, without headings.

    Nothing is cut, whatever the width of the terminal: an id has to be typed again. Columns of zeros are left out.
    """
    if not is_terminal():
        for row in rows:
            print_line("\t".join("" if value is None else printable(str(value)) for value in row))
        return
    shown = [["" if value is None else escape(printable(str(value))) for value in row] for row in rows]
    telling = [place for place in range(len(headings)) if any(row[place] not in _NOTHING for row in shown)] or [0]
    columns = (Column(headings[at], overflow="fold", no_wrap=headings[at] in _TYPED_AGAIN) for at in telling)
    table = Table(*columns, title=title, title_justify="left", box=None, header_style="bold")
    for row in shown:
        table.add_row(*(row[place] for place in telling))
    Console().print(table)


def print_line(text: str = "") -> None:
    """One plain line; characters that the terminal cannot show do not stop us."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def print_status(status: Status) -> None:
    """The whole site."""
    print_line(f"{status.site}: the daemon is {'running' if status.running else 'NOT running'}")
    print_line()
    print_table(
        (
            "route",
            "waiting",
            "in work",
            "held",
            "unclear",
            "to correct",
            "archived",
            "rejected",
            "duplicate",
            "discarded",
            "last file",
            "paused because",
        ),
        (
            (
                *(r.name, r.waiting, r.in_work, r.held, r.unclear, r.to_correct, r.archived, r.rejected, r.duplicate),
                *(r.discarded, r.last_drop, r.paused),
            )
            for r in status.routes
        ),
    )
    print_line()
    print_table(("target", "to be picked up", "folder"), ((t.name, t.waiting, t.folder) for t in status.targets))
    if status.remote:
        print_line()
        _print_remote(status.remote)
    if status.open_runs:
        print_line()
        _print_open_runs(status.open_runs)
    if status.attention:
        print_line()
        print_drops("Waiting for a person or for another file", status.attention)
    if status.alerts:
        print_line()
        headings = ("alert", "about", "what", "since")
        rows = ((a["code"], a["subject"], a["text"], a["since"]) for a in status.alerts)
        print_table(headings, rows, title="Alerts")
    if status.last:
        print_line()
        print_drops("Last files", status.last)


def _print_open_runs(open_runs: Iterable[OpenRunStatus]) -> None:
    headings = ("run", "company", "documents", "sum", "open since", "handed over at")
    rows = ((run.run, run.company, run.documents, run.gross, run.since, run.hand_over) for run in open_runs)
    print_table(headings, rows, title="Runs that wait for their time")


def _print_remote(places: Iterable[RemoteStatus]) -> None:
    headings = ("place", "connected", "collected", "delivered", "last answer", "next try", "trouble")
    rows = (
        (p.name, "yes" if p.connected else "no", p.collected, p.delivered, p.reached, p.next_try, p.trouble)
        for p in places
    )
    print_table(headings, rows)


def print_drops(title: str, drops: Iterable[DropStatus]) -> None:
    """Drops, one a line."""
    rows = ((drop.id, drop.route, drop.state, drop.at, drop.name) for drop in drops)
    print_table(("id", "route", "state", "claimed at", "file"), rows, title=title)


def print_drop(details: Mapping[str, Any]) -> None:
    """All that is known of one drop."""
    for name, value in details.items():
        if name in {"outputs", "problems", "warnings"}:
            continue
        print_line(f"{name:<9} {'' if value is None else printable(str(value))}")
    if details["outputs"]:
        print_line()
        headings = ("target", "file", "bytes", "sha256")
        rows = ((o["target"], o["name"], o["size"], o["sha256"]) for o in details["outputs"])
        print_table(headings, rows, title="What was made of it")
    for title in ("problems", "warnings"):
        if details[title]:
            print_line(f"\n{title}:")
            print_problems(Problem(**problem) for problem in details[title])


def print_runs(runs: Iterable["Found"]) -> None:
    """Runs of the export, one a line."""
    rows = [
        [
            *(found.run_id, found.company, found.run.fibu, found.run.status.replace("_", " "), _since(found)),
            *(found.run.documents, found.run.gross, ", ".join(f"{target}/{name}" for target, name in found.run.files)),
        ]
        for found in runs
    ]
    headings = ("run", "company", "program", "state", "since", "documents", "sum", "files")
    print_table(headings, rows, title="Runs of the FIBU export")


def print_run(found: "Found", documents: Iterable[Mapping[str, Any]]) -> None:
    """One run with its documents."""
    print_runs([found])
    if found.run.reason:
        print_line(f"\ntaken back because: {printable(found.run.reason)}")
    print_line()
    names = ("number", "external_number", "direction", "ledger_account", "party_name", "gross", "currency")
    rows = ([document[name] for name in names] for document in documents)
    print_table([name.replace("_", " ") for name in names], rows, title="Documents")


def _since(found: "Found") -> str:
    return (found.run.ended_at or found.run.opened_at).isoformat(timespec="seconds")


def print_problems(problems: Iterable[Problem]) -> None:
    """Problems as the clerk is told them."""
    for problem in problems:
        where = place(problem)
        print_line(printable(f"  - {where + ': ' if where else ''}{problem.what} {problem.todo}".rstrip()))


def print_preview(preview: Preview) -> bool:
    """What would become of a file; True when it would go through."""
    outcome = preview.outcome
    print_line(f"On route {preview.route} the file {_FATES[outcome.fate]}.")
    if outcome.trouble:
        print_line("\n".join(printable(line) for line in outcome.trouble.splitlines()))
    print_problems([*outcome.problems, *outcome.warnings])
    for name in outcome.companions:
        print_line(f"  - {printable(name)}")
    for target, name, content in preview.contents:
        print_line(f"\n--> {target}/{printable(name)} ({len(content)} bytes)")
        lines = ["(not a text)"] if b"\0" in content else _as_text(content).splitlines()
        for line in lines[:_SHOWN_LINES]:
            print_line(f"    {printable(line)}")
        if len(lines) > _SHOWN_LINES:
            print_line(f"    ... {len(lines) - _SHOWN_LINES} more lines")
    if preview.explained is not None:
        _print_explanation(preview.route, *preview.explained)
    return outcome.fate == "done"


def _print_explanation(route: str, format_id: str, table: TableExplanation) -> None:
    """What the columns of a refused table were taken for, and lines for the configuration that would help."""
    print_line(f"\nHow the columns were understood (headings in row {table.heading_row}):")
    rows = (
        (column.place, column.heading, column.meaning or "?", ", ".join(column.samples)) for column in table.columns
    )
    print_table(("column", "heading", "taken for", "samples"), rows)
    if table.missing:
        print_line(f"Not found: {', '.join(table.missing)}")
    if table.proposal:
        print_line(f"\nThese lines may help, after a look at the samples; they belong to the route {route}:")
        print_line(f"\n[route.format.{format_id}]")
        for name, entries in table.proposal.items():
            inside = ", ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entries.items())
            print_line(printable(f"{name} = {{ {inside} }}"))


def print_rebuild(report: "Report") -> None:
    """What a rebuild has found and done, and what is left for a person."""
    if report.kept_as is not None:
        knew = "what it knew was kept" if report.was_kept else "it could not be read"
        print_line(f"The old journal lies as {report.kept_as}; {knew}.")
    print_line(f"The archive holds {report.archived} drops; {report.written} of them were written into the journal.")
    for state, number in sorted(report.given_back.items()):
        print_line(f"{number} drops are known again as {state}, by the notes beside their files.")
    if report.parked:
        print_line(
            f"\n{len(report.parked)} files were in work, and nobody can know whether they went through. They lie in"
        )
        print_line("held/ with a note. Look whether their results have arrived, then for each of them:")
        print_line("  daemon.py release ID   they have not: handle it now")
        print_line("  daemon.py settle ID    they have: note it as done, publish nothing")
        for drop_id in report.parked:
            print_line(f"  - {drop_id}")
    _print_left("These routes were away; mount them and run rebuild again:", report.away)
    _print_left(
        "The archive does not say what these changed; look at them with daemon.py show:", report.without_effects
    )
    _print_left("The archive is not whole; run daemon.py verify, and see docs/recovery.md:", report.findings)
    print_line("\nNow start the daemon." if not report.needs_a_look else "\nThe daemon may be started meanwhile.")


def _print_left(title: str, lines: Sequence[str]) -> None:
    if lines:
        print_line(f"\n{title}")
    for line in lines:
        print_line(f"  - {line}")


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar where somebody looks; told (done, expected)."""
    if not is_terminal():
        yield lambda _done, _expected: None
        return
    with Progress(transient=True) as bar:
        task = bar.add_task(what)
        yield lambda done, expected: bar.update(task, completed=done, total=expected)


def _as_text(content: bytes) -> str:
    """Content for looking at: FIBU files are Windows-1252, everything else is UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
