"""What FFmpeg's filters find in a file: frozen, black and silent stretches, loudness, blockiness, decoder errors."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from player.qa.picture.tools import run

_FREEZE_S, _BLACK_S, _SILENCE_S = 1.0, 0.5, 0.5
_FREEZE_NOISE, _SILENCE_LEVEL = "-60dB", "-70dB"
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_FROZEN = re.compile(rf"freeze_start: {_NUMBER}(?:.*?freeze_end: {_NUMBER})?", re.DOTALL)
_BLACK = re.compile(rf"black_start:{_NUMBER} black_end:{_NUMBER}")
_SILENT = re.compile(rf"silence_start: {_NUMBER}(?:.*?silence_end: {_NUMBER})?", re.DOTALL)
_LOUDNESS = re.compile(rf"I:\s+{_NUMBER} LUFS")
_PEAK = re.compile(rf"Peak:\s+{_NUMBER} dBFS")
_BLOCKS = re.compile(rf"block mean: {_NUMBER}")
_DURATION = re.compile(r"time=(\d+):(\d+):(\d+\.\d+)")
_ERROR = re.compile(r"^\[(?!null )\w+ @ 0x[0-9a-f]+\] \[(?:error|fatal|panic)\] ", re.MULTILINE)
_STREAM = re.compile(r"Stream #0:\d+.*?: (Video|Audio): ")

Span = tuple[float, float]
"""From and to, in seconds of the file."""


@dataclass(frozen=True, slots=True)
class MediaFigures:
    """``loudness_lufs`` as EBU R128 has it, ``true_peak_dbfs`` the loudest true peak (above 0 it clips);
    ``blockiness`` is FFmpeg's mean of ``blockdetect``, to be compared within one title."""

    has_video: bool = False
    has_audio: bool = False
    duration_s: float = 0.0
    frozen: tuple[Span, ...] = ()
    black: tuple[Span, ...] = ()
    silent: tuple[Span, ...] = ()
    loudness_lufs: float | None = None
    true_peak_dbfs: float | None = None
    blockiness: float | None = None
    decode_errors: int = 0
    messages: tuple[str, ...] = field(default=(), repr=False)


def measure(path: Path) -> MediaFigures:
    """Look at a whole file. Raises InputError without a usable FFmpeg."""
    return measured(run(["-v", "level+info", *_input(path), *_FILTERS, "-f", "null", "-"])[1])


_FILTERS = (
    *("-map", "0:v:0?", "-map", "0:a:0?"),
    *("-vf", f"freezedetect=n={_FREEZE_NOISE}:d={_FREEZE_S},blackdetect=d={_BLACK_S},blockdetect"),
    *("-af", f"silencedetect=n={_SILENCE_LEVEL}:d={_SILENCE_S},ebur128=peak=true:framelog=quiet"),
    "-stats",
)


def measured(text: str) -> MediaFigures:
    """Read FFmpeg's messages. Pure."""
    kinds = set(_STREAM.findall(text))
    took = [
        int(hours) * 3600 + int(minutes) * 60 + float(seconds) for hours, minutes, seconds in _DURATION.findall(text)
    ]
    duration_s = max(took, default=0.0)
    loudness, peak, blocks = _LOUDNESS.findall(text), _PEAK.findall(text), _BLOCKS.findall(text)
    errors = [line for line in text.splitlines() if _ERROR.match(line)]
    return MediaFigures(
        has_video="Video" in kinds,
        has_audio="Audio" in kinds,
        duration_s=duration_s,
        frozen=_spans(_FROZEN.findall(text), duration_s),
        black=_spans(_BLACK.findall(text), duration_s),
        silent=_spans(_SILENT.findall(text), duration_s),
        loudness_lufs=float(loudness[-1]) if loudness else None,
        true_peak_dbfs=float(peak[-1]) if peak else None,
        blockiness=float(blocks[-1]) if blocks else None,
        decode_errors=len(errors),
        messages=tuple(errors[:20]),
    )


def _spans(found: list[tuple[str, str]], end_s: float) -> tuple[Span, ...]:
    return tuple((float(start), float(stop) if stop else max(end_s, float(start))) for start, stop in found)


def _input(path: Path) -> tuple[str, ...]:
    return ("-protocol_whitelist", "file,crypto,data,http,https,tcp,tls", "-i", str(path))
