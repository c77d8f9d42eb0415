#!/usr/bin/env python
"""The command line of Cluedrop, and the one place where its rooms meet.

Every verb imports what it needs when it runs, so that the short ones are quick.
"""

import json
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import CluedropError, ConfigError, JournalError
from spool.instance import AlreadyRunning

if TYPE_CHECKING:
    import config as configuration
    from spool.journal.store import Journal
    from spool.worker import WorkerSetup

FORMATS, HANDLERS, CONNECTORS = "formats", "handlers", "connectors"
DEFAULT_CONFIG = Path(__file__).resolve().parent / "config" / "default.toml"

app = typer.Typer(
    help="Cluedrop: files in, files out, nothing lost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
ConfigOption = Annotated[
    Path, typer.Option("--config", envvar="CLUEDROP_CONFIG", help="Configuration file (TOML).", show_default=False)
]
DropId = Annotated[str, typer.Argument(metavar="ID", help="Number of the drop; its beginning is enough.")]


# ── putting the rooms together ────────────────────────────────────────────────────────────────────────────────────


def plugin_settings() -> "configuration.Plugins":
    """What formats and handlers let one set."""
    import config as configuration
    from spool.plugins import load

    plugins = load(FORMATS, HANDLERS)
    return configuration.Plugins(
        {name: module.Settings for name, module in plugins.readers.items()},
        {name: module.Settings for name, module in plugins.handlers.items()},
        {name: module.WriterSettings for name, module in plugins.writers.items()},
    )


def configure(path: Path) -> "WorkerSetup":
    """Read a configuration and make of it what the engine is started with. Raise ConfigError with every mistake."""
    import config as configuration
    from spool.logs import log_to
    from spool.worker import WorkerSetup

    settings = configuration.load(path, plugin_settings())
    if not settings.root.is_dir():  # mistyped, perhaps: nothing is ever made in its place
        raise ConfigError([f"{path}:1: root: there is no folder {settings.root}, allowed: one that is there"])
    log_to(settings.log.level, settings.log.json_file)
    return WorkerSetup(configuration.site_of(settings), FORMATS, HANDLERS, dict(settings.writer_settings), CONNECTORS)


def open_journal(setup: "WorkerSetup") -> "Journal":
    """The site's journal, brought up to date. Raise JournalError where it is not to be believed."""
    from spool.journal.store import Journal
    from spool.soundness import make_ready

    make_ready(setup.site)
    return Journal(setup.site.journal_url)


# ── at work ───────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def run(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Watch the folders until somebody stops it (SIGTERM); SIGHUP reads the configuration again."""
    from spool.service import serve

    serve(lambda: configure(config))


@app.command()
def once(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Take what is waiting, finish it, exit: 0 all went through, 1 something was rejected or held."""
    from spool.service import once as serve_once

    raise typer.Exit(0 if serve_once(configure(config)) else 1)


@app.command()
def demo(
    folder: Annotated[Path | None, typer.Option(help="Where to make the site; default is a temporary folder.")] = None,
) -> None:
    """Make a temporary site, drop a sample of every format, show what came out."""
    from spool.demonstration import demonstrate

    raise typer.Exit(demonstrate(Path(__file__).resolve(), folder))


# ── before it works ───────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new site.")]) -> None:
    """Make the folders and a commented configuration for a new site."""
    from config.new_site import init as make_site
    from spool.console import print_line

    for made in make_site(folder, plugin_settings()):
        print_line(f"made {made}")
    print_line(f"Now edit {folder / 'cluedrop.toml'}, then: daemon.py check --config {folder / 'cluedrop.toml'}")


@app.command()
def check(
    config: ConfigOption = DEFAULT_CONFIG,
    connect: Annotated[bool, typer.Option("--connect", help="Also try servers and credentials.")] = False,
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="First make folders that were another site's, or lay elsewhere, this site's own."),
    ] = False,
) -> None:
    """Try configuration, folders and rights: 0 all well, 1 something does not work, 2 configuration wrong."""
    from spool.checks import check_site
    from spool.console import print_line
    from spool.places import adopt_folders
    from spool.remote_checks import check_remote

    setup = configure(config)
    failed = False
    for folder in adopt_folders(setup.site, of_others=True) if adopt else ():
        print_line(f"ok    {folder}: belongs to this site from now on")
    for found in chain(check_site(setup.site), check_remote(setup) if connect else ()):
        failed |= found.trouble is not None
        print_line(f"{'FAIL' if found.trouble else 'ok  '}  {found.subject}: {found.trouble or found.note or 'works'}")
    raise typer.Exit(1 if failed else 0)


@app.command()
def preview(
    file: Annotated[Path, typer.Argument(help="The file to look at.", exists=True, dir_okay=False)],
    route: Annotated[str | None, typer.Option(help="Route to try; default is the one that knows the file.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Show what would become of a file, written nowhere: 0 it would go through, 1 it would not."""
    from spool.console import print_preview
    from spool.preview import preview as look
    from spool.preview import route_of

    setup = configure(config)
    raise typer.Exit(0 if print_preview(look(file, route_of(file, route, setup), setup)) else 1)


@app.command()
def schema(
    name: Annotated[str | None, typer.Argument(help="An entity, e.g. invoice; default is the whole message.")] = None,
) -> None:
    """Print the JSON Schema (2020-12) of the exchange format."""
    from core.documents.schema import schema as schema_of
    from core.documents.schema import schema_names

    if name not in {None, *schema_names()}:
        raise CluedropError(f"there is no schema {name}; there are: {', '.join(schema_names())}")
    sys.stdout.write(json.dumps(schema_of(name or "message"), indent=2, ensure_ascii=False) + "\n")


# ── looking ───────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def status(
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Show routes, backlog, last files, what waits for a person, alerts."""
    from spool.console import print_status
    from spool.status import status_of

    setup = configure(config)
    found = status_of(setup.site, open_journal(setup))
    if as_json:
        sys.stdout.write(json.dumps(found.as_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        print_status(found)


@app.command()
def show(drop_id: DropId, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show all that is known of one drop."""
    from spool.console import print_drop
    from spool.status import drop_details

    setup = configure(config)
    print_drop(drop_details(setup.site, open_journal(setup), drop_id))


@app.command()
def verify(
    config: ConfigOption = DEFAULT_CONFIG,
    anchor: Annotated[
        list[str] | None, typer.Option(metavar="NUMBER:SHA256", help="A head that was written down; may be repeated.")
    ] = None,
) -> None:
    """Prove the archive's hash chain: 0 whole, 1 something was altered, is missing or was added."""
    from spool.proving import prove

    setup = configure(config)
    raise typer.Exit(0 if prove(setup.site, lambda: open_journal(setup), anchor or ()) else 1)


# ── deciding ──────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def retry(drop_id: DropId, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Handle a rejected file again as it is (the reason has gone), or a duplicate in spite of being one."""
    _ask("retry", drop_id, config)


@app.command()
def release(drop_id: DropId, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Let a held file go on: somebody has looked at it."""
    _ask("release", drop_id, config)


@app.command()
def discard(drop_id: DropId, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Lay a held file into the archive without doing anything with it."""
    _ask("discard", drop_id, config)


@app.command()
def replay(drop_id: DropId, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Handle an archived file once more, as a new drop and in spite of being a duplicate."""
    _ask("replay", drop_id, config)


@app.command()
def settle(drop_id: DropId, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Note an unclear file as done, because its results have arrived: nothing is published again."""
    _ask("settle", drop_id, config)


def _ask(verb: str, drop_id: str, path: Path) -> None:
    from spool.asking import ask

    setup = configure(path)
    raise typer.Exit(0 if ask(setup.site, open_journal(setup), verb, drop_id) else 1)


# ── repairing ─────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the copy shall lie.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Copy the journal, also of a daemon at work: 0 the copy is whole, 1 or 4 there is none."""
    from spool.backup import back_up
    from spool.console import print_line

    path = back_up(configure(config).site, folder)
    print_line(f"{path}: whole, {path.stat().st_size} bytes. Back up archive and configuration with it.")


@app.command()
def rebuild(
    config: ConfigOption = DEFAULT_CONFIG,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="The archive ends too early, and the rest of it is lost for good.")
    ] = False,
) -> None:
    """Make the journal right from archive and folders: 0 all well, 1 something is left for a person."""
    from spool.console import print_rebuild, progress
    from spool.rebuilding import rebuild as make_right

    with progress("archived drops") as advance:
        report = make_right(configure(config).site, advance, accept_loss=accept_loss)
    print_rebuild(report)
    raise typer.Exit(1 if report.needs_a_look else 0)


def main() -> None:
    """Exit codes beyond a verb's own: 1 refused, 2 configuration wrong, 3 a daemon at work, 4 journal not believed."""
    codes = {ConfigError: 2, AlreadyRunning: 3, JournalError: 4}
    try:
        app()
    except (CluedropError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(next((code for kind, code in codes.items() if isinstance(error, kind)), 1))


if __name__ == "__main__":
    main()
