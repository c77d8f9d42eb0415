"""The runs of the FIBU export."""

from typing import Annotated

import typer

from commands.composition import DEFAULT_CONFIG, configure, open_journal
from commands.options import ConfigOption, RunId, leave

verbs = typer.Typer()


@verbs.command()
def runs(
    run_id: Annotated[str | None, typer.Argument(metavar="RUN", help="Show one run with its documents.")] = None,
    trial: Annotated[bool, typer.Option("--preview", help="What the open run would write; marks nothing.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Show the runs of the FIBU export: open, written, taken back."""
    from spool.verbs.run_verbs import show_runs, try_run

    setup = configure(config)
    if trial and run_id is not None:
        leave(well=try_run(setup, open_journal(setup), run_id))
    show_runs(setup.site, open_journal(setup), run_id)


@verbs.command("hand-over")
def hand_over(run_id: RunId, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Hand the open run to the FIBU now, without waiting for its schedule."""
    from spool.verbs.run_verbs import hand_over as write_run

    setup = configure(config)
    leave(well=write_run(setup.site, open_journal(setup), run_id))


@verbs.command("take-back")
def take_back(
    run_id: RunId,
    again: Annotated[bool, typer.Option("--again", help="Then handle its files anew, as if they came now.")] = False,
    even_if_booked: Annotated[
        bool, typer.Option("--even-if-booked", help="The FIBU has booked it, and you have cancelled that there.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Take a run back as if it had never been: its documents may come again, changed or not."""
    from spool.verbs.run_verbs import take_back as undo

    setup = configure(config)
    leave(well=undo(setup.site, open_journal(setup), run_id, reason, again=again, even_if_booked=even_if_booked))
