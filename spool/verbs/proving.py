"""Proving the archive before a person: what is not as it was left, where, and how far the proof goes."""

from collections.abc import Callable, Sequence

from core.errors import CluedropError, JournalError
from core.site import Site
from spool.archive.checking import Head, verify
from spool.archive.files import ArchiveConflict
from spool.archive.filing import Archive
from spool.archive.manifest import ChainHead
from spool.folders.durable import sync_paths
from spool.journal.store import Journal
from spool.verbs.console import print_line, progress


def prove(site: Site, open_journal: Callable[[], Journal], anchors: Sequence[str]) -> bool:
    """Print everything that is wrong with the archive of a site; True when nothing is.

    ``anchors`` are heads as an earlier run or the log has told them. Raise CluedropError where one is none.
    """
    written_down = [_anchor(text) for text in anchors]
    head: Head = None
    found = 0
    try:
        head = open_journal().head
    except JournalError as error:
        found += 1
        print_line(f"journal: {error}")
        print_line("The archive is looked at without its journal: an end that was cut off may stay unnoticed.")
    with progress("archived drops verified") as advance:
        for finding in verify(site.archive, head, advance, anchors=written_down):
            found += 1
            print_line(str(finding))
    if found:
        print_line(f"{found} findings. What to do: docs/recovery.md, “The archive is damaged or lost”.")
        return False
    _print_head(site)
    return True


def _anchor(text: str) -> ChainHead:
    number, _, digest = text.partition(":")
    if not number.isdigit() or len(digest) != len(ChainHead(0, "0" * 64).digest):
        raise CluedropError(f"{text} is no head of an archive; it looks like 1234:5f1c... with 64 digits")
    return ChainHead(int(number), digest.lower())


def _print_head(site: Site) -> None:
    try:
        head = Archive(site.archive, sync_paths).head()
    except (ArchiveConflict, OSError):
        return
    print_line("the archive is whole")
    if head.sequence:
        print_line(f"Its head is {head.sequence}:{head.digest}")
        print_line("Who can rewrite archive and journal together can forge both. Keep this head elsewhere (on paper,")
        print_line("with your auditor): verify --anchor with it proves all up to here, whatever is rewritten later.")
