"""A mounted share that can stop answering, as a server that went away: FUSE (``linux/fuse.h``) of a flat folder
that is only read. It needs the right to mount.

``python -m tests.kit.hanging_share FOLDER HANDLE`` serves; :class:`HangingShare` mounts, and has that process stop.
It stops between two requests: Linux ends nobody who waits for a request that a server has taken, not even with
SIGKILL.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import signal
import stat
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_LOOKUP, _FORGET, _GETATTR, _OPEN, _READ, _RELEASE, _INIT = 1, 2, 3, 14, 15, 18, 26
_OPENDIR, _READDIR, _RELEASEDIR, _INTERRUPT, _BATCH_FORGET = 27, 28, 29, 36, 42
_HEADER = struct.Struct("<IIQQIIII")
_SILENT = (_FORGET, _INTERRUPT, _BATCH_FORGET)
_LONGEST = (1 << 20) + 4096
_DETACH = 2  # MNT_DETACH
_STOP = b"."
_NO_FLUSH = 1 << 5  # FOPEN_NOFLUSH: closing a file asks nothing
_LIBC = ctypes.CDLL(None, use_errno=True)


def can_mount() -> bool:
    """Whether a share can be made here."""
    return sys.platform == "linux" and os.geteuid() == 0 and os.access("/dev/fuse", os.R_OK | os.W_OK)


class HangingShare:
    """``folder`` mounted at ``place``. Between :meth:`hang` and :meth:`answer` nothing is answered."""

    def __init__(self, folder: Path, place: Path) -> None:
        self._place = place
        place.mkdir()
        handle = os.open("/dev/fuse", os.O_RDWR | os.O_NONBLOCK)
        options = f"fd={handle},rootmode=40000,user_id=0,group_id=0"
        if _LIBC.mount(b"hanging", str(place).encode(), b"fuse.hanging", 0, options.encode()):
            os.close(handle)
            raise OSError(ctypes.get_errno(), "the share cannot be mounted")
        command = [sys.executable, "-m", "tests.kit.hanging_share", str(folder), str(handle)]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(handle,))
        os.close(handle)

    def hang(self) -> None:
        """From now on whoever reads waits."""
        assert self._server.stdin is not None
        self._server.stdin.write(_STOP)
        self._server.stdin.flush()
        os.waitid(os.P_PID, self._server.pid, os.WSTOPPED)

    def answer(self) -> None:
        """The server is back."""
        self._server.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.answer()
        _LIBC.umount2(str(self._place).encode(), _DETACH)
        self._server.kill()  # whoever still waits gets an error
        self._server.communicate()


def something_waits(process: int | str = "self") -> bool:
    """Whether a thread waits for the share's server."""
    return any(
        "request_wait_answer" in (each / "wchan").read_text() for each in Path(f"/proc/{process}/task").iterdir()
    )


def serve(folder: Path, handle: int) -> None:
    """Answer the kernel until the share is unmounted, and stop when told so on the standard input."""
    names = [entry.name for entry in folder.iterdir()]
    files = {number: folder / name for number, name in enumerate(names, 2)}
    while True:
        told, _, _ = select.select([0, handle], [], [])
        if 0 in told and os.read(0, len(_STOP)):
            os.kill(os.getpid(), signal.SIGSTOP)
            continue
        try:
            request = os.read(handle, _LONGEST)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR, errno.EAGAIN):
                continue
            return  # unmounted
        _, opcode, unique, node, *_ = _HEADER.unpack_from(request)
        if opcode in _SILENT:
            continue
        answer = _answer(opcode, node, request[_HEADER.size :], files)
        body, code = (b"", answer) if isinstance(answer, int) else (answer, 0)
        with suppress(FileNotFoundError):  # who asked was ended meanwhile
            os.write(handle, struct.pack("<IiQ", 16 + len(body), -code, unique) + body)


def _answer(opcode: int, node: int, body: bytes, files: dict[int, Path]) -> bytes | int:
    if opcode == _INIT:
        major, minor, ahead, _ = struct.unpack_from("<IIII", body)
        return struct.pack("<IIIIHHIIHHI28x", major, min(minor, 31), ahead, 0, 12, 9, 1 << 16, 1, 0, 0, 0)
    if opcode == _LOOKUP:
        name = os.fsdecode(body.rstrip(b"\0"))
        found = next((number for number, path in files.items() if path.name == name), None)
        return (
            errno.ENOENT
            if found is None
            else struct.pack("<QQQQII", found, 0, 60, 60, 0, 0) + _attributes(found, files)
        )
    if opcode == _GETATTR:
        return struct.pack("<QII", 60, 0, 0) + _attributes(node, files)
    if opcode in (_OPEN, _OPENDIR):
        return struct.pack("<QII", 0, _NO_FLUSH, 0)
    if opcode == _READ:
        _, offset, size = struct.unpack_from("<QQI", body)
        with files[node].open("rb") as file:
            file.seek(offset)
            return file.read(size)
    if opcode == _READDIR:
        _, offset, _ = struct.unpack_from("<QQI", body)
        return b"" if offset else b"".join(_entry(number, path) for number, path in files.items())
    return b"" if opcode in (_RELEASE, _RELEASEDIR) else errno.ENOSYS


def _attributes(node: int, files: dict[int, Path]) -> bytes:
    size, mode = (0, stat.S_IFDIR | 0o755) if node == 1 else (files[node].stat().st_size, stat.S_IFREG | 0o644)
    return struct.pack("<6Q10I", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def _entry(number: int, path: Path) -> bytes:
    name = os.fsencode(path.name)
    return struct.pack("<QQII", number, number, len(name), 8) + name + bytes(-len(name) % 8)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
