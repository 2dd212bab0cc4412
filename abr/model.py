"""What an ABR policy sees and what it answers. Pure values: no clock, no I/O.

Times are seconds, bitrates bit/s, sizes bytes. A rung is one rendition of the video track; rungs are numbered from
0, the lowest bitrate first. Every answer carries the question (the snapshot), so that a recorded run can be
explained and replayed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

LOOKAHEAD = 16  # coming segments whose sizes a policy is shown, and as many as it plans


class Phase(StrEnum):
    STARTUP = "startup"
    STEADY = "steady"
    AFTER_SEEK = "after_seek"


class Reason(StrEnum):
    """Stable reason codes of a decision; ``docs/abr.md`` explains each."""

    ONLY_RUNG = "only_rung"
    MANUAL = "manual"
    START_DEFAULT = "start_default"
    START_REMEMBERED = "start_remembered"
    START_PROBE = "start_probe"
    BUFFER_FULL = "buffer_full"
    BUFFER_LOW = "buffer_low"
    BUFFER_RULE = "buffer_rule"
    THROUGHPUT_RULE = "throughput_rule"
    OPTIMUM_PLAN = "optimum_plan"
    HOLD = "hold"
    CAPPED = "capped"
    ABANDONED = "abandoned"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of the ladder. ``bitrate_bps`` is the average where the manifest gives it, else the declared peak."""

    id: str
    bitrate_bps: int
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    quality: float | None = (
        None  # VMAF, SSIM or the like where the service supplies it (SCORE of HLS); more is better
    )


@dataclass(frozen=True, slots=True)
class TransferRate:
    """One finished transfer as the estimator counted it: body bytes, seconds of body, seconds to the first byte.

    ``size`` includes the bytes that other transfers received in the same seconds, so ``size * 8 / body_s`` is the
    goodput of the whole link. The estimator never lists aborted or cached transfers.
    """

    size: int
    body_s: float
    ttfb_s: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimator's view of the network at one moment.

    ``mean_bps`` is the expected goodput of a transfer's body, ``rel_error`` the typical relative error of that
    expectation (standard deviation of log(actual/predicted)), ``ttfb_s`` the expected time to first byte.
    ``samples`` counts the transfers behind it in this session; 0 with ``remembered`` true means that it stems from
    the memory of an earlier session, ``age_s`` old.
    """

    mean_bps: float | None = None
    low_bps: float | None = None  # 10th percentile of what the next transfer may get
    fast_bps: float | None = None
    slow_bps: float | None = None
    usual_bps: float | None = None  # an average of the last two dozen transfers or so, each counted alike
    shown_bps: float | None = (
        None  # what manifests and init segments have shown of the link, for the first rung alone
    )
    slump_bps: float | None = None  # the slowest that a lasting transfer has been in this session; it fades slowly
    rel_error: float = 0.5
    ttfb_s: float = 0.0
    gain: float = 0.5  # share of the next transfer's surprise that the expectation will follow: 0 never, 1 all of it
    samples: int = 0
    remembered: bool = False
    age_s: float = 0.0
    outage_chance: float = 0.0  # that a transfer meets an outage: far less for some seconds, then as before
    measured: int = 0  # bytes behind it in this session
    recent: tuple[TransferRate, ...] = ()  # those that tell the link's rate, the newest last, at most eight
    unsteady: float = 1.0  # share of the session's transfers whose rate was far from the one's before them
    steady: float = 0.0  # 1 where the last transfers were alike, 0 where they were not

    def on_a_link(self, times: float) -> Estimate:
        """The estimate of a link that is ``times`` as fast, and otherwise the same."""

        def scaled(bps: float | None) -> float | None:
            return None if bps is None else bps * times

        return replace(
            self,
            mean_bps=scaled(self.mean_bps),
            low_bps=scaled(self.low_bps),
            fast_bps=scaled(self.fast_bps),
            slow_bps=scaled(self.slow_bps),
            usual_bps=scaled(self.usual_bps),
            slump_bps=scaled(self.slump_bps),
            shown_bps=scaled(self.shown_bps),
            recent=tuple(replace(each, body_s=each.body_s / times) for each in self.recent),
        )


@dataclass(frozen=True, slots=True)
class Caps:
    """Limits that come from outside the network."""

    user_max_bps: int | None = None
    display_height: int | None = None
    metered: bool = False
    metered_max_bps: int | None = None
    max_decodable_rung: int | None = None  # lowered when frames are dropped
    excluded: frozenset[int] = frozenset()  # rungs that failed (404 on every CDN, decoder error)
    unexpected: frozenset[int] = frozenset()  # rungs outside of what the service wants to be used
    expected_bps: int | None = None  # of the rung that the service expects; no limit: where to start unknown networks


@dataclass(frozen=True, slots=True)
class LiveState:
    latency_s: float
    target_latency_s: float
    min_rate: float = 1.0
    max_rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a decision rests on.

    ``next_sizes[h][r]`` is the size in bytes of the h-th coming segment at rung r, as far as known (manifest, sidx,
    learned averages); it may be empty. ``manual`` is the rung the viewer fixed, None for Auto. ``buffer_s`` is
    media time between the playhead and the end of the last complete segment; ``in_flight_s`` is media time being
    fetched.
    """

    now_s: float
    phase: Phase
    rungs: tuple[Rung, ...]
    current: int | None
    buffer_s: float
    buffer_max_s: float
    segment_s: float
    estimate: Estimate
    next_sizes: tuple[tuple[int | None, ...], ...] = ()
    remaining_s: float | None = None
    in_flight_s: float = 0.0
    audio_bps: int = 0
    playback_rate: float = 1.0
    playing: bool = True
    manual: int | None = None
    caps: Caps = Caps()
    live: LiveState | None = None
    segments_fetched: int = 0
    since_switch: int = 0  # segments since the rung changed


@dataclass(frozen=True, slots=True)
class Vote:
    """What one rule wanted: a rung, and its number in words."""

    rule: str
    rung: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Decision:
    """``rung`` is the one to fetch next, or None for "wait ``wait_s`` and ask again"."""

    rung: int | None
    reason: Reason
    sentence: str
    snapshot: Snapshot
    wait_s: float = 0.0
    votes: tuple[Vote, ...] = ()
    policy: str = ""


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """A running download. ``elapsed_s`` counts from the request, ``since_first_byte_s`` from the first byte;
    ``recent_bps`` is the rate over the last ``recent_window_s``. ``replaceable`` is False once samples of this
    segment have gone to the decoder: then it can only be kept."""

    rung: int
    received: int
    size: int | None
    elapsed_s: float
    since_first_byte_s: float
    recent_bps: float
    recent_window_s: float
    replaceable: bool
    snapshot: Snapshot
    abandoned_before: int = 0  # abandonments in a row


@dataclass(frozen=True, slots=True)
class AbandonmentVerdict:
    """``abandon_to`` None keeps the download running."""

    abandon_to: int | None
    reason: Reason
    sentence: str
    votes: tuple[Vote, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferSample:
    """One finished (or aborted) transfer, as the estimator wants it.

    ``start_s`` is when the request went out, ``first_byte_s`` when the first body byte came, ``end_s`` the last byte.
    ``connection_setup`` is True when the request opened a connection. Transfers that overlap in time are counted
    once: ``beside`` are the bytes that others received while this one's body came, None where nobody counted them.
    """

    start_s: float
    first_byte_s: float
    end_s: float
    size: int
    path: str = ""
    cached: bool = False
    aborted: bool = False
    connection_setup: bool = False
    beside: int | None = None


class Policy(Protocol):
    """A rate adaptation policy. It may keep state between calls, but that state follows from its inputs alone."""

    name: str

    def decide(self, snapshot: Snapshot) -> Decision: ...

    def on_progress(self, progress: TransferProgress) -> AbandonmentVerdict: ...


@dataclass(frozen=True, slots=True)
class NetworkMemory:
    """What is remembered of a network between sessions. ``outages`` were met in ``transfers`` transfers."""

    mean_bps: float
    rel_error: float = 0.5
    ttfb_s: float = 0.0
    age_s: float = 0.0
    outages: float = 0.0
    transfers: float = 0.0


class Estimator(Protocol):
    """Turns transfers into an :class:`Estimate`. Time comes with the values."""

    def observe(self, sample: TransferSample) -> None: ...

    def estimate(self, now_s: float) -> Estimate: ...

    def memory(self, now_s: float) -> NetworkMemory | None: ...
