"""What the player knows now, taken from the state that everybody sees. Pure."""

from __future__ import annotations

from player.reporting.cmcd.events import play_state
from player.reporting.cmcd.request import PlayerMoment
from player.reporting.state import PlaybackState, PlaybackStatus

_PROTOCOLS = {"dash": "d", "hls": "h"}
_NOTHING_SHOWN = frozenset({PlaybackStatus.LOADING, PlaybackStatus.SEEKING, PlaybackStatus.BUFFERING})


def moment_of(state: PlaybackState) -> PlayerMoment:
    """The moment that a state describes. The rung is that which is being fetched."""
    last = state.history[-1] if state.history else None
    rates = {rung.index: rung.bitrate_bps for rung in state.rungs}
    return PlayerMoment(
        buffer_s=0.0 if last is None else last.buffer_s,
        throughput_bps=None if last is None else last.throughput_bps,
        starting=state.status in _NOTHING_SHOWN,
        stalls=0 if state.qoe is None else state.qoe.stalls,
        top_bps=max(rates.values(), default=None),
        rung_bps=None if state.rung_loading is None else rates.get(state.rung_loading),
        main="a" if not state.form.pictures else "av" if state.form.sound else "v",
        speed=state.speed,
        live=state.live,
        protocol=_PROTOCOLS.get(state.form.protocol, ""),
        state=play_state(str(state.status)),
        position_s=state.position_s,
    )
