"""Which names and keys a partner may have, and what is said of one."""

import subprocess
import tomllib
from pathlib import Path

import pytest

from core.errors import CluedropError
from spool.partners.accounts import Partner
from spool.partners.keys import given_key, keys_of, make_pair
from spool.partners.texts import configuration
from tests.needs import need


@pytest.fixture
def keygen() -> str:
    return need("ssh-keygen", "openssh-client")


@pytest.mark.parametrize("name", ["Acme", "a b", "../acme", "-acme", "1acme", "a" * 32, "", "a;b", "acme\n"])
def test_a_name_that_no_account_can_have_is_refused(name: str) -> None:
    with pytest.raises(CluedropError, match="no partner can have this name"):
        Partner.of(name, Path("/srv/cluedrop"))


def test_the_lines_for_the_configuration_name_the_folders_of_the_partner() -> None:
    partner = Partner.of("acme", Path("/srv/cluedrop"))
    [route], [target] = tomllib.loads(configuration(partner)).values()

    assert (route["folder"], target["folder"]) == ("partners/acme/in", "partners/acme/out")
    assert Path("/srv/cluedrop", route["folder"]).parent == partner.home


def test_a_pair_is_made_once_and_for_its_owner_alone(keygen: str, tmp_path: Path) -> None:
    made = make_pair(tmp_path / "acme", "acme")

    assert (tmp_path / "acme").stat().st_mode & 0o777 == 0o600
    assert (made.kind, made.comment) == ("ssh-ed25519", "acme")
    with pytest.raises(CluedropError, match="never overwritten"):
        make_pair(tmp_path / "acme", "acme")


def test_a_key_is_understood_however_it_comes(keygen: str, tmp_path: Path) -> None:
    made = make_pair(tmp_path / "acme", "acme")
    text = (tmp_path / "acme.pub").read_text()
    (tmp_path / "windows").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    putty = subprocess.run([keygen, "-e", "-f", tmp_path / "acme"], capture_output=True, text=True, check=True).stdout
    (tmp_path / "putty").write_text(putty)

    found = {given_key(given).blob for given in (text, str(tmp_path / "windows"), str(tmp_path / "putty"))}

    assert found == {made.blob}


def test_a_line_of_ours_can_do_nothing_but_log_in(keygen: str, tmp_path: Path) -> None:
    key = make_pair(tmp_path / "acme", "acme")
    (tmp_path / "keys").write_text(f"{key.line}\n# a remark\n\n")

    assert key.line.startswith("restrict ssh-ed25519 AAAA")
    assert keys_of(tmp_path / "keys") == [key]
    assert keys_of(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA", "is no public key"),
        ('command="/bin/sh" ssh-ed25519', "is no public key"),
        ("ssh-ed25519 AAAA a\nssh-ed25519 AAAA b", "holds 2 keys"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "private key"),
        ("PuTTY-User-Key-File-3: ssh-ed25519", "private key"),
        ("/nowhere/at/all.pub", "cannot be read"),
    ],
)
def test_what_is_no_public_key_is_refused(keygen: str, text: str, why: str) -> None:
    with pytest.raises(CluedropError, match=why):
        given_key(text)


def test_a_weak_key_is_refused(keygen: str, tmp_path: Path) -> None:
    subprocess.run([keygen, "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", tmp_path / "weak"], check=True)

    with pytest.raises(CluedropError, match=r"1024 bits .* too weak"):
        given_key(str(tmp_path / "weak.pub"))
