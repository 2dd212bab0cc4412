"""Traces and ladders, and their file formats (JSON, as the Sabre simulator has them).

A trace file is a list of ``{"duration_ms", "bandwidth_kbps", "latency_ms"}`` and repeats for ever. A ladder file is
``{"segment_duration_ms", "bitrates_kbps", "segment_sizes_bits"}`` with one row of sizes per segment.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from abr.model import Rung

MAX_PERIODS = 1_000_000
MAX_SEGMENTS = 100_000
MAX_RUNGS = 100
# What a number of the files may say, lowest and highest.
_BOUNDS = {
    "duration_ms": (0.0, 1e12),
    "bandwidth_kbps": (0.0, 1e9),
    "latency_ms": (0.0, 6e5),
    "segment_duration_ms": (1.0, 3.6e6),
    "bitrates_kbps": (1e-3, 1e9),
    "segment_sizes_bits": (1.0, 1e12),
}


class Trace:
    """A piecewise-constant link, repeated for ever. ``periods`` are (seconds, bit/s, seconds of latency).

    Raises ValueError when there is no period, a value is negative or not finite, or no bit ever arrives.
    """

    def __init__(self, name: str, periods: Sequence[tuple[float, float, float]]) -> None:
        if not periods or len(periods) > MAX_PERIODS:
            raise ValueError(f"trace {name!r}: expected 1 to {MAX_PERIODS} periods")
        if any(not math.isfinite(value) or value < 0 for period in periods for value in period):
            raise ValueError(f"trace {name!r}: durations, bandwidths and latencies must be numbers of at least 0")
        self.name = name
        self.periods = tuple(period for period in periods if period[0] > 0)
        self.starts_s, self.sums = [0.0], [0.0]
        for seconds, bps, _ in self.periods:
            self.starts_s.append(self.starts_s[-1] + seconds)
            self.sums.append(self.sums[-1] + seconds * bps)
        if self.sums[-1] <= 0:
            raise ValueError(f"trace {name!r}: it never carries a bit")

    @property
    def duration_s(self) -> float:
        return self.starts_s[-1]

    @property
    def mean_bps(self) -> float:
        return self.sums[-1] / self.duration_s

    def _place(self, at_s: float) -> tuple[float, int, float]:
        """(rounds before, index of the period, seconds into the round)."""
        rounds = math.floor(at_s / self.duration_s)
        inside = at_s - rounds * self.duration_s
        if inside >= self.duration_s:
            rounds, inside = rounds + 1, 0.0
        index = min(bisect_right(self.starts_s, inside) - 1, len(self.periods) - 1)
        return rounds, index, inside

    def latency_s(self, at_s: float) -> float:
        """The latency of a request that goes out at ``at_s``."""
        return self.periods[self._place(at_s)[1]][2]

    def bps(self, at_s: float) -> float:
        """The rate at ``at_s``."""
        return self.periods[self._place(at_s)[1]][1]

    def total_bits(self, at_s: float) -> float:
        """The bits the link could have carried from 0 to ``at_s``."""
        rounds, index, inside = self._place(at_s)
        return rounds * self.sums[-1] + self.sums[index] + self.periods[index][1] * (inside - self.starts_s[index])

    def bits(self, from_s: float, to_s: float) -> float:
        """The bits the link can carry between two moments."""
        return self.total_bits(to_s) - self.total_bits(from_s)

    def finish_s(self, from_s: float, bits: float) -> float:
        """When ``bits`` have arrived that began to flow at ``from_s``."""
        if bits <= 0:
            return from_s
        target = self.total_bits(from_s) + bits
        rounds = math.floor(target / self.sums[-1])
        rest = target - rounds * self.sums[-1]
        if rest <= 0:  # exactly at the seam: the end of the last period that carries bits
            rounds, rest = rounds - 1, self.sums[-1]
        index = max(bisect_left(self.sums, rest) - 1, 0)
        inside = self.starts_s[index] + (rest - self.sums[index]) / self.periods[index][1]
        return max(rounds * self.duration_s + inside, from_s)


@dataclass(frozen=True, slots=True)
class Ladder:
    """A title for the simulator: ``sizes[segment][rung]`` in bytes, all segments ``segment_s`` long."""

    name: str
    segment_s: float
    rungs: tuple[Rung, ...]
    sizes: tuple[tuple[int, ...], ...]

    @property
    def segments(self) -> int:
        return len(self.sizes)

    @property
    def mbps(self) -> tuple[float, ...]:
        """The bitrates in Mbit/s, the quality that is scored."""
        return tuple(rung.bitrate_bps / 1e6 for rung in self.rungs)

    @classmethod
    def constant(
        cls, kbps: Sequence[float], *, segment_s: float = 4.0, segments: int = 150, name: str = "cbr"
    ) -> Ladder:
        """A constant-bitrate title."""
        rungs = tuple(Rung(str(index), round(each * 1000)) for index, each in enumerate(kbps))
        row = tuple(round(each * 1000 * segment_s / 8) for each in kbps)
        return cls(name, segment_s, rungs, (row,) * segments)


def trace_from_json(text: str, name: str) -> Trace:
    """Read a trace file. Raises ValueError with what is wrong."""
    data = _load(text, name)
    if isinstance(data, Mapping) and isinstance(data.get("trace"), list):
        data = data["trace"]
    if not isinstance(data, list):
        raise ValueError(f"trace {name!r}: expected a list of periods")
    periods = []
    for number, period in enumerate(data):
        if not isinstance(period, Mapping):
            raise ValueError(f"trace {name!r}: period {number} is not an object")
        seconds = _number(period, "duration_ms", name) / 1e3
        bps = _number(period, "bandwidth_kbps", name) * 1e3
        latency = _number(period, "latency_ms", name, 0.0) / 1e3
        periods.append((seconds, bps, latency))
    return Trace(name, periods)


def trace_to_json(trace: Trace) -> str:
    """The trace file of a trace."""
    return json.dumps(
        [
            {
                "duration_ms": round(s * 1e3, 3),
                "bandwidth_kbps": round(bps / 1e3, 3),
                "latency_ms": round(lat * 1e3, 3),
            }
            for s, bps, lat in trace.periods
        ]
    )


def ladder_from_json(text: str, name: str) -> Ladder:
    """Read a ladder file. Raises ValueError with what is wrong."""
    data = _load(text, name)
    if not isinstance(data, Mapping):
        raise ValueError(f"ladder {name!r}: expected an object")
    kbps, rows = data.get("bitrates_kbps"), data.get("segment_sizes_bits")
    if not isinstance(kbps, list) or not 0 < len(kbps) <= MAX_RUNGS:
        raise ValueError(f"ladder {name!r}: bitrates_kbps must list 1 to {MAX_RUNGS} bitrates")
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_SEGMENTS:
        raise ValueError(f"ladder {name!r}: segment_sizes_bits must list 1 to {MAX_SEGMENTS} segments")
    segment_s = _number(data, "segment_duration_ms", name) / 1e3
    if any(not isinstance(row, list) or len(row) != len(kbps) for row in rows):
        raise ValueError(f"ladder {name!r}: every segment needs one size for each of the {len(kbps)} bitrates")
    bitrates = [_checked(each, "bitrates_kbps", name) for each in kbps]
    sizes = [[_checked(bits, "segment_sizes_bits", name) / 8 for bits in row] for row in rows]
    order = sorted(range(len(bitrates)), key=bitrates.__getitem__)
    rungs = tuple(Rung(str(number), round(bitrates[index] * 1000)) for number, index in enumerate(order))
    return Ladder(name, segment_s, rungs, tuple(tuple(max(round(row[i]), 1) for i in order) for row in sizes))


def _load(text: str, name: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name!r} is not JSON: {error}") from error


def _number(data: Mapping[str, Any], key: str, name: str, default: float | None = None) -> float:
    return _checked(data.get(key, default), key, name)


def _checked(value: object, key: str, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name!r}: {key} must be a number")
    least, most = _BOUNDS[key]
    if not least <= value <= most:  # what is not a number is neither
        raise ValueError(f"{name!r}: {key} must be at least {least:g} and at most {most:g}")
    return float(value)
