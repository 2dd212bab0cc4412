"""How the quality of one playback is chosen, put together: the policy, the ladder, and what limits it."""

from __future__ import annotations

from collections.abc import Callable

from abr.model import Caps, Estimate
from player.playback.settings import PlaybackSettings
from player.stream.rate import RateControl
from player.tracks.selection import Selection, audio_rendition, ladder


def rate_control(
    selection: Selection, settings: PlaybackSettings, estimate: Callable[[float], Estimate], rung: int | None
) -> RateControl:
    """The choice of rungs for ``selection``; ``rung`` fixes it from the start, None is Auto. Raises MediaError where
    the device decodes none of them."""
    audio = selection.audio
    audio_bps = audio_rendition(audio[selection.default_audio].first).bandwidth_bps if audio else 0
    rungs = ladder(selection.main)
    rate = RateControl(
        settings.make_policy(settings.policy),
        estimate,
        rungs,
        buffer_max_s=settings.buffer_s,
        audio_bps=audio_bps if selection.video is not None else 0,
        caps=Caps(
            user_max_bps=settings.max_bps,
            display_height=settings.max_height,
            metered=settings.metered,
            metered_max_bps=settings.metered_max_bps if settings.metered else None,
            excluded=settings.limits.excluded(rungs),
            unexpected=selection.outside,
            expected_bps=selection.target_bps,
        ),
        replaces=settings.replace_buffered,
    )
    rate.manual = rung
    return rate
