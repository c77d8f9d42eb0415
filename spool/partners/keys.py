"""Public keys of partners, as they come by mail: in a file or as text, of OpenSSH or of PuTTY and WinSCP."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from core.errors import CluedropError

_LEAST_RSA_BITS = 2048
_RFC4716 = "---- BEGIN SSH2 PUBLIC KEY ----"
_OPTIONS = "restrict"
"""Of every line in a file of ours: no forwarding and no terminal, whatever the server's configuration says."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One public key."""

    kind: str
    """Type as OpenSSH writes it, e.g. "ssh-ed25519"."""
    blob: str
    comment: str
    fingerprint: str

    @property
    def line(self) -> str:
        """The line for sshd."""
        return " ".join(filter(None, (_OPTIONS, self.kind, self.blob, self.comment)))


def given_key(given: str) -> PublicKey:
    """The key that an administrator has handed in, as text or as the name of a file.

    Raise CluedropError for what is no public key, for a private one and for a weak one.
    """
    text, source = given, "the given text"
    if " " not in given.strip():
        source = given
        try:
            text = Path(given).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CluedropError(f"{given}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if "PRIVATE KEY" in text or text.startswith("PuTTY-User-Key-File"):
        raise CluedropError(f"{source}: is a private key, which only its owner may have; ask for the public one (.pub)")
    if text.lstrip().startswith(_RFC4716):
        text = _keygen("-i", text, source)
    keys = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(keys) != 1:
        raise CluedropError(f"{source}: holds {len(keys)} keys, allowed: one, such as ssh-ed25519 AAAA... name")
    return _parsed(keys[0], source)


def keys_of(path: Path) -> list[PublicKey]:
    """The keys of a file of ours, none where there is no such file. Raise CluedropError for a line that is no key."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [_parsed(line.removeprefix(f"{_OPTIONS} "), str(path)) for line in lines if line.strip() and line[0] != "#"]


def make_pair(path: Path, comment: str) -> PublicKey:
    """Make a new pair: the private key in a file that only its owner can read, the public one beside it (.pub).

    Raise CluedropError where there is such a file already, or none can be made.
    """
    if path.exists():
        raise CluedropError(f"{path}: is there already; a private key is never overwritten")
    _run("-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path), source=str(path))
    return given_key(f"{path}.pub")


def _parsed(line: str, source: str) -> PublicKey:
    parts = line.split(maxsplit=2)
    if len(parts) < 2:
        raise CluedropError(f"{source}: is no public key, allowed: ssh-ed25519 AAAA... name")
    bits, fingerprint, *_, kind = _keygen("-l", f"{parts[0]} {parts[1]}", source).split()
    if kind == "(DSA)" or (kind == "(RSA)" and int(bits) < _LEAST_RSA_BITS):
        raise CluedropError(
            f"{source}: {bits} bits {kind} are too weak, allowed: ed25519, ECDSA, RSA of {_LEAST_RSA_BITS} bits"
        )
    comment = "".join(char for char in " ".join(parts[2:]) if char.isprintable())
    return PublicKey(parts[0], parts[1], comment, fingerprint)


def _keygen(what: str, text: str, source: str) -> str:
    """``ssh-keygen`` understands exactly what sshd will understand."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(text if text.endswith("\n") else f"{text}\n")
        file.flush()
        return _run(what, "-f", file.name, source=source)


def _run(*arguments: str, source: str) -> str:
    try:
        done = subprocess.run(
            ["ssh-keygen", *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise CluedropError("ssh-keygen is missing; install it with: apt-get install openssh-client") from None
    if done.returncode != 0:
        reason = "" if "-l" in arguments or "-i" in arguments else f": {done.stderr.strip()}"
        raise CluedropError(f"{source}: is no public key that OpenSSH understands{reason}")
    return done.stdout
