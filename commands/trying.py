"""What an administrator does before the daemon works: make a site, check it, try a file, look up the format."""

import json
import sys
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from commands.composition import DEFAULT_CONFIG, configure, plugin_settings
from commands.options import ConfigOption, leave
from core.errors import CluedropError

verbs = typer.Typer()


@verbs.command()
def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new site.")]) -> None:
    """Make the folders and a commented configuration for a new site."""
    from config.new_site import init as make_site
    from spool.verbs.console import print_line

    for made in make_site(folder, plugin_settings()):
        print_line(f"made {made}")
    print_line(f"Now edit {folder / 'cluedrop.toml'}, then: daemon.py check --config {folder / 'cluedrop.toml'}")


@verbs.command()
def check(
    config: ConfigOption = DEFAULT_CONFIG,
    connect: Annotated[bool, typer.Option("--connect", help="Also try servers and credentials.")] = False,
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="First make folders that were another site's, or lay elsewhere, this site's own."),
    ] = False,
) -> None:
    """Try configuration, folders and rights: 0 all well, 1 something does not work, 2 configuration wrong."""
    from spool.folders.places import adopt_folders
    from spool.health.checks import check_site
    from spool.remote.checks import check_remote
    from spool.verbs.console import print_line

    setup = configure(config)
    failed = False
    for folder in adopt_folders(setup.site, of_others=True) if adopt else ():
        print_line(f"ok    {folder}: belongs to this site from now on")
    for found in chain(check_site(setup.site), check_remote(setup) if connect else ()):
        failed |= found.trouble is not None
        print_line(f"{'FAIL' if found.trouble else 'ok  '}  {found.subject}: {found.trouble or found.note or 'works'}")
    raise typer.Exit(1 if failed else 0)


@verbs.command()
def preview(
    file: Annotated[Path, typer.Argument(help="The file to look at.", exists=True, dir_okay=False)],
    route: Annotated[str | None, typer.Option(help="Route to try; default is the one that knows the file.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Show what would become of a file, written nowhere: 0 it would go through, 1 it would not."""
    from spool.verbs.console import print_preview
    from spool.verbs.preview import preview as look
    from spool.verbs.preview import route_of

    setup = configure(config)
    leave(well=print_preview(look(file, route_of(file, route, setup), setup)))


@verbs.command()
def schema(
    name: Annotated[str | None, typer.Argument(help="An entity, e.g. invoice; default is the whole message.")] = None,
) -> None:
    """Print the JSON Schema (2020-12) of the exchange format."""
    from core.documents.schema import schema as schema_of
    from core.documents.schema import schema_names

    if name not in {None, *schema_names()}:
        raise CluedropError(f"there is no schema {name}; there are: {', '.join(schema_names())}")
    sys.stdout.write(json.dumps(schema_of(name or "message"), indent=2, ensure_ascii=False) + "\n")
