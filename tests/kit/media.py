"""Small test media, made on this machine by the bundled FFmpeg and Shaka Packager and kept in a cache.

Every picture carries a barcode (:mod:`tests.kit.barcode`): its frame number and rung. Every full second of sound
begins with a 50 ms beep whose pitch names the second (modulo 8) and the language, so that the offset between
sound and picture can be measured: frame ``n`` belongs to ``n / FPS`` seconds.

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

_RECIPE_VERSION = 1  # raise it when the way the media are made changes


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

    folder = _cached("ffmpeg-dash", {"seconds": seconds}, make)
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

    folder = _cached("ffmpeg-hls-ts", {"seconds": seconds}, make)
    return TestMedia(folder, None, "master.m3u8", seconds)


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

    return _cached("elementary", {"seconds": seconds, "rungs": repr(RUNGS), "barcode": barcode.draw_filter(5)}, make)


def _x264(bitrate: int) -> list[object]:
    gop = FPS * SEGMENT_S
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "main", "-bf", 2, "-pix_fmt", "yuv420p"]
    closed_gops = ["-g", gop, "-keyint_min", gop, "-sc_threshold", 0, "-flags", "+cgop"]
    return [*codec, *closed_gops, "-b:v", bitrate, "-maxrate", bitrate, "-bufsize", bitrate]


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


def _cached(name: str, facts: dict[str, object], make: Callable[[Path], None]) -> Path:
    """The folder made by ``make``, built at most once even when several processes ask at the same time."""
    digest = hashlib.sha256(repr((_RECIPE_VERSION, name, sorted(facts.items()))).encode()).hexdigest()[:12]
    cache = cache_folder()
    folder = cache / f"{name}-{digest}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{name}-{digest}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return folder
        staging = Path(tempfile.mkdtemp(prefix=f"{name}-", suffix=".part", dir=cache))
        try:
            make(staging)
            staging.chmod(0o755)
            staging.rename(folder)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
    return folder
