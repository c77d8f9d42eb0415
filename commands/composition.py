"""How the rooms are put together: the configuration becomes what the engine is started with."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ConfigError

if TYPE_CHECKING:
    import config as configuration
    from spool.journal.store import Journal
    from spool.work.worker import WorkerSetup

FORMATS, HANDLERS, CONNECTORS = "formats", "handlers", "connectors"
DAEMON = Path(__file__).resolve().parent.parent / "daemon.py"
DEFAULT_CONFIG = DAEMON.parent / "config" / "default.toml"


def plugin_settings() -> "configuration.Plugins":
    """What formats and handlers let one set."""
    import config as configuration
    from spool.work.plugins import load

    plugins = load(FORMATS, HANDLERS)
    return configuration.Plugins(
        {name: module.Settings for name, module in plugins.readers.items()},
        {name: module.Settings for name, module in plugins.handlers.items()},
        {name: module.WriterSettings for name, module in plugins.writers.items()},
    )


def configure(path: Path) -> "WorkerSetup":
    """Read a configuration and make of it what the engine is started with. Raise ConfigError with every mistake."""
    import config as configuration
    from spool.health.logs import log_to
    from spool.work.worker import WorkerSetup

    settings = configuration.load(path, plugin_settings())
    if not settings.root.is_dir():  # mistyped, perhaps: nothing is ever made in its place
        raise ConfigError([f"{path}:1: root: there is no folder {settings.root}, allowed: one that is there"])
    log_to(settings.log.level, settings.log.json_file)
    return WorkerSetup(configuration.site_of(settings), FORMATS, HANDLERS, dict(settings.writer_settings), CONNECTORS)


def open_journal(setup: "WorkerSetup") -> "Journal":
    """The site's journal, brought up to date. Raise JournalError where it is not to be believed."""
    from spool.journal.store import Journal
    from spool.repair.soundness import make_ready

    make_ready(setup.site)
    return Journal(setup.site.journal_url)
