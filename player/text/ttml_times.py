"""Time expressions of TTML (TTML2 12.3.1, 12.2) in seconds. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from player.manifest.dash.xml import Element, attribute, decimal, integer

_CLOCK = re.compile(r"(\d{2,5}):(\d{2}):(\d{2})(?:(\.\d{1,9})|:(\d{2,3})(?:\.(\d{1,3}))?)?")
_OFFSET = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|m|s|ms|f|t)")
_MAX_S = 10 * 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class TtmlClock:
    """What times of a document count in."""

    frame_rate: float = 30.0
    sub_frame_rate: float = 1.0
    tick_rate: float = 1.0

    def seconds(self, text: str | None) -> float | None:
        """A time expression; None where there is none, or it cannot be read."""
        word = (text or "").strip()
        found = _CLOCK.fullmatch(word)
        if found is not None:
            hours, minutes, seconds, frames, parts = (int(found[n] or 0) for n in (1, 2, 3, 5, 6))
            fraction = float(found[4] or 0) + (frames + parts / self.sub_frame_rate) / self.frame_rate
            return hours * 3600 + minutes * 60 + seconds + fraction
        found = _OFFSET.fullmatch(word)
        if found is None:
            return None
        unit = {"h": 3600, "m": 60, "s": 1, "ms": 0.001, "f": 1 / self.frame_rate, "t": 1 / self.tick_rate}[found[2]]
        return min(_MAX_S, float(found[1]) * unit)

    def window(self, element: Element, parent: tuple[float, float]) -> tuple[float, float]:
        """When an element is active, inside of the time that it may fill; begin and end count from that time's own
        begin (TTML2 12.4, SMIL)."""
        begin, end, dur = (self.seconds(attribute(element, name)) for name in ("begin", "end", "dur"))
        start_s = parent[0] + (begin or 0.0)
        end_s = min(
            parent[1],
            math.inf if end is None else parent[0] + end,
            math.inf if dur is None else start_s + dur,
            _MAX_S,
        )
        return start_s, max(start_s, end_s)


def read_clock(root: Element) -> TtmlClock:
    """The rates that the root element declares (TTML2 7.2)."""
    frame_rate = _rate(attribute(root, "frameRate"))
    multiplier = (attribute(root, "frameRateMultiplier") or "1 1").replace(":", " ").split()
    factors = [integer(part) or 1 for part in (*multiplier, "1", "1")[:2]]
    rate = (frame_rate or 30.0) * factors[0] / factors[1]
    sub_frames = _rate(attribute(root, "subFrameRate")) or 1.0
    default_ticks = rate * sub_frames if frame_rate else 1.0
    rate = rate if 1 <= rate <= 1000 else 30.0
    return TtmlClock(rate, sub_frames, _rate(attribute(root, "tickRate")) or default_ticks)


def _rate(text: str | None) -> float | None:
    value = decimal(text)
    return value if value is not None and 0 < value < 1e12 else None
