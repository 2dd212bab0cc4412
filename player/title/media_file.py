"""A media file of the viewer's own: what it is, and how it is known again under another name.

:func:`kind_of` is pure; :func:`inspect` reads a few kilobytes of the file and blocks for the disk.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from player.base.errors import ErrorCode, InputError, MediaError
from player.base.file_names import readable
from player.base.files import open_regular
from player.media.matroska_length import tells_length

_SAMPLE_BYTES = 64 * 1024
_SNIFFED = 4096


def _suffixes(words: str) -> frozenset[str]:
    return frozenset(f".{word}" for word in words.split())


VIDEO_SUFFIXES = _suffixes(
    "3g2 3gp asf avi divx dv f4v flv h264 h265 hevc ivf m2ts m2v m4v mk3d mkv mov mp4 mpeg mpg mts mxf nut obu ogm"
    " ogv qt rm rmvb ts vob webm wmv y4m"
)
AUDIO_SUFFIXES = _suffixes(
    "aac ac3 aif aifc aiff amr ape au caf dsf dts eac3 flac m4a m4b mka mp2 mp3 oga ogg opus ra thd tta w64 wav weba"
    " wma wv"
)
_UNINDEXED = _suffixes("ts m2ts mts mpg mpeg m2v vob h264 h265 hevc obu avi divx")
MEDIA_SUFFIXES = VIDEO_SUFFIXES | AUDIO_SUFFIXES
"""Names of files that libmpv is asked to play."""

_MANIFEST_SUFFIXES = _suffixes("m3u8 m3u mpd ism isml")
_LEAST_HEAD = 32  # bytes; whatever is shorter is no film
_OTHER_TEXT = (b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b")  # byte order marks of UTF-16 and UTF-32, and gzip
_OTHER_FILES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"%PDF", b"\x7fELF")
"""How still pictures, archives, documents and programs start: nobody meant to play one of these."""
_TS_SYNC, _TS_PACKET = 0x47, 188
_EBML = b"\x1a\x45\xdf\xa3"
_TEXT = re.compile(rb"\A[\t\n\r\x20-\x7e\x80-\xff]*\Z")
# What begins so is a list of other files, or a description of one, under whatever name.
_LISTS = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:\#EXT|\#EDL|\#\s?mpv\s+EDL|mpv\s+EDL|ffconcat\s+version|file\s+['\"/\w]|\[playlist\]"
    rb"|\[reference\]|<asx|<smil|<\?xml|<MPD|<playlist|<SmoothStreaming|;FFMETADATA|REM\s|FILE\s+\"|v=0\s*\r?\n|\#\!)",
    re.IGNORECASE,
)
_ADDRESS_LINE = re.compile(rb"(?m)^[ \t]*(?:[A-Za-z][A-Za-z0-9+.\-]{1,20}://|/|\.\.?/)\S")


class MediaFileKind(StrEnum):
    """``MATROSKA`` has a demuxer of libmpv's own; ``OTHER`` is for FFmpeg's. ``LIST`` names other files."""

    MATROSKA = "matroska"
    OTHER = "other"
    LIST = "list"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file of this machine (``path``), or of a web server (``url``), that libmpv plays by itself."""

    path: Path | None = None
    url: str = ""

    @property
    def name(self) -> str:
        """Its name with its ending."""
        return self.path.name if self.path is not None else unquote(PurePosixPath(urlsplit(self.url).path).name)

    @property
    def stem(self) -> str:
        """Its name for people."""
        return readable(PurePosixPath(self.name).stem or self.name) or "File"


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a first look at a file found. ``identity`` is the same under every name; empty where it is not known.
    ``start`` stands for its first bytes."""

    kind: MediaFileKind
    identity: str
    size: int
    indexed: bool = True  # it says where its pictures are
    start: str = ""
    tells_length: bool = True


def kind_of(head: bytes) -> MediaFileKind:
    """What a file is that begins with ``head``."""
    if not head.strip(b"\0 \t\r\n") and len(head) < _SNIFFED:
        return MediaFileKind.EMPTY
    if head.startswith(_EBML):
        return MediaFileKind.MATROSKA
    if _LISTS.match(head):
        return MediaFileKind.LIST
    if _TEXT.match(head) and _ADDRESS_LINE.search(head):
        return MediaFileKind.LIST
    return MediaFileKind.OTHER


def checked(kind: MediaFileKind, name: str) -> MediaFileKind:
    """``kind`` where it can be played. Raises MediaError for a list of other files, and for nothing at all."""
    if kind is MediaFileKind.LIST:
        raise MediaError(
            ErrorCode.MEDIA_UNSUPPORTED, "This file is a list of other files, not a film, so it is not opened."
        )
    if kind is MediaFileKind.EMPTY:
        raise MediaError(ErrorCode.MEDIA_DAMAGED, f"There is nothing in {readable(name) or 'this file'}.")
    return kind


def is_media_name(name: str) -> bool:
    """Whether a file is called as media files are."""
    return PurePosixPath(name).suffix.casefold() in MEDIA_SUFFIXES


def is_indexed(name: str, head: bytes) -> bool:
    """Whether a file says where its pictures are: not where it is called, or begins, as those that do not."""
    is_ts = len(head) > _TS_PACKET and head[0] == head[_TS_PACKET] == _TS_SYNC
    return not is_ts and PurePosixPath(name).suffix.casefold() not in _UNINDEXED


def says_length(kind: MediaFileKind, head: bytes) -> bool:
    """Whether a file that begins with ``head`` may say how long it is."""
    return kind is not MediaFileKind.MATROSKA or tells_length(head)


def is_media_address(url: str) -> bool:
    """Whether an address of the web leads to a file that is called as media files are."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and is_media_name(unquote(parts.path))


def inspect(path: Path) -> Inspected:
    """A first look at a local file. Raises InputError for what is no readable file, MediaError for a list."""
    try:
        with open(path, "rb", opener=open_regular) as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(_SAMPLE_BYTES)
            file.seek(max(len(head), size - _SAMPLE_BYTES))
            tail = file.read(_SAMPLE_BYTES)
    except OSError as error:
        raise InputError(
            ErrorCode.INPUT_FILE, f"{readable(path.name)}: {error.strerror or 'it cannot be read'}."
        ) from error
    kind = checked(kind_of(head[:_SNIFFED]), path.name)
    start = hashlib.sha256(head).hexdigest()[:32] if size > _SAMPLE_BYTES else ""
    return Inspected(
        kind, identity_of(size, head, tail), size, is_indexed(path.name, head), start, says_length(kind, head)
    )


def identity_of(size: int, head: bytes, tail: bytes) -> str:
    """A file is the same one under another name or on another disk: its size, its start and its end say so."""
    digest = hashlib.sha256(f"{size}\n".encode())
    digest.update(head)
    digest.update(tail)
    return digest.hexdigest()[:32]


def may_be_media(url: str) -> bool:
    """Whether an address of the web tells neither that it leads to a media file nor that it leads to a manifest."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    name = PurePosixPath(unquote(parts.path)).name.casefold()
    is_manifest = PurePosixPath(name).suffix in _MANIFEST_SUFFIXES or name.startswith("manifest")
    return parts.scheme in ("http", "https") and not is_manifest and not is_media_name(name)


def is_media_head(head: bytes) -> bool:
    """Whether what starts with ``head`` can only be a media file.

    Manifests, and pages that say what is wrong, are text. Still pictures, archives and documents are no media either.
    """
    known = head.startswith((*_OTHER_TEXT, *_OTHER_FILES)) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
    return len(head) >= _LEAST_HEAD and not _TEXT.match(head) and not known


def address_identity(url: str) -> str:
    """The identity of a file of the web: its address without what may be signed. Where the name is no file's, the
    rest of the address may be what tells files apart."""
    parts = urlsplit(url)
    query = "" if is_media_name(unquote(parts.path)) else f"?{parts.query}"
    place = f"{parts.scheme}://{parts.hostname}:{parts.port}{parts.path}{query}"
    return hashlib.sha256(place.encode()).hexdigest()[:32]


def public_address(url: str) -> str:
    """An address without what may be secret in it; empty where it would lead nowhere without that."""
    parts = urlsplit(url)
    return "" if parts.query or parts.username else url


def media_of_folder(folder: Path, most: int) -> tuple[Path, ...]:
    """The media files of a folder as people count them ("2" before "10"). Raises InputError."""
    try:
        found = [path for path in folder.iterdir() if is_media_name(path.name) and path.is_file()]
    except OSError as error:
        raise InputError(
            ErrorCode.INPUT_FILE, f"{readable(folder.name)}: {error.strerror or 'it cannot be read'}."
        ) from error
    found = [path for path in found if not path.name.startswith(".")]
    return tuple(sorted(found, key=lambda path: natural_key(path.name))[:most])


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which names sort as people count: numbers by their value."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)
