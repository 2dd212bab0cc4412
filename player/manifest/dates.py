"""Dates and durations as manifests write them (ISO 8601 and xs:dateTime, xs:duration)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_DATE = re.compile(
    r"^\s*(-?\d{4,})-?(\d{2})-?(\d{2})"
    r"(?:[Tt ](\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d+))?)?\s*([Zz]|[+\-]\d{2}(?::?\d{2})?)?)?\s*$"
)
_DURATION = re.compile(
    r"^\s*(-)?P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?\s*$"
)
_UNIT_S = (365 * 86_400.0, 30 * 86_400.0, 7 * 86_400.0, 86_400.0, 3_600.0, 60.0, 1.0)


def parse_date(text: str) -> float | None:
    """Seconds since 1970 of an ISO 8601 date; no zone means UTC. None when it is not a date."""
    match = _DATE.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        seconds = int(second or 0)
        leap = 1 if seconds == 60 else 0  # a leap second is the first one of the minute that follows
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), seconds - leap, tzinfo=_zone(zone)
        )
    except (ValueError, OverflowError):
        return None
    return moment.timestamp() + leap + (float(f"0.{fraction}") if fraction else 0.0)


def _zone(text: str | None) -> timezone:
    if text is None or text in "Zz":
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0)))


def parse_duration(text: str) -> float | None:
    """Seconds of an xs:duration (a year counts 365 days, a month 30); None when it is not one."""
    match = _DURATION.match(text)
    if match is None or not any(match.groups()[1:]):
        return None
    total = sum(float(part) * unit for part, unit in zip(match.groups()[1:], _UNIT_S, strict=True) if part)
    return -total if match.group(1) else total
