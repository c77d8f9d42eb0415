"""Partners who come to us by SFTP: an account that sees nothing but its ``in/`` and ``out/``, and what makes it so.

Everything that is to be done is a line of shell. Root has it carried out, everybody else has it shown; so what is shown
is what is done. What is done already is left alone, so a plan can be carried out again and again.

| folder          | owner, group              | rights | so                                               |
|-----------------|---------------------------|--------|--------------------------------------------------|
| the home        | root                      | 0755   | sshd locks the partner in, nothing can be added  |
| in              | daemon, cluedrop-partners | 3770   | partners take away only what is their own        |
| in/rejected     | daemon, cluedrop-partners | 2770   | what came back, with its note, is the partner's  |
| in/held, notes  | daemon                    | 2700   | what our people must look at is not              |
| out             | daemon, cluedrop-partners | 2770   | the partner takes away what was fetched          |

All partners are in one group, of which the daemon is a member: it needs no new start for a new one. Their homes, which
they cannot leave, keep them apart.
"""

import grp
import os
import pwd
import re
import shlex
import stat
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from core.errors import CluedropError
from spool.partners.keys import PublicKey, keys_of

GROUP, DAEMON = "cluedrop-partners", "cluedrop"
"""As systemd/cluedrop.sysusers.conf makes them."""
KEYS = Path("/etc/ssh/cluedrop-partners")
"""A file for each partner; as systemd/sshd_cluedrop_partners.conf names it."""
DROP_IN = Path("/etc/ssh/sshd_config.d/cluedrop-partners.conf")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_NAME_ALLOWED = "1 to 31 lower-case letters (a-z), digits and -, starting with a letter"
_EXPIRED = 7
"""Field of /etc/shadow: day on which the account ends."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that must be so: what, and the line of shell that makes it so."""

    what: str
    line: str
    done: bool


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner of a site. Raise CluedropError for a name that no account can have."""

    name: str
    home: Path

    @classmethod
    def of(cls, name: str, root: Path) -> "Partner":
        """A partner of the site with this root folder."""
        if not _NAME.fullmatch(name):
            raise CluedropError(f"{name}: no partner can have this name, allowed: {_NAME_ALLOWED}")
        return cls(name, root / "partners" / name)

    @property
    def keys(self) -> Path:
        """File with the public keys that may log in."""
        return KEYS / self.name


def to_add(partner: Partner, keys: Sequence[PublicKey]) -> list[Step]:
    """What makes a partner, or gives one another key. Raise CluedropError where that would harm somebody else."""
    _refuse_strangers(partner)
    return [*_account(partner), *_folders(partner), *_keys(partner, [*keys_of(partner.keys), *keys])]


def to_remove(partner: Partner) -> list[Step]:
    """What locks a partner out, now and for good; files, keys and folders stay."""
    account = _own_account(partner)
    line = f"usermod --expiredate 1 {account.pw_name}"
    running = shlex.join(["pkill", "-KILL", "--uid", account.pw_name])
    return [
        Step(f"{partner.name} may log in no more", line, _is_locked(partner.name)),
        Step(f"sessions of {partner.name} are ended", f"{running} || test $? = 1", done=not _sessions(account.pw_uid)),
    ]


def to_remove_key(partner: Partner, fingerprint: str) -> list[Step]:
    """What takes one key away. Raise CluedropError where the partner has no such key."""
    _own_account(partner)
    known = keys_of(partner.keys)
    kept = [key for key in known if key.fingerprint != fingerprint]
    if len(kept) == len(known):
        there = ", ".join(key.fingerprint for key in known) or "none"
        raise CluedropError(f"{partner.name} has no key {fingerprint}; there are: {there}")
    return [Step(f"{partner.name} may no longer use {fingerprint}", _write_keys(partner, kept), done=False)]


def carry_out(steps: Iterable[Step]) -> Iterator[Step]:
    """Carry out what is not done yet, and yield each step. Raise CluedropError where one fails; run it again then."""
    for step in steps:
        if not step.done:
            done = subprocess.run(["/bin/sh", "-c", step.line], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise CluedropError(f"{step.what}: {done.stderr.strip()} ({step.line})")
        yield step


def partners_of(root: Path) -> list[Partner]:
    """The partners of the site with this root folder."""
    found = [Partner(each.pw_name, Path(each.pw_dir)) for each in pwd.getpwall() if each.pw_gid == _group_id()]
    return [partner for partner in found if partner.home.parent == root / "partners"]


def state_of(partner: Partner) -> str:
    """Whether a partner can get in, in words. Only root is told all of it."""
    if _is_locked(partner.name):
        return "locked"
    return "may log in" if keys_of(partner.keys) else "has no key"


def trouble_of_server(partner: Partner) -> str | None:
    """Why sshd, as it is configured now, would not let the partner in, or not lock the partner in; None if all is well.

    A server that has not been told of a new configuration (reload) is not noticed.
    """
    ask = ["sshd", "-T", "-C", f"user={partner.name},host=localhost,addr=127.0.0.1"]
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    try:
        done = subprocess.run(ask, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path})
    except FileNotFoundError:
        return "sshd is missing; install it with: apt-get install openssh-server"
    if done.returncode != 0:
        return f"sshd cannot read its configuration: {done.stderr.strip()}"
    said = done.stdout.splitlines()
    wanted = {"chrootdirectory %h", f"authorizedkeysfile {KEYS}/%u", "disableforwarding yes"}
    if not wanted <= set(said) or not any(line.startswith("forcecommand internal-sftp ") for line in said):
        source = Path(__file__).parents[1] / "systemd/sshd_cluedrop_partners.conf"
        return f"sshd knows nothing of partners yet: install -D -m 0644 {source} {DROP_IN}"
    for option, name in (("AllowUsers", partner.name), ("AllowGroups", GROUP)):
        patterns = [line.split()[1] for line in said if line.startswith(f"{option.lower()} ")]
        if patterns and not any(fnmatchcase(name, pattern.partition("@")[0]) for pattern in patterns):
            return f"sshd lets in others only ({option} {' '.join(patterns)}): add {name} there"
    return None


# ── the steps ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _refuse_strangers(partner: Partner) -> None:
    with suppress(KeyError):
        _own_account(partner)
    for name, find in ((GROUP, grp.getgrnam), (DAEMON, pwd.getpwnam)):
        try:
            find(name)
        except KeyError:
            raise CluedropError(f"there is no {name} on this machine: run make install first") from None
    for folder in partner.home.parents:
        with suppress(FileNotFoundError):
            found = folder.stat()
            if found.st_uid != 0 or found.st_mode & 0o022:
                raise CluedropError(
                    f"{folder}: must belong to root and be writable for nobody else, or sshd lets no partner in"
                )


def _own_account(partner: Partner) -> pwd.struct_passwd:
    """Raise KeyError where there is none, CluedropError where it is not a partner's, or another site's."""
    account = pwd.getpwnam(partner.name)
    if account.pw_gid != _group_id():
        raise CluedropError(f"{partner.name} is an account of this machine and no partner: choose another name")
    if account.pw_dir != str(partner.home):
        raise CluedropError(f"{partner.name} is a partner of another site (home {account.pw_dir}): choose another name")
    return account


def _group_id() -> int | None:
    with suppress(KeyError):
        return grp.getgrnam(GROUP).gr_gid
    return None


def _account(partner: Partner) -> Iterator[Step]:
    line = (
        f"useradd --system --gid {GROUP} --no-create-home --home-dir {shlex.quote(str(partner.home))} "
        f"--shell /usr/sbin/nologin --password '*' --comment 'Cluedrop partner' {partner.name}"
    )
    there = True
    try:
        _own_account(partner)
    except KeyError:
        there = False
    yield Step(f"account {partner.name}, without shell and password", line, there)
    if there and _is_locked(partner.name):
        yield Step(f"account {partner.name} is open again", f"usermod --expiredate '' {partner.name}", done=False)


def _folders(partner: Partner) -> Iterator[Step]:
    home = partner.home
    yield _folder(home.parent, "root", "root", 0o755)
    yield _folder(home, "root", "root", 0o755)
    yield _folder(home / "in", DAEMON, GROUP, 0o3770)
    yield _folder(home / "in/rejected", DAEMON, GROUP, 0o2770)
    yield _folder(home / "in/held", DAEMON, GROUP, 0o2700)
    yield _folder(home / "in/notes", DAEMON, GROUP, 0o2700)
    yield _folder(home / "out", DAEMON, GROUP, 0o2770)
    yield _folder(KEYS, "root", "root", 0o755)


def _folder(path: Path, owner: str, group: str, mode: int) -> Step:
    line = f"install -d -o {owner} -g {group} -m {mode:04o} {shlex.quote(str(path))}"
    wanted = (pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid, mode)
    try:
        found = path.lstat()
        done = stat.S_ISDIR(found.st_mode) and (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == wanted
    except OSError:
        done = False
    return Step(f"folder {path}", line, done)


def _keys(partner: Partner, keys: Sequence[PublicKey]) -> Iterator[Step]:
    distinct = list({key.blob: key for key in reversed(keys)}.values())[::-1]
    known = {key.blob for key in keys_of(partner.keys)}
    if distinct:
        new = ", ".join(key.fingerprint for key in distinct if key.blob not in known)
        line = _write_keys(partner, distinct)
        yield Step(f"key {new}" if new else f"keys in {partner.keys}", line, done=not new)


def _write_keys(partner: Partner, keys: Sequence[PublicKey]) -> str:
    lines = " ".join(shlex.quote(key.line) for key in keys) or "''"
    return f"printf '%s\\n' {lines} | install -o root -g root -m 0644 /dev/stdin {partner.keys}"


def _is_locked(name: str) -> bool:
    with suppress(OSError):  # only root may look
        for line in Path("/etc/shadow").read_text(encoding="utf-8").splitlines():
            fields = line.split(":")
            if fields[0] == name:
                return len(fields) > _EXPIRED and fields[_EXPIRED] != ""
    return False


def _sessions(uid: int) -> bool:
    """Whether a process of this user runs."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == uid:
                return True
    return False
