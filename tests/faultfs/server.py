"""Serves a tree to the kernel until it is unmounted: ``python -m tests.faultfs.server MOUNTPOINT [TREE]``.

A line of JSON on standard input is a command, its answer is a line on standard output: ``{"fault": ...}`` makes
requests fail, ``{"mend": true}`` ends that, ``{"mark": text}`` is written into the log, ``{"save": file}`` saves it.

The kernel sends FUSE_SYNCFS to no file system of this kind, so ``syncfs`` is asked for by setting the attribute
``user.syncfs``.
"""

import ctypes
import errno
import json
import os
import pickle
import select
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.faultfs import protocol
from tests.faultfs.faults import SHORT, Fault
from tests.faultfs.protocol import Request
from tests.faultfs.tree import Inode, Operation, Tree

SYNC_ATTRIBUTE = "user.syncfs"
_LIBC = ctypes.CDLL(None, use_errno=True)
_NOREPLACE = 1
_CLOCK_REALTIME_COARSE = 5
_MS_NOSUID_NODEV = 2 | 4
_SILENT = {Request.FORGET, Request.BATCH_FORGET, Request.INTERRUPT}


class Server:
    """Answers the kernel. One thread."""

    def __init__(self, mountpoint: str, tree: Tree) -> None:
        self.tree = tree
        self.log: list[Operation] = []
        self.fault: Fault | None = None
        self._listings: dict[int, list[tuple[int, str, int]]] = {}
        self._handle = 0
        self._device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self._device},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
        result = _LIBC.mount(b"faultfs", os.fsencode(mountpoint), b"fuse", _MS_NOSUID_NODEV, options.encode())
        if result != 0:
            raise OSError(ctypes.get_errno(), "mount", mountpoint)
        self._answers: dict[Request, Callable[[int, bytes], bytes]] = {
            request: getattr(self, f"_{request.name.lower()}") for request in Request if request not in _SILENT
        }

    def serve(self) -> None:
        """Until it is unmounted."""
        poll = select.poll()
        poll.register(self._device, select.POLLIN)
        poll.register(0, select.POLLIN)
        commands = b""
        while True:
            for descriptor, _what in poll.poll():
                if descriptor == self._device:
                    if not self._answer():
                        return
                    continue
                received = os.read(0, 1 << 16)
                if not received:
                    return
                *lines, commands = (commands + received).split(b"\n")
                for line in lines:
                    print(json.dumps(self._obey(json.loads(line))), flush=True)

    def _obey(self, command: dict[str, Any]) -> Any:
        match command:
            case {"fault": values}:
                self.fault = Fault.from_wire(values)
            case {"mend": _}:
                fault, self.fault = self.fault, None
                return {"met": fault.met, "failed": fault.failed} if fault else {"met": {}, "failed": []}
            case {"mark": text}:
                self.log.append(Operation("mark", data=text.encode()))
            case {"save": path}:
                Path(path).write_bytes(pickle.dumps(self.log))
        return len(self.log)

    def _answer(self) -> bool:
        try:
            message = os.read(self._device, protocol.MOST_BYTES + 4096)
        except OSError as error:
            if error.errno == errno.ENODEV:
                return False
            if error.errno in {errno.EINTR, errno.ENOENT, errno.EAGAIN}:
                return True
            raise
        _length, code, unique, node, uid, gid, process, *_rest = protocol.HEADER_IN.unpack_from(message)
        body = message[protocol.HEADER_IN.size :]
        number, answer = 0, b""
        try:
            request = Request(code)
        except ValueError:
            number = errno.ENOSYS
        else:
            if request in _SILENT:
                return True
            self._uid, self._gid, self._process = uid, gid, process
            try:
                answer = self._try(request, node, body)
            except OSError as error:
                number = error.errno or errno.EIO
            except KeyError:
                number = errno.ESTALE
        with suppress(FileNotFoundError):  # the caller was interrupted meanwhile
            os.write(self._device, protocol.HEADER_OUT.pack(16 + len(answer), -number, unique) + answer)
        return True

    def _try(self, request: Request, node: int, body: bytes) -> bytes:
        asked = request
        if request is Request.SETXATTR and body[8:].split(b"\0")[0].decode() == SYNC_ATTRIBUTE:
            asked = Request.SYNCFS
        fault = self.fault
        if fault is not None and fault.hits(asked, self._process):
            if fault.number == SHORT:
                return self._write(node, body, short=True)
            if fault.lose and asked in {Request.FSYNC, Request.SYNCFS}:
                self.log.append(Operation("lose", node if asked is Request.FSYNC else 0))
            raise fault.error()
        return self._answers[asked](node, body)

    # ── changes ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _do(self, operation: Operation) -> None:
        self.log.append(operation)
        self.tree.apply(operation)

    def _entry(self, inode: Inode) -> bytes:
        return protocol.entry(inode, self.tree.links(inode))

    def _made(self, parent: int, raw: bytes, mode: int, data: bytes = b"") -> Inode:
        name = _text(raw)
        if name in self.tree.inodes[parent].entries:
            raise OSError(errno.EEXIST, name)
        number, key = self.tree.take_number(), self.tree.next_key
        operation = Operation(
            "make", key, _now(), parent, name, number=number, mode=mode, uid=self._uid, gid=self._gid, data=data
        )
        self._do(operation)
        return self.tree.inodes[key]

    def _mkdir(self, node: int, body: bytes) -> bytes:
        mode, umask = protocol.MKDIR_IN.unpack_from(body)
        return self._entry(self._made(node, body[protocol.MKDIR_IN.size :], stat.S_IFDIR | (mode & ~umask)))

    def _mknod(self, node: int, body: bytes) -> bytes:
        mode, _device, umask, _padding = protocol.MKNOD_IN.unpack_from(body)
        mode = stat.S_IFMT(mode) | (stat.S_IMODE(mode) & ~umask)
        return self._entry(self._made(node, body[protocol.MKNOD_IN.size :], mode))

    def _symlink(self, node: int, body: bytes) -> bytes:
        name, target = body.split(b"\0")[:2]
        return self._entry(self._made(node, name, stat.S_IFLNK | 0o777, target))

    def _create(self, node: int, body: bytes) -> bytes:
        _flags, mode, umask, _more = protocol.CREATE_IN.unpack_from(body)
        inode = self._made(node, body[protocol.CREATE_IN.size :], stat.S_IFREG | stat.S_IMODE(mode) & ~umask)
        return self._entry(inode) + self._open(inode.key, b"")

    def _link(self, node: int, body: bytes) -> bytes:
        (key,) = protocol.LINK_IN.unpack_from(body)
        name = _text(body[protocol.LINK_IN.size :])
        if name in self.tree.inodes[node].entries:
            raise OSError(errno.EEXIST, name)
        inode = self.tree.inodes[key]
        self._do(Operation("link", key, _now(), node, name))
        return self._entry(inode)

    def _unlink(self, node: int, body: bytes) -> bytes:
        inode = self.tree.find(node, _text(body))
        if inode.is_folder:
            raise OSError(errno.EISDIR, _text(body))
        self._do(Operation("unlink", inode.key, _now(), node, _text(body)))
        self.tree.forget(inode.key)
        return b""

    def _rmdir(self, node: int, body: bytes) -> bytes:
        inode = self.tree.find(node, _text(body))
        if inode.entries:
            raise OSError(errno.ENOTEMPTY, _text(body))
        self._do(Operation("unlink", inode.key, _now(), node, _text(body)))
        self.tree.forget(inode.key)
        return b""

    def _rename(self, node: int, body: bytes) -> bytes:
        (folder,) = protocol.RENAME_IN.unpack_from(body)
        return self._moved(node, folder, body[protocol.RENAME_IN.size :], 0)

    def _rename2(self, node: int, body: bytes) -> bytes:
        folder, flags, _padding = protocol.RENAME2_IN.unpack_from(body)
        if flags & ~_NOREPLACE:
            raise OSError(errno.EINVAL, "rename flags")
        return self._moved(node, folder, body[protocol.RENAME2_IN.size :], flags)

    def _moved(self, node: int, folder: int, names: bytes, flags: int) -> bytes:
        old, new = (raw.decode("utf-8", "surrogateescape") for raw in names.split(b"\0")[:2])
        inode = self.tree.find(node, old)
        replaced = self.tree.inodes[folder].entries.get(new, 0)
        if replaced and flags & _NOREPLACE:
            raise OSError(errno.EEXIST, new)
        if replaced == inode.key:
            return b""
        if replaced and self.tree.inodes[replaced].entries:
            raise OSError(errno.ENOTEMPTY, new)
        self._do(Operation("rename", inode.key, _now(), node, old, new_parent=folder, new_name=new, replaced=replaced))
        self.tree.forget(replaced)
        return b""

    def _setattr(self, node: int, body: bytes) -> bytes:
        values = protocol.SETATTR_IN.unpack_from(body)
        valid, size, atime, mtime = values[0], values[3], values[5], values[6]
        atime_ns, mtime_ns, mode, uid, gid = values[8], values[9], values[11], values[13], values[14]
        now = _now()
        if valid & protocol.SET_SIZE:
            self._do(Operation("truncate", node, now, offset=size))
        changes: dict[str, int] = {}
        if valid & protocol.SET_MODE:
            changes["mode"] = mode
        if valid & protocol.SET_UID:
            changes["uid"] = uid
        if valid & protocol.SET_GID:
            changes["gid"] = gid
        if valid & protocol.SET_ATIME:
            changes["atime"] = now if valid & protocol.SET_ATIME_NOW else atime * 10**9 + atime_ns
        if valid & protocol.SET_MTIME:
            changes["mtime"] = now if valid & protocol.SET_MTIME_NOW else mtime * 10**9 + mtime_ns
        if changes:
            self._do(Operation("attributes", node, now, **changes))
        return self._getattr(node, b"")

    def _write(self, node: int, body: bytes, *, short: bool = False) -> bytes:
        _handle, offset, size, *_rest = protocol.WRITE_IN.unpack_from(body)
        data = body[protocol.WRITE_IN.size : protocol.WRITE_IN.size + size]
        if short:
            data = data[: len(data) // 2]
        self._do(Operation("write", node, _now(), offset=offset, data=data))
        return protocol.WRITE_OUT.pack(len(data), 0)

    def _fsync(self, node: int, body: bytes) -> bytes:
        self.log.append(Operation("sync", node))
        return b""

    _fsyncdir = _fsync

    def _syncfs(self, node: int, body: bytes) -> bytes:
        self.log.append(Operation("sync all"))
        return b""

    def _setxattr(self, node: int, body: bytes) -> bytes:
        raise OSError(errno.EOPNOTSUPP, "attributes")

    # ── looking ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _init(self, node: int, body: bytes) -> bytes:
        _major, _minor, readahead, flags = protocol.INIT_IN.unpack_from(body)
        most = protocol.MOST_BYTES
        return protocol.INIT_OUT.pack(7, 31, readahead, flags & protocol.BIG_WRITES, 12, 9, most, 1, 0, 0, 0)

    def _lookup(self, node: int, body: bytes) -> bytes:
        return self._entry(self.tree.find(node, _text(body)))

    def _getattr(self, node: int, body: bytes) -> bytes:
        inode = self.tree.inodes[node]
        return protocol.ATTR_OUT.pack(0, 0, 0) + protocol.attributes(inode, self.tree.links(inode))

    def _readlink(self, node: int, body: bytes) -> bytes:
        return bytes(self.tree.inodes[node].data)

    def _open(self, node: int, body: bytes) -> bytes:
        inode = self.tree.inodes[node]
        inode.opened += 1
        # What is mapped by several programs must not be read anew whenever one of them opens it.
        mapped = any(name.endswith("-shm") for name in _names(self.tree, node))
        self._handle += 1
        return protocol.OPEN_OUT.pack(self._handle, protocol.KEEP_CACHE if mapped else 0, 0)

    def _read(self, node: int, body: bytes) -> bytes:
        _handle, offset, size, _flags = protocol.READ_IN.unpack_from(body)
        return bytes(self.tree.inodes[node].data[offset : offset + size])

    def _flush(self, node: int, body: bytes) -> bytes:
        return b""

    def _release(self, node: int, body: bytes) -> bytes:
        self.tree.inodes[node].opened -= 1
        self.tree.forget(node)
        return b""

    def _opendir(self, node: int, body: bytes) -> bytes:
        self._handle += 1
        found = [(self.tree.inodes[key], name) for name, key in self.tree.inodes[node].entries.items()]
        self._listings[self._handle] = [(inode.number, name, inode.mode) for inode, name in found]
        return protocol.OPEN_OUT.pack(self._handle, 0, 0)

    def _readdir(self, node: int, body: bytes) -> bytes:
        handle, offset, size, _flags = protocol.READ_IN.unpack_from(body)
        answer = b""
        for place, (number, name, mode) in enumerate(self._listings[handle][offset:], offset + 1):
            line = protocol.directory_entry(number, place, name, mode)
            if len(answer) + len(line) > size:
                break
            answer += line
        return answer

    def _releasedir(self, node: int, body: bytes) -> bytes:
        del self._listings[protocol.READ_IN.unpack_from(body)[0]]
        return b""

    def _statfs(self, node: int, body: bytes) -> bytes:
        return protocol.STATFS_OUT.pack(1 << 24, 1 << 23, 1 << 23, 1 << 20, 1 << 19, 4096, 255, 4096, 0)

    def _destroy(self, node: int, body: bytes) -> bytes:
        return b""


def _text(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("utf-8", "surrogateescape")


def _names(tree: Tree, key: int) -> list[str]:
    return [name for inode in tree.inodes.values() for name, found in inode.entries.items() if found == key]


def _now() -> int:
    """The clock that ext4 and xfs took for change times before Linux 6.13: it moves a few times in a hundredth."""
    return time.clock_gettime_ns(_CLOCK_REALTIME_COARSE)


def main(mountpoint: str, tree: str = "") -> None:
    """Mount, say so, serve."""
    server = Server(mountpoint, pickle.loads(Path(tree).read_bytes()) if tree else Tree())
    print("mounted", flush=True)
    server.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
