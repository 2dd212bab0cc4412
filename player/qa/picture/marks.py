"""How far audio is from video, by marks that test material has: short flashes with a short beep each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np

from player.qa.picture.tools import run

_PICTURES_PER_S = 50
_SOUND_HZ, _STEP_S = 8000, 0.005
_FLASH_LEVELS = 60.0  # grey levels above what is usual
_BEEP_TIMES, _QUIETEST = 8.0, 200.0  # as loud as usual; of 32768
_LONGEST_S = 0.3  # of a mark
_APART_S = 0.5  # a beep that is further from its flash belongs to none
_FEWEST = 3
_SCATTER_S = 0.06

Levels = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def av_offset_ms(path: Path, until_s: float) -> float | None:
    """Return how many milliseconds the beeps of a file come after their flashes; None where it has no such marks.
    Raises InputError without a usable FFmpeg."""
    chain = f"fps={_PICTURES_PER_S}:start_time=0,scale=1:1:flags=area,format=gray"
    bounds = ["-v", "quiet", "-i", str(path), "-t", str(until_s)]
    raw, _ = run([*bounds, "-vf", chain, "-f", "rawvideo", "-"])
    pictures = np.frombuffer(raw, np.uint8).astype(np.float32)
    options = ["-vn", "-ac", "1", "-af", f"aresample={_SOUND_HZ}:first_pts=0:async=1", "-f", "s16le", "-"]
    raw, _ = run([*bounds, *options])
    step = round(_SOUND_HZ * _STEP_S)
    samples = np.frombuffer(raw[: len(raw) // (2 * step) * 2 * step], np.int16).astype(np.float32).reshape(-1, step)
    return offset_ms(flashes(pictures), beeps(np.sqrt((samples**2).mean(axis=1))))


def flashes(levels: Levels) -> list[float]:
    """When short flashes begin, in seconds, out of the brightness of each picture. Pure."""
    if not len(levels):
        return []
    return _short(levels > float(np.median(levels)) + _FLASH_LEVELS, 1 / _PICTURES_PER_S)


def beeps(levels: Levels) -> list[float]:
    """When short beeps begin, in seconds, out of the loudness of each step. Pure."""
    if not len(levels):
        return []
    return _short(levels > max(_BEEP_TIMES * float(np.median(levels)), _QUIETEST), _STEP_S)


def offset_ms(seen_s: Sequence[float], heard_s: Sequence[float]) -> float | None:
    """The usual distance from a flash to its beep; None where they are few or do not belong together. Pure."""
    if min(len(seen_s), len(heard_s)) < _FEWEST:
        return None
    distances = [min((heard - seen for heard in heard_s), key=abs) for seen in seen_s]
    near = [each for each in distances if abs(each) <= _APART_S]
    if len(near) < _FEWEST or len(near) < 0.8 * len(seen_s):
        return None
    usual = median(near)
    steady = sum(abs(each - usual) <= _SCATTER_S for each in near)
    return round(usual * 1000, 1) if steady >= 0.8 * len(near) else None


def _short(marked: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], step_s: float) -> list[float]:
    """Where stretches begin that are no longer than a mark."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marked, [False])).astype(np.int8)))
    pairs = edges.reshape(-1, 2)
    return [float(begin) * step_s for begin, end in pairs if (end - begin) * step_s <= _LONGEST_S]
