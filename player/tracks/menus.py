"""What the quality and sound menus show of a selection. Pure."""

from __future__ import annotations

from player.manifest.model import Presentation, TrackType
from player.reporting.state import RungChoice, SourceForm, TrackChoice
from player.tracks.logical import LogicalTrack
from player.tracks.selection import Selection, audio_rendition, ladder


def form_of(presentation: Presentation, selection: Selection) -> SourceForm:
    """What the source and its main track are made of."""
    pictures = selection.video is not None
    return SourceForm(str(presentation.protocol), pictures, selection.muxed_audio or not pictures)


def rung_choices(main: LogicalTrack) -> tuple[RungChoice, ...]:
    """The rungs by height, or by bitrate where there is no picture."""
    return tuple(
        RungChoice(number, _rung_label(number, rung.height, rung.bitrate_bps), rung.height, rung.bitrate_bps)
        for number, rung in enumerate(ladder(main))
    )


def unsupported_rungs(selection: Selection) -> tuple[RungChoice, ...]:
    """The qualities that cannot be played here, numbered behind those that can."""
    return tuple(
        RungChoice(
            number,
            _rung_label(number, item.rendition.height, item.rendition.bandwidth_bps),
            item.rendition.height,
            item.rendition.bandwidth_bps,
            item.reason,
        )
        for number, item in enumerate(selection.unsupported_rungs, len(ladder(selection.main)))
    )


def _rung_label(number: int, height: int | None, bitrate_bps: int) -> str:
    """Its height, else its bitrate, else its place among the others: a single playlist tells neither."""
    if height:
        return f"{height}p"
    return f"{bitrate_bps // 1000} kbit/s" if bitrate_bps else f"#{number + 1}"


def audio_choices(selection: Selection, chosen: int, *, changeable: bool) -> tuple[TrackChoice, ...]:
    """The sound tracks, and behind them those that cannot be decoded. Where the sound is the main track itself
    (``changeable`` False) only the chosen one plays."""
    fixed = None if changeable else "The sound of this title cannot be changed while it plays."
    playable = tuple(
        track_choice(track, selected=number == chosen, unsupported=None if number == chosen else fixed)
        for number, track in enumerate(selection.audio)
    )
    return playable + tuple(track_choice(item.track, unsupported=item.reason) for item in selection.unsupported_audio)


def track_choice(track: LogicalTrack, *, selected: bool = False, unsupported: str | None = None) -> TrackChoice:
    """A track as a menu line, with everything the manifest says of it."""
    first = track.first
    channels = audio_rendition(first).channels if first.type is TrackType.AUDIO and first.renditions else None
    return TrackChoice(
        track.id,
        track.label,
        track.language,
        selected=selected,
        unsupported=unsupported,
        kinds=(*first.roles, *first.accessibility, *first.characteristics),
        channels=channels,
        forced=first.forced,
        stand_ins=tuple(
            dict.fromkeys(other.language or "" for n in sorted(track.stand_ins) if (other := track.per_period[n]))
        ),
    )
