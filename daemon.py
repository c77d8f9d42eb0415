#!/usr/bin/env python
"""The command line of Cluedrop. Its verbs stand in ``commands/``."""

import sys

import typer

from commands import deciding, looking, partners, repairing, runs, trying, working
from core.errors import CluedropError, ConfigError, JournalError
from spool.instance import AlreadyRunning

app = typer.Typer(
    help="Cluedrop: files in, files out, nothing lost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (working, trying, looking, deciding, runs, partners, repairing):
    app.add_typer(group.verbs)


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
