"""What a source file holds, asked of ffprobe, and a clear refusal of what cannot become a title."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from backend_stub.encoding import tools
from backend_stub.encoding.errors import BadInputError
from backend_stub.encoding.process import confined

_TIMEOUT_S = 120
# FFmpeg takes any text for terminal art, and lists of other files for media; neither is a film.
_NOT_FILMS = frozenset({"tty", "concat", "hls", "dash", "ffmetadata"})
_TEXT_CODECS = frozenset({"subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text"})
_INDEXED = frozenset({"mov", "matroska"})
_DESCRIBED = ("visual_impaired", "descriptions")  # FFmpeg's dispositions
_MOST_CHAPTERS, _LONGEST_TITLE = 500, 200
SHORTEST_S = 0.2
SMALLEST_SIDE = 16
# Of a rate whose mean is lower by less than this, frames are missing: two fields of a frame are more.
_LACKS_FRAMES = Fraction(102, 100)
_MOST_PARTS = 1001  # of a second, as in 24000/1001


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """One audio track. ``position`` counts audio tracks from 0; ``language`` is ISO 639 or ``und``; bit/s or None.

    It begins ``offset_s`` seconds after the pictures (before them when negative). ``described``: a voice tells what
    is to be seen.
    """

    position: int
    language: str
    channels: int
    bitrate: int | None
    codec: str = ""
    offset_s: float = 0.0
    described: bool = False


@dataclass(frozen=True, slots=True)
class ChapterInfo:
    """A chapter and where it begins (s)."""

    start_s: float
    title: str


@dataclass(frozen=True, slots=True)
class TextInfo:
    """One track of subtitles that are text. ``position`` counts all subtitle tracks from 0."""

    position: int
    language: str


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A film that can be encoded.

    ``width`` and ``height`` are as shown: turned as the file asks and with square pixels. ``duration_s`` is the
    whole file's, ``picture_s`` that of its video alone. ``video_index`` is FFmpeg's stream index. ``bitrate`` is
    the video's in bit/s (the file's where the container does not tell), None when unknown. With ``has_index`` FFmpeg
    finds the keyframe before any position; else ``pictures_path`` may be a copy of the pictures that has one
    (:mod:`backend_stub.encoding.picture_source`).
    """

    path: Path
    duration_s: float
    picture_s: float
    width: int
    height: int
    fps: Fraction
    bitrate: int | None
    interlaced: bool
    video_index: int
    audio: tuple[AudioInfo, ...]
    codec: str = ""
    subtitles: tuple[TextInfo, ...] = ()
    has_index: bool = True
    pictures_path: Path | None = None
    chapters: tuple[ChapterInfo, ...] = ()


def ffmpeg_url(path: Path) -> str:
    """``path`` as FFmpeg's file protocol, so that no name is taken for another protocol or an option."""
    return f"file:{path}"


def probe(path: Path) -> SourceInfo:
    """Read what ``path`` holds.

    Raises :class:`BadInputError` with one sentence when it is missing, unreadable, empty, not media, without a
    moving picture, or without a length.
    """
    _check_readable(path)
    found = _ffprobe(path, "-show_format", "-show_streams", "-show_chapters")
    streams: Sequence[Mapping[str, Any]] = found.get("streams", [])
    container: Mapping[str, Any] = found.get("format", {})
    forms = set(str(container.get("format_name", "")).split(","))
    if _NOT_FILMS & forms:
        raise BadInputError(f"{path.name} is not a media file.")
    video = next((stream for stream in streams if _is_film(stream)), None)
    if video is None:
        has_sound = any(stream.get("codec_type") == "audio" for stream in streams)
        raise BadInputError(f"{path.name} has no video{', only sound' if has_sound else ''}.")
    fps = _frame_rate(video)
    picture_s = _stream_seconds(video) or _seconds(container.get("duration")) or _count_frames(path, video, fps)
    duration_s = max(_seconds(container.get("duration")) or 0.0, picture_s)
    if picture_s < SHORTEST_S:
        raise BadInputError(f"{path.name} is a still picture or too short: {picture_s:.2f} s of video.")
    width, height = _shown_size(path, video)
    return SourceInfo(
        path=path,
        duration_s=duration_s,
        picture_s=picture_s,
        width=width,
        height=height,
        fps=fps,
        bitrate=_video_bitrate(video, streams, container),
        interlaced=video.get("field_order") in {"tt", "bb", "tb", "bt"},
        video_index=int(video["index"]),
        audio=_audio_tracks(streams, _start(video)),
        codec=str(video.get("codec_name", "")),
        subtitles=_text_tracks(streams),
        has_index=bool(_INDEXED & forms),
        chapters=_chapters(found.get("chapters", []), duration_s),
    )


def _check_readable(path: Path) -> None:
    if path.exists() and not path.is_file() and not path.is_dir():
        # Opening a pipe that nobody fills would wait for ever, and a device has no end.
        raise BadInputError(f"{path.name} is a pipe or a device, not a file.")
    try:
        with path.open("rb") as file:
            first = file.read(1)
    except FileNotFoundError:
        raise BadInputError(f"{path.name} does not exist.") from None
    except IsADirectoryError:
        raise BadInputError(f"{path.name} is a folder, not a file.") from None
    except OSError as error:
        raise BadInputError(f"{path.name} cannot be read: {error.strerror}.") from error
    if not first:
        raise BadInputError(f"{path.name} is empty.")


def _ffprobe(path: Path, *arguments: str) -> dict[str, Any]:
    command = [str(tools.locate().ffprobe), "-v", "error", "-protocol_whitelist", "file", "-of", "json", *arguments]
    try:
        done = subprocess.run(
            [*command, ffmpeg_url(path)],
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
            preexec_fn=confined(os.getpid()),
        )
    except subprocess.TimeoutExpired:
        raise BadInputError(f"{path.name} cannot be read: looking into it took more than {_TIMEOUT_S} s.") from None
    if done.returncode != 0:
        raise BadInputError(f"{path.name} is not a media file, or its beginning or end is missing.")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _is_film(stream: Mapping[str, Any]) -> bool:
    """Whether a stream is a moving picture rather than cover art."""
    return stream.get("codec_type") == "video" and not stream.get("disposition", {}).get("attached_pic")


def _frame_rate(video: Mapping[str, Any]) -> Fraction:
    """The mean rate; of a film that lacks a frame now and then the rate that it has otherwise.

    As a fraction of small numbers: the clock of the files ticks by it, and what FFmpeg rounds to microseconds must
    stay below a tick.
    """
    mean, steady = (_rate(video.get(name)) for name in ("avg_frame_rate", "r_frame_rate"))
    if mean and steady and mean < steady < mean * _LACKS_FRAMES:
        return steady
    rate = mean or steady or Fraction(25)
    return rate.limit_denominator(_MOST_PARTS) or rate


def _rate(words: object) -> Fraction | None:
    numerator, _, denominator = str(words).partition("/")
    if numerator.isdigit() and denominator.isdigit() and int(denominator) and int(numerator):
        return Fraction(int(numerator), int(denominator))
    return None


def _seconds(text: object) -> float | None:
    """Seconds out of ``12.5`` or ``00:00:12.5``."""
    total = 0.0
    try:
        for part in str(text).split(":"):
            total = total * 60 + float(part)
    except ValueError:
        return None
    return total if 0 < total < float("inf") else None


def _stream_seconds(stream: Mapping[str, Any]) -> float | None:
    tags: Mapping[str, Any] = stream.get("tags", {})
    return _seconds(stream.get("duration")) or _seconds(tags.get("DURATION"))  # Matroska keeps it in a tag


def _count_frames(path: Path, video: Mapping[str, Any], fps: Fraction) -> float:
    """The length of a bare elementary stream, which no header tells."""
    found = _ffprobe(path, "-select_streams", str(video["index"]), "-count_packets", "-show_streams")
    return int(found["streams"][0].get("nb_read_packets", 0)) / float(fps)


def _shown_size(path: Path, video: Mapping[str, Any]) -> tuple[int, int]:
    width, height = int(video.get("width") or 0), int(video.get("height") or 0)
    if width <= 0 or height <= 0:
        raise BadInputError(f"{path.name} has a video track that cannot be read.")
    across, _, down = str(video.get("sample_aspect_ratio", "1:1")).partition(":")
    if across.isdigit() and down.isdigit() and int(across) and int(down):
        width = round(width * int(across) / int(down))
    turned = [int(float(side["rotation"])) for side in video.get("side_data_list", []) if "rotation" in side]
    if min(width, height) < SMALLEST_SIDE:
        raise BadInputError(f"{path.name} has a picture of only {width} x {height} pixels.")
    return (height, width) if turned and abs(turned[0]) % 180 == 90 else (width, height)


def _video_bitrate(
    video: Mapping[str, Any], streams: Sequence[Mapping[str, Any]], container: Mapping[str, Any]
) -> int | None:
    own = _bitrate(video)
    if own is not None:
        return own
    whole = _bitrate(container)
    if whole is None:
        return None
    sound = sum(_bitrate(stream) or 0 for stream in streams if stream.get("codec_type") == "audio")
    return max(whole - sound, whole // 2)


def _bitrate(item: Mapping[str, Any]) -> int | None:
    text = str(item.get("bit_rate") or item.get("tags", {}).get("BPS") or "")
    return int(text) if text.isdigit() and int(text) > 0 else None


def _audio_tracks(streams: Sequence[Mapping[str, Any]], picture_at_s: float) -> tuple[AudioInfo, ...]:
    tracks = [stream for stream in streams if stream.get("codec_type") == "audio"]
    return tuple(
        AudioInfo(
            position=position,
            language=_language(track),
            channels=int(track.get("channels") or 2),
            bitrate=_bitrate(track),
            codec=str(track.get("codec_name", "")),
            offset_s=round(_start(track) - picture_at_s, 6),
            described=any(track.get("disposition", {}).get(name) for name in _DESCRIBED),
        )
        for position, track in enumerate(tracks)
    )


def _chapters(found: Sequence[Mapping[str, Any]], duration_s: float) -> tuple[ChapterInfo, ...]:
    """Those within the film that have a name; one alone says nothing."""
    chapters = []
    for one in found[:_MOST_CHAPTERS]:
        title = " ".join(str(one.get("tags", {}).get("title", "")).split())[:_LONGEST_TITLE]
        start_s = _start(one)
        if title and 0 <= start_s < duration_s:
            chapters.append(ChapterInfo(round(start_s, 3), title))
    return tuple(chapters) if len(chapters) > 1 else ()


def _text_tracks(streams: Sequence[Mapping[str, Any]]) -> tuple[TextInfo, ...]:
    tracks = [stream for stream in streams if stream.get("codec_type") == "subtitle"]
    return tuple(
        TextInfo(position, _language(track))
        for position, track in enumerate(tracks)
        if track.get("codec_name") in _TEXT_CODECS
    )


def _start(stream: Mapping[str, Any]) -> float:
    try:
        return float(str(stream.get("start_time", "0")))
    except ValueError:
        return 0.0


def _language(track: Mapping[str, Any]) -> str:
    """A tag that is safe in file names and on the packager's command line."""
    language = str(track.get("tags", {}).get("language", "")).lower()
    return language if language.isascii() and language.isalpha() and 2 <= len(language) <= 3 else "und"
