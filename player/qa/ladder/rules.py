"""Holds a measured ladder against its manifest. Each finding names its rule, its place and the numbers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from math import inf

from player.manifest.between_periods import TOGETHER_S, audio_moved_s
from player.manifest.dash.indexes import NumberIndex
from player.manifest.dash.unplayed import unplayed_s
from player.manifest.model import Rendition, Segment, SegmentIndex, TrackType
from player.qa.ladder.measure import SegmentFacts
from player.qa.ladder.packets import PacketFaults
from player.stream.continuity import APART_S
from player.tracks.selection import codec_family

PEAK_SHARE = 1.1  # RFC 8216bis 4.4.6.2: within ten percent
PEAK_BPS = 20_000.0  # hardly a frame more makes that of sound
LOW_SHARE = 0.5
DURATION_S, DURATION_SHARE = 0.2, 0.05
DURATION_FAR_S, DURATION_FAR_SHARE = 0.5, 0.5
AV_OFFSET_S, AV_FAR_S = 0.1, 0.5
LENGTH_S = 0.5
WORDS_SHORTER_S = 2.0  # so much sooner than its video the list of subtitles may end
LONGER_S = 2.0  # so much longer than its video the audio of a title may be
TIME_S, TIME_FAR_S, TIME_SHARE = 0.2, 0.5, 0.5
BREAK_S = 0.05
FRAME_RATE_SHARE = 0.01
_MOST_IN_A_ROW = 100
_WATCHED = (TrackType.VIDEO, TrackType.AUDIO)


class LadderRule(StrEnum):
    """The rules; ``docs/guide-qa.md`` explains each."""

    UNAVAILABLE = "segment.unavailable"
    UNREADABLE = "segment.unreadable"
    UNDECODABLE = "segment.undecodable"
    KEYFRAME = "segment.keyframe"
    OPEN_GOP = "segment.open_gop"
    DEPENDENT = "segment.dependent"
    DURATION = "segment.duration"
    TARGET = "segment.target"
    GAP = "segment.gap"
    HOLE = "segment.hole"
    STILL = "segment.still"
    NO_AUDIO = "segment.no_audio"
    PACKETS = "segment.packets"
    TIME = "segment.time"
    CHANGED = "segment.changed"
    PEAK = "bandwidth.peak"
    LOW = "bandwidth.low"
    CODEC = "declared.codec"
    RESOLUTION = "declared.resolution"
    FRAME_RATE = "declared.frame_rate"
    ALIGNMENT = "ladder.alignment"
    AV_OFFSET = "ladder.av_offset"
    LENGTH = "ladder.length"


_MINOR = frozenset(
    {
        LadderRule.OPEN_GOP,
        LadderRule.LOW,
        LadderRule.DURATION,
        LadderRule.TIME,
        LadderRule.AV_OFFSET,
        LadderRule.LENGTH,
    }
)


@dataclass(frozen=True, slots=True)
class LadderFinding:
    """``segment`` counts from 1; None where the whole rendition is meant. ``far``: so far off that it is an error,
    whatever the rule."""

    rule: LadderRule
    rendition: str
    segment: int | None
    sentence: str
    far: bool = False

    @property
    def severity(self) -> str:
        """``error``, or ``warning`` where playback hardly suffers."""
        return "warning" if self.rule in _MINOR and not self.far else "error"


@dataclass(frozen=True, slots=True)
class MeasuredRung:
    """A rendition with what was measured of it; ``missing`` tells of segments that were not available, by position.
    ``period`` counts from 1; None where there is but one. ``begin_after_s`` is MPD@minBufferTime (0: not told);
    ``independent``: the playlist says that each segment can be decoded by itself (EXT-X-INDEPENDENT-SEGMENTS).
    ``period_end_s`` is None where the manifest does not tell it. ``live``: the manifest still grows.
    ``inside``: this is the audio track of this number, from 1 on, in the segments of a video rendition."""

    type: TrackType
    rendition: Rendition
    segments: Sequence[Segment]
    facts: Sequence[SegmentFacts]
    missing: Sequence[tuple[int, str]] = ()
    period: int | None = None
    begin_after_s: float = 0.0
    independent: bool = False
    period_start_s: float = 0.0
    period_end_s: float | None = None
    live: bool = False
    inside: int = 0

    @property
    def name(self) -> str:
        height = f"{self.rendition.height}p " if self.rendition.height else ""
        period = "" if self.period is None else f"period {self.period} "
        if self.inside:
            which = "its audio" if self.inside == 1 else f"its audio track {self.inside}"
            return f"{period}{TrackType.VIDEO} {height}{self.rendition.id}, {which}"
        return f"{period}{self.type} {height}{self.rendition.id}"

    @property
    def mean_bps(self) -> float | None:
        seconds = sum(each.duration_s or 0.0 for each in self.facts)
        return sum(each.size for each in self.facts if each.duration_s) * 8 / seconds if seconds else None

    @property
    def peak_bps(self) -> float | None:
        """Of the segments that are at least half as long as the longest: a short last one says nothing."""
        longest = max((each.duration_s or 0.0 for each in self.facts), default=0.0)
        rates = [
            each.size * 8 / each.duration_s
            for each in self.facts
            if each.duration_s and each.duration_s >= longest / 2
        ]
        return max(rates, default=None)

    @property
    def steady_bps(self) -> float | None:
        """The rate of a steady link on which playback, begun after ``begin_after_s`` at any segment, never waits
        (ISO/IEC 23009-1 5.3.5.4)."""
        known = [(each.size * 8.0, each.duration_s) for each in self.facts if each.duration_s]
        rates = []
        for first in range(len(known)):
            bits = seconds = 0.0
            for size, duration_s in known[first : first + _MOST_IN_A_ROW]:
                bits, seconds = bits + size, seconds + duration_s
                rates.append(bits / (self.begin_after_s + seconds))
        return max(rates, default=None) if self.begin_after_s else self.mean_bps

    @property
    def frame_rate(self) -> float | None:
        seconds = sum(each.duration_s or 0.0 for each in self.facts)
        return sum(each.samples for each in self.facts) / seconds if seconds else None


def findings(ladder: Sequence[MeasuredRung], *, stills: bool = False) -> list[LadderFinding]:
    """Everything that is not as it should be, rendition by rendition, then what concerns several. ``stills``:
    pictures may stand."""
    found: list[LadderFinding] = []
    for measured in ladder:
        if measured.type is TrackType.TEXT:
            found += _words(measured)
            continue
        found += [*_segments(measured, stills), *_continuity(measured), *_encodings(measured), *_declared(measured)]
        found += [*_times(measured), *_sounds_inside(measured), *(() if stills else _stills(measured))]
    for period in dict.fromkeys(measured.period for measured in ladder):
        own = [measured for measured in ladder if measured.period == period]
        found += [*_gaps(own), *_alignment(own), *_sound_and_pictures(own), *_lengths(own)]
    return [*found, *_periods(ladder), *_between(ladder), *_unplayed(ladder)]


def why_ladder(ladder: Sequence[MeasuredRung], found: Sequence[LadderFinding]) -> list[str]:
    """Why the verdict is what it is, in sentences with the numbers: how much was looked into, and for each broken
    rule how often and where at first."""
    looked = [facts for each in ladder for facts in each.facts]
    tried = [facts for facts in looked if facts.decoded is not None]
    decoded = f"{sum(facts.decoded or 0 for facts in tried)} of {sum(facts.samples for facts in tried)} samples"
    missing = sum(len(each.missing) for each in ladder)
    told = [
        f"{len(looked)} segments of {len(ladder)} renditions were looked into, {missing} were missing; "
        + (f"{decoded} came out of the decoders." if tried else "none was decoded.")
    ]
    for rule, count in Counter(each.rule for each in found).items():
        first = next(each for each in found if each.rule is rule)
        place = first.rendition if first.segment is None else f"{first.rendition}, segment {first.segment}"
        often = "once" if count == 1 else f"{count} times"
        told.append(f"{rule} ({first.severity}): {often}, first {place}: {first.sentence}")
    return told if found else [*told, "Everything is as the manifest declares it."]


def _words(measured: MeasuredRung) -> Iterator[LadderFinding]:
    """Subtitles: each segment is there, can be read, and has words of its time."""
    for position, reason in measured.missing:
        yield LadderFinding(LadderRule.UNAVAILABLE, measured.name, position + 1, reason)
    for each in measured.facts:
        if each.trouble:
            sentence = f"It cannot be read: {each.trouble}"
            yield LadderFinding(LadderRule.UNREADABLE, measured.name, each.position + 1, sentence)
        if each.elsewhere_s is not None:
            off_s = each.elsewhere_s - measured.segments[each.position].start_s
            sentence = f"None of its {each.samples} cues is of its time; the first is {off_s:+.3f} s from its start."
            yield LadderFinding(LadderRule.TIME, measured.name, each.position + 1, sentence, far=True)


def _segments(measured: MeasuredRung, stills: bool = False) -> Iterator[LadderFinding]:
    allowed_still = stills and measured.type is TrackType.VIDEO
    for position, reason in measured.missing:
        yield LadderFinding(LadderRule.UNAVAILABLE, measured.name, position + 1, reason)
    target_s = measured.rendition.target_duration_s
    looked_into = {each.position for each in measured.facts}
    for each in measured.facts:
        number, declared_s = each.position + 1, measured.segments[each.position].duration_s
        if each.packets is not None and each.packets.pid is not None:
            yield LadderFinding(LadderRule.PACKETS, measured.name, number, _packets(each.packets))
        if each.start_s is None:
            yield LadderFinding(LadderRule.UNREADABLE, measured.name, number, f"It cannot be read: {each.trouble}")
            continue
        if each.trouble:
            yield LadderFinding(
                LadderRule.UNDECODABLE, measured.name, number, f"Nothing good comes of decoding: {each.trouble}"
            )
        elif each.decoded is not None and measured.type is TrackType.VIDEO and each.decoded != each.samples:
            yield LadderFinding(
                LadderRule.UNDECODABLE,
                measured.name,
                number,
                f"{each.decoded} of {each.samples} pictures can be decoded.",
            )
        if measured.type is TrackType.VIDEO and not each.begins_with_key:
            yield LadderFinding(LadderRule.KEYFRAME, measured.name, number, "It does not begin with a keyframe.")
        if each.borrowing:
            yield LadderFinding(
                LadderRule.DEPENDENT if measured.independent else LadderRule.OPEN_GOP,
                measured.name,
                number,
                f"{each.borrowing} of its pictures need the segment before (open GOP): a jump or a change of quality "
                "to it loses them.",
            )
        seconds = each.duration_s or 0.0
        short_s = 0.0 if allowed_still or not _is_spliced(measured, each.position) else declared_s - seconds
        rounded_s = 0.5 if declared_s == int(declared_s) else 0.0
        if abs(seconds - declared_s) > max(DURATION_S, DURATION_SHARE * declared_s):
            yield LadderFinding(
                LadderRule.DURATION,
                measured.name,
                number,
                f"It lasts {seconds:.3f} s; declared are {declared_s:.3f} s.",
                # The last frame of a list may stand for long, and packagers state the time between two frames. That
                # of a transport stream may, too, where the next segment was not looked into.
                # What is missing before a splice is not there at all: the next segment has another clock.
                far=short_s > DURATION_FAR_S + rounded_s
                or (
                    abs(seconds - declared_s) > max(DURATION_FAR_S, DURATION_FAR_SHARE * declared_s)
                    and (seconds < declared_s or each.position + 1 < len(measured.segments))
                    and (each.counters is None or seconds > declared_s or each.position + 1 in looked_into)
                ),
            )
        # How long a picture is held is not what a target duration is about.
        if target_s is not None and round(declared_s if allowed_still else seconds) > target_s:
            yield LadderFinding(
                LadderRule.TARGET,
                measured.name,
                number,
                f"It lasts {seconds:.3f} s; no more than {target_s:g} s may.",
            )


def _is_spliced(measured: MeasuredRung, position: int) -> bool:
    """Whether a discontinuity follows a segment."""
    following = measured.segments[position + 1 : position + 2]
    return any(each.discontinuity != measured.segments[position].discontinuity for each in following)


def _packets(told: PacketFaults) -> str:
    parts = (
        (told.lost, f"at least {told.lost} are missing at {told.breaks} places by their continuity counters"),
        (told.errors, f"{told.errors} have transport_error_indicator"),
        (told.scrambled, f"{told.scrambled} say that they are scrambled"),
    )
    what = ", ".join(sentence for count, sentence in parts if count)
    return f"Of {told.packets} packets {what}; the first has PID {told.pid}."


def _continuity(measured: MeasuredRung) -> Iterator[LadderFinding]:
    """Where one sample ends the next one starts, and where one segment ends the next one does, but for
    discontinuities."""
    for each in measured.facts:
        usual_s = (each.duration_s or 0.0) / max(each.samples, 1)
        if each.broken_at_s is not None and abs(each.break_s) > max(1.5 * usual_s, BREAK_S):
            what = "missing" if each.break_s > 0 else "there twice"
            sentence = f"{abs(each.break_s):.3f} s are {what} at {each.broken_at_s:.3f} s of the media."
            yield LadderFinding(LadderRule.HOLE, measured.name, each.position + 1, sentence)
    for before, after in zip(measured.facts, measured.facts[1:], strict=False):
        first, second = measured.segments[before.position], measured.segments[after.position]
        if after.position != before.position + 1 or first.discontinuity != second.discontinuity:
            continue
        if before.end_s is None or after.start_s is None or not before.samples:
            continue
        sample_s = (before.duration_s or 0.0) / before.samples
        gap_s = after.start_s - before.end_s
        if before.decoded_s is not None and after.decoded_s is not None:  # see player.stream.continuity.Coverage
            gap_s = min(gap_s, after.decoded_s[0] - before.decoded_s[1], key=abs)
        if abs(gap_s) > max(1.5 * sample_s, 0.002):
            what = "a gap" if gap_s > 0 else "an overlap"
            yield LadderFinding(
                LadderRule.GAP, measured.name, after.position + 1, f"There is {what} of {abs(gap_s):.3f} s before it."
            )


def _stills(measured: MeasuredRung) -> Iterator[LadderFinding]:
    """Pictures that stand though others should follow: were they lost before the packager, nothing else would show
    it."""
    for each in measured.facts:
        if each.stands:
            seconds = sum(still.end_s - still.start_s for still in each.stands)
            sentence = (
                f"Pictures stand or are missing for {seconds:.3f} s, first at {each.stands[0].start_s:.3f} s of the "
                "media, and nothing else is wrong there. If they are to stand (slides): --stills."
            )
            yield LadderFinding(LadderRule.STILL, measured.name, each.position + 1, sentence)
    last = measured.facts[-1] if measured.facts else None
    if last is None or last.position + 1 < len(measured.segments) or measured.live or last.sound is None:
        return
    if last.end_s is not None and last.sound.end_s is not None and last.sound.end_s - last.end_s > LONGER_S:
        sentence = f"Its audio goes on for {last.sound.end_s - last.end_s:.3f} s behind its last picture (--stills)."
        yield LadderFinding(LadderRule.STILL, measured.name, last.position + 1, sentence)


def _times(measured: MeasuredRung) -> Iterator[LadderFinding]:
    """Holds the times in the media against those of the manifest. Segments that have only a common duration in the
    MPD may be off by half of it (DASH-IF IOP 3.2.7.1). In HLS the manifest gives no times but the sum of the
    durations: the first segment that is off by it is reported, for each discontinuity."""
    longest_s = max((each.duration_s for each in measured.segments), default=0.0)
    common = isinstance(measured.rendition.segments, NumberIndex)
    whole = all(each.duration_s == int(each.duration_s) for each in measured.segments[:-1])
    begun_s = measured.segments[0].start_s - measured.period_start_s if measured.segments else 0.0
    if measured.segments and measured.segments[0].media_offset_s is not None and not measured.live:
        far_s = max(TIME_FAR_S, TIME_SHARE * longest_s) if common else TIME_FAR_S
        if begun_s > far_s:
            sentence = f"Nothing covers the first {begun_s:.3f} s of its period."
            yield LadderFinding(LadderRule.TIME, measured.name, 1, sentence, far=True)
    first: dict[int, tuple[int, float]] = {}
    drifted: set[int] = set()
    for each in measured.facts:
        segment = measured.segments[each.position]
        if each.start_s is None:
            continue
        if segment.media_offset_s is not None:
            off_s = each.start_s + segment.media_offset_s - segment.start_s
            far_s = max(TIME_FAR_S, TIME_SHARE * longest_s) if common else TIME_FAR_S
            if abs(off_s) > (far_s if common else TIME_S):
                sentence = f"Its media starts {off_s:+.3f} s from the time in the manifest."
                far = abs(off_s) > far_s
                yield LadderFinding(LadderRule.TIME, measured.name, each.position + 1, sentence, far=far)
            continue
        off_s = each.start_s - segment.start_s
        position, begun_off_s = first.setdefault(segment.discontinuity, (each.position, off_s))
        drift_s = off_s - begun_off_s
        rounded_s = 0.5 * (each.position - position) if whole else 0.0  # EXTINF in whole seconds
        if abs(drift_s) > TIME_FAR_S + rounded_s and segment.discontinuity not in drifted:
            drifted.add(segment.discontinuity)
            sentence = f"Its media starts {drift_s:+.3f} s from the sum of the durations before it."
            far = abs(drift_s) > max(TIME_FAR_S, measured.rendition.target_duration_s or longest_s) + rounded_s
            yield LadderFinding(LadderRule.TIME, measured.name, each.position + 1, sentence, far=far)


def _encodings(measured: MeasuredRung) -> Iterator[LadderFinding]:
    """Codec and frame size change at discontinuities only. The size of a lone frame may not be known."""
    readable = [each for each in measured.facts if each.codec and (each.width or measured.type is TrackType.AUDIO)]
    for before, after in pairwise(readable):
        first, second = measured.segments[before.position], measured.segments[after.position]
        one, other = (f"{each.codec} {each.width}x{each.height}" for each in (before, after))
        if one != other and first.discontinuity == second.discontinuity:
            sentence = f"It is {other}, the one before is {one}, and no discontinuity is declared."
            yield LadderFinding(LadderRule.CHANGED, measured.name, after.position + 1, sentence)


def _declared(measured: MeasuredRung) -> Iterator[LadderFinding]:
    rendition, peak, mean = measured.rendition, measured.peak_bps, measured.mean_bps
    declared = rendition.bandwidth_bps
    # Of HLS the largest segment counts (RFC 8216bis 4.4.6.2), of DASH what a steady link must give.
    needed = peak if rendition.target_duration_s is not None else measured.steady_bps
    if declared and needed is not None and needed > max(PEAK_SHARE * declared, declared + PEAK_BPS):
        yield LadderFinding(
            LadderRule.PEAK, measured.name, None, f"It takes {_mbit(needed)}; declared are {_mbit(declared)}."
        )
    usual = rendition.average_bandwidth_bps or declared
    if usual and mean is not None and mean < LOW_SHARE * usual and measured.type is TrackType.VIDEO:
        yield LadderFinding(
            LadderRule.LOW, measured.name, None, f"It takes {_mbit(mean)} on average; declared are {_mbit(usual)}."
        )
    yield from _codec(measured)
    if measured.type is not TrackType.VIDEO:
        return
    for each in measured.facts:
        differs = (
            rendition.height and each.height and (rendition.width, rendition.height) != (each.width, each.height)
        )
        if differs:
            yield LadderFinding(
                LadderRule.RESOLUTION,
                measured.name,
                each.position + 1,
                f"It is {each.width}x{each.height}; declared is {rendition.width}x{rendition.height}.",
            )
            break
    rate = measured.frame_rate
    if rate and rendition.frame_rate and abs(rate / rendition.frame_rate - 1) > FRAME_RATE_SHARE:
        yield LadderFinding(
            LadderRule.FRAME_RATE,
            measured.name,
            None,
            f"{rate:.3f} pictures a second; declared are {rendition.frame_rate:g}.",
        )


def _codec(measured: MeasuredRung) -> Iterator[LadderFinding]:
    family = codec_family(measured.rendition.codecs, measured.type)
    for each in measured.facts:
        if family and each.codec and each.codec != family:
            sentence = f"It is coded as {each.codec}; declared is {family}."
            yield LadderFinding(LadderRule.CODEC, measured.name, each.position + 1, sentence)
            return


def _gaps(ladder: Sequence[MeasuredRung]) -> Iterator[LadderFinding]:
    """What a list declares to be missing (EXT-X-GAP) another one may have. Where none has it viewers lose it."""
    for type_ in (TrackType.VIDEO, TrackType.AUDIO):
        rungs = [each for each in ladder if each.type is type_]
        gone = [{segment.number for segment in each.segments if segment.gap} for each in rungs]
        for number, segment in enumerate(rungs[0].segments if rungs else (), 1):
            if all(segment.number in each for each in gone):
                sentence = f"No list of {type_} has it: it is declared to be missing (EXT-X-GAP)."
                yield LadderFinding(LadderRule.UNAVAILABLE, rungs[0].name, number, sentence)


def _alignment(ladder: Sequence[MeasuredRung]) -> Iterator[LadderFinding]:
    """Segments of one number begin at one time in all rungs: else a change of quality repeats or skips pictures."""
    video = [each for each in ladder if each.type is TrackType.VIDEO]
    if not video:
        return
    reference = {each.position: each for each in video[0].facts}
    for measured in video[1:]:
        for each in measured.facts:
            other = reference.get(each.position)
            if other is None or other.start_s is None or each.start_s is None or not each.samples:
                continue
            off_s = each.start_s - other.start_s
            if abs(off_s) > 0.5 * (each.duration_s or 0.0) / each.samples + 0.001:
                yield LadderFinding(
                    LadderRule.ALIGNMENT,
                    measured.name,
                    each.position + 1,
                    f"It begins {off_s:+.3f} s from that of {video[0].name}.",
                )


def _sounds_inside(measured: MeasuredRung) -> Iterator[LadderFinding]:
    """Judges each audio track that is in the segments of a video rendition: that it is there, can be decoded, goes
    on, and starts and ends with the video."""
    if measured.type is not TrackType.VIDEO or measured.inside:
        return
    tracks = max((1 + len(each.more_sounds) for each in measured.facts), default=0)
    for number in range(tracks):
        own = [each if not number else replace(each, sound=_track(each, number)) for each in measured.facts]
        yield from _sound_inside(replace(measured, facts=own), number + 1)


def _track(facts: SegmentFacts, number: int) -> SegmentFacts | None:
    return facts.more_sounds[number - 1] if number <= len(facts.more_sounds) else None


def _sound_inside(measured: MeasuredRung, number: int) -> Iterator[LadderFinding]:
    sounds = [each.sound for each in measured.facts if each.sound is not None]
    family = codec_family(measured.rendition.codecs, TrackType.AUDIO)
    there = any(each.samples for each in measured.facts)
    if not sounds:
        if number == 1 and family and measured.rendition.muxed_audio and there:
            sentence = f"{family} is declared, and no segment has audio."
            yield LadderFinding(LadderRule.CODEC, measured.name, None, sentence)
        if number > 1 and there:
            sentence = f"Its audio track {number} is declared in the media, and nothing of it is there."
            yield LadderFinding(LadderRule.NO_AUDIO, measured.name, None, sentence)
        return
    inside = replace(measured, type=TrackType.AUDIO, facts=sounds, missing=(), inside=number)
    for each in measured.facts:
        length_s = each.duration_s or 0.0
        if each.sound is None and length_s > LENGTH_S:
            sentence = f"It has {length_s:.3f} s of video and no audio."
            yield LadderFinding(LadderRule.NO_AUDIO, inside.name, each.position + 1, sentence)
    for each in sounds:
        if each.trouble:
            sentence = f"Nothing good comes of decoding: {each.trouble}"
            yield LadderFinding(LadderRule.UNDECODABLE, inside.name, each.position + 1, sentence)
    yield from _continuity(inside)
    yield from _encodings(inside)
    yield from _codec(inside)
    yield from _apart(measured, inside)
    for last in measured.facts:
        at_end = last.position + 1 == len(measured.segments) and not measured.live
        if at_end or _is_spliced(measured, last.position):
            yield from _ends_short(inside, last)


def _ends_short(inside: MeasuredRung, last: SegmentFacts) -> Iterator[LadderFinding]:
    """Whether audio inside of a segment behind which the media does not go on ends before the video does."""
    if last.sound is None:
        return
    frame_s = (last.duration_s or 0.0) / max(last.samples, 1)  # how long the last one is shown may be a guess
    allowed_s = LENGTH_S + 2 * frame_s
    if last.end_s is None or last.sound.end_s is None:
        return
    short_s = last.end_s - last.sound.end_s
    if short_s > allowed_s:
        sentence = f"It ends {short_s:.3f} s before the video."
        yield LadderFinding(LadderRule.LENGTH, inside.name, last.position + 1, sentence, far=True)


def _sound_and_pictures(ladder: Sequence[MeasuredRung]) -> Iterator[LadderFinding]:
    """How far each audio rendition and the video are apart at their first segment, on the presentation's timeline."""
    picture = next((each for each in ladder if each.type is TrackType.VIDEO and each.facts), None)
    for sound in ladder:
        if picture is not None and sound.type is TrackType.AUDIO and sound.facts:
            yield from _apart(picture, sound)


def _periods(ladder: Sequence[MeasuredRung]) -> Iterator[LadderFinding]:
    """Which periods put audio elsewhere against the video than the one before does."""

    def of(period: int, type_: TrackType) -> list[Rendition]:
        return [each.rendition for each in ladder if each.period == period and each.type is type_]

    for sound in ladder:
        if sound.type is not TrackType.AUDIO or sound.period is None:
            continue
        before = sound.period - 1
        video, known = of(sound.period, TrackType.VIDEO), of(before, TrackType.VIDEO)
        moved_s = audio_moved_s(sound.rendition, of(before, TrackType.AUDIO), video, known)
        if abs(moved_s) > APART_S:
            sentence = f"The sound is {moved_s:+.3f} s from where the period before has it against the picture."
            yield LadderFinding(LadderRule.AV_OFFSET, sound.name, None, sentence, far=True)


def _between(ladder: Sequence[MeasuredRung]) -> Iterator[LadderFinding]:
    """Which periods lack video or audio that others have, and where nothing is between two of them."""
    periods = {measured.period: measured for measured in ladder if not measured.live}
    for type_ in _WATCHED:
        having = {
            each.period for each in ladder if each.type is type_ or (type_ is TrackType.AUDIO and _sounds(each))
        }
        for period, measured in periods.items():
            if having and period not in having:
                sentence = f"There is no {type_} in this period, and others have it."
                yield LadderFinding(LadderRule.UNAVAILABLE, measured.name, None, sentence)
    for before, after in pairwise(periods.values()):
        gap_s = 0.0 if before.period_end_s is None else after.period_start_s - before.period_end_s
        if gap_s > LENGTH_S:
            sentence = f"Nothing is between the period before it and this one for {gap_s:.3f} s."
            yield LadderFinding(LadderRule.LENGTH, after.name, None, sentence, far=True)


def _sounds(measured: MeasuredRung) -> bool:
    return any(each.sound is not None for each in measured.facts)


def _unplayed(ladder: Sequence[MeasuredRung]) -> Iterator[LadderFinding]:
    """Which lists go on behind the end of their period, so that nobody plays the rest."""
    lists = [
        (each, each.rendition.segments)
        for each in ladder
        if each.type in _WATCHED and not each.live and isinstance(each.rendition.segments, SegmentIndex)
    ]
    for measured, index in lists:
        seconds = unplayed_s(index, (other for _, other in lists))
        if seconds:
            sentence = f"It lists {seconds:.3f} s of media behind the end of its period, which nobody plays."
            yield LadderFinding(LadderRule.LENGTH, measured.name, None, sentence, far=True)


def _lengths(ladder: Sequence[MeasuredRung]) -> Iterator[LadderFinding]:
    """Which lists of segments end before the longest of their period, or all before their period does. HLS allows a
    target duration, and subtitles may end with the last words."""
    ends: list[tuple[MeasuredRung, float]] = []
    for measured in ladder:
        index = measured.rendition.segments
        empty = measured.period is not None and measured.type in _WATCHED  # one of HLS may be inside of the video
        if not measured.live and isinstance(index, SegmentIndex) and (len(index) or empty):
            end_s = index[len(index) - 1].end_s if len(index) else measured.period_start_s
            ends.append((measured, end_s if measured.period_end_s is None else min(end_s, measured.period_end_s)))
    told = [measured.period_end_s for measured, _ in ends if measured.period_end_s is not None]
    longest_s = max((end_s for measured, end_s in ends if measured.type is not TrackType.TEXT), default=0.0)
    wanted_s, than = max((longest_s, "the longest"), (max(told, default=0.0), "its period"))
    for measured, end_s in ends:
        short_s = wanted_s - end_s
        allowed_s = WORDS_SHORTER_S if measured.type is TrackType.TEXT else LENGTH_S
        if short_s > allowed_s:
            sentence = f"Its list ends at {end_s:.3f} s, {short_s:.3f} s before {than}."
            far = short_s > max(allowed_s, measured.rendition.target_duration_s or 0.0)
            yield LadderFinding(LadderRule.LENGTH, measured.name, None, sentence, far=far)


def _apart(picture: MeasuredRung, sound: MeasuredRung) -> Iterator[LadderFinding]:
    """How far audio and video are apart at the first segment, and at the first one behind each discontinuity. What
    starts before its period is not presented there: it is no error."""
    firsts = _firsts(picture)
    for piece, first in _firsts(sound).items():
        if piece in firsts:
            yield from _apart_at(picture, firsts[piece], sound, first)


def _firsts(measured: MeasuredRung) -> dict[int, SegmentFacts]:
    """The first segment that was looked into of each discontinuity."""
    found: dict[int, SegmentFacts] = {}
    for each in measured.facts:
        found.setdefault(measured.segments[each.position].discontinuity, each)
    return found


def _apart_at(
    picture: MeasuredRung, other: SegmentFacts, sound: MeasuredRung, first: SegmentFacts
) -> Iterator[LadderFinding]:
    sound_s, picture_s = _begin_s(sound, first), _begin_s(picture, other)
    if sound_s is None or picture_s is None or first.position != other.position:
        return
    off_s = sound_s - picture_s
    one, two = sound.segments[first.position], picture.segments[other.position]
    same = not sound.live or one.number == two.number  # windows of live lists may differ by some segments
    from_s = sound.period_start_s if one.media_offset_s is not None else -inf
    heard_off_s = max(sound_s, from_s) - max(picture_s, from_s)
    if abs(off_s) > AV_OFFSET_S:
        sentence = f"The sound begins {off_s:+.3f} s from the picture."
        spliced = first.position > 0 and _is_spliced(sound, first.position - 1)
        begins = not sound.live and (first.position == 0 or spliced) and heard_off_s > APART_S
        # Both begin together by their own clock, and the manifest puts them apart (presentationTimeOffset).
        put = abs(off_s) > APART_S and abs((first.start_s or 0.0) - (other.start_s or 0.0)) <= TOGETHER_S
        far = same and (begins or put or abs(heard_off_s) > AV_FAR_S)
        yield LadderFinding(LadderRule.AV_OFFSET, sound.name, first.position + 1, sentence, far=far)


def _begin_s(measured: MeasuredRung, facts: SegmentFacts) -> float | None:
    """Where a segment begins; in HLS on the media's own timeline, which all renditions share."""
    return (
        None if facts.start_s is None else facts.start_s + (measured.segments[facts.position].media_offset_s or 0.0)
    )


def _mbit(bps: float) -> str:
    return f"{bps / 1e6:.2f} Mbit/s"
