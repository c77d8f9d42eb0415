"""The configuration room: settings models, TOML loader, shipped configurations.

``load`` reads a file and says every mistake at once. What formats and handlers let one set is handed in as
``Plugins``: this room imports ``core`` only.
"""

from config.credentials import Secret, SecretReference
from config.differences import changes
from config.loading import load
from config.plugins import Plugins
from config.settings import Settings
from config.site import site_of

__all__ = ["Plugins", "Secret", "SecretReference", "Settings", "changes", "load", "site_of"]
