"""Nothing is published before each of its segments was read back and found whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend_stub.boxes import BoxError
from backend_stub.encoding.boxes import Init, Media, read_init, read_media
from backend_stub.encoding.errors import DamagedOutputError
from backend_stub.encoding.listing import Listing, read_dash, read_hls, read_iframes
from backend_stub.encoding.package import DASH_MANIFEST, HLS_MASTER

# Playlists give three decimals; a rung's segments must begin with those of the others to the tick.
_HLS_ROUNDING_S = 0.002
_TICK_S = 0.0005
_LENGTH_TOLERANCE_S = 0.1


@dataclass(frozen=True, slots=True)
class Expected:
    """What a variant must hold. ``kids`` are the ids of its content keys; none means a clear variant."""

    duration_s: float
    heights: Collection[int]
    audio_tracks: int
    kids: Collection[bytes] = ()
    frame_s: float = 0.04
    text_tracks: int = 0
    scheme: str = "cbcs"
    sheets: int = 0


@dataclass(frozen=True, slots=True)
class Verified:
    renditions: int
    segments: int


def verify_variant(folder: Path, expected: Expected) -> Verified:
    """Check a variant against what it should be.

    Raises :class:`DamagedOutputError` that names the first fault:

    - a manifest that two general parsers cannot read, or that disagrees with the other one;
    - a segment that is missing, cut short or damaged, that does not start with a keyframe, or that lies elsewhere on
      the timeline than the manifest says;
    - rungs that are not aligned;
    - a length more than 100 ms (or a frame, if longer) from the source's;
    - a track that is not encrypted as it should be.
    """
    dash = read_dash(folder / DASH_MANIFEST)
    hls = read_hls(folder / HLS_MASTER)
    _check_renditions(dash, expected)
    if read_iframes(folder / HLS_MASTER) != len(expected.heights):
        raise DamagedOutputError("A quality has no I-frame playlist.")
    _check_same(dash, hls)
    starts: dict[str, list[float]] = {}
    segments = 0
    for listing in dash:
        segments += len(listing.segments)
        if listing.kind == "image":
            _check_sheets(folder, listing, expected)
            continue
        if listing.kind != "text":  # subtitles end with the last cue
            _check_length(listing, expected)
        starts[listing.init] = _check_rendition(folder, listing, expected)
    _check_alignment([starts[listing.init] for listing in dash if listing.height])
    return Verified(len(dash), segments)


def _check_renditions(dash: Sequence[Listing], expected: Expected) -> None:
    heights = sorted(listing.height for listing in dash if listing.kind == "video")
    sounds, texts, images = (sum(listing.kind == kind for listing in dash) for kind in ("audio", "text", "image"))
    wanted = (sorted(expected.heights), expected.audio_tracks, expected.text_tracks, int(expected.sheets > 0))
    if (heights, sounds, texts, images) != wanted:
        raise DamagedOutputError(
            f"The manifest lists pictures of {heights} lines, {sounds} sound tracks, {texts} of subtitles "
            f"and {images} of small pictures."
        )


def _check_same(dash: Sequence[Listing], hls: Sequence[Listing]) -> None:
    """Both manifests must list the same files for the same times."""
    by_init = {listing.init: listing for listing in hls}
    if set(by_init) != {listing.init for listing in dash}:
        raise DamagedOutputError("The DASH and HLS manifests list different renditions.")
    for listing in dash:
        other = by_init[listing.init]
        if [segment.path for segment in listing.segments] != [segment.path for segment in other.segments]:
            raise DamagedOutputError(f"The DASH and HLS manifests list different segments beside {listing.init}.")
        # The last sheet of small pictures lasts as long as its places in DASH, to the end of the title in HLS.
        count = len(listing.segments) - (listing.kind == "image")
        for ours, theirs in zip(listing.segments[:count], other.segments[:count], strict=True):
            if abs(ours.duration_s - theirs.duration_s) > _HLS_ROUNDING_S:
                raise DamagedOutputError(f"The manifests disagree about the length of {ours.path}.")


def _check_sheets(folder: Path, listing: Listing, expected: Expected) -> None:
    if len(listing.segments) != expected.sheets:
        raise DamagedOutputError("The manifest lists another number of sheets of small pictures.")
    for segment in listing.segments:
        path = folder / segment.path
        if not path.is_file() or not path.read_bytes().startswith(b"\xff\xd8"):
            raise DamagedOutputError(f"{segment.path} is missing or no picture.")


def _check_length(listing: Listing, expected: Expected) -> None:
    length_s = listing.start_s + listing.duration_s
    if abs(length_s - expected.duration_s) > max(_LENGTH_TOLERANCE_S, expected.frame_s):
        raise DamagedOutputError(
            f"{listing.init} and its segments last {length_s:.2f} s, the source {expected.duration_s:.2f} s."
        )


def _check_rendition(folder: Path, listing: Listing, expected: Expected) -> list[float]:
    """Read every file of a rendition; the seconds at which its segments start."""
    init = _read_init(folder, listing.init)
    if listing.kind != "text":
        _check_protection(listing.init, init, expected)
    starts = []
    due_s = listing.start_s
    for segment in listing.segments:
        media = _read_media(folder, segment.path, init)
        start_s, duration_s = media.start / init.timescale, media.duration / init.timescale
        if abs(start_s - due_s) > _TICK_S or abs(duration_s - segment.duration_s) > _TICK_S:
            raise DamagedOutputError(
                f"{segment.path} lies at {start_s:.3f} s for {duration_s:.3f} s, "
                f"its manifest says {due_s:.3f} s for {segment.duration_s:.3f} s."
            )
        if not media.starts_with_sync:
            raise DamagedOutputError(f"{segment.path} does not begin with a keyframe.")
        starts.append(start_s)
        due_s += segment.duration_s
    return starts


def _read_init(folder: Path, name: str) -> Init:
    try:
        return read_init((folder / name).read_bytes())
    except FileNotFoundError:
        raise DamagedOutputError(f"{name} is missing.") from None
    except BoxError as error:
        raise DamagedOutputError(f"{name} is damaged: {error}.") from error


def _read_media(folder: Path, name: str, init: Init) -> Media:
    try:
        return read_media((folder / name).read_bytes(), init)
    except FileNotFoundError:
        raise DamagedOutputError(f"{name} is missing.") from None
    except BoxError as error:
        raise DamagedOutputError(f"{name} is damaged: {error}.") from error


def _check_protection(name: str, init: Init, expected: Expected) -> None:
    if not expected.kids:
        if init.kid is not None:
            raise DamagedOutputError(f"{name} is encrypted in the clear variant.")
    elif init.scheme != expected.scheme or init.kid not in expected.kids:
        raise DamagedOutputError(f"{name} is not encrypted under one of the title's keys.")


def _check_alignment(starts: Sequence[list[float]]) -> None:
    for other in starts[1:]:
        if len(other) != len(starts[0]) or any(abs(a - b) > _TICK_S for a, b in zip(starts[0], other, strict=True)):
            raise DamagedOutputError("The segments of the qualities do not begin at the same times.")
