"""Titles worth looking at, made on this machine: scenes of :mod:`backend_stub.encoding.scenes` with music.

The layers of a scene are drawn once; FFmpeg moves them, which is far cheaper than to draw each frame.
"""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend_stub.clock import SystemClock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.encoding import score, stroke_font, tools, voice
from backend_stub.encoding.chunks import progress_reader
from backend_stub.encoding.pipeline import Progress, Sidecar, TitleOptions, publish_file
from backend_stub.encoding.probe import ffmpeg_url
from backend_stub.encoding.process import run_tool
from backend_stub.encoding.scenery import Layer
from backend_stub.encoding.scenes import SCENES
from backend_stub.encoding.score import MusicScore
from backend_stub.encoding.staging import staging_folder
from backend_stub.services.artwork import ArtworkFiles
from backend_stub.services.editing import Editing, Words
from backend_stub.services.publishing import is_published
from backend_stub.services.title_credits import Credits, Job, Person
from backend_stub.services.title_relations import Belonging
from backend_stub.services.title_structure import Markers
from backend_stub.titles import slug

FPS = 24
_LOGO_SIZE, _LOGO_WIDTH = 64, 620  # pixels
_LOGO_LINE = (255, 184, 77)
_CUTS, _CUT_S = (0.15, 0.45, 0.75), 3  # of a film's clip: where they begin (of its length), and for how long
_SOURCE_SHARE = 0.4  # how much of making a title is making its source file


@dataclass(frozen=True, slots=True)
class Shot:
    """A scene by its name, and for how long (s)."""

    scene: str
    seconds: int
    seed: int = 3


@dataclass(frozen=True, slots=True)
class Feature:
    """One title. ``scores`` has a piece for each audio track, ``languages`` their ISO 639-2 codes; ``lines`` are
    subtitles by language: (start, end, text). ``chapters`` are named after the shots, in their order.
    ``descriptions`` are what a voice tells of the video on one more track: (start in s, phonemes of
    :mod:`backend_stub.encoding.voice`). A ``channel`` can be played without a licence, and stands in the guide
    only."""

    title: str
    synopsis: str
    year: int
    shots: Sequence[Shot]
    scores: Sequence[MusicScore]
    genres: Sequence[str] = ()
    people: Sequence[tuple[Job, str]] = ()
    languages: Sequence[str] = ("eng",)
    lines: Sequence[tuple[str, Sequence[tuple[float, float, str]]]] = ()
    chapters: Sequence[str] = ()
    channels: int = 2
    series: str | None = None
    number: int = 1
    trailer_of: str | None = None
    intro: tuple[float, float] | None = None
    credits_s: float | None = None
    series_synopsis: str = ""
    descriptions: Sequence[tuple[float, str]] = ()
    channel: bool = False

    @property
    def seconds(self) -> int:
        return sum(shot.seconds for shot in self.shots)

    @property
    def belonging(self) -> Belonging:
        people = [Person(name, job) for job, name in self.people]
        return Belonging(
            series=self.series,
            number=self.number,
            trailer_of=self.trailer_of,
            markers=Markers(self.intro, self.credits_s),
            credits=Credits(list(self.genres), people) if self.genres or people else None,
            channel=self.channel,
        )


def missing_features(settings: Settings, features: Sequence[Feature]) -> tuple[Feature, ...]:
    """Those that the catalogue does not show."""
    return tuple(feature for feature in features if not is_published(settings, slug(feature.title)))


def publish_feature(
    settings: Settings, feature: Feature, *, progress: Progress | None = None, cancel: threading.Event | None = None
) -> str:
    """Make and publish one title; its id."""
    report = progress or (lambda _stage, _done: None)
    settings.make_folders()
    with staging_folder(settings.staging_dir) as work:
        source = work / "source.mkv"
        make_film(feature, source, progress=lambda done: report("drawing", done * _SOURCE_SHARE), cancel=cancel)
        sidecars = []
        for language, lines in feature.lines:
            path = work / f"subtitles-{language}.srt"
            path.write_text(_srt(lines), encoding="utf-8")
            sidecars.append(Sidecar(str(path), language))
        options = TitleOptions(
            feature.title,
            feature.synopsis,
            feature.year,
            preset="ultrafast",
            clear=feature.trailer_of is not None or feature.channel,
            belonging=feature.belonging,
            sidecars=tuple(sidecars),
        )
        title_id = publish_file(
            settings,
            source,
            options,
            progress=lambda stage, done: report(stage, _SOURCE_SHARE + done * (1 - _SOURCE_SHARE)),
            cancel=cancel,
        )
        _finish(settings, feature, title_id, make_clip(feature, source, cancel=cancel))
        return title_id


def _finish(settings: Settings, feature: Feature, title_id: str, clip: bytes) -> None:
    """Give a title its logo and its clip, and a series the words, the logo and the clip of its name."""
    database = Database(settings.database)
    try:
        artwork, editing = (
            ArtworkFiles(database, SystemClock(), settings.media_dir),
            Editing(database, SystemClock()),
        )
        if feature.trailer_of is None:
            artwork.put(title_id, "clip", clip, by=None)
        if feature.series is None and feature.trailer_of is None:
            artwork.put(title_id, "logo", make_logo(feature.title), by=None)
        elif feature.series is not None and feature.number == 1:
            series_id = slug(feature.series)
            artwork.put(series_id, "logo", make_logo(feature.series), by=None)
            artwork.put(series_id, "clip", clip, by=None)
            editing.change(series_id, Words(synopsis=feature.series_synopsis), by=None)
    finally:
        database.close()


def make_logo(title: str) -> bytes:
    """The title in drawn letters with a line under it, white on nothing: a PNG."""
    lines = stroke_font.wrap(stroke_font.plain(title), _LOGO_SIZE, _LOGO_WIDTH)
    drawn = [stroke_font.draw(line, _LOGO_SIZE) for line in lines]
    step = round(_LOGO_SIZE * 1.5)
    columns = max(ink.shape[1] for ink in drawn)
    rows = step * len(drawn) + 24
    cover = np.zeros((rows, columns), np.float32)
    for number, ink in enumerate(drawn):
        cover[number * step : number * step + ink.shape[0], : ink.shape[1]] = ink[: rows - number * step]
    cover[rows - 10 : rows - 4, : columns // 3] = 1
    picture = np.full((rows, columns, 4), 255, np.uint8)
    picture[:, :, 3] = (cover * 255 + 0.5).astype(np.uint8)
    picture[rows - 10 : rows - 4, :, :3] = _LOGO_LINE
    return _png(picture)


def make_clip(feature: Feature, film: Path, *, cancel: threading.Event | None = None) -> bytes:
    """Three cuts of a film that :func:`make_film` made, small and without audio: an MP4.

    Raises :class:`ToolFailedError`, :class:`CancelledError`.
    """
    clip = film.with_name("clip.mp4")
    inputs: list[str] = []
    for place in _CUTS:
        inputs += ["-ss", f"{feature.seconds * place:.2f}", "-t", str(_CUT_S), "-i", ffmpeg_url(film)]
    cuts = "".join(f"[{number}:v]" for number in range(len(_CUTS)))
    run_tool(
        [
            *(tools.locate().ffmpeg, "-v", "error", "-nostdin", "-y"),
            *inputs,
            *("-filter_complex", f"{cuts}concat=n={len(_CUTS)}:v=1:a=0,scale=-2:360[clip]", "-map", "[clip]"),
            *("-an", "-map_metadata", "-1", "-map_chapters", "-1", "-movflags", "+faststart"),
            *("-c:v", "libx264", "-preset", "veryfast", "-crf", "27", "-pix_fmt", "yuv420p", ffmpeg_url(clip)),
        ],
        cancel=cancel,
    )
    return clip.read_bytes()


def _png(picture: NDArray[np.uint8]) -> bytes:
    """``picture`` (rows, columns, RGBA) as a PNG; the bundled FFmpeg writes none (ISO/IEC 15948)."""
    rows, columns = picture.shape[:2]
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), picture.reshape(rows, columns * 4)], axis=1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", columns, rows, 8, 6, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def make_film(
    feature: Feature,
    source: Path,
    *,
    height: int = 1080,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Write the film to ``source`` (Matroska, with chapters); other files of the work go beside it.

    Raises :class:`ToolFailedError`, :class:`CancelledError`.
    """
    width = height * 16 // 9
    inputs: list[str] = []
    graph: list[str] = []
    for number, shot in enumerate(feature.shots):
        layers = SCENES[shot.scene](height, width, shot.seed)
        graph.append(_moved(layers, number, shot.seconds, inputs, source, (width, height)))
    joined = "".join(f"[shot{number}]" for number in range(len(feature.shots)))
    graph.append(f"{joined}concat=n={len(feature.shots)}:v=1:a=0[film]")
    pictures = len(inputs) // _INPUT_WORDS
    maps: list[str] = []
    sounds = _sounds(feature)
    for number, (language, sound) in enumerate(sounds):
        path = source.with_name(f"score-{number}.f32")
        sound.tofile(path)
        inputs += ["-f", "f32le", "-ar", str(score.RATE), "-ac", "2", "-i", ffmpeg_url(path)]
        maps += ["-map", f"{pictures + number}:a", f"-metadata:s:a:{number}", f"language={language}"]
    if feature.chapters:
        chapters = source.with_name("chapters.txt")
        chapters.write_text(_metadata(feature), encoding="utf-8")
        inputs += ["-f", "ffmetadata", "-i", ffmpeg_url(chapters)]
        maps += ["-map_chapters", str(pictures + len(sounds))]
    if feature.descriptions:
        maps += [f"-disposition:a:{len(sounds) - 1}", "visual_impaired"]
    run_tool(
        [
            *(tools.locate().ffmpeg, "-v", "error", "-nostdin", "-y", "-progress", "pipe:1", "-nostats"),
            *inputs,
            *("-filter_complex", ";".join(graph), "-map", "[film]", *maps, "-c:a", "flac", "-r", str(FPS)),
            *(("-ac", str(feature.channels)) if feature.channels != 2 else ()),
            *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "19", "-t", str(feature.seconds)),
            ffmpeg_url(source),
        ],
        on_line=progress_reader(0.0, feature.seconds, progress),
        cancel=cancel,
    )


def _sounds(feature: Feature) -> Sequence[tuple[str, score.Sound]]:
    """The audio tracks with their languages; the last one is described, where there are descriptions."""
    found = [
        (language, score.play(piece, feature.seconds))
        for language, piece in zip(feature.languages, feature.scores, strict=True)
    ]
    if feature.descriptions:
        language, music = found[0]
        described = music.copy()
        for start_s, phonemes in feature.descriptions:
            spoken = voice.speak(phonemes)
            begin = round(start_s * score.RATE)
            end = max(begin, min(len(described), begin + len(spoken)))
            described[begin:end] *= _UNDER_VOICE
            described[begin:end] += _VOICE_SHARE * spoken[: end - begin, None]
        found.append((language, described))
    return found


_UNDER_VOICE, _VOICE_SHARE = np.float32(0.3), np.float32(0.6)  # the music steps back
_INPUT_WORDS = 10  # of the command line, for each layer


def _moved(
    layers: Sequence[Layer], shot: int, seconds: int, inputs: list[str], source: Path, size: tuple[int, int]
) -> str:
    """The filters that lay the moving layers of a shot over each other; their files are added to ``inputs``. Of a
    layer that moves sideways only the rows that show something are written."""
    width, height = size
    parts: list[str] = []
    below = ""
    for number, layer in enumerate(layers):
        rows = np.flatnonzero(layer.picture[:, :, 3].max(axis=1) > 0)
        top, end = (0, height) if layer.down or not number else (int(rows[0]) // 2 * 2, int(rows[-1]) // 2 * 2 + 2)
        path = source.with_name(f"layer-{shot}-{number}.rgba")
        (layer.picture[top:end] * 255 + 0.5).astype(np.uint8).tofile(path)
        index = len(inputs) // _INPUT_WORDS
        inputs += ["-f", "rawvideo", "-pix_fmt", "rgba", "-s", f"{width}x{min(end, height) - top}"]
        inputs += ["-r", str(FPS), "-i", ffmpeg_url(path)]
        form = "yuva420p" if number else "yuv420p"
        moves = (
            f"scroll=h={layer.across / width:.8f}:v={-layer.down / height:.8f}," if layer.across or layer.down else ""
        )
        rises = ""
        if layer.rises is not None:
            rises = f"fade=t=in:st={layer.rises[0]}:d={layer.rises[1]}:alpha=1,"
        name = f"l{shot}x{number}"
        parts.append(
            f"[{index}:v]format={form},loop=loop={seconds * FPS}:size=1,setpts=N/{FPS}/TB,{moves}{rises}null[{name}]"
        )
        if number:
            parts.append(f"[{below}][{name}]overlay=x=0:y={top}:format=yuv420:eof_action=repeat[o{shot}x{number}]")
        below = name if not number else f"o{shot}x{number}"
    parts.append(f"[{below}]trim=duration={seconds},setpts=PTS-STARTPTS,format=yuv420p[shot{shot}]")
    return ";".join(parts)


def _metadata(feature: Feature) -> str:
    lines, begin = [";FFMETADATA1"], 0
    for shot, name in zip(feature.shots, feature.chapters, strict=True):
        end = begin + shot.seconds
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={begin * 1000}", f"END={end * 1000}", f"title={name}"]
        begin = end
    return "\n".join(lines) + "\n"


def _srt(lines: Sequence[tuple[float, float, str]]) -> str:
    return "\n".join(
        f"{number}\n{_time(start)} --> {_time(end)}\n{text}\n" for number, (start, end, text) in enumerate(lines, 1)
    )


def _time(at_s: float) -> str:
    whole = int(at_s)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d},{round((at_s - whole) * 1000):03d}"
