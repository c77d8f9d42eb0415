"""The daemon at work, and its demonstration."""

from pathlib import Path
from typing import Annotated

import typer

from commands.composition import DAEMON, DEFAULT_CONFIG, configure
from commands.options import ConfigOption, leave

verbs = typer.Typer()


@verbs.command()
def run(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Watch the folders until somebody stops it (SIGTERM); SIGHUP reads the configuration again."""
    from spool.service import serve

    serve(lambda: configure(config))


@verbs.command()
def once(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Take what waits, here and on servers, finish it, exit: 0 all went through, 1 rejected, held or away."""
    from spool.service import once as serve_once

    leave(well=serve_once(configure(config)))


@verbs.command()
def demo(
    folder: Annotated[Path | None, typer.Option(help="Where to make the site; default is a temporary folder.")] = None,
) -> None:
    """Make a temporary site, drop a sample of every format, show what came out."""
    from spool.verbs.demonstration import demonstrate

    raise typer.Exit(demonstrate(DAEMON, folder))
