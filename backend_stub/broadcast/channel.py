"""What a channel is at one moment: runs of its encoder, and the segments of each track. Pure.

A state is the sum of the records of a journal (docs/live.md names their fields). Edges and the broadcaster apply the
same records, so they know the same.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

VERSION = 1
_ROUNDING_S = 0.01
Record = Mapping[str, Any]


class JournalError(ValueError):
    """A journal that says what cannot be."""


@dataclass(slots=True)
class CmafChunk:
    """One CMAF chunk, a part of HLS: bytes from ``offset`` on in the file of its segment."""

    offset: int
    size: int
    duration_s: float
    independent: bool


@dataclass(slots=True)
class Segment:
    """``start_s`` is on the timeline of its run; ``breaks``: another run than that of the segment before it.
    A segment that was listed whole by a compacted journal has one chunk."""

    number: int
    run: int
    epoch: int
    start_s: float
    breaks: bool
    chunks: list[CmafChunk] = field(default_factory=list)
    whole: bool = False

    @property
    def duration_s(self) -> float:
        return sum(chunk.duration_s for chunk in self.chunks)

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s

    @property
    def size(self) -> int:
        return sum(chunk.size for chunk in self.chunks)


@dataclass(frozen=True, slots=True)
class InitFile:
    """The initialisation segment of a track in one epoch of one run; ``kid`` (hex) is empty in the clear."""

    file: str
    timescale: int
    codecs: str
    kid: str = ""


@dataclass(slots=True)
class Track:
    """A rung of the video, or the audio. ``name`` is its folder; ``part_s`` the longest of its chunks. ``sequence``
    is the media sequence number of its first segment, ``breaks`` its discontinuity sequence."""

    name: str
    kind: str
    bandwidth: int
    part_s: float
    width: int = 0
    height: int = 0
    fps: int = 0
    sample_rate: int = 0
    label: str = ""
    sequence: int = 0
    breaks: int = 0
    inits: dict[tuple[int, int], InitFile] = field(default_factory=dict)
    segments: deque[Segment] = field(default_factory=deque)

    def described(self) -> dict[str, Any]:
        names = ("name", "kind", "bandwidth", "part_s", "width", "height", "fps", "sample_rate", "label")
        return {name: getattr(self, name) for name in (*names, "sequence", "breaks")}


@dataclass(slots=True)
class Run:
    """One start of the encoder. ``at`` is the date of second 0 of its timeline, in seconds since 1970; ``first`` the
    number of its first segment."""

    number: int
    at: float
    first: int
    over: bool = False


@dataclass(slots=True)
class BroadcastChannel:
    """``window_s`` is how far back viewers can go, 0 for everything since ``started_at``. Segments are
    ``segment_s`` long, but for those that the end of a run cut short. ``ended_at`` is set when the event is over.
    So many segments of a run are an epoch, which has keys of its own; 0 for channels in the clear."""

    segment_s: float
    window_s: float
    started_at: float
    tracks: list[Track]
    runs: dict[int, Run] = field(default_factory=dict)
    ended_at: float | None = None
    epoch_segments: int = 0

    def epoch_of(self, run: int, number: int) -> int:
        return (number - self.runs[run].first) // self.epoch_segments if self.epoch_segments else 0

    def date(self, segment: Segment) -> float:
        """When the segment starts, in seconds since 1970."""
        return self.runs[segment.run].at + segment.start_s

    def index_at(self, second: float) -> int:
        """Which segment of its run a chunk is in that starts then."""
        return max(0, math.floor((second + _ROUNDING_S) / self.segment_s))

    @property
    def length_s(self) -> float:
        """Of what there is, without the gaps between runs."""
        return min((sum(segment.duration_s for segment in track.segments) for track in self.tracks), default=0.0)

    @property
    def watchable(self) -> bool:
        """Whether every track has something to play."""
        return all(track.segments and track.segments[0].chunks for track in self.tracks)

    def apply(self, record: Record) -> None:
        """Take one record over. Raises :class:`JournalError`."""
        try:
            self._apply(record)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise JournalError(f"a record that does not fit: {record!r}"[:200]) from error

    def _apply(self, record: Record) -> None:
        kind = record["is"]
        if kind == "run":
            self.runs[record["run"]] = Run(record["run"], record["at"], record["first"], record.get("over", False))
            return
        if kind == "over":
            self.runs[record["run"]].over = True
            return
        if kind == "end":
            self.ended_at = record["at"]
            return
        track = self.tracks[record["track"]]
        if kind == "init":
            made = InitFile(record["file"], record["timescale"], record["codecs"], record.get("kid", ""))
            track.inits[record["run"], record["epoch"]] = made
        elif kind == "segment":
            key = record["run"], record["epoch"]
            if key not in track.inits:
                raise JournalError("a segment without its init segment")
            segment = Segment(record["number"], *key, record["start"], record["breaks"])
            if "size" in record:
                segment.chunks.append(CmafChunk(0, record["size"], record["duration"], True))
                segment.whole = True
            track.segments.append(segment)
        elif kind == "chunk":
            segment = track.segments[-1]
            independent = bool(record.get("sync", False))
            segment.chunks.append(CmafChunk(segment.size, record["size"], record["duration"], independent))
            segment.whole = bool(record.get("whole", False))
        elif kind == "whole":
            track.segments[-1].whole = True
        elif kind == "drop":
            self._drop(track)
        else:
            raise JournalError(f"a record of an unknown kind: {kind!r}")

    def _drop(self, track: Track) -> None:
        dropped = track.segments.popleft()
        track.sequence += 1
        track.breaks += dropped.breaks
        kept = {(segment.run, segment.epoch) for segment in track.segments}
        now = max(kept, default=max(track.inits))  # what comes after it has been announced
        track.inits = {key: made for key, made in track.inits.items() if key in kept or key >= now}
        used = {key[0] for each in self.tracks for key in each.inits}
        self.runs = {number: run for number, run in self.runs.items() if number in used or number == max(self.runs)}

    def records(self, detailed: int = 4) -> Iterator[Record]:
        """Records that make this state again; the chunks of the last ``detailed`` segments of a track are kept."""
        yield {
            "is": "channel",
            "version": VERSION,
            "segment_s": self.segment_s,
            "window_s": self.window_s,
            "started_at": self.started_at,
            "epoch_segments": self.epoch_segments,
            "tracks": [track.described() for track in self.tracks],
        }
        for run in self.runs.values():
            yield {"is": "run", "run": run.number, "at": run.at, "first": run.first, "over": run.over}
        for place, track in enumerate(self.tracks):
            for (number, epoch), made in track.inits.items():
                yield init_record(place, number, epoch, made)
            last = len(track.segments) - detailed
            for position, segment in enumerate(track.segments):
                yield from segment_records(place, segment, brief=segment.whole and position < last)
        if self.ended_at is not None:
            yield {"is": "end", "at": self.ended_at}


def opened(record: Record) -> BroadcastChannel:
    """The channel that the first record of a journal describes. Raises :class:`JournalError`."""
    try:
        if record["is"] != "channel" or record["version"] != VERSION:
            raise JournalError("not the journal of a channel, or of another version")
        tracks = [Track(**track) for track in record["tracks"]]
        made = BroadcastChannel(record["segment_s"], record["window_s"], record["started_at"], tracks)
        made.epoch_segments = record["epoch_segments"]
        return made
    except (KeyError, TypeError) as error:
        raise JournalError("the first record does not describe a channel") from error


def init_record(track: int, run: int, epoch: int, made: InitFile) -> Record:
    return {
        "is": "init",
        "track": track,
        "run": run,
        "epoch": epoch,
        "file": made.file,
        "timescale": made.timescale,
        "codecs": made.codecs,
        "kid": made.kid,
    }


def segment_records(track: int, segment: Segment, *, brief: bool) -> Iterator[Record]:
    """What a journal says of a segment; ``brief``: of a whole one, without its chunks."""
    made = {
        "is": "segment",
        "track": track,
        "number": segment.number,
        "run": segment.run,
        "epoch": segment.epoch,
        "start": segment.start_s,
        "breaks": segment.breaks,
    }
    if brief:
        yield {**made, "size": segment.size, "duration": segment.duration_s}
        return
    yield made
    for chunk in segment.chunks:
        yield chunk_record(track, chunk)
    if segment.whole:
        yield {"is": "whole", "track": track}


def chunk_record(track: int, chunk: CmafChunk, *, last: bool = False) -> Record:
    """One record lists the ``last`` chunk of a segment and the segment's end."""
    record = {
        "is": "chunk",
        "track": track,
        "size": chunk.size,
        "duration": chunk.duration_s,
        "sync": chunk.independent,
    }
    return {**record, "whole": True} if last else record
