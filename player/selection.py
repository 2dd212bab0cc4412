"""Which tracks of a presentation are played, and what is shown of the others. Pure.

Auto never crosses the codec family, the dynamic range or the audio layout within one playback: libmpv takes one
codec per track, so a ladder is made of renditions that one decoder setup can follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from abr.model import Rung
from player.errors import ErrorCode, MediaError
from player.manifest.model import Presentation, Rendition, Track, TrackType
from player.stream.timeline import LogicalTrack

_FAMILIES = (
    ("h264", ("avc1", "avc3")),
    ("hevc", ("hvc1", "hev1", "dvh1", "dvhe")),
    ("vp9", ("vp09", "vp9")),
    ("av1", ("av01",)),
    ("vp8", ("vp8", "vp08")),
    ("aac", ("mp4a.40", "mp4a.67", "mp4a.66")),
    ("ac3", ("ac-3",)),
    ("eac3", ("ec-3",)),
    ("opus", ("opus", "Opus")),
    ("mp3", ("mp4a.6b", "mp4a.69", "mp4a.40.34", "mp3")),
    ("flac", ("flac", "fLaC")),
)
# H.264 first: it is decoded everywhere and cheaply.
_VIDEO_PREFERENCE = ("h264", "hevc", "vp9", "av1", "vp8", "")
_AUDIO_PREFERENCE = ("aac", "opus", "eac3", "ac3", "mp3", "flac", "")
_AUDIO_COMFORT_BPS = 200_000
_MAX_CHOICES = 100  # of audio, and of text: more than the virtual file has room for is not believed


@dataclass(frozen=True, slots=True)
class Selection:
    """What is played. ``video`` is None for audio-only titles; ``audio`` is empty where the sound is in the video."""

    video: LogicalTrack | None
    audio: tuple[LogicalTrack, ...]
    text: tuple[LogicalTrack, ...]
    default_audio: int
    muxed_audio: bool

    @property
    def main(self) -> LogicalTrack:
        return self.video if self.video is not None else self.audio[self.default_audio]


def codec_family(codecs: Iterable[str], type_: TrackType) -> str:
    """The family of the first codec of this type in RFC 6381 strings; empty where nothing is declared."""
    order = _VIDEO_PREFERENCE if type_ is TrackType.VIDEO else _AUDIO_PREFERENCE
    for codec in codecs:
        for family, prefixes in _FAMILIES:
            if family in order and codec.lower().startswith(tuple(prefix.lower() for prefix in prefixes)):
                return family
    return ""


def select(presentation: Presentation, language: str | None = None) -> Selection:
    """The tracks to play; ``language`` is the preferred audio language (BCP 47).

    Raises :class:`MediaError` where there is neither video nor audio.
    """
    video = _video(presentation)
    audio = _logical(presentation, TrackType.AUDIO)
    text = _logical(presentation, TrackType.TEXT)
    default = _default_audio(audio, language)
    muxed = False
    if video is not None and any(rendition.muxed_audio for rendition in video.first.renditions):
        muxed = not audio or _is_embedded(audio[default])
    separate = () if muxed else tuple(track for track in audio if not _is_embedded(track))
    if video is None and not separate:
        raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "This title has neither video nor audio that can be played.")
    return Selection(video, separate, text, _default_audio(separate, language), muxed)


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
        )
        for rendition in track.first.renditions
    )


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


def _video(presentation: Presentation) -> LogicalTrack | None:
    candidates = _switchable(presentation.periods[0].of(TrackType.VIDEO))
    if not candidates:
        return None
    chosen = min(candidates, key=_video_rank)
    family = codec_family(chosen.renditions[0].codecs, TrackType.VIDEO)
    per_period = tuple(
        _one_family(min(same, key=_video_rank))
        if (same := _same_family(_switchable(period.of(TrackType.VIDEO)), family))
        else None
        for period in presentation.periods
    )
    return LogicalTrack("video", chosen.label or chosen.name or "Video", per_period)


def _switchable(tracks: Sequence[Track]) -> list[Track]:
    """The tracks, with those joined between which the manifest allows switching.

    A DASH packager makes an AdaptationSet for each content key (SD, HD) and links them by an
    adaptation-set-switching property that lists the others' ids (DASH-IF IOP 3.8): together they are one ladder.
    """
    joined: list[Track] = []
    for track in tracks:
        if not track.renditions:
            continue
        partner = next((n for n, other in enumerate(joined) if _linked(other, track)), None)
        if partner is None:
            joined.append(track)
        else:
            first = joined[partner]
            joined[partner] = replace(first, renditions=first.renditions + track.renditions)
    return joined


def _linked(one: Track, other: Track) -> bool:
    same = codec_family(one.renditions[0].codecs, TrackType.VIDEO) == codec_family(
        other.renditions[0].codecs, TrackType.VIDEO
    )
    return same and (other.id in _switching(one) or one.id in _switching(other))


def _switching(track: Track) -> set[str]:
    return {part.strip() for part in track.attributes.get("switching", "").split(",")} - {""}


def _same_family(tracks: Sequence[Track], family: str) -> list[Track]:
    matching = [track for track in tracks if codec_family(track.renditions[0].codecs, TrackType.VIDEO) == family]
    return matching or list(tracks)


def _one_family(track: Track) -> Track:
    """The track without renditions of another codec family, and in ascending order."""
    family = codec_family(track.renditions[0].codecs, TrackType.VIDEO)
    same = [r for r in track.renditions if codec_family(r.codecs, TrackType.VIDEO) == family]
    ranges = [r.video_range or "SDR" for r in same]
    wanted = "SDR" if "SDR" in ranges else ranges[0]
    same = [r for r in same if (r.video_range or "SDR") == wanted]
    ordered = sorted(same, key=lambda r: (r.average_bandwidth_bps or r.bandwidth_bps, r.height or 0))
    return replace(track, renditions=tuple(ordered))


def _video_rank(track: Track) -> tuple[int, int, int]:
    family = codec_family(track.renditions[0].codecs, TrackType.VIDEO)
    main = 0 if track.default or not track.roles or "main" in track.roles else 1
    return main, _VIDEO_PREFERENCE.index(family), -len(track.renditions)


def _logical(presentation: Presentation, type_: TrackType) -> tuple[LogicalTrack, ...]:
    """Tracks that are the same choice for a viewer, joined over the periods; of duplicates in other codecs one."""
    by_choice: dict[tuple[object, ...], list[Track | None]] = {}
    count = len(presentation.periods)
    for number, period in enumerate(presentation.periods):
        for track in sorted(period.of(type_), key=_audio_rank) if type_ is TrackType.AUDIO else period.of(type_):
            if not track.renditions:
                continue
            line = by_choice.setdefault(_choice(track), [None] * count)
            if line[number] is None:
                line[number] = track
    result = []
    for index, line in enumerate(list(by_choice.values())[:_MAX_CHOICES]):
        first = next(track for track in line if track is not None)
        result.append(LogicalTrack(f"{type_}-{index}", _label(first), tuple(line)))
    return tuple(result)


def _choice(track: Track) -> tuple[object, ...]:
    kind = tuple(sorted((*track.roles, *track.characteristics)))
    return track.language, track.label or track.name, kind, track.forced


def _audio_rank(track: Track) -> int:
    return (
        _AUDIO_PREFERENCE.index(codec_family(track.renditions[0].codecs, TrackType.AUDIO)) if track.renditions else 99
    )


def _label(track: Track) -> str:
    return track.label or track.name or track.language or track.id


def _default_audio(audio: Sequence[LogicalTrack], language: str | None) -> int:
    def rank(item: tuple[int, LogicalTrack]) -> tuple[int, int, int]:
        track = item[1].first
        spoken = (track.language or "").split("-")[0].lower()
        wanted = (language or "").split("-")[0].lower()
        described = "description" in track.roles or "public.accessibility.describes-video" in track.characteristics
        return (
            int(described),
            int(not (wanted and spoken == wanted)),
            int(not (track.default or "main" in track.roles)),
        )

    return min(enumerate(audio), key=rank)[0] if audio else 0
