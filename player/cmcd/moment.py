"""What the player knows now, taken from the state that everybody sees. Pure."""

from __future__ import annotations

from player.cmcd.events import play_state
from player.cmcd.request import PlayerMoment
from player.state import PlaybackState, Status

_NOTHING_SHOWN = frozenset({Status.LOADING, Status.SEEKING, Status.BUFFERING})


def moment_of(state: PlaybackState) -> PlayerMoment:
    """The moment that a state describes. The rung is that which is being fetched."""
    last = state.history[-1] if state.history else None
    rates = {rung.index: rung.bitrate_bps for rung in state.rungs}
    return PlayerMoment(
        buffer_s=0.0 if last is None else last.buffer_s,
        throughput_bps=None if last is None else last.throughput_bps,
        starting=state.status in _NOTHING_SHOWN,
        starved=state.status is Status.BUFFERING,
        top_bps=max(rates.values(), default=None),
        rung_bps=None if state.rung_loading is None else rates.get(state.rung_loading),
        speed=state.speed,
        live=state.live,
        state=play_state(str(state.status)),
        position_s=state.position_s,
    )
