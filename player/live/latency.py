"""How far from the edge a live programme is to be played, and where it begins. Pure.

HLS: EXT-X-START, HOLD-BACK (RFC 8216bis 4.4.3.8, three target durations where it is absent). DASH: the service
description's Latency and PlaybackRate (ISO/IEC 23009-1 Annex K), else MPD@suggestedPresentationDelay; never nearer
than a list of segments is loaded often enough for.
"""

from __future__ import annotations

from dataclasses import dataclass

from player.manifest.edit import iter_renditions
from player.manifest.model import LiveInfo, ManifestProtocol, Presentation
from player.manifest.timing import DEFAULT_RELOAD_S, MIN_RELOAD_S

SLOWEST, FASTEST = 0.96, 1.04
"""A change of speed within these is not heard."""
_SEGMENTS_BEHIND = 3
_LEAST_S = 1.0
_ON_THE_WAY_S = 0.5  # from when a segment is whole to when it can be played
_MOST_LATE = 1.5  # segments, that a first list may be waited for
_LEAST_PARTS = 2  # of a low-latency source: one is being made, one is on its way
LOW_S = 5.0
"""A target below this, of a source that publishes parts, is low latency."""


@dataclass(frozen=True, slots=True)
class Latency:
    """What is aimed at; seconds behind the edge. ``max_s`` is the source's own limit, beyond which to jump, if it has
    one. ``from_start_s`` is set where the source wants playback to begin so far into its window.
    ``part_s`` is how long the parts or chunks are in which it publishes segments before they are whole. ``wished_s``
    is the target where the source lists enough for it. With less than ``least_s`` until the edge, playback may stand
    before more has been listed; 0 where parts come."""

    target_s: float
    wished_s: float = 0.0
    min_rate: float = SLOWEST
    max_rate: float = FASTEST
    max_s: float | None = None
    from_start_s: float | None = None
    part_s: float | None = None
    least_s: float = 0.0

    @property
    def low(self) -> bool:
        """Whether everything is done to be near the edge: the source publishes parts, and wants them to be used."""
        return self.part_s is not None and self.target_s < LOW_S


def latency_of(presentation: Presentation, segment_s: float, window_s: float) -> Latency:
    """What a source asks for; ``segment_s`` is the length of its segments, ``window_s`` that of what it lists now."""
    live = presentation.live_info or LiveInfo()
    if presentation.protocol is ManifestProtocol.DASH:
        wished_s = _first(live.target_latency_s, live.suggested_delay_s, _SEGMENTS_BEHIND * segment_s)
        target_s, from_start_s = wished_s, None
    else:
        wished_s = _first(live.hold_back_s, _SEGMENTS_BEHIND * segment_s)
        if live.part_target_s is not None:
            wished_s = _first(live.part_hold_back_s, _SEGMENTS_BEHIND * live.part_target_s)
        offset_s = _start_offset(presentation)
        target_s = wished_s if offset_s is None or offset_s >= 0 else max(wished_s, -offset_s)
        from_start_s = offset_s if offset_s is not None and offset_s >= 0 else None
    # Nearer to the edge there is nothing just before a new segment, nor before it has been listed.
    least_s = max(_LEAST_S, segment_s + _ON_THE_WAY_S + _listed_late_s(presentation))
    if live.part_target_s is not None:
        least_s = _LEAST_PARTS * live.part_target_s
    target_s = max(target_s, least_s)
    needed_s = 0.0 if live.part_target_s is not None else min(least_s, segment_s * (1 + _MOST_LATE) + _ON_THE_WAY_S)
    longest_s = max(window_s - segment_s, segment_s, _LEAST_S, min(needed_s, window_s))
    return Latency(
        target_s=min(target_s, longest_s),
        wished_s=target_s,
        min_rate=_within(live.min_rate, SLOWEST, 1.0, SLOWEST),
        max_rate=_within(live.max_rate, 1.0, FASTEST, FASTEST),
        max_s=live.max_latency_s,
        from_start_s=from_start_s,
        part_s=live.part_target_s,
        least_s=needed_s,
    )


def _listed_late_s(presentation: Presentation) -> float:
    """How long after a segment is whole a list of each one may be loaded: MPD@minimumUpdatePeriod, or half a target
    duration. After so long a playlist is loaded again that was a moment too early (RFC 8216bis 6.3.4)."""
    live = presentation.live_info
    if presentation.protocol is not ManifestProtocol.DASH:
        return _reloaded_late_s(presentation)
    if live is None or live.next_segment_s is not None:
        return 0.0
    return 0.0 if live.minimum_update_s is None else max(live.minimum_update_s, MIN_RELOAD_S)


def _reloaded_late_s(presentation: Presentation) -> float:
    """How long after a target duration a playlist may be loaded that was a moment too early."""
    playlists = (each.playlist for _, _, each in iter_renditions(presentation) if each.playlist is not None)
    polled = [each.target_duration_s or DEFAULT_RELOAD_S for each in playlists if not each.can_block_reload]
    return max(polled, default=0.0) / 2


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)


def _within(value: float | None, low: float, high: float, default: float) -> float:
    return default if value is None else min(max(value, low), high)


def _start_offset(presentation: Presentation) -> float | None:
    """EXT-X-START's TIME-OFFSET; the media playlist's own counts more (RFC 8216bis 4.4.2.2)."""
    for _, _, rendition in iter_renditions(presentation):
        if rendition.playlist is not None and rendition.playlist.start_offset_s is not None:
            return rendition.playlist.start_offset_s
    return presentation.start_offset_s
