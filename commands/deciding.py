"""What a person decides about a drop."""

from collections.abc import Callable
from pathlib import Path

import typer

from commands.composition import DEFAULT_CONFIG, configure, open_journal
from commands.options import ConfigOption, DropId, leave

verbs = typer.Typer()


_DECISIONS = {
    "retry": "Handle a rejected file again as it is (the reason has gone), or a duplicate in spite of being one.",
    "release": "Let a held file go on: somebody has looked at it.",
    "discard": "Lay a held file into the archive without doing anything with it.",
    "replay": "Handle an archived file once more, as a new drop and in spite of being a duplicate.",
    "settle": "Note an unclear file as done, because its results have arrived: nothing is published again.",
}


def _decision(verb: str) -> "Callable[[str, Path], None]":
    def decide(drop_id: DropId, config: ConfigOption = DEFAULT_CONFIG) -> None:
        _ask(verb, drop_id, config)

    return decide


for _verb, _help in _DECISIONS.items():
    verbs.command(_verb, help=_help)(_decision(_verb))


def _ask(verb: str, drop_id: str, path: Path) -> None:
    from spool.asking import ask

    setup = configure(path)
    leave(well=ask(setup.site, open_journal(setup), verb, drop_id))
