"""Files of titles: their types, kinds and cache rules, opening them safely, and what a request gets of them.

Everything that touches the disk blocks and is called in a worker thread.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from backend_stub.edge.answer import RequestConditions, ServedFile, decide
from backend_stub.problems import ProblemError
from backend_stub.titles import LIVE, VARIANTS

CHUNK_BYTES = 512 << 10  # most segments whole: each piece costs a change of threads
IMMUTABLE = "public, max-age=31536000, immutable"  # a published file never changes
MANIFEST_CACHE = "public, max-age=10"
CONTENT_TYPES = {
    ".mpd": "application/dash+xml",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".ts": "video/mp2t",
    ".webm": "video/webm",
    ".vtt": "text/vtt",
    ".ttml": "application/ttml+xml",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".png": "image/png",
    ".key": "application/octet-stream",
}
_KINDS = {
    ".mpd": "manifest",
    ".m3u8": "manifest",
    ".vtt": "text",
    ".ttml": "text",
    ".jpg": "image",
    ".png": "image",
    ".key": "key",
}


@dataclass(slots=True)
class Reply:
    """A decided answer with its first piece already read; ``descriptor`` is open while there is more to read."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    first: bytes = b""
    descriptor: int | None = None
    position: int = 0
    left: int = 0

    def read_on(self) -> bytes:
        """The next piece."""
        if self.descriptor is None:
            return b""
        piece = os.pread(self.descriptor, min(CHUNK_BYTES, self.left), self.position)
        if not piece:
            raise OSError("the file became shorter while it was sent")
        self.position += len(piece)
        self.left -= len(piece)
        return piece

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


def kind_of(path: str) -> str:
    """The request kind that a fault rule names, by the file's name."""
    name = PurePosixPath(path)
    kind = _KINDS.get(name.suffix.lower())
    return kind or ("init" if "init" in name.stem.lower() else "segment")


def locate(media_dir: Path, path: str, title_id: str) -> Path:
    """The file behind ``/<title id>/<variant>/...``. Raises as :func:`parts_of`."""
    return media_dir.joinpath(*parts_of(path, title_id, (*VARIANTS, LIVE)))


def parts_of(path: str, title_id: str, variants: Collection[str]) -> list[str]:
    """The names in ``/<title id>/<variant>/...``.

    Raises :class:`ProblemError` 404 for anything else, 403 for another title than ``title_id``.
    """
    parts = path.removeprefix("/").split("/")
    if any(part in {"", ".", ".."} or "\0" in part or "\\" in part for part in parts):
        raise _not_found()
    if parts[0] != title_id:
        raise ProblemError(403, "bad_signature", "The address is not signed for this title.")
    if len(parts) < 3 or parts[1] not in variants:
        raise _not_found()
    return parts


def begin(path: Path, conditions: RequestConditions, *, head: bool) -> Reply:
    """Open ``path``, decide the answer and read its first piece. Raises :class:`ProblemError` 404."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise _not_found() from error
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise _not_found()
        answer = decide(_facts_of(path, facts), conditions)
        reply = Reply(answer.status, answer.headers, position=answer.span.start, left=answer.span.length)
        if reply.left and not head:
            reply.descriptor = descriptor
            reply.first = reply.read_on()
    except BaseException:
        os.close(descriptor)
        raise
    if reply.descriptor is None or reply.left == 0:
        os.close(descriptor)
        reply.descriptor = None
    return reply


def _facts_of(path: Path, found: os.stat_result) -> ServedFile:
    suffix = path.suffix.lower()
    return ServedFile(
        size=found.st_size,
        content_type=CONTENT_TYPES.get(suffix, "application/octet-stream"),
        cache_control=MANIFEST_CACHE if _KINDS.get(suffix) == "manifest" else IMMUTABLE,
        etag=f'"{found.st_mtime_ns:x}-{found.st_size:x}"',
        modified_at=found.st_mtime,
    )


def _not_found() -> ProblemError:
    return ProblemError(404, "file_not_found", "There is no such file.")
