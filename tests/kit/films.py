"""Films as people have them, made by FFmpeg from a drawn source and kept in the cache of test media: many codecs and
containers, many tracks, broken indices, damage. Every picture carries its number (:mod:`tests.kit.barcode`)."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from backend_stub.encoding import tools
from backend_stub.encoding.process import run_tool
from tests.kit import barcode
from tests.kit.hostile import CUES, elements_of, with_element
from tests.kit.media import cached

SECONDS = 4
CLIP = Path(os.environ.get("MATINEE_TEST_CLIP", "film-of-others.mp4"))
_X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p"]
_AAC = ["-c:a", "aac", "-b:a", "64k"]


@dataclass(frozen=True)
class Film:
    """One file. ``video`` and ``audio`` are the codecs that libmpv must find, ``languages`` those of the audio
    tracks, ``texts`` those of the subtitles. ``exact``: a seek shows the very picture; else it leads near it.
    ``whole``: it plays to its end."""

    name: str
    options: tuple[object, ...]
    video: str = "h264"
    audio: str = "aac"
    size: str = "320x180"
    fps: Fraction = Fraction(25)
    seconds: int = SECONDS
    languages: tuple[str | None, ...] = (None,)
    texts: tuple[str | None, ...] = ()
    chapters: int = 0
    exact: bool = True
    whole: bool = True
    spoil: Callable[[Path, Path], None] | None = None
    filters: str = ""
    coded: str = ""  # its size in the file, where it is to be turned

    @property
    def has_pictures(self) -> bool:
        return bool(self.video)

    def path(self) -> Path:
        """The file, made where it is not there yet."""
        facts = {"film": self.name, "options": list(map(str, self.options)), "filters": self.filters}
        facts |= {"size": self.size, "fps": str(self.fps), "seconds": self.seconds}
        return cached("film", facts, self._make) / self.name

    def _make(self, folder: Path) -> None:
        target = folder / (f"whole-{self.name}" if self.spoil else self.name)
        arguments: list[object] = ["-v", "error", "-nostdin", "-y"]
        if self.has_pictures:
            chain = f"testsrc2=s={self.size}:r={self.fps}:d={self.seconds},{barcode.draw_filter(0)}"
            arguments += ["-f", "lavfi", "-i", chain + (f",{self.filters}" if self.filters else "")]
        sounds = max(1, len(self.languages))
        for number in range(sounds):
            arguments += ["-f", "lavfi", "-i", f"sine=f={300 + 100 * number}:d={self.seconds}"]
        for number, language in enumerate(self.texts):
            (folder / f"{number}.srt").write_text(f"1\n00:00:01,000 --> 00:00:02,000\nHello {language}\n")
            arguments += ["-i", folder / f"{number}.srt"]
        if self.chapters:
            (folder / "chapters.txt").write_text(
                ";FFMETADATA1\n"
                + "".join(
                    f"[CHAPTER]\nTIMEBASE=1/1\nSTART={n}\nEND={n + 1}\ntitle=Part {n + 1}\n"
                    for n in range(self.chapters)
                )
            )
            arguments += ["-i", folder / "chapters.txt"]
        inputs = self.has_pictures + (sounds if self.audio else 0) + len(self.texts)
        for number in range(inputs):
            arguments += ["-map", number if self.audio or number < self.has_pictures else number + sounds]
        if self.chapters:
            arguments += ["-map_metadata", self.has_pictures + sounds + len(self.texts)]
        for number, language in enumerate(self.languages):
            if language and self.audio:
                arguments += [f"-metadata:s:a:{number}", f"language={language}"]
        for number, language in enumerate(self.texts):
            if language:
                arguments += [f"-metadata:s:s:{number}", f"language={language}"]
        arguments += [*self.options, target]
        run_tool([str(tools.locate().ffmpeg), *map(str, arguments)])
        if self.spoil:
            self.spoil(target, folder / self.name)


def cover(name: str) -> Path:
    """Music with a picture inside, marked as rung 7."""

    def make(folder: Path) -> None:
        drawn = f"testsrc2=s=320x180:r=1:d=1,{barcode.draw_filter(7)}"
        words = [
            "-v",
            "error",
            "-nostdin",
            "-y",
            "-f",
            "lavfi",
            "-i",
            f"sine=d={SECONDS}",
            "-f",
            "lavfi",
            "-i",
            drawn,
        ]
        words += [
            "-map",
            0,
            "-map",
            1,
            "-c:v",
            "mjpeg",
            "-pix_fmt",
            "yuvj420p",
            "-frames:v",
            1,
            "-disposition:v",
            "attached_pic",
            folder / name,
        ]
        run_tool([str(tools.locate().ffmpeg), *map(str, words)])

    return cached("cover", {"name": name}, make) / name


def _cut(share: float) -> Callable[[Path, Path], None]:
    def spoil(source: Path, target: Path) -> None:
        data = source.read_bytes()
        target.write_bytes(data[: int(len(data) * share)])

    return spoil


def _flipped(count: int, begin: float) -> Callable[[Path, Path], None]:
    """Some bytes changed, behind ``begin`` of the file."""

    def spoil(source: Path, target: Path) -> None:
        data, rng = bytearray(source.read_bytes()), random.Random(7)
        for _ in range(count):
            data[rng.randrange(int(len(data) * begin), len(data))] = rng.randrange(256)
        target.write_bytes(data)

    return spoil


def _turned(degrees: int) -> Callable[[Path, Path], None]:
    """To be turned counter-clockwise before it is shown, as a telephone writes it."""

    def spoil(source: Path, target: Path) -> None:
        words = ["-v", "error", "-nostdin", "-y", "-display_rotation", degrees, "-i", source, "-c", "copy", target]
        run_tool([str(tools.locate().ffmpeg), *map(str, words)])

    return spoil


def _without_cues(source: Path, target: Path) -> None:
    with_element(source, target, b"")
    assert CUES not in [id_ for id_, _ in elements_of(target.read_bytes())[1]]


def _without_idx1(source: Path, target: Path) -> None:
    data = source.read_bytes()
    target.write_bytes(data[: data.rindex(b"idx1")])


def _film(name: str, *options: Sequence[object], **facts: object) -> Film:
    return Film(name, tuple(one for group in options for one in group), **facts)  # type: ignore[arg-type]


_TAGS = ("eng", "ger", "fre", "jpn", "spa", "ita")

FILMS: tuple[Film, ...] = (
    _film("h264.mp4", _X264, _AAC),
    _film("h264.mkv", _X264, _AAC),
    _film("h264.mov", _X264, _AAC),
    _film("h264.ts", _X264, _AAC),
    _film("h264.flv", _X264, _AAC),
    _film("h264-mp3.avi", _X264, ["-bf", 0, "-c:a", "libmp3lame"], audio="mp3"),
    _film("h264-60.mkv", _X264, _AAC, fps=Fraction(60)),
    _film("h264-ntsc.mp4", _X264, _AAC, fps=Fraction(30000, 1001)),
    _film("h264-444.mkv", ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p"], _AAC),
    _film("h264-interlaced.mkv", _X264, ["-flags", "+ildct+ilme", "-x264opts", "tff=1"], _AAC),
    _film("h264-silent.mp4", _X264, audio="", languages=()),
    _film("h264-fragmented.mp4", _X264, _AAC, ["-movflags", "frag_keyframe+empty_moov"]),
    _film("h264-4k.mp4", _X264, _AAC, size="3840x2160", seconds=2),
    _film("h264-late.ts", _X264, _AAC, ["-output_ts_offset", 3600]),
    _film("hevc.mp4", ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=1"], _AAC, video="hevc"),
    _film(
        "hevc-10bit.mkv",
        ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params", "log-level=1"],
        ["-c:a", "ac3"],
        video="hevc",
        audio="ac3",
    ),
    _film(
        "vp9.webm",
        ["-c:v", "libvpx-vp9", "-cpu-used", 8, "-deadline", "realtime"],
        ["-c:a", "libopus"],
        video="vp9",
        audio="opus",
    ),
    _film("av1.mp4", ["-c:v", "libsvtav1", "-preset", 12], _AAC, video="av1"),
    _film("av1.mkv", ["-c:v", "libsvtav1", "-preset", 12], ["-c:a", "libopus"], video="av1", audio="opus"),
    _film("mpeg2.mpg", ["-c:v", "mpeg2video", "-q:v", 3], ["-c:a", "mp2"], video="mpeg2video", audio="mp2"),
    _film(
        "mpeg2-interlaced.ts",
        ["-c:v", "mpeg2video", "-q:v", 3, "-flags", "+ildct+ilme", "-top", 1],
        ["-c:a", "ac3"],
        video="mpeg2video",
        audio="ac3",
    ),
    _film("mpeg1.mpg", ["-c:v", "mpeg1video", "-q:v", 3], ["-c:a", "mp2"], video="mpeg1video", audio="mp2"),
    _film("mpeg4.avi", ["-c:v", "mpeg4", "-q:v", 3], ["-c:a", "libmp3lame"], video="mpeg4", audio="mp3"),
    _film("mjpeg.avi", ["-c:v", "mjpeg", "-q:v", 3], ["-c:a", "pcm_s16le"], video="mjpeg", audio="pcm_s16le"),
    _film("prores.mov", ["-c:v", "prores_ks"], ["-c:a", "pcm_s24le"], video="prores", audio="pcm_s24le"),
    _film("ffv1.mkv", ["-c:v", "ffv1"], ["-c:a", "flac"], video="ffv1", audio="flac"),
    _film("wmv2.wmv", ["-c:v", "wmv2", "-q:v", 3], ["-c:a", "wmav2"], video="wmv2", audio="wmav2"),
    _film("flv1.flv", ["-c:v", "flv", "-q:v", 3], ["-c:a", "libmp3lame", "-ar", 44100], video="flv1", audio="mp3"),
    _film(
        "dnxhr.mxf",
        ["-c:v", "dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p"],
        ["-c:a", "pcm_s16le", "-ar", 48000],
        video="dnxhd",
        audio="pcm_s16le",
    ),
    _film(
        "many-tracks.mkv",
        _X264,
        _AAC,
        ["-c:s", "srt"],
        languages=_TAGS,
        texts=_TAGS,
        chapters=4,
    ),
    _film(
        "subtitles.mp4", _X264, _AAC, ["-c:s", "mov_text"], languages=("eng", "ger"), texts=("eng", "ger"), chapters=3
    ),
    _film("surround.mkv", _X264, ["-c:a", "eac3", "-ac", 6], audio="eac3"),
    _film("variable.mkv", _X264, _AAC, ["-fps_mode", "vfr"], filters="select='not(mod(n\\,3))+lt(mod(n\\,40)\\,20)'"),
    _film("edited.mp4", _X264, ["-bf", 3], _AAC, ["-use_editlist", 1]),
    _film("turned.mp4", _X264, _AAC, filters="transpose=cclock", coded="180x320", spoil=_turned(-90)),
    _film("no-cues.mkv", _X264, _AAC, spoil=_without_cues),
    _film(
        "no-index.avi",
        ["-c:v", "mpeg4", "-q:v", 3],
        ["-c:a", "libmp3lame"],
        video="mpeg4",
        audio="mp3",
        spoil=_without_idx1,
    ),
    _film("cut.mp4", _X264, _AAC, ["-movflags", "+faststart"], spoil=_cut(0.6), whole=False),
    _film("cut.mkv", _X264, _AAC, spoil=_cut(0.6), whole=False),
    _film("damaged.ts", _X264, _AAC, spoil=_flipped(60, 0.1), exact=False),
    _film("damaged.mkv", _X264, _AAC, spoil=_flipped(60, 0.2), exact=False),
    _film("tone.mp3", ["-c:a", "libmp3lame"], video="", audio="mp3"),
    _film("tone.flac", ["-c:a", "flac"], video="", audio="flac"),
    _film("tone.opus", ["-c:a", "libopus"], video="", audio="opus"),
    _film("tone.m4a", ["-c:a", "alac"], video="", audio="alac"),
    _film("tone.wav", ["-c:a", "pcm_s24le"], video="", audio="pcm_s24le"),
)
"""Beside these there is the clip of a camera, :data:`CLIP`, where it is here."""
