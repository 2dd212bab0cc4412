"""Numbers in plain words, for the sentences of decisions and explanations."""

from __future__ import annotations

from abr.model import Rung


def rate(bps: float | None) -> str:
    """A bitrate as people say it: ``"850 kbit/s"``, ``"6.2 Mbit/s"``."""
    if bps is None:
        return "an unknown rate"
    if bps < 999_500:
        return f"{bps / 1e3:.0f} kbit/s"
    if bps < 99.5e6:
        return f"{bps / 1e6:.1f} Mbit/s"
    return f"{bps / 1e6:.0f} Mbit/s"


def seconds(value: float) -> str:
    """A time span: ``"0.4 s"``, ``"12 s"``."""
    return f"{value:.1f} s" if abs(value) < 9.95 else f"{value:.0f} s"


def label(rung: Rung) -> str:
    """A rung's short name: its height where known, and its bitrate."""
    if not rung.bitrate_bps:
        return f"{rung.height}p" if rung.height else "a rung of unknown bitrate"
    if rung.height:
        return f"{rung.height}p ({rate(rung.bitrate_bps)})"
    return rate(rung.bitrate_bps)
