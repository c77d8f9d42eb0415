"""What several verbs take on the command line, and how they end."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

ConfigOption = Annotated[
    Path, typer.Option("--config", envvar="CLUEDROP_CONFIG", help="Configuration file (TOML).", show_default=False)
]
DropId = Annotated[str, typer.Argument(metavar="ID", help="Number of the drop; its beginning is enough.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="Number of the run; its beginning is enough.")]


def leave(*, well: bool) -> NoReturn:
    """End the verb: 0 all well, 1 not."""
    raise typer.Exit(0 if well else 1)
