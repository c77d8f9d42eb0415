"""Partners who upload to us and fetch from us by SFTP: their accounts, folders and keys."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.composition import DEFAULT_CONFIG, configure
from commands.options import ConfigOption, leave

if TYPE_CHECKING:
    from config.partner_keys import PublicKey
    from config.partners import Step

verbs = typer.Typer()
_partner = typer.Typer(help="Partners who upload to us and fetch from us by SFTP.", no_args_is_help=True)
verbs.add_typer(_partner, name="partner")

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The partner's account: lower-case letters, digits and -.")]
_Print = Annotated[bool, typer.Option("--print", help="Only show what would be done; without root it is so anyway.")]


@_partner.command()
def add(
    name: _Name,
    key: Annotated[
        str | None, typer.Option(metavar="FILE|TEXT", help="Public key that may log in; a second one is added.")
    ] = None,
    new_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Make a new pair, its private key in this file.")
    ] = None,
    show: _Print = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Make a partner, or give one another key: account, folders, rights. What is there already stays as it is."""
    from config.partner_texts import configuration, letter
    from config.partners import Partner, state_of, to_add, trouble_of_server
    from spool.verbs.console import print_line

    site = configure(config).site
    partner = Partner.of(name, site.root)
    to_add(partner, [])  # whether it can be done is known before a key is made
    steps = to_add(partner, list(_given(name, key, new_key)))
    done = _do(steps, show=show)
    trouble = trouble_of_server(partner) if done else None
    if not any(route.folder == partner.home / "in" for route in site.routes):
        print_line(f"\n# ── for {config}, then: systemctl reload cluedrop ──\n\n{configuration(partner)}")
    if not all(step.done for step in steps):
        print_line(f"\n# ── for the partner ──\n\n{letter(partner)}")
    if done and state_of(partner) != "may log in":
        print_line(f"{name} {state_of(partner)}: daemon.py partner add {name} --key FILE")
    if trouble:
        print_line(f"FAIL  {trouble}\n      then: sshd -t && systemctl reload ssh")
    leave(well=trouble is None)


@_partner.command("list")
def list_partners(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show the partners of this site: whether they may log in, their folders and keys."""
    from config.partner_keys import keys_of
    from config.partners import partners_of, state_of
    from spool.verbs.console import print_table

    rows = [
        (found.name, state_of(found), found.home, ", ".join(key.fingerprint for key in keys_of(found.keys)))
        for found in partners_of(configure(config).site.root)
    ]
    print_table(("partner", "state", "folder", "keys"), rows)


@_partner.command()
def remove(
    name: _Name,
    key: Annotated[
        str | None, typer.Option(metavar="SHA256:...", help="Only take this key away; `partner list` shows it.")
    ] = None,
    show: _Print = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Lock a partner out; files, folders and account stay. `partner add` lets the partner in again."""
    from config.partners import Partner, to_remove, to_remove_key
    from core.errors import CluedropError

    partner = Partner.of(name, configure(config).site.root)
    try:
        steps = to_remove(partner) if key is None else to_remove_key(partner, key)
    except KeyError:
        raise CluedropError(f"there is no partner {name}") from None
    _do(steps, show=show)


def _given(name: str, key: str | None, new_key: Path | None) -> "Iterator[PublicKey]":
    from config.partner_keys import given_key, make_pair
    from spool.verbs.console import print_line

    if key is not None:
        yield given_key(key)
    if new_key is not None:
        yield make_pair(new_key, name)
        print_line(f"{new_key}: the private key. Give it to the partner in a safe way, then: shred -u {new_key}")


def _do(steps: "list[Step]", *, show: bool) -> bool:
    """Carry out what is not done, or show it; say whether it was carried out."""
    from config.partners import carry_out
    from spool.verbs.console import print_line

    if show or os.geteuid() != 0:
        print_line("# as root:")
        for step in steps:
            print_line(f"# is so already: {step.what}" if step.done else step.line)
        return False
    for step in carry_out(steps):
        print_line(f"{'ok  ' if step.done else 'done'}  {step.what}")
    return True
