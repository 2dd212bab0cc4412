"""Snapshots for ABR tests: a plain ladder, a plain moment, and what a test changes about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from abr.model import Estimate, Phase, Rung, Snapshot, TransferProgress, TransferRate

LADDER = tuple(
    Rung(f"v{height}", kbps * 1000, height=height)
    for height, kbps in ((240, 300), (360, 700), (480, 1500), (720, 3000), (1080, 6000))
)


def estimate(
    mean_bps: float | None = 4e6, *, rel_error: float = 0.3, ttfb_s: float = 0.05, **changes: Any
) -> Estimate:
    """An estimate after a few even transfers at ``mean_bps``."""
    if mean_bps is None:
        return Estimate()
    recent = tuple(TransferRate(500_000, 4e6 / mean_bps, ttfb_s) for _ in range(5))
    values: dict[str, Any] = {
        "mean_bps": mean_bps,
        "low_bps": mean_bps * 0.6,
        "fast_bps": mean_bps,
        "slow_bps": mean_bps,
        "rel_error": rel_error,
        "ttfb_s": ttfb_s,
        "gain": 0.4,
        "samples": 5,
        "recent": recent,
    }
    return Estimate(**{**values, **changes})


def snapshot(mean_bps: float | None = 4e6, **changes: Any) -> Snapshot:
    """A steady moment of a long title: 4 s segments, 15 of 30 s buffered, the third of five rungs playing."""
    moment = Snapshot(
        now_s=60.0,
        phase=Phase.STEADY,
        rungs=LADDER,
        current=2,
        buffer_s=15.0,
        buffer_max_s=30.0,
        segment_s=4.0,
        estimate=estimate(mean_bps),
        remaining_s=600.0,
        segments_fetched=15,
    )
    return replace(moment, **changes)


def progress(
    moment: Snapshot, rung: int, *, received: int, size: int, seconds: float, **changes: Any
) -> TransferProgress:
    """A download whose body has been coming evenly for ``seconds``."""
    values: dict[str, Any] = {
        "rung": rung,
        "received": received,
        "size": size,
        "elapsed_s": seconds + 0.05,
        "since_first_byte_s": seconds,
        "recent_bps": received * 8 / seconds,
        "recent_window_s": min(seconds, 2.0),
        "replaceable": True,
        "snapshot": moment,
    }
    return TransferProgress(**{**values, **changes})
