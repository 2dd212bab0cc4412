"""What the menus of the player page offer, made from a playback state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Slot

from player.reporting.state import PlaybackState, TrackChoice
from ui.app.viewmodels.binding import RecordModel
from ui.app.viewmodels.sentences import unsupported_words
from ui.app.viewmodels.text import bitrate, tr
from ui.app.viewmodels.tracks import channel_words, track_names

AUTO = "auto"
OFF = "off"
SPEEDS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a menu. ``available`` False greys it out, and ``detail`` then says why."""

    key: str
    label: str
    detail: str = ""
    chosen: bool = False
    available: bool = True


class OptionModel(RecordModel[Option]):
    record = Option
    identity = "key"

    @Slot(result=int)
    def chosenRow(self) -> int:
        """Where a menu begins: the chosen line, else the first."""
        return next((row for row, option in enumerate(self.records) if option.chosen), 0)

    @Slot(str, int, result=int)
    def rowStarting(self, text: str, first: int) -> int:
        """The next line whose label starts with a text, from ``first`` on and then from the top; -1 for none."""
        wanted, count = text.casefold(), len(self.records)
        rows = ((first + step) % count for step in range(count))
        return next((row for row in rows if self.records[row].label.casefold().startswith(wanted)), -1)

    @Slot(result=str)
    def longest(self) -> str:
        """The longest line, by which a menu is measured."""
        return max((f"{option.label} {option.detail}" for option in self.records), key=len, default="")


def quality_options(state: PlaybackState) -> list[Option]:
    """Auto, then every rung, the best first, and behind them those that cannot be played."""
    playing = next((rung.label for rung in state.rungs if rung.index == state.rung_playing), "")
    auto = Option(
        AUTO,
        tr("Auto"),
        tr("now {rung}").format(rung=playing) if playing and state.rung_manual is None else "",
        chosen=state.rung_manual is None,
    )
    rungs = sorted(state.rungs, key=lambda rung: rung.index, reverse=True)
    return [
        auto,
        *(
            Option(str(rung.index), rung.label, bitrate(rung.bitrate_bps), chosen=state.rung_manual == rung.index)
            for rung in rungs
        ),
        *(
            Option(str(rung.index), rung.label, unsupported_words(rung.unsupported or ""), available=False)
            for rung in reversed(state.rungs_unsupported)
        ),
    ]


def audio_options(state: PlaybackState) -> list[Option]:
    return _tracks(state.audio_tracks)


def text_options(state: PlaybackState) -> list[Option]:
    """Off, then every subtitle track; nothing at all where there is none to choose."""
    if not state.text_tracks:
        return []
    none = not any(track.selected for track in state.text_tracks)
    return [Option(OFF, tr("Off"), chosen=none), *_tracks(state.text_tracks)]


def speed_options(state: PlaybackState) -> list[Option]:
    return [
        Option(f"{speed:g}", tr("Normal") if speed == 1 else f"{speed:g}×", chosen=abs(speed - state.speed) < 0.01)
        for speed in SPEEDS
    ]


def _tracks(tracks: Sequence[TrackChoice]) -> list[Option]:
    return [
        Option(
            track.id,
            name,
            unsupported_words(track.unsupported) if track.unsupported else channels,
            chosen=track.selected,
            available=track.unsupported is None,
        )
        for track, name, channels in zip(tracks, track_names(tracks), channel_words(tracks), strict=True)
    ]
