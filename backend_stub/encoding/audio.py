"""The sound of a film: how loud it is (EBU R128), and one AAC file per track at the same loudness for all films."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backend_stub.encoding import tools
from backend_stub.encoding.chunks import progress_reader
from backend_stub.encoding.errors import BadInputError, ToolFailedError
from backend_stub.encoding.ladder import AudioRung
from backend_stub.encoding.probe import SourceInfo, ffmpeg_url
from backend_stub.encoding.process import run_tool

SAMPLE_RATE = 48_000
#: EBU R128: programme loudness in LUFS, and the highest true peak in dBTP.
TARGET_LUFS = -23.0
HIGHEST_PEAK_DB = -1.0
_SILENCE_LUFS = -69.0  # the gate of ITU-R BS.1770 lets nothing below -70 through


@dataclass(frozen=True, slots=True)
class Loudness:
    """Of one track: programme loudness in LUFS, true peak in dBTP; None where it is silent."""

    lufs: float | None
    peak_db: float | None

    @property
    def gain_db(self) -> float:
        """The gain that reaches the target loudness without peaks above the limit. One gain for the whole film keeps
        its dynamics."""
        if self.lufs is None or self.peak_db is None:
            return 0.0
        return round(min(TARGET_LUFS - self.lufs, HIGHEST_PEAK_DB - self.peak_db), 2)


def measure(source: SourceInfo, rung: AudioRung, *, cancel: threading.Event | None = None) -> Loudness:
    """Listen to a track. Raises :class:`BadInputError` when it cannot be decoded, :class:`CancelledError`."""
    heard: dict[str, float] = {}

    def hear(line: str) -> None:
        name, _, value = line.partition("=")
        if name == "lavfi.r128.I" or name.startswith("lavfi.r128.true_peak"):
            number = float(value)
            heard[name] = number if name == "lavfi.r128.I" else max(number, heard.get(name, 0.0))

    chain = f"{_shape(rung)},ebur128=metadata=1:peak=true:framelog=quiet,ametadata=mode=print:file=-"
    _run(source, [*_input(source), "-map", f"0:a:{rung.position}", "-af", chain, "-f", "null", "-"], hear, cancel)
    peak = max((value for name, value in heard.items() if "peak" in name), default=0.0)
    lufs = heard.get("lavfi.r128.I", -math.inf)
    if not math.isfinite(lufs) or lufs <= _SILENCE_LUFS or peak <= 0:
        return Loudness(None, None)
    return Loudness(round(lufs, 2), round(20 * math.log10(peak), 2))


def encode_sound(
    source: SourceInfo,
    rung: AudioRung,
    gain_db: float,
    target: Path,
    *,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Write a track to ``target`` (MP4), as long as the film: gaps are filled with silence.

    Raises :class:`BadInputError` when it cannot be decoded, :class:`CancelledError`.
    """
    draft = target.with_name(f".{threading.get_ident()}-{target.name}")
    chain = f"[0:a:{rung.position}]{_shape(rung)},volume={gain_db}dB:precision=float,apad[a]"
    command = [*_input(source), "-filter_complex", chain, "-map", "[a]", "-t", f"{source.duration_s:.6f}"]
    command += ["-c:a", "aac", "-b:a", str(rung.bitrate), "-map_metadata", "-1", "-map_chapters", "-1"]
    command += ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "mp4", ffmpeg_url(draft)]
    _run(source, command, progress_reader(0.0, source.duration_s, progress), cancel)
    draft.replace(target)


def _shape(rung: AudioRung) -> str:
    """Sound begins with the picture."""
    layout = {1: "mono", 2: "stereo"}.get(rung.channels, "5.1")
    return f"aresample={SAMPLE_RATE}:async=1:first_pts=0,aformat=channel_layouts={layout}"


def _input(source: SourceInfo) -> list[str]:
    return ["-vn", "-sn", "-dn", "-protocol_whitelist", "file,pipe", "-i", ffmpeg_url(source.path)]


def _run(
    source: SourceInfo, arguments: list[str], on_line: Callable[[str], None], cancel: threading.Event | None
) -> None:
    command = [str(tools.locate().ffmpeg), "-v", "error", "-nostdin", "-y", "-nostats"]
    following = ["-progress", "pipe:1"] if "null" not in arguments else []
    try:
        run_tool([*command, *following, *arguments], on_line=on_line, cancel=cancel)
    except ToolFailedError as error:
        raise BadInputError(f"The sound of {source.path.name} cannot be decoded ({error.sentence}).") from error
