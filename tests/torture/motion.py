"""Whether a site has come to rest, as seen from outside: by its lock, its folders and its journal."""

from core.errors import TransportError
from core.site import Site
from spool.journal.store import Journal
from tests.conservation import leftovers
from tests.sites import visible
from tests.torture.scene import STATES


def is_at_work(site: Site, pid: int) -> bool:
    """It has the site's lock, so it hears signals."""
    lock = site.state / "lock"
    return lock.exists() and lock.read_text() == str(pid)


def in_motion(site: Site) -> list[str]:
    """What has not come to its end."""
    own = {"rejected", "held", "notes"}
    found = [f"{route.name}/{name}" for route in site.routes for name in visible(route.folder) - own]
    found += leftovers(site)
    if found or not (site.state / "journal.sqlite3").exists():
        return found or ["no journal"]
    journal = Journal(site.journal_url)
    try:
        found += [f"{row['name']} is {row['state']}" for row in journal.unfinished() if row["state"] not in STATES]
        found += [f"{row['verb']} {row['drop_id']}" for row in journal.asked()]
    except TransportError as error:  # it is being made
        found.append(str(error))
    finally:
        journal.close()
    return found
