"""What a device decodes: codecs, and how large and how fast a picture may be. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from abr.model import Rung
from player.base.errors import ErrorCode, MediaError

_SPARE_RATE = 1.01  # 30000/1001 and 30 are the same to a decoder


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """``codecs`` are families in FFmpeg's names (``h264``); empty: whatever the decoders here can do. ``max_height``
    counts lines, ``max_frame_rate`` pictures a second."""

    codecs: tuple[str, ...] = ()
    max_height: int | None = None
    max_frame_rate: float | None = None

    def decoders(self, there_are: Collection[str]) -> frozenset[str]:
        """The codecs that are decoded of those that could be; empty where neither is known."""
        if not self.codecs:
            return frozenset(there_are)
        return frozenset(self.codecs).intersection(there_are or self.codecs)

    def excluded(self, rungs: Sequence[Rung]) -> frozenset[int]:
        """The rungs that are beyond the limits. Raises MediaError where that is all of them."""
        beyond = frozenset(number for number, rung in enumerate(rungs) if not self._fits(rung))
        if rungs and len(beyond) == len(rungs):
            raise MediaError(
                ErrorCode.MEDIA_UNSUPPORTED,
                f"This device decodes {self._told()}, and no quality of the title is so small.",
            )
        return beyond

    def _fits(self, rung: Rung) -> bool:
        low = self.max_height is None or (rung.height or 0) <= self.max_height
        rate = self.max_frame_rate
        return low and (rate is None or (rung.frame_rate or 0.0) <= rate * _SPARE_RATE)

    def _told(self) -> str:
        lines = "" if self.max_height is None else f"up to {self.max_height} lines"
        rate = "" if self.max_frame_rate is None else f"up to {self.max_frame_rate:g} pictures a second"
        return " and ".join(part for part in (lines, rate) if part)


NO_LIMITS = DecodeLimits()
