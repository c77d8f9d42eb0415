"""Damaging files on purpose: bytes flipped, cut, doubled, poisoned; packed files also inside of their packing."""

import gzip
import io
import random
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping

_POISON = (
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\0",
    b"\0\0\0\0",
    b"\xed\xa0\x80",
    b"\xc3",
    b"\xf4\x90\x80\x80",
    b"\r",
    b"\n",
    b"\x85",
    b"\x1a",
    b"\x1b[2J",
    b"\xe2\x80\xae",
    b"\xe2\x80\xa8",
    b'"',
    b"'",
    b";",
    b",",
    b"\t",
    b"|",
    b"=",
    b"=cmd|'/c x'!A1",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"[",
    b"]",
    b"}",
    b"<",
    b">",
    b"&",
    b"<!DOCTYPE x>",
    b"<!--",
    b"]]>",
    b"..",
    b"../",
    b"/",
)
_NUMBERS = (
    b"0",
    b"-0",
    b"1e999999999",
    b"1E+1000000",
    b"-1e-999999999",
    b"9" * 400,
    b"9" * 5000,
    b"0." + b"3" * 400,
    b"NaN",
    b"-Infinity",
    b"inf",
    b"1_000",
    b"0x10",
    b"18446744073709551616",
    b"2147483648",
    b"-1",
    b"1048576",
    b"1e308",
    b"1e309",
    b"\xd9\xa1\xd9\xa2",
    b"\xc2\xb2",
    b"99.99.9999",
    b"29.02.2100",
    b"0000-00-00",
    b"9999-12-31",
    b"60",
    b"1,2,3",
    b"1.2.3",
)
_NUMBER = re.compile(rb"\d+")
_NESTED = (b"[" * 3000, b'{"a":' * 3000, b"<a>" * 3000, b'"' * 1001, b"(" * 3000)


def _flip(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _leave_out(data: bytes, chance: random.Random) -> bytes:
    start, size = chance.randrange(len(data)), chance.randint(1, 1 + len(data) // 4)
    return data[:start] + data[start + size :]


def _double(data: bytes, chance: random.Random) -> bytes:
    start, size = chance.randrange(len(data)), chance.randint(1, 1 + min(len(data), 4000) // 2)
    return data[: start + size] + data[start : start + size] * chance.choice([1, 2, 30]) + data[start + size :]


def _poison(data: bytes, chance: random.Random) -> bytes:
    at = chance.choice([0, len(data), chance.randrange(len(data))])
    return data[:at] + chance.choice(_POISON) + data[at:]


def _numbers(data: bytes, chance: random.Random) -> bytes:
    found = list(_NUMBER.finditer(data[:200_000]))
    if not found:
        return _poison(data, chance)
    spot = chance.choice(found)
    return data[: spot.start()] + chance.choice(_NUMBERS) + data[spot.end() :]


def _nest(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.choice(_NESTED) + data[at:]


def _swap_lines(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)


_WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip, _cut, _leave_out, _double, _poison, _poison, _numbers, _numbers, _nest, _swap_lines,
)  # fmt: skip


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The bytes, damaged in one to three ways."""
    for _ in range(chance.choice([1, 1, 2, 3])):
        data = chance.choice(_WAYS)(data or b"\n", chance)
    return data


def damaged_inside(data: bytes, chance: random.Random, damage: Callable[[bytes], bytes] | None = None) -> bytes:
    """A packed file is opened, damaged in one of its members, and packed again; any other is damaged as it is."""
    harm = damage or (lambda content: damaged(content, chance))
    members = unzipped(data)
    if members:
        name = chance.choice(sorted(members))
        if chance.random() < 0.05:
            del members[name]
        else:
            members[name] = harm(members[name])
        return zipped(members, packed=chance.random() < 0.3)
    if data.startswith(b"\x1f\x8b"):
        try:
            return gzip.compress(harm(gzip.decompress(data)), mtime=0)
        except (OSError, EOFError, zlib.error):
            return harm(data)
    return harm(data)


def unzipped(data: bytes) -> dict[str, bytes]:
    """The members of a zip file; empty where it is none that can be read."""
    if not data.startswith(b"PK"):
        return {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > 3_000_000:
                return {}
            return {part.filename: archive.read(part) for part in archive.infolist()}
    except Exception:  # whatever is wrong with it, it is damaged from outside then
        return {}


def zipped(members: Mapping[str, bytes], *, packed: bool = False) -> bytes:
    """A zip file of these members."""
    made = io.BytesIO()
    how = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, how)
    return made.getvalue()
