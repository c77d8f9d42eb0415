"""What a person decides about a drop."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from commands.composition import DEFAULT_CONFIG, configure, open_journal
from commands.options import ConfigOption, DropId, leave
from core.op_decisions import Verdict

verbs = typer.Typer()


_DECISIONS = {
    "retry": "Handle a rejected file again as it is (the reason has gone), or a duplicate in spite of being one.",
    "replay": "Handle an archived file once more, as a new drop and in spite of being a duplicate.",
    "settle": "Note an unclear file as done, because its results have arrived: nothing is published again.",
}


def _decision(verb: str) -> "Callable[[str, Path], None]":
    def decide(drop_id: DropId, config: ConfigOption = DEFAULT_CONFIG) -> None:
        _ask(verb, drop_id, config)

    return decide


for _verb, _help in _DECISIONS.items():
    verbs.command(_verb, help=_help)(_decision(_verb))


_Items = Annotated[
    list[str] | None,
    typer.Option(
        "--item", metavar="ACCOUNT/NUMBER", help="Decide only about this document of a held list; may be repeated."
    ),
]


@verbs.command()
def release(drop_id: DropId, item: _Items = None, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Let a held file go on: somebody has looked at it. With --item: these documents count as paid, the file waits."""
    _ask("release", drop_id, config, item, "settled")


@verbs.command()
def discard(drop_id: DropId, item: _Items = None, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Lay a held file into the archive unused. With --item: these documents stay open, the file waits."""
    _ask("discard", drop_id, config, item, "open")


def _ask(verb: str, drop_id: str, path: Path, items: Sequence[str] | None = None, verdict: Verdict = "open") -> None:
    from spool.verbs.asking import ask
    from spool.verbs.item_verbs import decide_items

    setup = configure(path)
    if items:
        leave(well=decide_items(setup.site, open_journal(setup), drop_id, items, verdict))
    leave(well=ask(setup.site, open_journal(setup), verb, drop_id))
