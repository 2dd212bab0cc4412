"""What a report tells of the latency of a live playback. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from player.reporting.events import LatencySampled


def latency_figures(samples: Sequence[LatencySampled]) -> dict[str, Any] | None:
    """The latency over a playback, and how far it was from its target while it was kept there. Seconds, and speeds of
    playback. None for what was never live."""
    if not samples:
        return None
    latencies = [sample.latency_s for sample in samples]
    off = sorted(abs(sample.latency_s - sample.target_s) for sample in samples if sample.following)
    speeds = [sample.speed for sample in samples]
    return {
        "target_s": round(samples[-1].target_s, 3),
        "mean_s": round(sum(latencies) / len(latencies), 3),
        "min_s": round(min(latencies), 3),
        "max_s": round(max(latencies), 3),
        "off_target_median_s": round(off[len(off) // 2], 3) if off else None,
        "off_target_max_s": round(off[-1], 3) if off else None,
        "followed_share": round(len(off) / len(samples), 3),
        "slowest": round(min(speeds), 3),
        "fastest": round(max(speeds), 3),
    }
