"""What a user interface, a report or a test can know of a playback at one moment: immutable values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from abr.model import Decision
from drm_client.errors import DrmError
from player.base.errors import MatineeError
from player.manifest.chapters import Chapter
from player.manifest.timeline_dates import UNDATED, TimelineDates
from player.reporting.qoe import Qoe
from player.reporting.startup import Startup


class PlaybackStatus(StrEnum):
    IDLE = "idle"
    LOADING = "loading"
    PLAYING = "playing"
    PAUSED = "paused"
    BUFFERING = "buffering"
    SEEKING = "seeking"
    ENDED = "ended"
    FAILED = "failed"


NOT_PLAYING = frozenset({PlaybackStatus.IDLE, PlaybackStatus.ENDED, PlaybackStatus.FAILED})
"""Nothing is played, and nothing will be unless it is asked for."""


@dataclass(frozen=True, slots=True)
class TrackChoice:
    """An audio or subtitle track as a menu shows it. ``unsupported`` says why it is greyed out.

    ``kinds`` are the manifest's words for what the track is for: DASH roles and accessibility descriptors, HLS
    characteristics. ``channels`` is the number of sound channels as the manifest has it (``6``, ``16/JOC``).
    ``stand_ins`` are the languages of the tracks in its place, in periods that lack it; empty for an unknown one.
    """

    id: str
    label: str
    language: str | None = None
    selected: bool = False
    unsupported: str | None = None
    kinds: tuple[str, ...] = ()
    channels: str | None = None
    forced: bool = False
    stand_ins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RungChoice:
    """A rung as the quality menu shows it. ``unsupported`` says why it is greyed out."""

    index: int
    label: str
    height: int | None
    bitrate_bps: int
    unsupported: str | None = None


@dataclass(frozen=True, slots=True)
class StatSample:
    """One point of the statistics graphs, taken about twice a second. ``time_s`` is since the start of playback."""

    time_s: float
    position_s: float
    buffer_s: float
    throughput_bps: float | None
    rung: int | None
    bitrate_bps: int | None
    pathway: str


@dataclass(frozen=True, slots=True)
class PlaybackFailure:
    """An error that reached the viewer. ``reason`` is the service's own name for it, where it said no; ``playing``
    what plays on the other screens of the account, where there are too many of them."""

    code: str
    sentence: str
    recoverable: bool = False
    reason: str = ""
    playing: str = ""

    @classmethod
    def of(cls, error: MatineeError | DrmError) -> PlaybackFailure:
        """What a viewer is told of an error."""
        reason = error.fields.get("problem") or error.fields.get("reason") or ""
        playing = error.fields.get("playing") or ""
        return cls(str(error.code), error.sentence, error.recoverable, str(reason), str(playing))


@dataclass(frozen=True, slots=True)
class LiveView:
    """A live programme at one moment; seconds on its timeline, as ``position_s``.

    One can go back to ``start_s`` and forward to ``end_s``, where the programme is shown live: ``target_s`` behind
    its edge. ``latency_s`` is how far behind the edge playback is; ``following`` says that it is kept at the target.
    ``dates`` say when what is on the timeline was on air.
    """

    start_s: float
    end_s: float
    edge_s: float
    latency_s: float
    target_s: float
    following: bool
    dates: TimelineDates = UNDATED


@dataclass(frozen=True, slots=True)
class NextEpisode:
    """What follows in a series. ``place`` is its season and its number in it."""

    title_id: str
    name: str
    place: tuple[int, int]
    poster_url: str = ""


@dataclass(frozen=True, slots=True)
class TitleFacts:
    """What the service tells of a title besides its media. Seconds; None where something is not known.

    ``intro`` is where it begins and ends, ``credits_s`` where the credits start; ``place`` is that of an episode of
    the series ``series``. The address of the poster may be signed.
    """

    intro: tuple[float, float] | None = None
    credits_s: float | None = None
    series: str = ""
    place: tuple[int, int] | None = None
    next_episode: NextEpisode | None = None
    poster_url: str = field(default="", repr=False)


NO_FACTS = TitleFacts()


@dataclass(frozen=True, slots=True)
class SourceForm:
    """``protocol`` is "hls" or "dash", empty while that is not known; ``pictures`` and ``sound`` say what the
    segments of the main track carry."""

    protocol: str = ""
    pictures: bool = True
    sound: bool = False


UNKNOWN_FORM = SourceForm()


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What libmpv tells of a media file that it opened by itself; empty or 0 where it does not. ``size`` is in
    bytes."""

    container: str = ""
    size: int = 0
    video: str = ""  # codec
    width: int = 0
    height: int = 0
    fps: float = 0.0
    audio: str = ""  # codec
    decoder: str = ""  # in hardware: its name
    pixels: str = ""  # FFmpeg's name of their format
    transfer: str = ""  # "pq" and "hlg" are HDR
    channels: int = 0
    sample_rate: int = 0  # Hz
    artist: str = ""
    album: str = ""


@dataclass(frozen=True, slots=True)
class PlaybackState:
    """The whole visible state of a session; published again at every change, at most some ten times a second."""

    status: PlaybackStatus = PlaybackStatus.IDLE
    title: str = ""
    facts: TitleFacts = NO_FACTS
    form: SourceForm = UNKNOWN_FORM
    media: FileFacts | None = None  # of a file that libmpv plays by itself
    position_s: float = 0.0
    duration_s: float | None = None  # where it ends on its timeline, in seconds
    start_s: float = 0.0  # where it starts there: another time than 0 for a live programme that is over
    live: bool = False
    live_view: LiveView | None = None  # None where nothing is live, or not live any more
    paused: bool = False
    volume: int = 100
    muted: bool = False
    speed: float = 1.0
    buffered: tuple[tuple[float, float], ...] = ()  # (start, end) in presentation seconds
    rungs: tuple[RungChoice, ...] = ()
    rungs_unsupported: tuple[RungChoice, ...] = ()  # qualities that cannot be played here, each with its reason
    rung_playing: int | None = None
    rung_loading: int | None = None
    rung_manual: int | None = None  # None is Auto
    audio_tracks: tuple[TrackChoice, ...] = ()
    text_tracks: tuple[TrackChoice, ...] = ()
    bookmarks: tuple[float, ...] = ()  # the viewer's own, in seconds
    second_text: str = ""  # the id of the subtitles at the top, where there are some
    thumbnails: bool = False  # whether there are small pictures for scrubbing
    chapters: tuple[Chapter, ...] = ()
    pathway: str = ""
    low_bandwidth: bool = False  # nothing but this title should use the link
    dropped_frames: int = 0
    reloads: int = 0  # how often the source changed to media for which libmpv had to load another file
    history: tuple[StatSample, ...] = field(default=(), repr=False)  # the last two minutes
    decisions: tuple[Decision, ...] = field(default=(), repr=False)  # the last few, newest last
    qoe: Qoe | None = field(default=None, repr=False)  # the figures of this playback so far
    startup: Startup | None = field(default=None, repr=False)  # once there was a picture
    notice: str = ""  # one sentence on what is being done about a trouble
    stall: str = ""  # why it stands still: the value of a player.playback.stalls.StallCause; empty while it does not
    remedy: str = (
        ""  # what is being done about a trouble: the kind of a player.reporting.events.Note; empty for nothing
    )
    rights: str = ""  # how long a kept title may still be watched, in one sentence
    rights_left_s: float | None = None  # None: without an end, or not a kept title
    cut_short: bool = False  # it ended where it was asked to, before the end of the title
    failure: PlaybackFailure | None = None
