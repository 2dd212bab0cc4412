"""Holds the picture and sound of a run against those of a reference: is this what should have been shown?

Pictures are compared small and grey, so that another quality of the same picture is alike and another picture is not.
Sounds are compared by their pitches and by how their loudness moves. Both go by the time in the file, not by the
number of a frame.
"""

from __future__ import annotations

import errno
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from player.qa.picture.measure import Span
from player.qa.picture.tools import has_vmaf, run

PICTURES_PER_S = 4
_WIDE, _HIGH = 32, 18
_OTHER_PICTURE = 0.5  # correlation of what moves, below which two small pictures are not the same
_FLAT = 3.0  # a standard deviation of grey levels, below which nothing moves
_LEVELS_OFF = 5.0  # grey levels: so far apart another quality of a picture may be
_SOUND_HZ = 8000
_STEP_S = 0.02
_WINDOW_S = 1.0
_OTHER_SOUND = 0.5
_OTHER_PITCHES = 0.6  # the cosine of two mean spectra
_QUIET = 30.0  # of 32768
_MOST_S = 4 * 3600.0
_LEAST_FREE = 1 << 20  # bytes, below which a torn document is the disk's doing
_TAIL_S = 0.75  # so much shorter than the reference may a track be

Levels = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Compared:
    """Stretches in which picture or sound is another than the reference's, and how alike the pictures look (VMAF,
    0 to 100; None where the FFmpeg at hand cannot tell). ``missing`` is what the reference has behind the end."""

    wrong_picture: tuple[Span, ...] = ()
    wrong_sound: tuple[Span, ...] = ()
    vmaf_mean: float | None = None
    vmaf_min: float | None = None
    missing: tuple[Span, ...] = ()


def compare(path: Path, reference: Path, until_s: float, *, vmaf: bool = True) -> Compared:
    """Compare a file with its reference, up to a time of the title. Raises InputError without a usable FFmpeg."""
    until_s = min(until_s, _MOST_S)
    shown, to_show = _pictures(path, until_s), _pictures(reference, until_s)
    heard, to_hear = _spectra(path, until_s), _spectra(reference, until_s)
    pictures = _spans(other_pictures(shown, to_show), 1 / PICTURES_PER_S)
    sounds = _spans(other_sounds(heard, to_hear), _WINDOW_S)
    missing = [
        (len(ours) * step_s, len(theirs) * step_s)
        for ours, theirs, step_s in ((shown, to_show, 1 / PICTURES_PER_S), (heard, to_hear, _STEP_S))
        if (len(theirs) - len(ours)) * step_s > _TAIL_S
    ]
    mean, least = _vmaf(path, reference, until_s) if vmaf and has_vmaf() else (None, None)
    return Compared(pictures, sounds, mean, least, tuple(missing))


def other_pictures(ours: Levels, theirs: Levels) -> list[bool]:
    """For each small picture, of shape (pictures, rows * columns), whether it is another one than the reference's,
    and than the ones beside that. What never moves in the reference tells nothing and is left out. Pure."""
    count = min(len(ours), len(theirs))
    if not count:
        return []
    still = theirs.mean(axis=0)
    return [
        not any(_alike(ours[at] - still, theirs[near] - still) for near in _beside(at, count)) for at in range(count)
    ]


def other_sounds(ours: Levels, theirs: Levels) -> list[bool]:
    """For each window, whether two sounds are of other pitches, or their loudness moves otherwise. Each row is the
    spectrum of 20 ms. Pure."""
    per_window = round(_WINDOW_S / _STEP_S)
    count = min(len(ours), len(theirs)) // per_window
    found = []
    for window in range(count):
        part = slice(window * per_window, (window + 1) * per_window)
        found.append(not _sounds_alike(ours[part], theirs[part]))
    return found


def _beside(at: int, count: int) -> range:
    return range(max(0, at - 1), min(count, at + 2))


def _alike(one: Levels, other: Levels) -> bool:
    if float(np.sqrt(((one - other) ** 2).mean())) < _LEVELS_OFF:
        return True
    if min(float(one.std()), float(other.std())) < _FLAT:
        return False
    return _correlation(one, other) >= _OTHER_PICTURE


def _sounds_alike(one: Levels, other: Levels) -> bool:
    own, wanted = np.sqrt((one**2).mean(axis=1)), np.sqrt((other**2).mean(axis=1))
    loud = (float(own.max()) > _QUIET, float(wanted.max()) > _QUIET)
    if loud != (True, True):
        return loud == (False, False)
    pitches, of_theirs = one.mean(axis=0), other.mean(axis=0)
    size = float(np.linalg.norm(pitches)) * float(np.linalg.norm(of_theirs))
    if float(pitches @ of_theirs) < _OTHER_PITCHES * size:
        return False
    if min(float(own.std()), float(wanted.std())) < _QUIET:
        return 0.25 < float(own.mean() + 1) / float(wanted.mean() + 1) < 4.0
    return max(_correlation(own, np.roll(wanted, lag)) for lag in range(-2, 3)) >= _OTHER_SOUND


def _correlation(one: Levels, other: Levels) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def _spans(wrong: Sequence[bool], step_s: float) -> tuple[Span, ...]:
    """Stretches of at least two steps; single ones are chance."""
    found: list[Span] = []
    begin: int | None = None
    for at, each in enumerate([*wrong, False]):
        if each and begin is None:
            begin = at
        elif not each and begin is not None:
            if (at - begin) * step_s >= min(2 * step_s, 1.0):
                found.append((begin * step_s, at * step_s))
            begin = None
    return tuple(found)


def _pictures(path: Path, until_s: float) -> Levels:
    chain = f"fps={PICTURES_PER_S}:start_time=0,scale={_WIDE}:{_HIGH}:flags=area,format=gray"
    raw, _ = run(["-v", "quiet", "-i", str(path), "-t", str(until_s), "-vf", chain, "-f", "rawvideo", "-"])
    size = _WIDE * _HIGH
    return np.frombuffer(raw[: len(raw) // size * size], np.uint8).reshape(-1, size).astype(np.float32)


def _spectra(path: Path, until_s: float) -> Levels:
    """The spectrum of each 20 ms, in bins of 50 Hz."""
    chain = f"aresample={_SOUND_HZ}:first_pts=0:async=1"
    options = ["-v", "quiet", "-i", str(path), "-t", str(until_s), "-vn", "-ac", "1", "-af", chain]
    raw, _ = run([*options, "-f", "s16le", "-"])
    samples = np.frombuffer(raw[: len(raw) // 2 * 2], np.int16).astype(np.float32)
    step = round(_SOUND_HZ * _STEP_S)
    rows = samples[: len(samples) // step * step].reshape(-1, step)
    return np.abs(np.fft.rfft(rows, axis=1)).astype(np.float32) / np.float32(np.sqrt(step))


def _vmaf(path: Path, reference: Path, until_s: float) -> tuple[float | None, float | None]:
    shown = "fps=5:start_time=0,settb=AVTB,format=yuv420p"
    with tempfile.TemporaryDirectory() as work:
        graph = (
            f"[0:v]{shown}[own];[1:v]{shown}[wanted];[own][wanted]scale2ref=flags=bicubic[a][b];"
            "[a][b]libvmaf=log_fmt=json:log_path=vmaf.json"
        )
        inputs = ["-t", str(until_s), "-i", str(path.resolve()), "-t", str(until_s), "-i", str(reference.resolve())]
        run(["-v", "error", *inputs, "-filter_complex", graph, "-an", "-f", "null", "-"], cwd=Path(work))
        log = Path(work) / "vmaf.json"
        if not log.exists() or not log.stat().st_size:
            return None, None
        try:
            pooled = json.loads(log.read_text(encoding="utf-8"))["pooled_metrics"]["vmaf"]
        except (ValueError, KeyError):
            full = shutil.disk_usage(work).free < _LEAST_FREE
            code, why = (errno.ENOSPC, "no space") if full else (errno.EIO, "torn figures")
            raise OSError(code, f"FFmpeg could not write what it compared: {why}", str(log)) from None
        return round(float(pooled["mean"]), 2), round(float(pooled["min"]), 2)
