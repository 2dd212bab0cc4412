"""Two seconds of every codec in every container that carries it, made by FFmpeg and by Shaka Packager.

Each sample has :data:`FRAMES` pictures with a barcode (:mod:`tests.kit.barcode`) in segments of a second, and two
seconds of a tone. They are encoded once for each codec and packaged once for each row of :data:`SAMPLES`, in the
cache of :mod:`tests.kit.media`. HE-AAC is made of FFmpeg's AAC LC (:mod:`tests.kit.he_aac`): none of them encodes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backend_stub.encoding import tools
from backend_stub.encoding.process import run_tool
from tests.kit import barcode, he_aac, media

SECONDS = 2
FPS = 25
FRAMES = SECONDS * FPS
SAMPLE_RATE = 48_000

_X265 = f"keyint={FPS}:min-keyint={FPS}:scenecut=0:open-gop=0:log-level=error"
_VIDEO: dict[str, list[object]] = {
    "H.264": ["libx264", "-preset", "ultrafast", "-bf", 2, "-g", FPS, "-sc_threshold", 0, "-flags", "+cgop"],
    "HEVC": ["libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params", _X265],
    "VP9": ["libvpx-vp9", "-deadline", "realtime", "-cpu-used", 8, "-g", FPS, "-keyint_min", FPS],
    "AV1": ["libsvtav1", "-preset", 12, "-g", FPS, "-svtav1-params", f"scd=0:keyint={FPS}"],
}
_AUDIO = {"AAC LC": "aac", "AC-3": "ac3", "E-AC-3": "eac3", "Opus": "libopus", "MP3": "libmp3lame"}
_HE_AAC = "HE-AAC"
_SBR_DELAY = 962  # samples; FFmpeg's decoder does not take them off
_MOST_PRIMING = 1152
_PACKED = {"AAC LC": "aac", _HE_AAC: "aac", "AC-3": "ac3", "E-AC-3": "ec3", "MP3": "mp3"}
_SUFFIX = {"fMP4": "m4s", "WebM": "webm", "TS": "ts"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of the table in ``docs/formats.md``. ``video`` is empty for sound alone."""

    maker: str
    protocol: str
    container: str
    video: str
    audio: str

    @property
    def name(self) -> str:
        words = (self.maker.split(" ")[0], self.protocol, self.container, self.video, self.audio)
        return "-".join(word.replace(" ", "") for word in words if word)

    @property
    def sound_left_out(self) -> int:
        """Samples of sound that cannot be heard: FFmpeg leaves the first block out of WebM, and lists the last one
        beyond the end of the title; SBR is late by what it takes."""
        if self.audio == _HE_AAC:
            return _SBR_DELAY
        return 2 * 960 if self.maker == "FFmpeg" and self.container == "WebM" else 0

    @property
    def most_priming(self) -> int:
        """Samples that may be heard before the tone: packed audio cannot say which an encoder put in front."""
        return 2 * _MOST_PRIMING + _SBR_DELAY if self.audio == _HE_AAC else _MOST_PRIMING

    @property
    def manifest(self) -> str:
        return "manifest.mpd" if self.protocol == "DASH" else "master.m3u8"

    def folder(self) -> Path:
        """The packaged files, made where they are not there yet."""
        make = _by_ffmpeg if self.maker == "FFmpeg" else _by_packager
        return _cached(self.name, lambda folder: make(self, folder))


def _rows() -> tuple[Sample, ...]:
    ffmpeg, packager = "FFmpeg", "Shaka Packager"
    rows = [
        *(Sample(ffmpeg, "HLS", "TS", "H.264", audio) for audio in ("AAC LC", _HE_AAC, "AC-3", "E-AC-3", "MP3")),
        Sample(ffmpeg, "HLS", "TS", "HEVC", "AAC LC"),
        *(Sample(ffmpeg, "HLS", "fMP4", video, "AAC LC") for video in ("H.264", "HEVC")),
        Sample(ffmpeg, "HLS", "fMP4", "H.264", _HE_AAC),
        *(Sample(ffmpeg, "DASH", "fMP4", "H.264", audio) for audio in (*_AUDIO, _HE_AAC)),
        *(Sample(ffmpeg, "DASH", "fMP4", video, "AAC LC") for video in ("HEVC", "VP9", "AV1")),
        *(Sample(ffmpeg, "DASH", "WebM", video, "Opus") for video in ("VP9", "AV1")),
        *(Sample(packager, "HLS", "TS", "H.264", audio) for audio in ("AAC LC", "AC-3", "E-AC-3")),
        *(Sample(packager, "HLS", "packed audio", "", audio) for audio in _PACKED),
        Sample(packager, "HLS", "packed audio", "H.264", "AAC LC"),
        *(Sample(packager, "HLS", "fMP4", "H.264", audio) for audio in ("AC-3", "E-AC-3")),
        *(Sample(packager, "DASH", "fMP4", video, "AAC LC") for video in _VIDEO),
        Sample(packager, "DASH", "fMP4", "H.264", _HE_AAC),
        Sample(packager, "DASH", "fMP4", "VP9", "Opus"),
        *(Sample(packager, "DASH", "WebM", video, "Opus") for video in ("VP9", "AV1")),
    ]
    return tuple(rows)


SAMPLES = _rows()


def trick_play() -> Path:
    """A title of Shaka Packager's, ``manifest.mpd`` and ``master.m3u8``, with a trick-play track of keyframes: one
    for each second."""

    def make(folder: Path) -> None:
        video = _video("H.264")
        streams = [
            f"in={video},stream=video,{_stream('video', 'm4s')},iframe_playlist_name=iframes.m3u8",
            f"in={video},stream=video,{_stream('trick', 'm4s')},trick_play_factor=1",
        ]
        manifests = ["--mpd_output", "manifest.mpd", "--hls_master_playlist_output", "master.m3u8"]
        options = ["--quiet", "--segment_duration", "1", "--generate_static_live_mpd", *manifests]
        run_tool([tools.locate().packager, *options, *streams], cwd=folder)

    return _cached("trick-play", make)


_WORDS = """WEBVTT

00:00.000 --> 00:00.900 line:20% align:left
High

00:01.100 --> 00:01.900
Low
"""


def timed_text() -> Path:
    """A title of Shaka Packager's with TTML: ``fragments.mpd`` has it in fMP4 (``stpp``), ``file.mpd`` in a file."""

    def make(folder: Path) -> None:
        (folder / "words.vtt").write_text(_WORDS)
        video, text = f"in={_video('H.264')},stream=video", "in=words.vtt,stream=text,lang=en"
        fragments = ["--segment_duration", "1", "--generate_static_live_mpd", "--mpd_output", "fragments.mpd"]
        fragments += [f"{video},{_stream('video', 'm4s')}", f"{text},{_stream('words', 'm4s')},format=ttml+mp4"]
        one_file = ["--mpd_output", "file.mpd", f"{video},output=video.mp4", f"{text},output=words.ttml"]
        for options in (fragments, one_file):
            run_tool([tools.locate().packager, "--quiet", *options], cwd=folder)

    return _cached("timed-text", make)


def running_over() -> Path:
    """FFmpeg's HLS in TS, ``index.m3u8``, whose clock of 33 bits runs over after the first second."""

    def make(folder: Path) -> None:
        inputs = ["-i", _video("H.264"), "-i", _audio("AAC LC"), "-map", "0:v", "-map", "1:a", "-c", "copy"]
        offset = 2**33 / 90_000 - 1.0
        _ffmpeg(
            folder,
            *inputs,
            "-output_ts_offset",
            offset,
            "-f",
            "hls",
            "-hls_time",
            1,
            "-hls_list_size",
            0,
            "index.m3u8",
        )

    return _cached("running-over", make)


def _by_ffmpeg(sample: Sample, folder: Path) -> None:
    inputs = ["-i", _video(sample.video), "-i", _audio(sample.audio), "-map", "0:v", "-map", "1:a", "-c", "copy"]
    if sample.protocol == "DASH":
        kind = "webm" if sample.container == "WebM" else "mp4"
        _ffmpeg(folder, *inputs, "-f", "dash", "-seg_duration", 1, "-dash_segment_type", kind, sample.manifest)
    else:
        kind = "fmp4" if sample.container == "fMP4" else "mpegts"
        hls = ["-f", "hls", "-hls_time", 1, "-hls_playlist_type", "vod", "-hls_segment_type", kind]
        _ffmpeg(folder, *inputs, *hls, "-master_pl_name", sample.manifest, "index.m3u8")


def _by_packager(sample: Sample, folder: Path) -> None:
    streams = []
    if sample.video:
        inner = "TS" if sample.container == "packed audio" else sample.container
        streams.append(f"in={_video(sample.video)},stream=video,{_stream('video', _SUFFIX[inner])}")
    packed = sample.container == "packed audio"
    suffix = _PACKED[sample.audio] if packed else _SUFFIX[sample.container]
    sound = _audio(sample.audio, "webm" if sample.container == "WebM" else "mp4")
    streams.append(f"in={sound},stream=audio,{_stream('audio', suffix)}")
    manifest = (
        ["--generate_static_live_mpd", "--mpd_output", sample.manifest]
        if sample.protocol == "DASH"
        else ["--hls_master_playlist_output", sample.manifest]
    )
    run_tool([tools.locate().packager, "--quiet", "--segment_duration", "1", *manifest, *streams], cwd=folder)


def _stream(name: str, suffix: str) -> str:
    init = {"m4s": "mp4", "webm": "webm"}.get(suffix)
    head = f"init_segment={name}/init.{init}," if init else ""
    return f"{head}segment_template={name}/$Number$.{suffix},playlist_name={name}.m3u8"


def _video(codec: str) -> Path:
    """An MP4 file of the pictures."""

    def make(folder: Path) -> None:
        picture = f"testsrc2=s=256x144:r={FPS}:d={SECONDS},{barcode.draw_filter(0)},format=yuv420p"
        _ffmpeg(folder, "-f", "lavfi", "-i", picture, "-c:v", *_VIDEO[codec], "video.mp4")

    return _cached(codec, make) / "video.mp4"


def _audio(codec: str, form: str = "mp4") -> Path:
    """A file of the tone. The packager makes WebM only of WebM, which says by a delay what MP4 says by times below
    0."""
    if codec == _HE_AAC:
        return _he_aac()
    name = f"audio.{form}"

    def make(folder: Path) -> None:
        tone = f"sine=f=440:r={SAMPLE_RATE}:d={SECONDS}"
        _ffmpeg(folder, "-f", "lavfi", "-i", tone, "-ac", 2, "-c:a", _AUDIO[codec], "-b:a", "96k", name)

    return _cached(f"{codec}-{form}".replace(" ", ""), make) / name


def _he_aac() -> Path:
    def make(folder: Path) -> None:
        rate = SAMPLE_RATE // 2
        tone = f"sine=f=440:r={rate}:d={SECONDS}"
        _ffmpeg(folder, "-f", "lavfi", "-i", tone, "-ac", 2, "-c:a", "aac", "-b:a", "96k", "core.mp4")
        he_aac.convert(folder / "core.mp4", folder / "audio.mp4", he_aac.explicit_asc(rate, 2))

    return _cached("HE-AAC-mp4", make) / "audio.mp4"


def _cached(name: str, make: Callable[[Path], None]) -> Path:
    recipes = hashlib.sha256(b"".join(Path(each).read_bytes() for each in (__file__, he_aac.__file__))).hexdigest()
    return media.cached(f"sample-{name}", {"recipes": recipes}, make)


def _ffmpeg(folder: Path, *arguments: object) -> None:
    run_tool([tools.locate().ffmpeg, "-v", "error", "-nostdin", "-y", *map(str, arguments)], cwd=folder)
