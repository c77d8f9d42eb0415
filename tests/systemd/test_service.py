"""What the administrator gets: unit, users, folders, sshd drop-in, and make install."""

import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import config
from tests.config.shipped import SHIPPED_PLUGINS
from tests.needs import need, need_root

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[2]
SHIPPED = CHECKOUT / "systemd"
UNIT = SHIPPED / "cluedrop.service"


def _run(*command: str | Path, cwd: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120)


def _ok(*command: str | Path) -> str:
    done = _run(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# ── the unit ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _settings(key: str) -> list[str]:
    return [line.partition("=")[2] for line in UNIT.read_text().splitlines() if line.startswith(f"{key}=")]


def test_the_unit_is_well_formed(tmp_path: Path) -> None:
    analyze = need("systemd-analyze", package="systemd")
    unit = tmp_path / "cluedrop.service"
    unit.write_text(UNIT.read_text().replace("/opt/cluedrop/.venv/bin/python", sys.executable))

    done = _run(analyze, "verify", "--man=no", unit)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_service_is_hardly_exposed() -> None:
    analyze = need("systemd-analyze", package="systemd")

    done = _run(analyze, "security", "--offline=true", "--threshold=20", "--no-pager", UNIT)

    assert done.returncode == 0, done.stdout + done.stderr


def _expanded(analyze: str, names: Sequence[str]) -> set[str]:
    calls: set[str] = set()
    for name in names:
        if not name.startswith("@"):
            calls.add(name)
            continue
        listed = _ok(analyze, "syscall-filter", "--no-pager", name).splitlines()
        inner = [line.strip() for line in listed[1:] if line.strip() and not line.strip().startswith("#")]
        calls |= _expanded(analyze, inner)
    return calls


def test_every_call_that_the_engine_lives_by_is_allowed() -> None:
    analyze = need("systemd-analyze", package="systemd")
    allowed: set[str] = set()
    for line in _settings("SystemCallFilter"):
        calls = _expanded(analyze, line.removeprefix("~").split())
        allowed = allowed - calls if line.startswith("~") else allowed | calls

    files = {"linkat", "link", "renameat2", "unlinkat", "fsync", "syncfs", "fchmod", "chmod", "fchown", "flock"}
    workers = {"clone", "clone3", "fork", "execve", "prlimit64", "prctl", "kill", "wait4", "socketpair", "mmap"}
    watching = {"inotify_init1", "inotify_add_watch", "epoll_wait", "ppoll"}
    assert files | workers | watching <= allowed
    assert not {"chroot", "mount", "ptrace", "init_module", "bpf", "setuid"} & allowed


def test_the_folders_are_one_mount_so_that_hard_links_work() -> None:
    assert _settings("ReadWritePaths") == ["/srv/cluedrop"]
    assert _settings("Type") == ["notify"]
    assert _settings("OOMPolicy") == ["continue"], "a worker without memory must not end the daemon"


def test_python_and_its_libraries_live_without_new_executable_memory() -> None:
    """MemoryDenyWriteExecute of the unit, asked of the kernel itself (PR_SET_MDWE, Linux 6.3)."""
    program = (
        "import ctypes, sys\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "refused = libc.prctl(65, 1, 0, 0, 0)\n"
        "sys.exit(77) if refused else None\n"
        "import multiprocessing, sqlite3, openpyxl, pydantic, sqlalchemy, watchdog.observers\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "import spool.folders.durable, spool.archive.filing\n"
        "context = multiprocessing.get_context('forkserver')\n"
        "with ProcessPoolExecutor(1, mp_context=context) as pool:\n"
        "    sys.exit(pool.submit(abs, -3).result() - 3)\n"
    )

    done = _run(sys.executable, "-c", program)

    if done.returncode == 77:  # an older kernel has no such switch: then systemd's filter is the only one to ask
        assert tuple(map(int, os.uname().release.split(".")[:2])) < (6, 3)
    else:
        assert done.returncode == 0, done.stderr


# ── users and folders ─────────────────────────────────────────────────────────────────────────────────────────────


def test_users_and_folders_are_made_with_their_rights(tmp_path: Path) -> None:
    sysusers = need("systemd-sysusers", package="systemd")
    tmpfiles = need("systemd-tmpfiles", package="systemd")
    need_root("folders are given to other users")
    (tmp_path / "etc/cluedrop").mkdir(parents=True)
    (tmp_path / "etc/cluedrop/cluedrop.toml").touch()
    tmp_path.chmod(0o755)

    _ok(sysusers, f"--root={tmp_path}", SHIPPED / "cluedrop.sysusers.conf")
    _ok(tmpfiles, f"--root={tmp_path}", "--create", SHIPPED / "cluedrop.tmpfiles.conf")

    users = {line.split(":")[0]: line.split(":") for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0]: line.split(":") for line in (tmp_path / "etc/group").read_text().splitlines()}
    uid, gid = int(users["cluedrop"][2]), int(users["cluedrop"][3])
    clerks = int(groups["cluedrop-clerks"][2])
    assert users["cluedrop"][6] == "/usr/sbin/nologin"
    assert gid == int(groups["cluedrop"][2])
    assert groups["cluedrop-clerks"][3] == "cluedrop"
    assert groups["cluedrop-partners"][3] == "cluedrop"
    expected = {
        "srv/cluedrop": (0o755, 0, 0),
        "srv/cluedrop/inbox": (0o2750, uid, clerks),
        "srv/cluedrop/outbox": (0o2750, uid, clerks),
        "srv/cluedrop/archive": (0o750, uid, gid),
        "srv/cluedrop/partners": (0o755, 0, 0),
        "etc/cluedrop": (0o750, 0, gid),
        "etc/cluedrop/cluedrop.toml": (0o640, 0, gid),
        "etc/cluedrop/credentials": (0o700, 0, 0),
    }
    found = {path: (tmp_path / path).stat() for path in expected}
    assert {path: (stat.S_IMODE(s.st_mode), s.st_uid, s.st_gid) for path, s in found.items()} == expected


# ── partners ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _sshd_config(folder: Path, group: str) -> Path:
    keygen = need("ssh-keygen", package="openssh-client")
    _ok(keygen, "-q", "-t", "ed25519", "-N", "", "-f", folder / "host_key")
    drop_in = folder / "partners.conf"
    drop_in.write_text(
        (SHIPPED / "sshd_cluedrop_partners.conf").read_text().replace("cluedrop-partners\n", f"{group}\n")
    )
    config = folder / "sshd_config"
    config.write_text(
        f"HostKey {folder}/host_key\nInclude {drop_in}\nSubsystem sftp internal-sftp\nPermitRootLogin no\n"
    )
    if os.geteuid() == 0:  # sshd asks for it even to check its configuration
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    return config


def test_the_sshd_drop_in_is_well_formed_and_harms_nobody_else(tmp_path: Path) -> None:
    sshd = need("sshd", package="openssh-server")
    config = _sshd_config(tmp_path, "cluedrop-partners")

    done = _run(sshd, "-t", "-f", config)
    others = _ok(sshd, "-T", "-f", config, "-C", "user=root,host=example.org,addr=192.0.2.1").splitlines()

    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert {"chrootdirectory none", "forcecommand none", "permitrootlogin no"} <= set(others)


def test_a_partner_is_locked_into_a_folder(tmp_path: Path) -> None:
    sshd = need("sshd", package="openssh-server")
    config = _sshd_config(tmp_path, "root")

    partner = set(_ok(sshd, "-T", "-f", config, "-C", "user=root,host=example.org,addr=192.0.2.1").splitlines())

    assert {
        "chrootdirectory %h",
        "forcecommand internal-sftp -u 0007 -P hardlink,symlink,mkdir",
        "authorizedkeysfile /etc/ssh/cluedrop-partners/%u",
        "authenticationmethods publickey",
        "passwordauthentication no",
        "disableforwarding yes",
        "permittty no",
        "permitrootlogin no",
    } <= partner


# ── installing ────────────────────────────────────────────────────────────────────────────────────────────────────


def _make(target: str, destination: Path) -> str:
    return _ok(need("make", package="make"), "--no-print-directory", "-f", "Makefile", target, f"DESTDIR={destination}")


def test_installing_lays_down_the_tracked_source_and_no_more(tmp_path: Path) -> None:
    git = need("git", package="git")

    _make("install", tmp_path)

    listed = _ok(
        git, "ls-files", "core", "config", "formats", "handlers", "spool", "daemon.py", "tests/golden", "uv.lock"
    )
    place = tmp_path / "opt/cluedrop"
    assert all((place / name).is_file() for name in listed.splitlines())
    assert not list(place.rglob("__pycache__"))
    assert not (place / ".venv").exists()
    assert [path.name for path in (place / "tests").iterdir()] == ["golden"]
    assert (tmp_path / "usr/local/lib/systemd/system/cluedrop.service").read_text() == UNIT.read_text()
    assert (tmp_path / "usr/local/lib/sysusers.d/cluedrop.conf").is_file()
    assert (tmp_path / "usr/local/lib/tmpfiles.d/cluedrop.conf").is_file()
    drop_in = (tmp_path / "etc/ssh/sshd_config.d/cluedrop-partners.conf").read_text()
    assert drop_in == (SHIPPED / "sshd_cluedrop_partners.conf").read_text()


def test_a_first_installation_brings_a_configuration_for_the_server(tmp_path: Path) -> None:
    _make("install", tmp_path)

    settings = config.load(tmp_path / "etc/cluedrop/cluedrop.toml", SHIPPED_PLUGINS)
    assert settings.root == Path("/srv/cluedrop")
    assert settings.folders.state == Path("/var/lib/cluedrop")
    assert stat.S_IMODE((tmp_path / "etc/cluedrop/cluedrop.toml").stat().st_mode) == 0o640


def test_an_upgrade_keeps_the_configuration_and_drops_modules_that_are_gone(tmp_path: Path) -> None:
    configuration = tmp_path / "etc/cluedrop/cluedrop.toml"
    old_module = tmp_path / "opt/cluedrop/formats/of_last_year.py"
    for path in (configuration, old_module):
        path.parent.mkdir(parents=True)
        path.write_text("# mine\n")

    told = _make("install", tmp_path)

    assert configuration.read_text() == "# mine\n"
    assert "stays as it is" in told
    assert not old_module.exists()


def test_uninstalling_leaves_data_and_configuration(tmp_path: Path) -> None:
    _make("install", tmp_path)
    data = tmp_path / "srv/cluedrop/archive/chain.json"
    data.parent.mkdir(parents=True)
    data.touch()

    _make("uninstall", tmp_path)

    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if not path.is_dir())
    assert left == ["etc/cluedrop/cluedrop.toml", "srv/cluedrop/archive/chain.json"]
    assert not (tmp_path / "opt/cluedrop").exists()


@pytest.mark.parametrize("name", sorted(path.name for path in SHIPPED.glob("*.conf")))
def test_the_readme_names_every_shipped_file(name: str) -> None:
    assert f"`{name}`" in (SHIPPED / "README.md").read_text()
