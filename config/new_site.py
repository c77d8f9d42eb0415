"""``init``: the folders of a new site and a commented configuration to start from."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from config.loading import load
from config.plugins import Plugins
from config.reference import commented, reference
from config.settings import Settings
from core.errors import ConfigError, TransportError

FILE_NAME = "cluedrop.toml"
"""Name of a site's configuration."""
REFERENCE_NAME = "cluedrop.reference.toml"
"""Name of the reference that lies beside it."""
README_NAME = "LIESMICH.txt"

_DEFAULT = Path(__file__).with_name("default.toml")
_HEAD = f"""\
# Configuration of this site. Change what differs here, then run: daemon.py check --config {FILE_NAME}
# {REFERENCE_NAME} shows every option with its default.
"""
_INBOX = """\
Eingang

In diesem Ordner gibt es für jede Art von Dateien einen eigenen Unterordner. Bitte legen Sie jede Datei in den
passenden Unterordner; sie wird dann von selbst verarbeitet und verschwindet von hier.

Stimmt mit einer Datei etwas nicht, so finden Sie sie im Unterordner „rejected“ wieder. Daneben liegt ein Hinweis
mit demselben Namen und der Endung „.hinweis.txt“: Darin steht, was nicht stimmt und was zu tun ist. Bitte berichtigen
Sie die Datei und legen Sie sie noch einmal in den Unterordner.

Im Unterordner „held“ liegen Dateien, die erst jemand prüfen und freigeben muss; der Hinweis daneben sagt, warum.
Im Unterordner „notes“ liegen Hinweise zu Dateien, die zwar verarbeitet wurden, bei denen aber etwas zu beachten ist.

Dateien, die direkt hier und nicht in einem Unterordner liegen, werden nicht verarbeitet.
"""
_OUTBOX = """\
Ausgang

In diesem Ordner liegen die fertigen Dateien zum Abholen, für jeden Empfänger in einem eigenen Unterordner. Jede Datei,
die Sie hier sehen, ist vollständig. Sie dürfen sie einlesen, verschieben oder löschen: Das Original und ein Nachweis
bleiben im Archiv erhalten.

Bitte legen Sie hier keine eigenen Dateien ab.
"""


def init(folder: Path, plugins: Plugins) -> list[Path]:
    """Make a site in a folder and return what was made; what is there already stays as it is.

    Raise ConfigError for a folder that holds something else than a site, or a site whose configuration is wrong, and
    TransportError where the folder cannot be written.
    """
    try:
        return list(_made(folder, plugins))
    except OSError as error:
        raise TransportError(f"{error.filename or folder}: cannot be made: {error.strerror or error}") from error


def starter(plugins: Plugins) -> str:
    """The configuration that a new site starts with: the shipped one, with the meaning of every option it uses."""
    values = tomllib.loads(_DEFAULT.read_text(encoding="utf-8"))
    return commented({**values, "root": "."}, plugins, _HEAD)


def make_folders(settings: Settings) -> Iterator[Path]:
    """Make the folders of resolved settings that lie inside its root, and yield those that were not there.

    A folder outside is somebody else's, perhaps a share that is not mounted: one made in its place would swallow files.
    """
    folders = settings.folders
    for folder in (folders.inbox, folders.outbox, folders.archive):
        yield from _made_folder(folder, settings.root, 0o777)
    for route in settings.routes:  # with the sticky bit: nobody else takes away what somebody has dropped
        yield from _made_folder(route.folder, settings.root, 0o1777)
    for target in settings.targets:
        yield from _made_folder(target.folder, settings.root, 0o777)
    # the journal names every file and holds what companies must not see of each other
    yield from _made_folder(folders.state, settings.root, 0o700)


def _made(folder: Path, plugins: Plugins) -> Iterator[Path]:
    configuration = folder / FILE_NAME
    if folder.exists() and not folder.is_dir():
        raise ConfigError([f"{folder}:1: is no folder, a site needs a folder of its own"])
    if folder.is_dir() and not configuration.is_file() and any(folder.iterdir()):
        raise ConfigError(
            [f"{folder}:1: is not empty and no site ({FILE_NAME} is missing), name a new or empty folder"]
        )
    folder.mkdir(parents=True, exist_ok=True)
    yield from _written(configuration, starter(plugins))
    settings = load(configuration, plugins)
    yield from _written(folder / REFERENCE_NAME, reference(plugins))
    yield from make_folders(settings)
    for holder, text in ((settings.folders.inbox, _INBOX), (settings.folders.outbox, _OUTBOX)):
        if holder.is_dir():
            # clerks open it with a Windows editor: byte order mark and CRLF
            yield from _written(holder / README_NAME, text, encoding="utf-8-sig", newline="\r\n")


def _made_folder(folder: Path, root: Path, mode: int) -> Iterator[Path]:
    if folder.is_relative_to(root) and not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
        yield folder


def _written(path: Path, text: str, encoding: str = "utf-8", newline: str = "\n") -> Iterator[Path]:
    try:
        with path.open("x", encoding=encoding, newline=newline) as file:
            file.write(text)
    except FileExistsError:
        return
    except OSError:
        path.unlink(missing_ok=True)  # half of it would count as what somebody has written
        raise
    yield path
