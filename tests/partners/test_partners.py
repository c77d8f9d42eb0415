"""Partners upload to us and fetch from us: real accounts, the shipped sshd configuration, OpenSSH's sftp and lftp."""

import json
import stat
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.partners.machine import CONFIG, Machine

pytestmark = [pytest.mark.slow, pytest.mark.daemon, pytest.mark.xdist_group("partners")]
_SLOW = 1_000_000
"""Bytes of an upload that takes seconds, throttled."""
_PATIENCE = {"acme": 25.0, "beta": 1.5}
"""Seconds; the longer one is time enough for an alert and an answer to it, on a machine that has much to do, too."""


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A server with two partners, set up as an administrator does it, with the lines that ``partner add`` prints."""
    with tempfile.TemporaryDirectory(prefix="cluedrop-partners-", dir="/tmp") as folder:
        found = Machine(Path(folder))
        try:
            found.serve_sftp()
            routes = ""
            for name in ("acme", "beta"):
                key = found.folder / f"{name}.key"
                said = found.daemon("partner", "add", name, "--new-key", key)
                assert said.returncode == 0, said.stdout
                found.knows(name)
                routes += said.stdout.partition("reload cluedrop ──\n")[2].partition("# ── for the partner")[0]
                routes = routes.replace('"2 min"', str(_PATIENCE[name]))
            routes = routes.replace('"..."]', '"clue_exchange"]').replace('"..."', '"clue_intake"')
            routes = routes.replace("\n[[target]]", '\nunfinished_alert = "1 s"\n\n[[target]]')
            with (found.folder / "etc/cluedrop/cluedrop.toml").open("a") as file:
                file.write(routes.replace("\nunfinished", '\nsettings.ack_target = "acme"\nunfinished', 1))
            found.serve_files()
            yield found
        finally:
            found.close()


def _message(machine: Machine, name: str, size: int = 0) -> Path:
    """A message of CLUE in a file of its own, blown up to a size."""
    number = str(uuid.uuid4())
    data = {
        "format": "clue-exchange", "version": "1.0", "message_id": number, "type": "customer", "mode": "delta",
        "created_at": "2026-11-20T08:00:00+01:00", "sender": {"system": "clue", "company": "1"},
        "totals": {"record_count": 1},
        "records": [{"op": "upsert", "id": number[:8], "data": {"name": "Muster GmbH", "customer_kind": "business",
                     "addresses": [{"kind": "billing", "street": "Ringstraße 1", "zip": "4600", "city": "Wels",
                                    "country": "AT"}]}}],
    }  # fmt: skip
    path = machine.folder / name
    text = json.dumps(data)
    path.write_text(f"{text[:-1]}{' ' * (size - len(text))}}}\n")
    path.chmod(0o640)
    return path


def _waiting(machine: Machine, name: str, partner: str = "acme") -> Path:
    return machine.place(f"partners/{partner}/in/{name}")


def _assert_taken_whole_once(machine: Machine, path: Path, name: str, partner: str = "acme") -> None:
    machine.until(lambda: "archived" in machine.states(name))
    assert machine.states(name) == ["archived"]
    assert machine.archived(path.read_bytes()) == 1
    assert not _waiting(machine, name, partner).exists()


# ── what the administrator makes ──────────────────────────────────────────────────────────────────────────────────


def test_a_second_run_changes_nothing(machine: Machine) -> None:
    said = machine.daemon("partner", "add", "acme")

    assert said.returncode == 0, said.stdout
    assert {line[:4] for line in said.stdout.splitlines() if line} == {"ok  "}


def test_what_is_shown_without_being_done_is_what_is_done(machine: Machine) -> None:
    shown = machine.daemon("partner", "add", "gamma", "--key", machine.folder / "acme.key.pub", "--print").stdout
    script = shown.partition("\n\n")[0]
    assert machine.run("getent", "passwd", "gamma").returncode != 0

    machine.ok("/bin/sh", "-eu", given=script)
    said = machine.daemon("partner", "add", "gamma", "--key", machine.folder / "acme.key.pub")

    assert "done" not in said.stdout
    assert said.stdout.count("ok  ") == 10
    machine.knows("gamma", machine.folder / "acme.key")
    assert machine.sftp("gamma", "pwd").returncode == 0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("AllowUsers admin", "others only (AllowUsers admin): add acme there"),
        ("AllowUsers acme@192.0.2.*", ""),
        ("AllowGroups wheel staff", "others only (AllowGroups wheel staff): add cluedrop-partners there"),
        ("Match User acme\n  ForceCommand none\nMatch all", "knows nothing of partners yet"),
        ("NoSuchOption yes", "cannot read its configuration"),
    ],
)
def test_a_server_that_would_not_do_is_told_of(machine: Machine, line: str, told: str) -> None:
    drop_in = machine.folder / "etc/ssh/sshd_config.d/before.conf"
    drop_in.write_text(f"{line}\n")

    said = machine.daemon("partner", "add", "acme")
    drop_in.unlink()

    assert (said.returncode, "FAIL" in said.stdout) == ((1, True) if told else (0, False)), said.stdout
    assert told in said.stdout


def test_an_account_has_no_password_no_shell_and_no_folder_that_it_could_change(machine: Machine) -> None:
    shadow = machine.ok("getent", "shadow", "acme").split(":")
    account = machine.ok("getent", "passwd", "acme").strip().split(":")
    home = machine.place("partners/acme").stat()

    assert (shadow[1], account[5], account[6]) == ("*", "/srv/cluedrop/partners/acme", "/usr/sbin/nologin")
    assert (home.st_uid, stat.S_IMODE(home.st_mode)) == (0, 0o755)


def test_nobody_else_becomes_a_partner(machine: Machine) -> None:
    said = machine.daemon("partner", "add", "www-data")

    assert (said.returncode, said.stdout) == (
        1,
        "www-data is an account of this machine and no partner: choose another name\n",
    )


def test_a_key_can_be_changed_without_a_gap(machine: Machine) -> None:
    machine.add("delta")
    machine.ok("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", machine.folder / "second")
    putty = machine.ok("ssh-keygen", "-e", "-f", machine.folder / "second.pub")
    (machine.folder / "second.txt").write_text(putty)

    added = machine.daemon("partner", "add", "delta", "--key", machine.folder / "second.txt")
    machine.knows("delta.new", machine.folder / "second")
    both = [machine.sftp(name, "pwd").returncode for name in ("delta", "delta.new")]
    [line] = [line for line in machine.daemon("partner", "list").stdout.splitlines() if line.startswith("delta")]
    first, second = line.split("\t")[3].split(", ")
    removed = machine.daemon("partner", "remove", "delta", "--key", first)

    assert (added.returncode, both, removed.returncode) == (0, [0, 0], 0), added.stdout + removed.stdout
    assert f"key {second}" in added.stdout
    assert [machine.sftp(name, "pwd").returncode == 0 for name in ("delta", "delta.new")] == [False, True]


def test_a_partner_who_is_removed_is_out_and_keeps_everything(machine: Machine) -> None:
    machine.add("epsilon")
    machine.sftp("epsilon", f"put {_message(machine, 'kept.json')} in/.kept.json")
    inside = machine.sftp_under_way(
        "epsilon", f"put {_message(machine, 'long.json', _SLOW)} in/.long.json", "-l", "400"
    )
    machine.until(lambda: _waiting(machine, ".long.json", "epsilon").exists())

    said = machine.daemon("partner", "remove", "epsilon")

    assert said.returncode == 0, said.stdout
    assert inside.wait(20) != 0, "a session that was open has ended"
    assert machine.sftp("epsilon", "pwd").returncode != 0
    assert _waiting(machine, ".kept.json", "epsilon").exists()
    assert machine.daemon("partner", "add", "epsilon").returncode == 0
    assert machine.sftp("epsilon", "pwd").returncode == 0


# ── what a partner may and may not do ─────────────────────────────────────────────────────────────────────────────


def test_a_partner_sees_two_folders_and_nobody_else(machine: Machine) -> None:
    seen = machine.sftp("acme", "ls -1 /", "ls -1 /in", "ls /srv", "ls ../..")

    assert seen.stdout.splitlines()[1:3] == ["/in", "/out"]
    assert "beta" not in seen.stdout
    assert machine.sftp("acme", "ls /srv").returncode != 0
    assert machine.sftp("acme", "get /etc/passwd").returncode != 0
    assert machine.sftp("acme", "ls -1 ../..").stdout.splitlines()[1:] == ["../../in", "../../out"]


@pytest.mark.parametrize(
    "line",
    [
        "put {message} /x.json",
        "ln -s /etc/passwd in/passwd",
        "ln in/mine.json in/second.json",
        "mkdir in/folder",
        "put {message} in/.work/x.json",
        "ls in/.work",
        "ls in/held",
        "rename in/.work in/work",
        "rename in/rejected in/old",
        "rmdir in/notes",
        "chmod 777 in",
        "ls out/.staged",
        "chmod 777 /",
    ],
)
def test_a_partner_cannot(machine: Machine, line: str) -> None:
    message = _message(machine, "mine.json")
    machine.sftp("acme", f"put {message} in/.mine.json")

    done = machine.sftp("acme", line.format(message=message).replace("in/mine", "in/.mine"))

    assert done.returncode != 0, done.stdout
    machine.sftp("acme", "rm in/.mine.json")


@pytest.mark.parametrize("how", [["-N", "-o", "ExitOnForwardFailure=yes", "-R", "9999:localhost:22"], ["id"], ["-tt"]])
def test_a_login_is_good_for_sftp_only(machine: Machine, how: list[str]) -> None:
    done = machine.run("ssh", "-q", "-F", machine.folder / "ssh_config", "acme", *how)

    assert done.returncode != 0
    assert "uid=" not in done.stdout


def test_a_partner_cannot_reach_other_ports_through_us(machine: Machine) -> None:
    done = machine.run("ssh", "-F", machine.folder / "ssh_config", "-W", "127.0.0.1:2222", "acme")

    assert "SSH-2.0" not in done.stdout
    assert done.returncode != 0


# ── uploads ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_partner_uploads_and_fetches_the_answer(machine: Machine) -> None:
    path = _message(machine, "order.json")

    assert machine.sftp("acme", f"put -p {path} in/order.json").returncode == 0
    _assert_taken_whole_once(machine, path, "order.json")
    machine.until(lambda: "ack" in machine.sftp("acme", "ls -1 out").stdout)
    fetched = machine.sftp("acme", "lcd /srv", "get out/*ack*", "rm out/*ack*")

    assert fetched.returncode == 0, fetched.stdout
    assert json.loads(next((machine.folder / "srv").glob("*ack*")).read_bytes())["type"] == "ack"
    assert [path.name for path in machine.place("partners/acme/out").iterdir()] == [".staged"]
    assert machine.findings() == []


def test_a_refused_file_comes_back_with_its_note_and_can_be_taken_away(machine: Machine) -> None:
    (machine.folder / "broken.json").write_text('{"format": "clue-exchange", "version": "1.0"')

    machine.sftp("beta", f"put -p {machine.folder}/broken.json in/broken.json")
    machine.until(lambda: machine.states("broken.json") == ["rejected"])

    assert "broken.json.hinweis.txt" in machine.sftp("beta", "ls in/rejected").stdout
    assert machine.sftp("beta", "rm in/rejected/*").returncode == 0


def _lies_there_in_part(path: Path) -> bool:
    try:
        return path.stat().st_size < _SLOW
    except FileNotFoundError:  # not there yet, renamed or taken
        return False


@pytest.mark.parametrize("client", ["sftp", "lftp", "lftp with a temporary name"])
def test_a_slow_upload_is_not_taken_before_its_end(machine: Machine, client: str) -> None:
    name = f"{client.replace(' ', '-')}.json"
    path = _message(machine, name, _SLOW)
    if client == "sftp":
        under_way = machine.sftp_under_way("beta", f"put {path} in/{name}", "-l", "3000")
    else:
        temporary = f"set xfer:use-temp-file {'yes' if 'temporary' in client else 'no'}"
        under_way = machine.lftp("beta", "set net:limit-rate 400k", temporary, f"put -O in {path}")
    inbox = machine.place("partners/beta/in")

    machine.until(lambda: any(inbox.glob(f"*{name}")) or any(inbox.glob(f".*{name}")))
    seen = set()
    while under_way.poll() is None:
        if any(_lies_there_in_part(there) for there in (inbox / name, inbox / f".in.{name}")):
            seen.add(tuple(machine.states(name)))

    assert under_way.returncode == 0
    assert seen == {()}, "looked at while it came, and not taken"
    _assert_taken_whole_once(machine, path, name, "beta")


def test_an_upload_that_stalls_longer_than_our_patience_is_not_taken(machine: Machine) -> None:
    """The kernel tells of other people's files too whether they are still open."""
    path = _message(machine, "stalled.json", _SLOW)
    waiting = _waiting(machine, "stalled.json", "beta")
    under_way = machine.sftp_under_way("beta", f"put {path} in/stalled.json", "-l", "3000")
    machine.until(lambda: waiting.exists() and waiting.stat().st_size)
    machine.stall(under_way)

    machine.until(lambda: time.time() > waiting.stat().st_mtime + 3 * _PATIENCE["beta"])
    assert machine.states("stalled.json") == []
    machine.stall(under_way, go_on=True)

    assert under_way.wait(20) == 0
    _assert_taken_whole_once(machine, path, "stalled.json", "beta")


def test_an_upload_that_broke_off_stays_is_reported_and_can_be_resumed(machine: Machine) -> None:
    path = _message(machine, "resumed.json", _SLOW)
    under_way = machine.sftp_under_way("acme", f"put {path} in/resumed.json", "-l", "3000")
    machine.until(
        lambda: _waiting(machine, "resumed.json").exists() and _waiting(machine, "resumed.json").stat().st_size
    )
    machine.break_off(under_way)
    machine.until(lambda: "resumed.json" in machine.alerts().get("unfinished acme", ""))
    assert 0 < _waiting(machine, "resumed.json").stat().st_size < _SLOW
    assert machine.states("resumed.json") == []

    assert machine.sftp("acme", f"reput -p {path} in/resumed.json").returncode == 0

    _assert_taken_whole_once(machine, path, "resumed.json")


@pytest.mark.parametrize("temporary", ["yes", "no"])
def test_lftp_goes_on_where_it_broke_off(machine: Machine, temporary: str) -> None:
    name = f"continued-{temporary}.json"
    path = _message(machine, name, _SLOW)
    there = _waiting(machine, f".in.{name}" if temporary == "yes" else name)
    setting = f"set xfer:use-temp-file {temporary}"
    under_way = machine.lftp("acme", setting, "set net:limit-rate 400k", f"put -O in {path}")
    machine.until(lambda: there.exists() and there.stat().st_size)
    machine.break_off(under_way)
    machine.until(lambda: there.name in machine.alerts().get("unfinished acme", ""))
    assert machine.states(name) == []

    assert machine.lftp("acme", setting, f"put -c -O in {path}").wait(20) == 0

    _assert_taken_whole_once(machine, path, name)


def test_a_second_upload_under_the_same_name_takes_nothing_away(machine: Machine) -> None:
    first, second = (_message(machine, name) for name in ("first.json", "second.json"))

    for path in (first, second):
        assert machine.sftp("acme", f"put -p {path} in/.same.json", "rename in/.same.json in/same.json").returncode == 0
        machine.until(lambda: not _waiting(machine, "same.json").exists())
    machine.until(lambda: machine.states("same.json") == ["archived", "archived"])

    assert [machine.archived(path.read_bytes()) for path in (first, second)] == [1, 1]


def test_an_upload_that_replaces_one_that_waits_is_the_one_that_counts(machine: Machine) -> None:
    first, second = (_message(machine, name) for name in ("old.json", "new.json"))

    assert machine.sftp("beta", f"put {first} in/replaced.json", f"put {second} in/replaced.json").returncode == 0

    _assert_taken_whole_once(machine, second, "replaced.json", "beta")
    assert machine.archived(first.read_bytes()) == 0


def test_a_file_that_we_may_not_read_is_reported_and_taken_when_we_may(machine: Machine) -> None:
    path = _message(machine, "secret.json")
    path.chmod(0o600)

    machine.sftp("beta", f"put -p {path} in/secret.json")
    machine.until(lambda: "secret.json: its rights" in machine.alerts().get("cannot-take beta", ""))
    machine.sftp("beta", "chmod 640 in/secret.json")

    machine.until(lambda: machine.states("secret.json") == ["archived"])


def test_a_partner_who_moves_our_folder_away_harms_nobody_else(machine: Machine) -> None:
    machine.sftp("beta", "rename out/.staged out/gone")
    path = _message(machine, "unharmed.json")

    machine.sftp("acme", f"put -p {path} in/unharmed.json")

    _assert_taken_whole_once(machine, path, "unharmed.json")
    assert machine.run("test", "-e", CONFIG).returncode == 0
