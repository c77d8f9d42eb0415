"""What a worker may do besides computing: read files, write into the hidden folders of the site, and nothing else.

It parses what strangers have made, so a fault in a parser must not become a way out. Three layers, each for what the
others cannot: limits of the process (memory, file size, core dumps), a filter of system calls (no network, no new
programs or processes, no look into other processes), and Landlock (no writing elsewhere, not even by the daemon's own
user). All work without privileges and last until the process ends. Where the platform lacks a layer the others stand,
and ``missing_layers`` says so.
"""

import ctypes
import os
import resource
import struct
import tempfile
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from functools import cache

from sqlalchemy.engine import make_url

from core.site import Site
from spool.folders.reach import answers
from spool.work.handling import WORK_FOLDER
from spool.work.staging import STAGED_FOLDER

SCRATCH_FOLDER = "scratch"
"""Below the state folder: where libraries lay down what they do not want to keep in memory."""
Places = Mapping[str, tuple[int, int] | None]
"""Folders with device and inode, which the rules hold on to; None where it is not there, or does not answer."""

_KEPT_VARIABLES = frozenset({"HOME", "LANG", "LANGUAGE", "PATH", "TMPDIR", "TZ", "VIRTUAL_ENV"})
_KEPT_PREFIXES = ("LC_", "LD_", "PG", "PYTHON")
"""Of the loader, the interpreter and the database's client; everything else of the environment may be a secret."""
_MOST_OPEN_FILES = 4_096
_RESULT_RATIO = 20
"""A result may be so many times as big as the biggest file that the site takes."""
_SMALLEST_LIMIT = 1 << 30

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_NOT_EQUAL, _EQUAL, _MASKED_EQUAL = 1, 4, 7
_OPTIMISE, _BINARY_TREE = 8, 2
_AF_UNIX = 1
_CLONE_THREAD = 0x00010000
_TYPE_INTO_TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: would let us type into the administrator's shell
_NEVER = (
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
    "kcmp", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "mount",
    "umount2", "move_mount", "open_tree", "fsopen", "fsmount", "fsconfig", "fspick", "mount_setattr", "pivot_root",
    "chroot", "setns", "unshare", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "memfd_create", "add_key", "keyctl", "request_key", "kexec_load", "kexec_file_load",
    "init_module", "finit_module", "delete_module", "reboot", "swapon", "swapoff", "acct", "quotactl",
    "fanotify_init", "open_by_handle_at", "iopl", "ioperm", "settimeofday", "clock_settime", "adjtimex",
    "clock_adjtime", "sethostname", "setdomainname", "syslog", "mknod", "mknodat",
)  # fmt: skip
_NETWORK = ("socket", "connect", "bind", "listen", "accept", "accept4")

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_EXECUTE, _WRITE_FILE, _REFER, _TRUNCATE = 1 << 0, 1 << 1, 1 << 13, 1 << 14
_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
_BENEATH = 1
_SCOPED = 0b11  # abstract sockets and signals stay among ourselves
_NO_NEW_PRIVILEGES = 38


class _Argument(ctypes.Structure):
    _fields_ = (
        ("arg", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


def confine(site: Site) -> "Places":
    """Confine this process for ever. Layers that the platform lacks are left out.

    Returns the places that it may write to: where one of them has become another (a share that came back), only a
    fresh process can write there.
    """
    tempfile.tempdir = f"{site.state}/{SCRATCH_FOLDER}"
    os.makedirs(tempfile.tempdir, exist_ok=True)
    ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    places = writable_places(site)
    _restrict_writing(folder for folder, identity in places.items() if identity is not None)
    if not _filter_calls(site.journal_url):
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    return places


def missing_layers(site: Site) -> list[str]:
    """What workers are not kept from here, in words for the administrator; empty when all layers are there."""
    missing = []
    if network_of(site.journal_url) == "all":
        missing.append("the journal is reached over the network, so workers may use it too")
    if _libseccomp() is None:
        missing.append("libseccomp.so.2 is missing, so workers may use the network and start programs")
    if landlock_version() < 1:
        missing.append("the kernel has no Landlock (or the unit forbids it), so workers may write like the daemon does")
    return missing


# ── limits and environment ────────────────────────────────────────────────────────────────────────────────────────


def limit(site: Site) -> None:
    """Bound what this process may use; what it did not need to know of the environment it does not know."""
    _forget(os.environ)
    most_memory = site.limits.worker_bytes
    biggest = max((route.max_bytes for route in site.routes), default=0)
    limits = {
        resource.RLIMIT_DATA: most_memory,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: max(_SMALLEST_LIMIT, _RESULT_RATIO * biggest),
        resource.RLIMIT_NOFILE: _MOST_OPEN_FILES,
    }
    for what, most in limits.items():
        _, hard = resource.getrlimit(what)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, allowed))


def _forget(environment: MutableMapping[str, str]) -> None:
    for name in list(environment):
        if name not in _KEPT_VARIABLES and not name.startswith(_KEPT_PREFIXES):
            del environment[name]


@contextmanager
def plain_environment() -> Iterator[None]:
    """For the moment in which a process is started: the environment without what it need not know."""
    kept = dict(os.environ)
    _forget(os.environ)
    try:
        yield
    finally:
        os.environ.update(kept)


# ── system calls ──────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def _libseccomp() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = (ctypes.c_uint32,)
    library.seccomp_release.argtypes = library.seccomp_load.argtypes = (ctypes.c_void_p,)
    library.seccomp_attr_set.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32)
    library.seccomp_rule_add_array.argtypes = (
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(_Argument),
    )  # fmt: skip
    return library


def _filter_calls(journal_url: str) -> bool:
    """Say False where that is not possible here."""
    library = _libseccomp()
    if library is None:
        return False
    rules = library.seccomp_init(_ALLOW)
    try:
        library.seccomp_attr_set(rules, _OPTIMISE, _BINARY_TREE)
        for name, error, argument in _denied(journal_url):
            number = library.seccomp_syscall_resolve_name(name.encode())
            if number >= 0:  # of another architecture, or of a later kernel than the library knows
                arguments = (_Argument * 1)(*([argument] if argument else []))
                library.seccomp_rule_add_array(rules, _ERRNO | error, number, 1 if argument else 0, arguments)
        return bool(library.seccomp_load(rules) == 0)
    finally:
        library.seccomp_release(rules)


def _denied(journal_url: str) -> Iterator[tuple[str, int, _Argument | None]]:
    """Name, error and condition of what is denied."""
    own = os.getpid()
    yield from ((name, _EPERM, None) for name in _NEVER)
    yield "clone3", _ENOSYS, None  # its flags cannot be looked into; the C library then uses clone
    yield "clone", _EPERM, _Argument(0, _MASKED_EQUAL, _CLONE_THREAD, 0)
    for name in ("kill", "tgkill"):
        yield name, _EPERM, _Argument(0, _NOT_EQUAL, own, 0)
    yield "tkill", _EPERM, None
    yield "prlimit64", _EPERM, _Argument(0, _NOT_EQUAL, 0, 0)
    for request in _TYPE_INTO_TERMINAL:
        yield "ioctl", _EPERM, _Argument(1, _MASKED_EQUAL, 0xFFFFFFFF, request)
    match network_of(journal_url):
        case "none":
            yield from ((name, _EPERM, None) for name in _NETWORK)
        case "local":
            yield "socket", _EPERM, _Argument(0, _NOT_EQUAL, _AF_UNIX, 0)


def network_of(journal_url: str) -> str:
    """What the journal needs of the network: "none" (SQLite), "local" (a socket of this machine) or "all" (TCP)."""
    url = make_url(journal_url)
    if url.get_backend_name() == "sqlite":
        return "none"
    named = url.host or url.query.get("host") or os.environ.get("PGHOST") or ""
    hosts = [named] if isinstance(named, str) else [*named]
    return "local" if all(host == "" or host.startswith("/") for host in hosts) else "all"


# ── Landlock ──────────────────────────────────────────────────────────────────────────────────────────────────────


def landlock_version() -> int:
    """Version of Landlock in this kernel; 0 where there is none."""
    return max(0, _syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))


def writable_places(site: Site) -> Places:
    """Where a worker writes: hidden folders of routes and targets, and the state of the daemon."""
    hidden = [f"{route.folder}/{WORK_FOLDER}" for route in site.routes]
    hidden += [f"{target.folder}/{STAGED_FOLDER}" for target in site.targets.values()]
    return {folder: _identity(folder) if answers(folder) else None for folder in [*hidden, str(site.state)]}


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _restrict_writing(folders: Iterable[str]) -> None:
    version = landlock_version()
    if version < 1:
        return
    writing = _WRITE_FILE | _REMOVE_AND_MAKE | (_TRUNCATE if version >= 3 else 0)
    handled = writing | _EXECUTE | (_REFER if version >= 2 else 0)
    attributes = struct.pack("=Q", handled)
    if version >= 6:
        attributes += struct.pack("=QQ", 0, _SCOPED)
    rules = _syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    try:
        for folder in folders:
            _allow(rules, folder, writing)
        _allow(rules, os.devnull, _WRITE_FILE)
        _syscall(_LANDLOCK_RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0))
    finally:
        os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # away: who needs it says so
    try:
        beneath = struct.pack("=Qi", rights, place)
        _syscall(_LANDLOCK_ADD, ctypes.c_int(rules), ctypes.c_int(_BENEATH), beneath, ctypes.c_uint32(0))
    finally:
        os.close(place)


def _syscall(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *arguments))
