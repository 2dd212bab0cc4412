"""Which tracks of a presentation are played, and what is shown of the others. Pure.

Auto never crosses the codec family, the dynamic range or the audio layout within one playback: libmpv takes one
codec per track, so a ladder is made of renditions that one decoder setup can follow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from abr.model import Rung
from player.base.errors import ErrorCode, InputError, MediaError
from player.manifest import codecs as manifest_codecs
from player.manifest.model import Period, PlaylistRef, Presentation, Rendition, Track, TrackType
from player.manifest.sequences import SequenceIndex
from player.media.model import Codec
from player.tracks.captions import caption_tracks
from player.tracks.combinations import (
    NOT_BESIDE,
    in_all_periods,
    initialization_sets,
    outside,
    sharing,
    target_bps,
    within_subsets,
)
from player.tracks.logical import LogicalTrack
from player.tracks.preferences import UNKNOWN_PREFERENCES, TrackPreferences, choose_audio
from player.tracks.stand_ins import filled

# H.264 first: it is decoded everywhere and cheaply.
_VIDEO_PREFERENCE = ("h264", "hevc", "vp9", "av1", "vp8", "")
_AUDIO_PREFERENCE = ("aac", "opus", "eac3", "ac3", "mp3", "flac", "")
_AUDIO_COMFORT_BPS = 200_000
_MAX_CHOICES = 100  # of audio, and of text: more than the virtual file has room for is not believed


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A track that a menu shows and that cannot be played, with the reason as a sentence."""

    track: LogicalTrack
    reason: str


@dataclass(frozen=True, slots=True)
class UnsupportedRung:
    """A quality of the video that a menu shows and that is never played, with the reason as a sentence."""

    rendition: Rendition
    reason: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What is played. ``video`` is None for audio-only titles; ``audio`` is empty where the sound is in the video."""

    video: LogicalTrack | None
    audio: tuple[LogicalTrack, ...]
    text: tuple[LogicalTrack, ...]
    default_audio: int
    muxed_audio: bool
    unsupported_audio: tuple[Unsupported, ...] = ()
    unsupported_rungs: tuple[UnsupportedRung, ...] = ()
    outside: frozenset[int] = frozenset()  # rungs that the service does not expect to be used: Auto leaves them out
    target_bps: int | None = None  # at which the service expects to be used

    @property
    def main(self) -> LogicalTrack:
        return self.video if self.video is not None else self.audio[self.default_audio]


def codec_family(codecs: Iterable[str], type_: TrackType) -> str:
    """The family of the first codec of this type in RFC 6381 strings; empty where nothing is declared."""
    return next(map(manifest_codecs.codec_family, manifest_codecs.of_type(codecs, type_)), "")


def select(
    presentation: Presentation, preferences: TrackPreferences = UNKNOWN_PREFERENCES, decoders: Collection[str] = ()
) -> Selection:
    """The tracks to play. ``preferences`` are the viewer's. ``decoders`` are the codecs that can be decoded, in
    FFmpeg's names; empty where that is not known. A codec that is not declared is taken to be one of them: the media
    will tell.

    Raises :class:`MediaError` where there is neither video nor audio, and where the video cannot be decoded.
    """
    playable = frozenset(Codec).intersection(decoders or Codec) | {""}
    presentation = within_subsets(presentation, lambda period: _period_rank(period, playable))
    video = _video(presentation, playable)
    audio, unsupported = _audio(presentation, playable)
    text = _text(presentation) + caption_tracks(presentation)
    default = choose_audio(audio, preferences)
    muxed = False
    if video is not None and any(rendition.muxed_audio for rendition in video.first.renditions):
        muxed = not audio or _is_embedded(audio[default])
    separate = () if muxed else tuple(track for track in audio if not _is_embedded(track))
    if video is None and not separate:
        if unsupported:
            raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, unsupported[0].reason)
        raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "This title has neither video nor audio that can be played.")
    chosen = choose_audio(separate, preferences)
    selection = Selection(
        video, separate, text, chosen, muxed, unsupported, _unsupported_rungs(presentation, playable)
    )
    beside_bps = audio_rendition(separate[chosen].first).bandwidth_bps if video is not None and separate else 0
    type_ = TrackType.VIDEO if video is not None else TrackType.AUDIO
    said = presentation.operating, selection.main.first.renditions, type_, beside_bps
    return replace(selection, outside=outside(*said), target_bps=target_bps(*said))


def _period_rank(period: Period, playable: Collection[str]) -> tuple[int, ...]:
    """How good a period is as far as its tracks may be played: with video, with sound, with the preferred codec."""
    video = [track for item in period.of(TrackType.VIDEO) if (track := _playable(item, playable)).renditions]
    audio = [track for item in period.of(TrackType.AUDIO) if _playable(item, playable).renditions]
    return int(not video), int(not audio), *min(map(_video_rank, video), default=())


def _text(presentation: Presentation) -> tuple[LogicalTrack, ...]:
    """The subtitles, without those that the manifest rules out."""
    periods = tuple(
        replace(period, tracks=tuple(t for t in period.tracks if any(r.unusable is None for r in t.renditions)))
        for period in presentation.periods
    )
    return _logical(replace(presentation, periods=periods), TrackType.TEXT)


def _is_embedded(track: LogicalTrack) -> bool:
    """Whether the track's samples stand in the video's segments (an EXT-X-MEDIA without URI)."""
    return all(rendition.embedded for rendition in track.first.renditions)


def ladder(track: LogicalTrack) -> tuple[Rung, ...]:
    """The rungs of the main track, lowest bitrate first, as ABR sees them. They are those of the first period."""
    return tuple(
        Rung(
            id=rendition.id,
            bitrate_bps=rendition.average_bandwidth_bps or rendition.bandwidth_bps,
            width=rendition.width,
            height=rendition.height,
            frame_rate=rendition.frame_rate,
            quality=rendition.score,
        )
        for rendition in track.first.renditions
    )


def wanted_bps(track: LogicalTrack, rung: int | None) -> float:
    """The bitrate that playback aims at: that of a fixed rung, else the highest.

    Raises InputError for a rung that the track does not have.
    """
    rungs = ladder(track)
    if rung is not None and not 0 <= rung < len(rungs):
        raise InputError(
            ErrorCode.INPUT_USAGE, f"This title has no rung {rung}; they are numbered 0 to {len(rungs) - 1}."
        )
    return float(rungs[-1 if rung is None else rung].bitrate_bps)


def rendition_of(track: LogicalTrack, rung: int, period: int) -> Rendition:
    """The rendition of a period that stands for a rung: by height and bitrate where ladders differ."""
    own = track.per_period[period]
    if own is None:
        raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "A part of this title is missing.", period=period)
    first = track.first.renditions
    if len(own.renditions) == len(first):
        return own.renditions[rung]
    wanted = first[rung].bandwidth_bps
    return min(own.renditions, key=lambda rendition: abs(rendition.bandwidth_bps - wanted))


def audio_rendition(track: Track) -> Rendition:
    """The best rendition that a stereo listener notices no difference above; the lowest where all are larger."""
    fitting = [r for r in track.renditions if r.bandwidth_bps <= _AUDIO_COMFORT_BPS]
    return fitting[-1] if fitting else track.renditions[0]


def _family(rendition: Rendition, type_: TrackType) -> str:
    """The codec family: what the media says of itself counts, where it was asked, more than what is declared."""
    known = () if rendition.media is None else rendition.media.codecs
    return codec_family(known, type_) or codec_family(rendition.codecs, type_)


def _is_playable(rendition: Rendition, type_: TrackType, playable: Collection[str]) -> bool:
    return rendition.unusable is None and _family(rendition, type_) in playable


def _playable(track: Track, playable: Collection[str]) -> Track:
    """The track without the renditions that cannot be decoded; empty where that is all of them."""
    return replace(track, renditions=tuple(r for r in track.renditions if _is_playable(r, track.type, playable)))


def _unsupported_rungs(presentation: Presentation, playable: Collection[str]) -> tuple[UnsupportedRung, ...]:
    """The qualities of the first period's video that nothing here can play, lowest bitrate first."""
    first = next((tracks for p in presentation.periods if (tracks := p.of(TrackType.VIDEO))), ())
    refused = [
        UnsupportedRung(rendition, _rung_reason(rendition))
        for track in first
        for rendition in track.renditions
        if not _is_playable(rendition, TrackType.VIDEO, playable)
    ]
    return tuple(sorted(refused, key=lambda item: item.rendition.bandwidth_bps))


def _rung_reason(rendition: Rendition) -> str:
    if rendition.unusable is not None:
        return _refused(rendition.unusable)
    return f"This quality is coded as {_family(rendition, TrackType.VIDEO)}, which cannot be decoded here."


def _refused(unusable: str) -> str:
    if unusable == NOT_BESIDE:
        return "The manifest does not allow it beside the video that is played (Subset)."
    return f"The manifest asks for something that is not understood here ({unusable})."


def _reason(tracks: Sequence[Track]) -> str:
    """Why none of these tracks can be played."""
    refused = next((r.unusable for track in tracks for r in track.renditions if r.unusable is not None), None)
    if refused is not None:
        return _refused(refused)
    families = sorted({_family(r, track.type) for track in tracks for r in track.renditions} - {""})
    what = "video" if tracks[0].type is TrackType.VIDEO else "sound"
    return f"The {what} is coded as {' or '.join(families)}, which cannot be decoded here."


def _video(presentation: Presentation, playable: Collection[str]) -> LogicalTrack | None:
    """The video of every period: that of the first one which has any leads, the others follow its codec family and
    dynamic range. Raises :class:`MediaError` where there is video and none of it can be decoded."""
    declared = presentation.tracks(TrackType.VIDEO)
    periods = [
        [track for item in _switchable(period.of(TrackType.VIDEO)) if (track := _playable(item, playable)).renditions]
        for period in presentation.periods
    ]
    if not any(periods):
        if any(track.renditions for track in declared):
            raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, _reason(declared))
        return None
    everywhere = in_all_periods(presentation)

    def rank(track: Track) -> tuple[int, ...]:
        return int(bool(everywhere) and not everywhere & initialization_sets(track)), *_video_rank(track)

    chosen = min(next(filter(None, periods)), key=rank)
    lead = _one_setup(chosen).renditions[0]
    per_period = tuple(
        _one_setup(min(sharing(_same_family(tracks, lead), chosen), key=rank), lead) if tracks else None
        for tracks in periods
    )
    return LogicalTrack("video", chosen.label or chosen.name or "Video", per_period)


def _switchable(tracks: Sequence[Track]) -> list[Track]:
    """The tracks, with those joined between which the manifest allows switching.

    A DASH packager makes an AdaptationSet for each content key (SD, HD) and links them by an
    adaptation-set-switching property that lists the others' ids (DASH-IF IOP 3.8): together they are one ladder. A
    set of segment sequences is cut in other places than an ordinary one. It is made for quick starts, at the cost of
    more key frames: beside an ordinary one it is left out.
    """
    joined: list[Track] = []
    for track in tracks:
        if not track.renditions:
            continue
        partner = next((n for n, other in enumerate(joined) if _linked(other, track)), None)
        if partner is None:
            joined.append(track)
        elif _in_sequences(track) != _in_sequences(joined[partner]):
            joined[partner] = joined[partner] if _in_sequences(track) else track
        else:
            first = joined[partner]
            joined[partner] = replace(first, renditions=first.renditions + track.renditions)
    return joined


def _in_sequences(track: Track) -> bool:
    return isinstance(track.renditions[0].segments, SequenceIndex)


def _linked(one: Track, other: Track) -> bool:
    same = codec_family(one.renditions[0].codecs, TrackType.VIDEO) == codec_family(
        other.renditions[0].codecs, TrackType.VIDEO
    )
    return same and (other.id in _switching(one) or one.id in _switching(other))


def _switching(track: Track) -> set[str]:
    return {part.strip() for part in track.attributes.get("switching", "").split(",")} - {""}


def _same_family(tracks: Sequence[Track], lead: Rendition) -> Sequence[Track]:
    """The tracks in ``lead``'s codec family and dynamic range, else those in its family, else all."""
    family = _family(lead, TrackType.VIDEO)
    matching = [track for track in tracks if any(_family(r, TrackType.VIDEO) == family for r in track.renditions)]
    exact = [track for track in matching if any(_range(r) == _range(lead) for r in track.renditions)]
    return exact or matching or tracks


def _range(rendition: Rendition) -> str:
    return rendition.video_range or "SDR"


def _best_family(track: Track) -> str:
    families = (_family(rendition, TrackType.VIDEO) for rendition in track.renditions)
    return min(families, key=lambda family: _preference(_VIDEO_PREFERENCE, family))


def _one_setup(track: Track, lead: Rendition | None = None) -> Track:
    """Return the rungs of a video that one decoder setup can follow, in ascending order.

    They share one codec family and one dynamic range: those of ``lead`` if the track has them, else the preferred
    family and, if possible, SDR.
    """
    families = [_family(r, TrackType.VIDEO) for r in track.renditions]
    family = _best_family(track) if lead is None else _family(lead, TrackType.VIDEO)
    if family not in families:
        family = _best_family(track)
    same = [r for r, own in zip(track.renditions, families, strict=True) if own == family]
    ranges = [_range(r) for r in same]
    wanted = "SDR" if lead is None else _range(lead)
    wanted = wanted if wanted in ranges else ranges[0]
    return replace(track, renditions=_rungs([r for r in same if _range(r) == wanted]))


def _rungs(renditions: Sequence[Rendition]) -> tuple[Rendition, ...]:
    """In ascending order, without those that give nothing more: the same playlist under another variant (with another
    audio group), the same figures, or fewer lines at no higher frame rate for more bits."""
    kept: list[Rendition] = []
    for rendition in sorted(renditions, key=lambda r: (r.average_bandwidth_bps or r.bandwidth_bps, r.height or 0)):
        if not any(_repeats(rendition, cheaper) or _outdone(rendition, cheaper) for cheaper in kept):
            kept.append(rendition)
    return tuple(kept)


def _repeats(rendition: Rendition, other: Rendition) -> bool:
    if isinstance(rendition.segments, PlaylistRef) and rendition.segments == other.segments:
        return True
    return bool(rendition.bandwidth_bps) and _figures(rendition) == _figures(other)


def _figures(rendition: Rendition) -> tuple[object, ...]:
    item = rendition
    return item.bandwidth_bps, item.average_bandwidth_bps, item.width, item.height, item.frame_rate, item.codecs


def _outdone(rendition: Rendition, cheaper: Rendition) -> bool:
    if rendition.height is None or cheaper.height is None or rendition.height >= cheaper.height:
        return False
    return (rendition.frame_rate or 0.0) <= (cheaper.frame_rate or 0.0)


def _video_rank(track: Track) -> tuple[int, int, int, int]:
    main = 0 if track.default or not track.roles or "main" in track.roles else 1
    high_range = int(all(_range(rendition) != "SDR" for rendition in track.renditions))
    return main, _preference(_VIDEO_PREFERENCE, _best_family(track)), high_range, -len(track.renditions)


def _preference(order: Sequence[str], family: str) -> int:
    return order.index(family) if family in order else len(order)


def _audio(
    presentation: Presentation, playable: Collection[str]
) -> tuple[tuple[LogicalTrack, ...], tuple[Unsupported, ...]]:
    """The sounds to choose from, and those that nothing here decodes."""
    everything = _logical(presentation, TrackType.AUDIO)
    periods = tuple(
        replace(
            period,
            tracks=tuple(
                _one_layout(_expected(presentation, _playable(t, playable))) for t in period.of(TrackType.AUDIO)
            ),
        )
        for period in presentation.periods
    )
    playing = _logical(replace(presentation, periods=periods), TrackType.AUDIO)
    choices = {_choice(track.first) for track in playing}
    refused = tuple(
        Unsupported(track, _reason([part for part in track.per_period if part is not None]))
        for track in everything
        if _choice(track.first) not in choices
    )
    # Numbered among all of them: a menu shows both kinds, and an identity belongs to one of them alone.
    names = {_choice(track.first): track.id for track in everything}
    named = [replace(track, id=names.get(_choice(track.first), track.id)) for track in playing]
    there = [[track for track in period.tracks if track.renditions] for period in periods]
    return filled(named, there, _audio_rank), refused


def _expected(presentation: Presentation, track: Track) -> Track:
    """A sound's renditions that the service expects to be used."""
    ranges = [item for item in presentation.operating if item.media != "all"]
    left_out = outside(ranges, track.renditions, TrackType.AUDIO)
    kept = (item for number, item in enumerate(track.renditions) if number not in left_out)
    return replace(track, renditions=tuple(kept)) if left_out else track


def _one_layout(track: Track) -> Track:
    """A sound's renditions of one codec family and one channel layout: those of the rendition to be played."""
    if not track.renditions:
        return track
    lead = audio_rendition(track)
    family = _family(lead, TrackType.AUDIO)
    same = (r for r in track.renditions if r.channels == lead.channels and _family(r, TrackType.AUDIO) == family)
    return replace(track, renditions=tuple(same))


def _logical(presentation: Presentation, type_: TrackType) -> tuple[LogicalTrack, ...]:
    """Tracks that are the same choice for a viewer, joined over the periods; of duplicates in other codecs one, which
    has the same codec family in every period where it can."""
    by_choice: dict[tuple[object, ...], list[list[Track]]] = {}
    count = len(presentation.periods)
    for number, period in enumerate(presentation.periods):
        tracks = [track for track in period.of(type_) if track.renditions]
        for track in sorted(tracks, key=_audio_rank) if type_ is TrackType.AUDIO else tracks:
            by_choice.setdefault(_choice(track), [[] for _ in range(count)])[number].append(track)
    return tuple(
        LogicalTrack(f"{type_}-{index}", _label(first), per_period)
        for index, found in enumerate(list(by_choice.values())[:_MAX_CHOICES])
        for first, per_period in (_followed(found),)
    )


def _followed(found: Sequence[Sequence[Track]]) -> tuple[Track, tuple[Track | None, ...]]:
    """The leading one of a choice's tracks, and for each period the one that follows it best."""
    first = min(next(filter(None, found)), key=_audio_rank)
    family = codec_family(first.renditions[0].codecs, TrackType.AUDIO)

    shared = initialization_sets(first)

    def rank(track: Track) -> tuple[bool, bool, int]:
        apart = bool(shared) and not shared & initialization_sets(track)
        return codec_family(track.renditions[0].codecs, TrackType.AUDIO) != family, apart, _audio_rank(track)

    return first, tuple(min(tracks, key=rank) if tracks else None for tracks in found)


def _choice(track: Track) -> tuple[object, ...]:
    kind = tuple(sorted((*track.roles, *track.characteristics)))
    return track.language, track.label or track.name, kind, track.forced


def _audio_rank(track: Track) -> int:
    return _preference(_AUDIO_PREFERENCE, codec_family(track.renditions[0].codecs, TrackType.AUDIO))


def _label(track: Track) -> str:
    return track.label or track.name or track.language or track.id
