"""Files that want a player to open something else, and a look at whether it did."""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from backend_stub.encoding import tools

IN_OPEN = 0x20
_NONBLOCK = 0x800


class Opened:
    """What is opened in folders while the ``with`` block lasts (inotify), by any process and through any library."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._libc = ctypes.CDLL(None, use_errno=True)

    def __enter__(self) -> Self:
        self._handle = self._libc.inotify_init1(_NONBLOCK)
        assert self._handle >= 0
        for folder in self._folders:
            assert self._libc.inotify_add_watch(self._handle, os.fsencode(folder), IN_OPEN) >= 0
        return self

    def __exit__(self, *_exc: object) -> None:
        os.close(self._handle)

    def names(self) -> set[str]:
        """The files that have been opened since the last call."""
        found: set[str] = set()
        while True:
            try:
                events = os.read(self._handle, 65536)
            except BlockingIOError:
                return found
            at = 0
            while at < len(events):
                length = struct.unpack_from("=I", events, at + 12)[0]
                name = events[at + 16 : at + 16 + length].split(b"\0", 1)[0].decode()
                if name:
                    found.add(name)
                at += 16 + length


@dataclass(frozen=True)
class World:
    """``canary`` must not be opened, nor ``url`` be asked for; ``film`` is a good Matroska file, ``movie`` an MP4."""

    canary: Path
    url: str
    film: Path
    movie: Path


def make_films(folder: Path) -> tuple[Path, Path]:
    """Two seconds of picture and sound as Matroska and as MP4."""
    film, movie = folder / "good.mkv", folder / "good.mp4"
    command = [str(tools.locate().ffmpeg), "-v", "error", "-nostdin", "-y", "-f", "lavfi"]
    command += ["-i", "testsrc2=s=64x36:r=10:d=2", "-f", "lavfi", "-i", "sine=d=2"]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    for path in (film, movie):
        subprocess.run([*command, str(path)], check=True, capture_output=True)
    return film, movie


def _text(text: str) -> Callable[[World, Path], None]:
    def make(world: World, path: Path) -> None:
        path.write_text(text.format(canary=world.canary, url=world.url), encoding="utf-8")

    return make


# --- Matroska


def _element(id_: int, body: bytes) -> bytes:
    name = id_.to_bytes((id_.bit_length() + 7) // 8, "big")
    return name + (len(body) | 1 << 56).to_bytes(8, "big") + body


def _number(id_: int, value: int) -> bytes:
    return _element(id_, value.to_bytes(8, "big"))


def elements_of(data: bytes) -> tuple[bytes, list[tuple[int, bytes]]]:
    """The EBML head of a file, and the elements of its Segment."""
    from drm_client.ebml import UNKNOWN_SIZE, read_element

    head = read_element(data, 0, len(data))
    segment = read_element(data, head.body + head.size, len(data))
    end = len(data) if segment.size == UNKNOWN_SIZE else segment.body + segment.size
    at, found = segment.body, []
    while at < end:
        element = read_element(data, at, len(data))
        found.append((element.id, data[at : element.body + element.size]))
        at = element.body + element.size
    return data[: head.body + head.size], found


SEGMENT, CLUSTER, SEEK_HEAD, CUES = 0x18538067, 0x1F43B675, 0x114D9B74, 0x1C53BB6B


def with_element(source: Path, path: Path, extra: bytes) -> None:
    """A copy of a Matroska file with one more element before its first Cluster."""
    head, elements = elements_of(source.read_bytes())
    kept = [(id_, raw) for id_, raw in elements if id_ not in (SEEK_HEAD, CUES)]
    before = b"".join(raw for id_, raw in kept if id_ != CLUSTER)
    path.write_bytes(head + _element(SEGMENT, before + extra + b"".join(raw for id_, raw in kept if id_ == CLUSTER)))


def _ordered_chapters(world: World, path: Path) -> None:
    """Editions whose chapters are in another file, which lies beside this one."""
    uid = bytes(range(16))
    chapter = _element(
        0xB6,
        _number(0x73C4, 1)
        + _number(0x91, 0)
        + _number(0x92, 1_000_000_000)
        + _number(0x98, 0)
        + _number(0x4598, 1)
        + _element(0x6E67, uid),
    )
    edition = _element(0x45B9, _number(0x45BC, 7) + _number(0x45DB, 1) + _number(0x45DD, 1) + chapter)
    with_element(world.film, path, _element(0x1043A770, edition))
    other, elements = elements_of(world.film.read_bytes())
    info = next(raw for id_, raw in elements if id_ == 0x1549A966)
    from drm_client.ebml import read_element

    body = read_element(info, 0, len(info)).body
    renamed = _element(0x1549A966, info[body:] + _element(0x73A4, uid))
    rest = b"".join(raw for id_, raw in elements if id_ not in (SEEK_HEAD, CUES, 0x1549A966))
    (path.parent / "canary-chapters.mkv").write_bytes(other + _element(SEGMENT, renamed + rest))


def fonts(size: int) -> bytes:
    """Attachments that hold one font of so many bytes."""
    file = _element(0x466E, b"big.ttf") + _element(0x4660, b"application/x-truetype-font")
    file += _element(0x465C, bytes(size)) + _number(0x46AE, 5)
    return _element(0x1941A469, _element(0x61A7, file))


# --- QuickTime


def _alias(world: World) -> bytes:
    """A Macintosh alias record with an absolute path, as QuickTime's reference movies have it."""
    place = str(world.canary).encode()
    record = bytes(10) + bytes([0]) + bytes(27) + bytes(12) + bytes([6]) + b"canary".ljust(63, b"\0")
    record += bytes(16) + struct.pack(">hh", 1, 1) + bytes(16)
    record += struct.pack(">hh", 2, len(place) + len(place) % 2) + place + b"\0" * (len(place) % 2)
    record += struct.pack(">hh", -1, 0)
    return struct.pack(">I4sI", 12 + len(record), b"alis", 0) + record


_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"dinf")


def _with_reference(data: bytes, entry: bytes) -> bytes:
    """The boxes of ``data`` with the data reference of every track replaced."""
    at, made = 0, b""
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        size = size or len(data) - at
        body = data[at + 8 : at + size]
        if kind in _CONTAINERS:
            body = _with_reference(body, entry)
        elif kind == b"dref":
            body = struct.pack(">II", 0, 1) + entry
        made += struct.pack(">I4s", 8 + len(body), kind) + body
        at += size
    return made


def _external_reference(world: World, path: Path) -> None:
    path.write_bytes(_with_reference(world.movie.read_bytes(), _alias(world)))


def _beside(world: World, path: Path) -> None:
    """A good film with everything beside it that players like to pick up."""
    path.write_bytes(world.movie.read_bytes())
    for suffix in (".srt", ".ass", ".mka", ".m4a", ".conf", ".mp4.conf", ".jpg", ".lua"):
        (path.parent / f"{path.stem}{suffix}").write_bytes(world.movie.read_bytes())
    (path.parent / "cover.jpg").write_bytes(b"\xff\xd8\xff\xe0")


def _vobsub(world: World, path: Path) -> None:
    path.write_text("# VobSub index file, v7\nsize: 720x576\ntimestamp: 00:00:01:000, filepos: 000000000\n")
    path.with_suffix(".sub").write_bytes(b"\0\0\1\xba" + bytes(2048))


def _pipe(world: World, path: Path) -> None:
    os.mkfifo(path)


def _device(world: World, path: Path) -> None:
    path.symlink_to("/dev/zero")


HOSTILE: Mapping[str, Callable[[World, Path], None]] = {
    "m3u under the name of a film.mp4": _text("#EXTM3U\n#EXTINF:-1,x\n{canary}\n#EXTINF:-1,y\n{url}\n"),
    "plain list of files.mkv": _text("{canary}\n{url}\n"),
    "pls.avi": _text("[playlist]\nFile1={canary}\nFile2={url}\nNumberOfEntries=2\nVersion=2\n"),
    "cue sheet.flac": _text('REM GENRE x\nFILE "{canary}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n'),
    "edit list.mkv": _text("# mpv EDL v0\n{canary}\n{url},0,2\n"),
    "edit list in one line.mp4": _text("mpv EDL v0 \n{canary}\n"),
    "hls.mp4": _text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{url}\n#EXTINF:2,\nfile://{canary}\n#EXT-X-ENDLIST\n"
    ),
    "hls master.ts": _text("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\n{url}\n"),
    "dash.webm": _text(
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT2S">'
        "<Period><AdaptationSet mimeType='video/mp4'><Representation id='1' bandwidth='1'><BaseURL>{url}</BaseURL>"
        "<SegmentBase/></Representation></AdaptationSet></Period></MPD>"
    ),
    "concat.mov": _text("ffconcat version 1.0\nfile '{canary}'\nfile '{url}'\n"),
    "concat without a head.mov": _text("file {canary}\n"),
    "asx.wmv": _text('<asx version="3.0"><entry><ref href="{url}"/></entry></asx>'),
    "real media metafile.rm": _text("{url}\nfile://{canary}\n"),
    "quicktime link.mov": _text(
        '<?xml version="1.0"?><?quicktime type="application/x-quicktime-media-link"?><embed src="{url}"/>'
    ),
    "session description.mp4": _text(
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"
    ),
    "vobsub index.mpg": _vobsub,
    "ordered chapters.mkv": _ordered_chapters,
    "external reference.mov": _external_reference,
    "everything beside it.mp4": _beside,
    "pattern%03d.mp4": _text("P6\n{canary}\n"),
    "a pipe.mp4": _pipe,
    "a device.mkv": _device,
}
"""By the name under which each is opened."""

PLAYS = frozenset({"ordered chapters.mkv", "everything beside it.mp4"})
"""These are films, too, and play."""
EMPTY = frozenset({"external reference.mov"})
"""What libmpv opens without an error, and there is nothing in it then."""
