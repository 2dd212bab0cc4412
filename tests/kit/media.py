"""Small test media, made on this machine by the bundled FFmpeg and Shaka Packager and kept in a cache.

Every video frame carries a barcode (:mod:`tests.kit.barcode`): its frame number and rung. Every full second of audio
begins with a 50 ms beep whose pitch names the second (modulo 8) and the language. Frame ``n`` belongs to ``n / FPS``
seconds, so the offset between audio and video can be measured.

Each recipe returns a :class:`TestMedia`. It is made once per cache (``MATINEE_TEST_CACHE``, else
``.cache/test-media`` in the repository), whichever process comes first; a changed recipe gets a new folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from backend_stub.encoding import tools
from backend_stub.encoding.process import run_tool
from tests.kit import barcode

FPS = 25
SEGMENT_S = 4
SECONDS = 24
BEEP_S = 0.05
BEEP_BASE_HZ = {"en": 500, "fr": 2000}
BEEP_STEP_HZ = 100
SAMPLE_RATE = 48_000


@dataclass(frozen=True, slots=True)
class Rung:
    """One quality of the test ladder; ``index`` is the rung in the barcode, ``bitrate`` in bit/s."""

    index: int
    width: int
    height: int
    bitrate: int


RUNGS = (Rung(0, 320, 180, 200_000), Rung(1, 640, 360, 600_000), Rung(2, 960, 540, 1_500_000))

# One key per label, as (key id, key) in hex; public on purpose.
KEYS = {
    "AUDIO": ("a0000000000000000000000000000001", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
    "SD": ("50000000000000000000000000000002", "1a1b2c3d4e5f60718293a4b5c6d7e8f9"),
    "HD": ("4d000000000000000000000000000003", "2a1b2c3d4e5f60718293a4b5c6d7e8f9"),
}
# The label each rung of a packaged title is encrypted under.
RUNG_LABELS = ("SD", "SD", "HD")


@dataclass(frozen=True, slots=True)
class TestMedia:
    """A title on disk and what is true of it. ``dash`` and ``hls`` are paths relative to ``folder``."""

    __test__ = False  # not a test class, whatever its name

    folder: Path
    dash: str | None
    hls: str | None
    seconds: int = SECONDS
    segment_s: int = SEGMENT_S
    fps: int = FPS
    rungs: tuple[Rung, ...] = RUNGS
    languages: tuple[str, ...] = ("en",)
    subtitle_languages: tuple[str, ...] = ()
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    rung_labels: tuple[str, ...] = ()
    scheme: str | None = None

    @property
    def frames(self) -> int:
        return self.seconds * self.fps

    @property
    def segments(self) -> int:
        return -(-self.seconds // self.segment_s)


def beep_hz(second: int, language: str = "en") -> int:
    """The pitch of the beep at the start of ``second``."""
    return BEEP_BASE_HZ[language] + BEEP_STEP_HZ * (second % 8)


def ffmpeg_dash(seconds: int = SECONDS) -> TestMedia:
    """FFmpeg's own DASH: H.264 in three rungs, AAC in two languages, fMP4 files; HLS playlists beside it."""

    def make(folder: Path) -> None:
        source = elementary(seconds)
        _ffmpeg(
            folder,
            [*_inputs(source), "-c", "copy", *_languages()],
            ["-f", "dash", "-seg_duration", SEGMENT_S, "-use_template", 1, "-use_timeline", 1, "-hls_playlist", 1],
            ["-adaptation_sets", "id=0,streams=0,1,2 id=1,streams=3 id=2,streams=4"],
            ["-init_seg_name", "init-$RepresentationID$.mp4"],
            ["-media_seg_name", "seg-$RepresentationID$-$Number%03d$.m4s", "manifest.mpd"],
        )

    folder = cached("ffmpeg-dash", {"seconds": seconds}, make)
    return TestMedia(folder, "manifest.mpd", "master.m3u8", seconds, languages=("en", "fr"))


def ffmpeg_hls_ts(seconds: int = SECONDS) -> TestMedia:
    """FFmpeg's own HLS: MPEG-TS segments with H.264 and AAC in one file, three rungs, a master playlist."""

    def make(folder: Path) -> None:
        source = elementary(seconds)
        maps = [value for rung in RUNGS for value in ("-map", f"{rung.index}:v", "-map", f"{len(RUNGS)}:a")]
        streams = " ".join(f"v:{rung.index},a:{rung.index},name:{rung.height}p" for rung in RUNGS)
        rates = [v for rung in RUNGS for v in (f"-b:v:{rung.index}", rung.bitrate, f"-b:a:{rung.index}", 64_000)]
        _ffmpeg(
            folder,
            [*_inputs(source, maps), "-c", "copy", *rates],
            ["-f", "hls", "-hls_time", SEGMENT_S, "-hls_playlist_type", "vod", "-var_stream_map", streams],
            ["-master_pl_name", "master.m3u8", "-hls_segment_filename", "%v/seg%03d.ts", "%v/index.m3u8"],
        )

    folder = cached("ffmpeg-hls-ts", {"seconds": seconds}, make)
    return TestMedia(folder, None, "master.m3u8", seconds)


def packager_cenc(seconds: int = SECONDS) -> TestMedia:
    """Shaka Packager, ``cenc``, one key per label, with WebVTT subtitles: DASH and HLS over the same segments."""
    return _packager_segments("cenc", seconds)


def packager_cbcs(seconds: int = SECONDS) -> TestMedia:
    """The same in ``cbcs`` (pattern 1:9)."""
    return _packager_segments("cbcs", seconds)


def packager_clear(seconds: int = SECONDS) -> TestMedia:
    """The same without encryption."""
    return _packager_segments(None, seconds)


def dash_on_demand(seconds: int = SECONDS) -> TestMedia:
    """Shaka Packager's on-demand profile: one file per rung, SegmentBase with ``sidx``, HLS with byte ranges."""

    def make(folder: Path) -> None:
        source = elementary(seconds)
        streams = [
            f"in={source}/v{rung.index}.mp4,stream=video,output=video-{rung.index}.mp4,"
            f"playlist_name=video-{rung.index}.m3u8"
            for rung in RUNGS
        ]
        streams += [
            f"in={source}/{language}.m4a,stream=audio,output=audio-{language}.mp4,lang={language},"
            f"playlist_name=audio-{language}.m3u8,hls_name={language}"
            for language in BEEP_BASE_HZ
        ]
        _packager(folder, streams)

    folder = cached("dash-on-demand", {"seconds": seconds}, make)
    return TestMedia(folder, "manifest.mpd", "master.m3u8", seconds, languages=tuple(BEEP_BASE_HZ))


def other_codec(codec: str, seconds: int = 8) -> TestMedia:
    """FFmpeg's DASH of ``hevc``, ``vp9`` or ``av1``: the two lower rungs and one language."""

    def make(folder: Path) -> None:
        source = elementary(seconds)
        video: list[object] = []
        for rung in RUNGS[:2]:
            video += ["-i", source / f"v{rung.index}.mp4"]
        video += ["-i", source / "en.m4a", "-map", "0:v", "-map", "1:v", "-map", "2:a", *_OTHER_CODECS[codec]]
        for rung in RUNGS[:2]:
            video += [f"-b:v:{rung.index}", rung.bitrate]
        _ffmpeg(
            folder,
            [*video, "-pix_fmt", "yuv420p", "-c:a", "copy", "-f", "dash", "-seg_duration", SEGMENT_S],
            ["-dash_segment_type", "mp4", "-adaptation_sets", "id=0,streams=0,1 id=1,streams=2"],
            ["-init_seg_name", "init-$RepresentationID$.mp4"],
            ["-media_seg_name", "seg-$RepresentationID$-$Number%03d$.m4s", "manifest.mpd"],
        )

    folder = cached(codec, {"seconds": seconds}, make)
    return TestMedia(folder, "manifest.mpd", None, seconds, rungs=RUNGS[:2])


_GOP = FPS * SEGMENT_S
_X265 = f"keyint={_GOP}:min-keyint={_GOP}:scenecut=0:open-gop=0:pools=none:frame-threads=1:log-level=error"
_VP9 = ["-deadline", "realtime", "-cpu-used", 8, "-threads", 1]
_OTHER_CODECS: dict[str, list[object]] = {
    "hevc": ["-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params", _X265],
    "vp9": ["-c:v", "libvpx-vp9", *_VP9, "-g", _GOP, "-keyint_min", _GOP],
    "av1": ["-c:v", "libsvtav1", "-preset", 12, "-g", _GOP, "-svtav1-params", f"scd=0:keyint={_GOP}:lp=1"],
}


def _packager_segments(scheme: str | None, seconds: int) -> TestMedia:
    def make(folder: Path) -> None:
        source = elementary(seconds)
        (folder / "subtitles.vtt").write_text(subtitles(seconds), encoding="utf-8")
        streams = [
            f"in={source}/v{rung.index}.mp4,stream=video,drm_label={label},{_segmented(f'video-{rung.index}')}"
            for rung, label in zip(RUNGS, RUNG_LABELS, strict=True)
        ]
        streams += [
            f"in={source}/{language}.m4a,stream=audio,drm_label=AUDIO,lang={language},hls_name={language},"
            + _segmented(f"audio-{language}")
            for language in BEEP_BASE_HZ
        ]
        text = "in=subtitles.vtt,stream=text,lang=en,hls_name=English,skip_encryption=1"
        streams += [
            f"{text},hls_only=1,segment_template=text-hls/$Number$.vtt,playlist_name=text.m3u8,hls_group_id=text",
            f"{text},dash_only=1,{_segmented('text-dash')}",
        ]
        _packager(folder, streams, "--generate_static_live_mpd", *(_encryption(scheme) if scheme else []))

    folder = cached(f"packager-{scheme or 'clear'}", {"seconds": seconds}, make)
    return TestMedia(
        folder,
        "manifest.mpd",
        "master.m3u8",
        seconds,
        languages=tuple(BEEP_BASE_HZ),
        subtitle_languages=("en",),
        keys=KEYS if scheme else {},
        rung_labels=RUNG_LABELS,
        scheme=scheme,
    )


def _segmented(name: str) -> str:
    return f"init_segment={name}/init.mp4,segment_template={name}/$Number$.m4s,playlist_name={name}.m3u8"


def _encryption(scheme: str) -> list[str]:
    keys = ",".join(f"label={label}:key_id={kid}:key={key}" for label, (kid, key) in KEYS.items())
    # In `cenc` the packager writes EXT-X-KEY for Widevine only, in `cbcs` for the common system too.
    systems = "Widevine,CommonSystem" if scheme == "cenc" else "CommonSystem"
    raw_keys = ["--enable_raw_key_encryption", "--keys", keys, "--protection_systems", systems]
    return [*raw_keys, "--protection_scheme", scheme, "--clear_lead", "0"]


def _packager(folder: Path, streams: Sequence[str], *options: str) -> None:
    manifests = ["--mpd_output", "manifest.mpd", "--hls_master_playlist_output", "master.m3u8"]
    common = ["--quiet", "--segment_duration", str(SEGMENT_S), "--default_language", "en", *manifests]
    run_tool([tools.locate().packager, *common, *options, *streams], cwd=folder)


def subtitles(seconds: int) -> str:
    """WebVTT with one cue of 1.5 s at every second full second: ``second 4`` from 4.0 to 5.5."""
    cues = [
        f"{_clock(second)}.000 --> {_clock(second + 1)}.500\nsecond {second}\n" for second in range(0, seconds - 1, 2)
    ]
    return "WEBVTT\n\n" + "\n".join(cues)


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def elementary(seconds: int = SECONDS) -> Path:
    """A folder with one MP4 file per rung (``v0.mp4`` ...) and per language (``en.m4a``, ``fr.m4a``), closed GOPs."""

    def make(folder: Path) -> None:
        splits = "".join(f"[s{rung.index}]" for rung in RUNGS)
        branches = [
            f"[s{rung.index}]scale={rung.width}:{rung.height}:flags=fast_bilinear,"
            f"{barcode.draw_filter(rung.index)}[v{rung.index}]"
            for rung in RUNGS
        ]
        top = RUNGS[-1]
        graph = f"testsrc2=s={top.width}x{top.height}:r={FPS}:d={seconds},split={len(RUNGS)}{splits};"
        outputs: list[object] = []
        for rung in RUNGS:
            outputs += ["-map", f"[v{rung.index}]", *_x264(rung.bitrate), f"v{rung.index}.mp4"]
        for language in BEEP_BASE_HZ:
            outputs += ["-map", f"{list(BEEP_BASE_HZ).index(language)}:a", "-c:a", "aac", "-b:a", "64k"]
            outputs += [f"{language}.m4a"]
        beeps = [v for language in BEEP_BASE_HZ for v in ("-f", "lavfi", "-i", _beeps(language, seconds))]
        _ffmpeg(folder, beeps, ["-filter_complex", graph + ";".join(branches)], outputs)

    return cached("elementary", {"seconds": seconds}, make)


def _x264(bitrate: int) -> list[object]:
    """In one thread: with more, and a bound on the bitrate, the bytes would hang on the number of processors and on
    what else they have to do."""
    gop = FPS * SEGMENT_S
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "main", "-bf", 2, "-pix_fmt", "yuv420p"]
    closed_gops = ["-g", gop, "-keyint_min", gop, "-sc_threshold", 0, "-flags", "+cgop"]
    return [*codec, *closed_gops, "-b:v", bitrate, "-maxrate", bitrate, "-bufsize", bitrate, "-threads", 1]


def _beeps(language: str, seconds: int) -> str:
    pitch = f"({BEEP_BASE_HZ[language]}+{BEEP_STEP_HZ}*mod(floor(t)\\,8))"
    wave = f"if(lt(mod(t\\,1)\\,{BEEP_S})\\,0.5*sin(2*PI*{pitch}*mod(t\\,1))\\,0)"
    return f"aevalsrc={wave}:s={SAMPLE_RATE}:d={seconds}"


def _inputs(source: Path, maps: Sequence[object] = ()) -> list[object]:
    files = [*(f"v{rung.index}.mp4" for rung in RUNGS), *(f"{language}.m4a" for language in BEEP_BASE_HZ)]
    chosen = maps or [value for number in range(len(files)) for value in ("-map", number)]
    return [value for name in files for value in ("-i", source / name)] + list(chosen)


def _languages() -> list[object]:
    return [
        v
        for i, language in enumerate(BEEP_BASE_HZ)
        for v in (f"-metadata:s:a:{i}", f"language={_ISO_639_2[language]}")
    ]


_ISO_639_2 = {"en": "eng", "fr": "fra"}


def _ffmpeg(folder: Path, *argument_groups: Sequence[object]) -> None:
    arguments = [str(value) for group in argument_groups for value in group]
    run_tool([tools.locate().ffmpeg, "-v", "error", "-nostdin", "-y", *arguments], cwd=folder)


def cache_folder() -> Path:
    """Where test media are kept between runs."""
    chosen = os.environ.get("MATINEE_TEST_CACHE")
    return Path(chosen) if chosen else Path(__file__).resolve().parents[2] / ".cache" / "test-media"


def cached(name: str, facts: dict[str, object], make: Callable[[Path], None]) -> Path:
    """The folder made by ``make``, built at most once even when several processes ask at the same time."""
    digest = hashlib.sha256(repr((_recipes(), name, sorted(facts.items()))).encode()).hexdigest()[:12]
    home = cache_folder()
    folder = home / f"{name}-{digest}"
    if folder.is_dir():
        return folder
    home.mkdir(parents=True, exist_ok=True)
    with (home / f"{name}-{digest}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return folder
        staging = Path(tempfile.mkdtemp(prefix=f"{name}-", suffix=".part", dir=home))
        try:
            make(staging)
            staging.chmod(0o755)
            staging.rename(folder)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
    return folder


@cache
def _recipes() -> str:
    """A digest of the recipes' own source: a changed recipe must not find the media of the old one."""
    sources = (Path(__file__), Path(barcode.__file__))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
