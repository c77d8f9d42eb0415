"""Making a copy of the journal, and making the journal anew."""

from pathlib import Path
from typing import Annotated

import typer

from commands.composition import DEFAULT_CONFIG, configure
from commands.options import ConfigOption

verbs = typer.Typer()


@verbs.command()
def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the copy shall lie.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Copy the journal, also of a daemon at work: 0 the copy is whole, 1 or 4 there is none."""
    from spool.repair.backup import back_up
    from spool.verbs.console import print_line

    path = back_up(configure(config).site, folder)
    print_line(f"{path}: whole, {path.stat().st_size} bytes. Back up archive and configuration with it.")


@verbs.command()
def rebuild(
    config: ConfigOption = DEFAULT_CONFIG,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="The archive ends too early, and the rest of it is lost for good.")
    ] = False,
) -> None:
    """Make the journal right from archive and folders: 0 all well, 1 something is left for a person."""
    from spool.repair.rebuilding import rebuild as make_right
    from spool.verbs.console import print_rebuild, progress

    with progress("archived drops") as advance:
        report = make_right(configure(config).site, advance, accept_loss=accept_loss)
    print_rebuild(report)
    raise typer.Exit(1 if report.needs_a_look else 0)
