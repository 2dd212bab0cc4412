"""Numbers as people read them, and the translation of the view models' own words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def tr(text: str) -> str:
    """``text`` in the viewer's language (Qt context ``ViewModels``)."""
    return QCoreApplication.translate("ViewModels", text)


def clock_time(seconds: float) -> str:
    """``1:02:03`` or ``2:03``; negative times count as 0."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration_words(seconds: float) -> str:
    """``1 h 32 min``, ``12 min``, ``40 s``; empty for nothing."""
    whole = round(seconds)
    if whole <= 0:
        return ""
    if whole < 60:
        return f"{whole} s"
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def bitrate(bits_per_second: float) -> str:
    """``2.4 Mbit/s``, ``640 kbit/s`` or ``1254 Mbit/s``."""
    if bits_per_second >= 100_000_000:
        return f"{bits_per_second / 1e6:.0f} Mbit/s"
    if bits_per_second >= 1_000_000:
        return f"{bits_per_second / 1e6:.1f} Mbit/s"
    return f"{bits_per_second / 1e3:.0f} kbit/s"


def byte_words(count: float) -> str:
    """``640 kB``, ``12.5 MB`` or ``3.1 GB``."""
    if count >= 1e9:
        return f"{count / 1e9:.1f} GB"
    if count >= 1e6:
        return f"{count / 1e6:.1f} MB"
    return f"{count / 1e3:.0f} kB"
