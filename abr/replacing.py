"""Fetching buffered segments of a low rung again, at the rung that the link carries now. Optional.

After a slow stretch the buffer holds low rungs that the viewer is going to sit through although the link has long
been back. Players know this as fast switching or segment replacement (dash.js: Spiteri, Sitaraman, Sparacio, "From
theory to practice", MMSys 2018). The first copy is wasted, often for little: some players replaced segments by no
better ones, or emptied the buffer (Xu et al., "Dissecting VOD services for cellular", IMC 2017).

So a segment is replaced only if it is complete, the decoder has not read it, and quality less changes gains by it.
The rung is the one that ABR chose last. The link must be sure to carry it, and the new copy must arrive in good time
out of a comfortable buffer. The old copy stays until the new one is complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from abr.constraints import allowed_rungs
from abr.economy import LOW_BPS
from abr.model import Decision, Phase, Reason, Snapshot, TransferProgress, Vote
from abr.startup import trusted_bps
from abr.words import label, rate, seconds

READ_AHEAD_S = 5.0  # the player's decoder has so much in hand that nothing can be changed about
COMFORTABLE = 0.8  # of the buffer that is aimed at: with less, the next segment goes first
LEAST_SEGMENTS = 2.0  # in the buffer when the new copy has come
IN_TIME = 0.5  # of the time until the segment is wanted, that its new copy may need
MIN_WINDOW_S = 1.0  # so long a rate has to be seen before a running replacement is given up for it


@dataclass(frozen=True, slots=True)
class Held:
    """A whole segment in the buffer that the decoder has not been given. ``wanted_in_s`` is the media time until it
    will be; ``sizes`` are its bytes at every rung, as far as known."""

    position: int
    rung: int
    wanted_in_s: float
    sizes: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Replacement:
    """The segment at ``position`` is to be fetched again, as ``decision`` says; it is there at ``instead_of``."""

    position: int
    instead_of: int
    decision: Decision


def best_replacement(snapshot: Snapshot, held: Sequence[Held], before: int | None = None) -> Replacement | None:
    """The replacement that gains most for its bytes; None where the next segment should be fetched, or nothing.

    ``snapshot`` is that of the next segment, ``held`` are the segments up to it without a hole between them, and
    ``before`` is the rung of the one ahead of the first.
    """
    target = _target(snapshot)
    low_bps = _sure_bps(snapshot)
    if target is None or low_bps is None or snapshot.rungs[target].bitrate_bps > low_bps:
        return None
    if snapshot.buffer_s < COMFORTABLE * snapshot.buffer_max_s:
        return None
    best: tuple[float, Held, float] | None = None
    for place, each in enumerate(held):
        bits = _bits(snapshot, each, target)
        needs_s = (snapshot.estimate.ttfb_s + bits / low_bps) * snapshot.playback_rate
        in_time = needs_s <= IN_TIME * each.wanted_in_s
        if each.rung >= target or not in_time or not _lasts(snapshot, needs_s):
            continue
        left = held[place - 1].rung if place else each.rung if before is None else before
        right = held[place + 1].rung if place + 1 < len(held) else target
        worth = _gain(snapshot, left, each.rung, right, target) / bits
        if worth > 0 and (best is None or worth > best[0]):
            best = (worth, each, needs_s)
    return None if best is None else _replacement(snapshot, best[1], target, best[2], low_bps)


def goes_on(progress: TransferProgress, wanted_in_s: float) -> bool:
    """Whether a running replacement still comes in time, and the buffer lasts meanwhile."""
    view = progress.snapshot
    if not progress.replaceable or view.manual is not None or wanted_in_s <= 0 or not _lasts(view, 0.0):
        return False
    if progress.size is None or progress.recent_window_s < MIN_WINDOW_S:
        return True
    left_s = (progress.size - progress.received) * 8 / max(progress.recent_bps, 1.0) * view.playback_rate
    return left_s <= wanted_in_s and _lasts(view, left_s)


def _target(snapshot: Snapshot) -> int | None:
    """Return the rung that buffered segments are brought to: the last one chosen, as far as it is allowed.

    None means that nothing is replaced: with a fixed rung, at the start, in a stall, live, on a metered or slow link.
    """
    mean_bps = snapshot.estimate.mean_bps
    steady = snapshot.phase is Phase.STEADY and snapshot.playing and snapshot.live is None
    if not steady or snapshot.manual is not None or snapshot.caps.metered or snapshot.current is None:
        return None
    if mean_bps is None or mean_bps < LOW_BPS:
        return None
    return max((rung for rung in allowed_rungs(snapshot) if rung <= snapshot.current), default=None)


def _sure_bps(snapshot: Snapshot) -> float | None:
    """What the picture is sure to get of the link, in bit/s."""
    low_bps = trusted_bps(snapshot.estimate)
    left_bps = None if low_bps is None else low_bps - snapshot.audio_bps * snapshot.playback_rate
    return left_bps if left_bps is not None and left_bps > 0 else None


def _lasts(snapshot: Snapshot, needs_s: float) -> bool:
    return snapshot.buffer_s - needs_s >= LEAST_SEGMENTS * snapshot.segment_s


def _bits(snapshot: Snapshot, held: Held, rung: int) -> float:
    size = held.sizes[rung] if held.sizes else None
    return snapshot.rungs[rung].bitrate_bps * snapshot.segment_s if size is None else size * 8.0


def _gain(snapshot: Snapshot, left: int, rung: int, right: int, target: int) -> float:
    """Quality won, less the changes of quality that come with it or plus those that go."""
    rated = [each.quality for each in snapshot.rungs if each.quality is not None]
    quality = rated if len(rated) == len(snapshot.rungs) else [each.bitrate_bps / 1e6 for each in snapshot.rungs]

    def with_changes(middle: int) -> float:
        return quality[middle] - abs(quality[middle] - quality[left]) - abs(quality[right] - quality[middle])

    return with_changes(target) - with_changes(rung)


def _replacement(snapshot: Snapshot, held: Held, target: int, needs_s: float, low_bps: float) -> Replacement:
    old, new = label(snapshot.rungs[held.rung]), label(snapshot.rungs[target])
    sentence = (
        f"A buffered segment of {old} is fetched again at {new}: that takes {seconds(needs_s)} at the {rate(low_bps)}"
        f" that are likely at the least, it is wanted in {seconds(held.wanted_in_s)},"
        f" and {seconds(snapshot.buffer_s)} are buffered."
    )
    slowest = max(_bits(snapshot, held, target) / (IN_TIME * held.wanted_in_s), snapshot.rungs[target].bitrate_bps)
    stays = (
        f"it stays below {rate(slowest)} that are likely at the least, or with less than"
        f" {seconds(COMFORTABLE * snapshot.buffer_max_s)} buffered"
    )
    votes = (Vote("replacing", target, f"{seconds(needs_s)} of link time"), Vote("keeping", held.rung, stays))
    asked = replace(snapshot, next_sizes=(held.sizes,) if held.sizes else ())
    return Replacement(held.position, held.rung, Decision(target, Reason.REPLACED, sentence, asked, votes=votes))
