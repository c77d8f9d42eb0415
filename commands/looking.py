"""Looking at the site, at one drop, at the archive."""

import json
import sys
from typing import Annotated

import typer

from commands.composition import DEFAULT_CONFIG, configure, open_journal
from commands.options import ConfigOption, DropId, leave

verbs = typer.Typer()


@verbs.command()
def status(
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Show routes, backlog, last files, what waits for a person, alerts."""
    from spool.health.status import status_of
    from spool.verbs.console import print_status

    setup = configure(config)
    found = status_of(setup.site, open_journal(setup))
    if as_json:
        sys.stdout.write(json.dumps(found.as_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        print_status(found)


@verbs.command()
def show(drop_id: DropId, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show all that is known of one drop."""
    from spool.health.status import drop_details
    from spool.verbs.console import print_drop

    setup = configure(config)
    print_drop(drop_details(setup.site, open_journal(setup), drop_id))


@verbs.command()
def verify(
    config: ConfigOption = DEFAULT_CONFIG,
    anchor: Annotated[
        list[str] | None, typer.Option(metavar="NUMBER:SHA256", help="A head that was written down; may be repeated.")
    ] = None,
) -> None:
    """Prove the archive's hash chain: 0 whole, 1 something was altered, is missing or was added."""
    from spool.verbs.proving import prove

    setup = configure(config)
    leave(well=prove(setup.site, lambda: open_journal(setup), anchor or ()))
