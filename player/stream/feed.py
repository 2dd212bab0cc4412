"""Samples on the presentation's timeline, read from stored segments. Runs on libmpv's demuxer thread."""

from __future__ import annotations

import logging
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple, Protocol

from player.base.errors import ErrorCode, MatineeError, MediaError
from player.manifest.model import Segment
from player.media.model import Codec, Sample, StreamConfig, StreamKind
from player.media.silence import silent_samples
from player.stream.buffer import Superseded
from player.stream.placement import Placement
from player.stream.store import StoredSegment
from player.stream.timeline import Slot

_log = logging.getLogger(__name__)

_KEPT_SEGMENTS = 4
_KEPT_ENDS = 256
_ROUNDING_S = 0.001
_SAME_S = 1e-6  # a sample that ends so near to a time may begin the next one before it, by rounding
_SLACK_S = 0.1  # a segment's media may begin and end a little beside what the manifest says
_APART_S = 0.25  # so far beside its list a track's media may be without meaning that its list is wrong
_LATER_S = 0.05  # no slot waits for another segment that holds so little of its audio, a few frames at most


class TimedSample(NamedTuple):
    """A sample on the presentation timeline, in seconds."""

    pts_s: float
    dts_s: float
    duration_s: float
    key: bool
    data: bytes | bytearray | memoryview
    filler: bool = False  # silence in the place of what is lost
    counters: tuple[int, int] | None = None  # see Sample


class Library(Protocol):
    """Where the readers get stored segments; each call may block until the segment is there."""

    def main_entry(self, slot: Slot) -> StoredSegment: ...

    def audio_segments(self, track: str, slot: Slot, until_s: float) -> list[tuple[int, Segment]]:
        """The audio segments that may hold samples of ``slot``, as (position, segment), in order. Those that begin
        before ``until_s`` are waited for in a title that grows."""
        ...

    def audio_entry(self, track: str, position: int) -> StoredSegment: ...

    def has_audio(self, track: str, position: int) -> bool:
        """Whether samples of this segment can be read now. In a title that does not grow they are waited for."""
        ...

    def wait_ready(self, entry: StoredSegment) -> None: ...

    def shown(self, entry: StoredSegment) -> None:
        """Samples of this entry go to libmpv from now on."""
        ...


class Offsets:
    """What to add to media timestamps, for each group of slots.

    DASH says it (period start - presentationTimeOffset). HLS does not: the first sample that is read of a group is
    put at its segment's start. The offset then holds for the whole group and all its tracks, since the timestamps of
    all renditions of a group share one clock (RFC 8216bis 3).
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], float] = {}

    def known(self, group: tuple[int, int]) -> float | None:
        """What the media of a group told, if any of it has been read."""
        return self._known.get(group)

    def of(self, slot: Slot, entry: StoredSegment) -> float | None:
        """The offset in seconds; None while it is not known."""
        if entry.segment.media_offset_s is not None:
            return entry.segment.media_offset_s
        return self._known.get(slot.group)

    def from_sample(self, slot: Slot, entry: StoredSegment, first: Sample) -> float:
        """The offset in seconds; ``first`` sets it where it is not known."""
        offset = self.of(slot, entry)
        if offset is None:
            offset = self._known[slot.group] = entry.segment.start_s - first.pts_s
        return offset

    def untimed_s(self, slot: Slot, entry: StoredSegment) -> float:
        """The media time of a segment that carries none (bare audio frames, RFC 8216bis 3.1.3, without the ID3 tag
        that it asks for; fragments without tfdt): it begins where the manifest says."""
        return entry.segment.start_s - (self.of(slot, entry) or 0.0)


def _end_s(sample: TimedSample) -> float:
    return sample.dts_s + sample.duration_s


def _shifted(sample: Sample, offset_s: float) -> TimedSample:
    return TimedSample(
        sample.pts_s + offset_s,
        sample.dts_s + offset_s,
        sample.duration_s,
        sample.key,
        sample.data,
        counters=sample.counters,
    )


class MainFeed:
    """The samples of one main segment: its video, and with muxed audio both, split by kind."""

    def __init__(self, slot: Slot, entry: StoredSegment, offsets: Offsets) -> None:
        self._samples = entry.samples(fallback_start_s=offsets.untimed_s(slot, entry))
        self._slot = slot
        self._entry = entry
        self._offsets = offsets
        self._offset_s: float | None = None

    def of(self, kind: StreamKind) -> Iterator[TimedSample]:
        """The samples of one kind in decode order, as they arrive."""
        for sample in self._samples:
            if sample.kind is kind:
                yield self._on_timeline(sample)

    def split(self) -> dict[StreamKind, list[TimedSample]]:
        """All samples by kind; needs the whole segment."""
        whole = list(self._samples)
        video_first = sorted(whole, key=lambda sample: sample.kind is not StreamKind.VIDEO)
        if video_first:
            self._on_timeline(video_first[0])
        result: dict[StreamKind, list[TimedSample]] = {StreamKind.VIDEO: [], StreamKind.AUDIO: []}
        for sample in whole:
            if sample.kind in result:
                result[sample.kind].append(self._on_timeline(sample))
        return result

    def _on_timeline(self, sample: Sample) -> TimedSample:
        offset_s = self._offset_s
        if offset_s is None:
            offset_s = self._offset_s = self._offsets.from_sample(self._slot, self._entry, sample)
        return _shifted(sample, offset_s)


class _ReadAhead:
    """The samples of one audio segment: those read so far, and the rest as it arrives. A hole between two of them is
    filled with silence: the source lacked a part of the segment."""

    def __init__(self, samples: Iterator[Sample], offset_s: float, config: StreamConfig) -> None:
        self._rest: Iterator[Sample] | None = samples
        self._offset_s = offset_s
        self._config = config
        self.read: list[TimedSample] = []

    def up_to(self, time_s: float) -> list[TimedSample]:
        """Everything that is decoded before ``time_s``, and perhaps one sample more; blocks until it is there. What
        begins later is not waited for: it may be in a part that has not been made yet."""
        while self._rest is not None and (not self.read or _end_s(self.read[-1]) <= time_s + _SAME_S):
            sample = next(self._rest, None)
            if sample is None:
                if not self.read:
                    raise MediaError(ErrorCode.MEDIA_DAMAGED, "A segment of this title's sound holds no media.")
                self._rest = None
            elif sample.kind is StreamKind.AUDIO:
                self._take(_shifted(sample, self._offset_s))
        return self.read

    def _take(self, sample: TimedSample) -> None:
        end_s = _end_s(self.read[-1]) if self.read else sample.dts_s
        if sample.dts_s > end_s + _SLACK_S:
            silence = silent_samples(self._config, end_s, sample.dts_s)
            self.read += [_shifted(each, 0.0)._replace(filler=True) for each in silence]
        self.read.append(sample)


class _Lateness:
    """How much later than its list says the media of each segment of an audio track comes. That of the video is a
    guess at it: a packager that declares video by decode times, with pictures that stand long, is right about the
    audio beside it."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, tuple[tuple[int, int], float]] = OrderedDict()
        self._last: tuple[tuple[int, int], float] | None = None
        self.learned = 0  # how often something was noted of a segment that was not known

    def note(self, position: int, slot: Slot, late_s: float) -> None:
        self.learned += position not in self._known
        self._last = self._known[position] = (slot.group, late_s)
        self._known.move_to_end(position)
        while len(self._known) > _KEPT_ENDS:
            self._known.popitem(last=False)

    def of(self, position: int, slot: Slot, drift_s: float) -> tuple[float, ...]:
        """What is known of a segment, or may be thought of it, the likeliest first; ``drift_s`` is the video's."""
        own, near = self._known.get(position), self._known.get(position - 1)
        if own is not None:
            return (_rounded(own[1], drift_s),)
        if near is None or near[0] != slot.group:
            return (drift_s,)
        return (_rounded(near[1], drift_s), drift_s)

    def last_s(self, slot: Slot, drift_s: float) -> float:
        """Of the segment that was read last in the slot's group."""
        return drift_s if self._last is None or self._last[0] != slot.group else _rounded(self._last[1], drift_s)


def _rounded(late_s: float, drift_s: float) -> float:
    return 0.0 if drift_s == 0.0 and abs(late_s) <= _APART_S else late_s


def _overlaps(segment: Segment, late_s: float, start_s: float, stop_s: float) -> bool:
    return segment.end_s + late_s + _SLACK_S >= start_s and segment.start_s + late_s - _SLACK_S <= stop_s


def _reaching(slot: Slot, start_s: float, drift_s: float, late_s: float) -> Slot:
    """``slot``, made so long that the list of a track that is as late as the video, or ``late_s``, has all of it from
    ``start_s`` on."""
    off_s = drift_s - late_s
    from_s = slot.start_s + min(off_s, 0.0)
    begin_s = start_s - max(drift_s, late_s)
    if math.isfinite(begin_s) and begin_s < from_s - _SLACK_S:  # the slot before was less late
        from_s = begin_s
    if from_s == slot.start_s and off_s <= 0.0:
        return slot
    longer_s = max(off_s, 0.0)
    end_s, until_s = slot.end_s + longer_s, slot.until_s + longer_s
    return replace(slot, start_s=from_s, duration_s=end_s - from_s, until_s=until_s)


class AudioFeed:
    """The samples of one separate audio track, cut to stretches of the main track's slots.

    ``on_damage(position, error)`` answers whether a damaged segment will be fetched again, from elsewhere.
    """

    def __init__(
        self,
        track: str,
        config: StreamConfig,
        library: Library,
        offsets: Offsets,
        on_damage: Callable[[int, MediaError], bool] = lambda _position, _error: False,
    ) -> None:
        self._track = track
        self._config = config
        self._library = library
        self._offsets = offsets
        self._on_damage = on_damage
        self._placement = Placement()
        self._open: OrderedDict[int, tuple[StoredSegment, _ReadAhead]] = OrderedDict()
        self._given: OrderedDict[int, float] = OrderedDict()  # by slot: where the sound ended that was given for it
        self._silent_at_s: float | None = None  # the segment that was told of last
        self._late = _Lateness()

    @property
    def track(self) -> str:
        """Key of the track in the store."""
        return self._track

    @property
    def codec(self) -> Codec:
        return self._config.codec

    def between(self, slot: Slot, start_s: float, stop_s: float, drift_s: float = 0.0) -> list[TimedSample]:
        """Samples whose decode time lies in [start_s, stop_s); what has been lost is filled with silence.
        ``drift_s`` is how much later than the manifest says the media comes there.

        libmpv does not fill missing audio: a hole would put sound and picture out of step for seconds. What belongs
        to the slot before and was not listed or loaded yet when that was written comes now.
        """
        before_s = self._given.get(slot.number - 1)
        if before_s is not None and start_s <= slot.start_s + drift_s + _SLACK_S:
            start_s = min(start_s, max(before_s, start_s - _SLACK_S) - _ROUNDING_S)
        learned = self._late.learned
        found = self._gathered(slot, start_s, stop_s, drift_s)
        if self._late.learned != learned and abs(self._late.last_s(slot, drift_s) - drift_s) > _SLACK_S:
            # Those may have been the wrong segments, but they told how late the right ones are.
            found = self._gathered(slot, start_s, stop_s, drift_s)
        if found:
            self._given[slot.number] = _end_s(found[-1])
            self._given.move_to_end(slot.number)
            while len(self._given) > _KEPT_ENDS:
                self._given.popitem(last=False)
        return found

    def _gathered(self, slot: Slot, start_s: float, stop_s: float, drift_s: float) -> list[TimedSample]:
        found: list[TimedSample] = []
        last_s = self._late.last_s(slot, drift_s)
        for position, segment in self._segments(_reaching(slot, start_s, drift_s, last_s), stop_s - last_s):
            near_s, *others_s = self._late.of(position, slot, drift_s)
            needed = _overlaps(segment, near_s, start_s, stop_s)
            if not needed and not any(_overlaps(segment, each, start_s, stop_s) for each in others_s):
                continue
            is_next = abs(near_s) < _SLACK_S and segment.start_s + near_s > stop_s - _LATER_S
            if (is_next or not needed) and not self._library.has_audio(self._track, position):
                continue
            try:
                samples = self._samples(slot, position, stop_s)
            except MatineeError as error:
                samples = self._silence(segment, error, near_s)
            found += [sample for sample in samples if start_s <= sample.dts_s < stop_s]
        return found

    def found_at(self, slot: Slot) -> StreamConfig | None:
        """What this track's media says of itself where a slot begins; None where there is nothing to read."""
        for position, segment in self._segments(slot, slot.start_s + 2 * _SLACK_S):
            if segment.end_s - _SLACK_S <= slot.start_s:
                continue
            try:
                self._samples(slot, position, -math.inf)
            except MatineeError:
                return None  # silence in the form that the track has
            demuxer = self._open[position][0].demuxer
            return None if demuxer is None else demuxer.configs.get(StreamKind.AUDIO)
        return None

    def _segments(self, slot: Slot, until_s: float) -> Iterator[tuple[int, Segment]]:
        """The audio segments of a slot. Each time the library is asked again: one that was read while it was made may
        have become shorter than was thought, and another one follows."""
        last = -1
        while True:
            found = self._library.audio_segments(self._track, slot, until_s)
            following = next((each for each in found if each[0] > last), None)
            if following is None:
                return
            yield following
            last = following[0]

    def _samples(self, slot: Slot, position: int, stop_s: float) -> list[TimedSample]:
        while True:
            entry = self._library.audio_entry(self._track, position)
            try:
                self._library.wait_ready(entry)
                if entry.failure is not None:
                    raise entry.failure
                samples = self._reader(slot, entry).up_to(stop_s)
                self._check_place(entry, samples[0])
                self._late.note(position, slot, samples[0].pts_s - entry.segment.start_s)
                return samples
            except MediaError as error:
                self._open.pop(position, None)
                if not self._on_damage(position, error):
                    raise
            except Superseded:
                self._open.pop(position, None)
            except Exception:
                self._open.pop(position, None)  # a generator that has raised gives nothing more: restart next time
                raise

    def _reader(self, slot: Slot, entry: StoredSegment) -> _ReadAhead:
        kept = self._open.get(entry.position)
        if kept is not None and kept[0] is entry:
            return kept[1]
        untimed_s = self._offsets.untimed_s(slot, entry)
        offset = self._offsets.of(slot, entry)
        if offset is None:  # no main sample has been read in this group: this track sets the clock
            first = next(iter(entry.samples(fallback_start_s=untimed_s)), None)
            offset = 0.0 if first is None else self._offsets.from_sample(slot, entry, first)
        reader = _ReadAhead(entry.samples(fallback_start_s=untimed_s), offset, self._config)
        self._open[entry.position] = (entry, reader)
        while len(self._open) > _KEPT_SEGMENTS:
            self._open.popitem(last=False)
        return reader

    def _check_place(self, entry: StoredSegment, first: TimedSample) -> None:
        """Raise MediaError where the segment holds another time of the title."""
        segment = entry.segment
        exact = segment.media_offset_s is not None
        deviation_s = first.pts_s - segment.start_s
        self._placement.check(entry.position, deviation_s, segment.duration_s, exact=exact)

    def _silence(self, segment: Segment, error: MatineeError, late_s: float) -> list[TimedSample]:
        if segment.start_s != self._silent_at_s:  # one segment of sound may be cut to many stretches
            self._silent_at_s = segment.start_s
            _log.warning("audio at %.2f s is missing and was filled with silence: %s", segment.start_s, error.code)
        silence = silent_samples(self._config, segment.start_s, segment.end_s)
        return [_shifted(sample, late_s)._replace(filler=True) for sample in silence]
