"""Hidden files of our own: what is staged for a drop, and removing what came to nothing."""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress

from core.site import Site
from spool.canary import HIDDEN
from spool.handling import WORK_FOLDER
from spool.identifiers import LENGTH
from spool.staging import STAGED_FOLDER


def staged_files(site: Site) -> Iterator[str]:
    """Paths of everything that we have written under hidden names; claimed files are not among them."""
    for target in site.targets.values():
        yield from _files_of(f"{target.folder}/{STAGED_FOLDER}")
    for route in site.routes:
        # Claimed files carry a blank behind their id; what we write ourselves never does.
        yield from (path for path in _files_of(f"{route.folder}/{WORK_FOLDER}") if " " not in os.path.basename(path))
        if os.path.lexists(canary := f"{route.folder}/{HIDDEN}"):
            yield canary
    yield from (path for path in _files_of(str(site.state)) if path.endswith(".ledger"))


def discard_staged(site: Site, drop_ids: Collection[str]) -> None:
    """Remove what attempts have staged for drops of which nothing is committed."""
    for path in staged_files(site):
        if os.path.basename(path)[:LENGTH] in drop_ids:
            with suppress(OSError):
                os.unlink(path)


def _files_of(folder: str) -> Iterator[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            yield entry.path
