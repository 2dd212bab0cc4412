"""What ``matinee decrypt`` is given: keys, and HLS playlists on this machine with what they say of their segments."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from drm_client.files import SegmentKey
from drm_client.hls_aes import media_sequence_iv, whole_segment_methods
from drm_client.hls_identity import read_key
from drm_client.keys import KeyRing
from player.base.errors import ErrorCode, InputError, ManifestError
from player.manifest.hls.build import parse_hls
from player.manifest.hls.media import parse_media
from player.manifest.model import ByteRange, InitSegment, KeyInfo, PlaylistRef, Segment, TrackType
from ui.cli.decrypt_trial import find_sample_key, find_segment_key

PICTURES_AND_SOUND = frozenset({TrackType.VIDEO, TrackType.AUDIO})
_PLAYLIST_SUFFIXES = (".m3u8", ".m3u")
_MAX_NEIGHBOURS = 64
_MAX_PLAYLIST_BYTES = 64 << 20


class KnownKeys:
    """The keys of the command line: a ring for material that names key IDs, and single values for what does not."""

    def __init__(self) -> None:
        self.ring = KeyRing()
        self._values: list[tuple[bytes | None, bytes]] = []

    def add(self, kid: bytes | None, key: bytes) -> None:
        """A key for ``kid``, or (None) for every key ID without one of its own."""
        self._values.append((kid, key))
        if kid is None:
            self.ring.set_default(key)
        else:
            self.ring.add(kid, key)

    def kids(self) -> list[bytes]:
        return [kid for kid, _ in self._values if kid is not None]

    def values(self) -> list[bytes]:
        """All keys, in the order given."""
        return [key for _, key in self._values]

    def of(self, kid: bytes | None) -> bytes | None:
        """The key that was given for this very key ID."""
        return next((key for known, key in self._values if kid is not None and known == kid), None)

    @property
    def are_several(self) -> bool:
        return len(set(self.values())) > 1

    def only(self) -> bytes:
        """The key for material without key IDs. Raises :class:`InputError` where there are several."""
        if len({key for _, key in self._values}) != 1:
            raise InputError(
                ErrorCode.INPUT_USAGE, "This material names no key ID: give exactly one key for it with --key."
            )
        return self._values[0][1]

    def named_in(self, uri: str) -> bytes | None:
        """The key whose ID stands in a key URI (as text, or as what a data: URI holds), if there is one."""
        text, held = uri.lower().replace("-", ""), _data_of(uri)
        named = (key for kid, key in self._values if kid is not None and (kid.hex() in text or kid in held))
        return next(named, None)


@dataclass(frozen=True, slots=True)
class InputPart:
    """An init or media segment of a local playlist, with its key."""

    path: Path
    byte_range: ByteRange | None
    key: SegmentKey | None
    is_media: bool

    def read(self) -> bytearray:
        """Its bytes. Raises :class:`InputError`."""
        try:
            with self.path.open("rb") as file:
                if self.byte_range is None:
                    return bytearray(file.read())
                file.seek(self.byte_range.start)
                data = bytearray(file.read(-1 if self.byte_range.length is None else self.byte_range.length))
        except OSError as error:
            raise InputError(
                ErrorCode.INPUT_FILE, f"{self.path} cannot be read: {error.strerror or 'it is no file'}."
            ) from error
        if self.byte_range.length is not None and len(data) < self.byte_range.length:
            raise InputError(ErrorCode.INPUT_FILE, f"{self.path} is shorter than its playlist says.")
        return data


def is_playlist(path: Path) -> bool:
    """Whether a file is an HLS playlist, by its name or first bytes."""
    if path.suffix.lower() in _PLAYLIST_SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return file.read(10).lstrip(b"\xef\xbb\xbf").startswith(b"#EXTM3U")
    except OSError:
        return False


def rendition_playlists(path: Path) -> list[Path]:
    """The media playlists that a playlist stands for: itself, or those of pictures and sound that a multivariant one
    names. None for a list of keyframes, which are parts of what another playlist names."""
    presentation = parse_hls(manifest_text(path), path.resolve().as_uri())
    tracks = [track for period in presentation.periods for track in period.tracks]
    if presentation.kind != "multivariant":
        return [] if any(track.type is TrackType.TRICK for track in tracks) else [path]
    urls = [
        rendition.segments.url
        for track in tracks
        for rendition in track.renditions
        if track.type in PICTURES_AND_SOUND and isinstance(rendition.segments, PlaylistRef)
    ]
    found = [local_file(url, path) for url in dict.fromkeys(urls)]
    missing = next((each for each in found if not each.is_file()), None)
    if missing is not None or not found:
        raise InputError(ErrorCode.INPUT_FILE, f"A playlist that {path.name} names is not beside it.")
    return found


def playlist_parts(path: Path, keys: KnownKeys, only: Sequence[Path] = ()) -> Iterator[InputPart]:
    """The init and media segments of a media playlist in order; of ``only``, where any of them belong to it.

    Raises :class:`InputError` for segments or keys that are not on this machine.
    """
    playlist = parse_media(manifest_text(path), path.resolve().as_uri())
    chosen = {each.resolve() for each in only}
    listed = {local_file(segment.url, path).resolve() for segment in playlist.segments}
    last_init: InitSegment | None = None
    for segment in playlist.segments:
        media = local_file(segment.url, path)
        if segment.gap or (chosen & listed and media.resolve() not in chosen):
            continue
        if segment.init is not None and segment.init != last_init:
            init_key = _segment_key(segment.init.keys, segment, path, keys)
            yield InputPart(local_file(segment.init.url, path), segment.init.byte_range, init_key, is_media=False)
        last_init = segment.init
        yield InputPart(media, segment.byte_range, _segment_key(segment.keys, segment, path, keys), is_media=True)


def manifests_beside(path: Path, pattern: str) -> list[Path]:
    """The manifests that may name a file: in its folder, then in the one above."""
    folders = (path.parent, path.parent.parent)
    return [found for folder in folders for found in sorted(folder.glob(pattern))[:_MAX_NEIGHBOURS]]


def key_beside(path: Path, keys: KnownKeys) -> SegmentKey | None:
    """What a media playlist in the file's folder, or the one above, says of its encryption; None where none names
    it."""
    wanted = path.resolve()
    for playlist in manifests_beside(wanted, "*.m3u8"):
        with contextlib.suppress(InputError, ManifestError):
            if rendition_playlists(playlist) != [playlist]:
                continue
            parts = playlist_parts(playlist, keys)
            found = next((part for part in parts if part.path.resolve() == wanted), None)
            if found is not None and found.key is not None:
                return found.key
    return None


def _segment_key(infos: Sequence[KeyInfo], segment: Segment, playlist: Path, keys: KnownKeys) -> SegmentKey | None:
    """The key for a segment by the playlist, or None where it is clear or the media names its key IDs."""
    known = whole_segment_methods() | {"SAMPLE-AES"}
    info = next((each for each in infos if each.method in known), None)
    if info is None:
        return None
    if info.method == "SAMPLE-AES" and segment.init is not None:
        return None  # fragmented MP4 says it all itself
    iv = None  # GCM has it in the segment
    if not info.method.endswith("GCM"):
        iv = info.iv if info.iv is not None else media_sequence_iv(segment.number)
    value = named_key(info, playlist, keys)
    if value is None and keys.are_several:
        media = InputPart(local_file(segment.url, playlist), segment.byte_range, None, is_media=True)
        if info.method == "SAMPLE-AES":
            found = None if iv is None else find_sample_key(media.read(), keys.values(), iv)
        else:
            found = find_segment_key(media.read(), keys.values(), [] if iv is None else [iv], info.method)
        value = None if found is None else found.key
    return SegmentKey(info.method, value or keys.only(), iv)


def named_key(info: KeyInfo, manifest: Path, keys: KnownKeys) -> bytes | None:
    """The key whose ID is named, or that lies beside the manifest."""
    named = keys.of(info.key_id) or keys.named_in(info.uri or "")
    if named is not None:
        return named
    if info.uri and urlsplit(info.uri).scheme == "file":
        beside = local_file(info.uri, manifest)
        if beside.is_file() and beside.stat().st_size <= 64:
            return read_key(info.method, beside.read_bytes())
    return None


def _data_of(uri: str) -> bytes:
    """What a base64 ``data:`` URI holds; nothing for any other."""
    head, _, body = uri.partition(",")
    if not head.lower().startswith("data:") or not head.lower().endswith(";base64"):
        return b""
    try:
        return base64.b64decode(unquote(body))
    except ValueError:
        return b""


def local_file(url: str, playlist: Path) -> Path:
    """The file for a URL of a local playlist, which may name only what lies in its folder or below."""
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    if parts.scheme != "file" or not path.resolve().is_relative_to(playlist.resolve().parent):
        raise InputError(
            ErrorCode.INPUT_FILE, f"{playlist.name} names something that is not in its folder; copy it there first."
        )
    return path


def manifest_text(path: Path) -> str:
    """The text of a manifest. Raises :class:`InputError`."""
    try:
        if path.stat().st_size > _MAX_PLAYLIST_BYTES:
            raise InputError(ErrorCode.INPUT_FILE, f"{path} is too large for a playlist.")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(ErrorCode.INPUT_FILE, f"{path} cannot be read as a playlist.") from error
