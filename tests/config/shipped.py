"""The formats and handlers of this checkout, as the composition root hands them in.

``python -m tests.config.shipped`` writes the shipped reference anew.
"""

from pathlib import Path

from config import Plugins
from config.reference import reference
from spool.work.plugins import load

_FOUND = load("formats", "handlers")

SHIPPED_PLUGINS = Plugins(
    formats={name: module.Settings for name, module in _FOUND.readers.items()},
    handlers={name: module.Settings for name, module in _FOUND.handlers.items()},
    writers={name: module.WriterSettings for name, module in _FOUND.writers.items()},
)
CONFIG = Path(__file__).parents[2] / "config"

if __name__ == "__main__":
    (CONFIG / "reference.toml").write_text(reference(SHIPPED_PLUGINS), encoding="utf-8")
