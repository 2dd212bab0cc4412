"""What has to change in a playback's state before something is drawn again. Pure."""

from __future__ import annotations

from player.reporting.state import PlaybackState, PlaybackStatus


def on_bar(state: PlaybackState) -> tuple[object, ...]:
    """What is drawn on the seek bar besides the time."""
    live = (state.live_view.start_s, state.live_view.end_s) if state.live_view and state.chapters else None
    return (state.buffered, state.duration_s, state.chapters, live)


def all_but_time(state: PlaybackState) -> tuple[object, ...]:
    """Everything but what moves all the time."""
    return (
        state.status,
        state.title,
        state.facts,
        state.form,
        state.media,
        state.duration_s,
        state.live,
        state.paused,
        state.speed,
        state.rungs,
        state.rung_playing,
        state.rung_manual,
        state.audio_tracks,
        state.text_tracks,
        state.pathway,
        state.notice,
        state.rights,
        state.rights_left_s,
        state.failure,
        state.stall,
        state.remedy,
        state.rung_loading if state.status is PlaybackStatus.BUFFERING else None,
    )
