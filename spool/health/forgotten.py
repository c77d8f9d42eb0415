"""What has the configuration forgotten? Open drops of routes and targets that it names no more."""

from collections import Counter, defaultdict

from core.site import Site
from spool.journal.store import Journal
from spool.results.publishing import Folders


def forgotten(site: Site, journal: Journal) -> dict[str, str]:
    """Name of a route or target -> what waits there, and what to do; empty when nothing is forgotten."""
    rows = journal.unfinished()
    routes = {route.name for route in site.routes}
    lost: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row["route"] not in routes:
            lost[row["route"]][row["state"]] += 1
    folders = Folders(site)
    made = journal.outputs_of([row["id"] for row in rows if row["state"] == "committed"])
    missing = Counter(
        name for outputs in made.values() for name in {made["target"] for made in outputs} if not folders.knows(name)
    )
    return {
        **{
            name: f"{number} drops have results for the target {name}, which the configuration names no more; "
            "name it again until they are laid down"
            for name, number in missing.items()
        },
        **{
            name: f"{states.total()} drops of the route {name} are not finished ({_counted(states)}), and the "
            "configuration names it no more (removed, renamed or switched off); name it again until they are"
            for name, states in lost.items()
        },
    }


def _counted(states: Counter[str]) -> str:
    return ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
