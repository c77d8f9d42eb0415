#!/usr/bin/env python
"""The command line of Cluedrop, and the one place where its rooms meet."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from core.errors import ConfigError

FORMATS, HANDLERS = "formats", "handlers"
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


def configure(path: Path):
    """Read a configuration and make of it what the engine is started with. Raise ConfigError with every mistake."""
    import config
    from spool.plugins import load
    from spool.worker import WorkerSetup

    plugins = load(FORMATS, HANDLERS)
    settings = config.load(
        path,
        config.Plugins(
            {name: module.Settings for name, module in plugins.readers.items()},
            {name: module.Settings for name, module in plugins.handlers.items()},
            {name: module.WriterSettings for name, module in plugins.writers.items()},
        ),
    )
    return WorkerSetup(config.site_of(settings), FORMATS, HANDLERS, dict(settings.writer_settings))


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


def main() -> None:
    """Entry point: errors of the configuration are exit code 2, each on its own line."""
    try:
        app()
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
