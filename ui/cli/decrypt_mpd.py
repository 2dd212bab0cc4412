"""What ``matinee decrypt`` reads of an MPD on this machine: each rendition's files, and DASH segment encryption."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from drm_client.files import FileKind, SegmentKey, file_kind
from player.base.errors import ErrorCode, InputError, ManifestError
from player.manifest import parse
from player.manifest.model import IndexRef, KeyInfo, PlaylistRef, Rendition, Segment, TrackType
from ui.cli.decrypt_inputs import (
    PICTURES_AND_SOUND,
    InputPart,
    KnownKeys,
    local_file,
    manifest_text,
    manifests_beside,
    named_key,
)

MPD_SUFFIX = ".mpd"
_WANTED = PICTURES_AND_SOUND | {TrackType.TRICK}  # which are files of their own in an MPD


@dataclass(frozen=True, slots=True)
class LocalRendition:
    """The parts of one rendition in order."""

    name: str
    parts: tuple[InputPart, ...]


def is_mpd(path: Path) -> bool:
    """Whether a file is an MPD, by its name."""
    return path.suffix.lower() == MPD_SUFFIX


def mpd_renditions(path: Path, keys: KnownKeys, only: Sequence[Path] = ()) -> list[LocalRendition]:
    """The renditions whose files lie beside the MPD; of ``only``, where any of them belong to it.

    Raises :class:`InputError` for a file that the MPD names elsewhere, ManifestError for what is no MPD.
    """
    presentation = parse(manifest_text(path), path.resolve().as_uri())
    found: dict[str, list[InputPart]] = {}
    for period in presentation.periods:
        for track in (track for track in period.tracks if track.type in _WANTED):
            for rendition in track.renditions:
                found.setdefault(rendition.id, []).extend(_parts(rendition, path, keys))
    listed = {part.path.resolve() for parts in found.values() for part in parts if part.is_media}
    chosen = listed & {each.resolve() for each in only}
    renditions = []
    for name, parts in found.items():
        wanted = [part for part in parts if not chosen or part.path.resolve() in chosen or not part.is_media]
        if any(part.is_media for part in wanted):
            renditions.append(LocalRendition(name, tuple(wanted)))
    if not renditions:
        raise InputError(ErrorCode.INPUT_FILE, f"{path.name} names no media.")
    return renditions


def mpd_key_beside(path: Path, keys: KnownKeys) -> SegmentKey | None:
    """What an MPD in the file's folder, or the one above, says of its encryption; None where none names it."""
    wanted = path.resolve()
    for manifest in manifests_beside(wanted, f"*{MPD_SUFFIX}"):
        with contextlib.suppress(InputError, ManifestError):
            for rendition in mpd_renditions(manifest, keys):
                for part in rendition.parts:
                    if part.key is not None and part.path.resolve() == wanted:
                        return part.key
    return None


def _parts(rendition: Rendition, path: Path, keys: KnownKeys) -> Iterator[InputPart]:
    segments = rendition.segments
    if isinstance(segments, IndexRef):  # one file that carries its own index
        yield InputPart(local_file(segments.media_url or segments.url, path), None, None, is_media=True)
        return
    if isinstance(segments, PlaylistRef):
        return
    last_init = None
    for segment in segments:
        if segment.init is not None and segment.init != last_init:
            init = InputPart(local_file(segment.init.url, path), segment.init.byte_range, None, is_media=False)
            yield _readable(init, _key(segment, path, keys))
        last_init = segment.init
        yield InputPart(local_file(segment.url, path), segment.byte_range, _key(segment, path, keys), is_media=True)


def _readable(init: InputPart, key: SegmentKey | None) -> InputPart:
    """Whether init segments are encrypted with the media is not told; whether they are is plain to see."""
    if key is None or file_kind(init.read()) is not FileKind.UNKNOWN:
        return init
    return InputPart(init.path, init.byte_range, key, is_media=False)


def _key(segment: Segment, path: Path, keys: KnownKeys) -> SegmentKey | None:
    if not segment.keys:
        return None
    info: KeyInfo = segment.keys[0]
    iv = info.iv if info.iv is not None else segment.number.to_bytes(16, "big")
    return SegmentKey(info.method, named_key(info, path, keys) or keys.only(), iv)
