"""How numbers and times are written on the pages. Pure; every one of them is given what it needs."""

from __future__ import annotations

from datetime import UTC, datetime

NONE = "–"


def moment(at: float | None) -> str:
    """A date and a time in UTC."""
    return NONE if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def ago(at: float | None, now: float) -> str:
    """How long something is past, in its largest unit."""
    if at is None:
        return NONE
    past = max(0.0, now - at)
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if past >= 2 * length:
            return f"{past / length:.0f} {unit} ago"
    return f"{past:.0f} s ago"


def seconds(value: float | None) -> str:
    """A short time, to the hundredth."""
    return NONE if value is None else f"{value:.2f} s"


def duration(value: float | None) -> str:
    """A length as people say it."""
    if value is None:
        return NONE
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    return f"{hours} h {rest // 60:02d} min" if hours else f"{rest // 60} min {rest % 60:02d} s"


def percent(value: float | None) -> str:
    return NONE if value is None else f"{100 * value:.2f} %"


def bitrate(value: float | None) -> str:
    """A rate of bits per second."""
    if value is None:
        return NONE
    return f"{value / 1e6:.2f} Mbit/s" if value >= 1e6 else f"{value / 1e3:.0f} kbit/s"


def money(cents: int, currency: str) -> str:
    """An amount in hundredths of a currency."""
    return f"{cents / 100:.2f} {currency}"


def size(value: float | None) -> str:
    """A number of bytes."""
    if value is None:
        return NONE
    return f"{value / 1e9:.1f} GB" if value >= 1e9 else f"{value / 1e6:.0f} MB"
