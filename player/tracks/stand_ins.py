"""Sound for the periods that a chosen sound is not in. Pure.

ISO/IEC 23009-1 joins the AdaptationSets of different periods by what is said of them alone. An advertisement from
elsewhere rarely names its sound as the film around it does. To a listener it is the same sound, and no
viewer wants silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from player.base.languages import speaks
from player.manifest.model import Track
from player.tracks.logical import LogicalTrack
from player.tracks.preferences import is_commentary, is_described

Rank = Callable[[Track], int]
"""The less, the rather a track of several alike is taken."""


def filled(
    tracks: Sequence[LogicalTrack], periods: Sequence[Sequence[Track]], rank: Rank
) -> tuple[LogicalTrack, ...]:
    """The sounds with a stand-in wherever a period has sound and not this one. A sound that stands in for another
    one in all its own periods is no choice of its own any more."""
    whole = [_filled(track, periods, rank) for track in tracks]
    kept: list[LogicalTrack] = []
    for track in sorted(whole, key=_fewest_stand_ins):
        if not any(_is_within(track, other) for other in kept):
            kept.append(track)
    return tuple(track for track in whole if track in kept)


def _fewest_stand_ins(track: LogicalTrack) -> tuple[int, bool]:
    return len(track.stand_ins), not track.language


def _filled(track: LogicalTrack, periods: Sequence[Sequence[Track]], rank: Rank) -> LogicalTrack:
    own = track.first
    per_period = tuple(
        there
        if there is not None
        else min(others, key=lambda other: (*_distance(own, other), rank(other)), default=None)
        for there, others in zip(track.per_period, periods, strict=True)
    )
    before = track.per_period
    stand_ins = frozenset(n for n, there in enumerate(per_period) if there is not None and before[n] is None)
    return replace(track, per_period=per_period, stand_ins=stand_ins) if stand_ins else track


def _distance(own: Track, other: Track) -> tuple[int, ...]:
    """How far another sound is from one, for who listens to it."""
    known = bool(own.language and other.language)
    language = 1 if not known else 2 * (not speaks(other.language, own.language or ""))
    commentary = is_commentary(other) and not is_commentary(own)
    plain = not (other.default or "main" in other.roles)
    return commentary, language, is_described(other) is not is_described(own), plain


def _is_within(track: LogicalTrack, other: LogicalTrack) -> bool:
    """Whether the other one, when it is chosen, lets this sound be heard in all periods that have it. It must not
    be in another language."""
    same = not track.language or (other.language is not None and speaks(other.language, track.language))
    own = set(range(len(track.per_period))) - track.stand_ins
    return same and all(
        number in other.stand_ins and other.per_period[number] is there
        for number, there in enumerate(track.per_period)
        if there is not None and number in own
    )
