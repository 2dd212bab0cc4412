"""What holds for every policy: manual choice, caps, excluded rungs, a full buffer, the audio's share, playback speed.

A policy core never sees a forbidden rung, so it cannot choose one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from abr.core import KEEP, Choice, Core
from abr.model import AbandonmentVerdict, Decision, Estimate, Reason, Snapshot, TransferProgress, Vote
from abr.words import label, rate, seconds

MIN_VIDEO_SHARE = 0.2  # of the link, however much the audio asks for
DISPLAY_SLACK = 1.1  # a 1080-line window takes 1088-line pictures


@dataclass(frozen=True, slots=True)
class RungView:
    """A snapshot reduced to the rungs that may be chosen; ``indices[i]`` is the full ladder's number of rung
    ``i``.
    """

    snapshot: Snapshot
    indices: tuple[int, ...]

    def to_view(self, rung: int | None) -> int | None:
        """The view's number of a rung of the full ladder: itself, else the next lower one allowed, else the
        lowest.
        """
        if rung is None:
            return None
        lower = [i for i, full in enumerate(self.indices) if full <= rung]
        return lower[-1] if lower else 0


def allowed_rungs(snapshot: Snapshot) -> tuple[int, ...]:
    """The rungs that Auto may choose, lowest first. Never empty while the ladder is not.

    Rungs that failed (``caps.excluded``) are never allowed while another is left. The remaining caps limit from
    above; the lowest usable rung stays allowed whatever they say.
    """
    caps = snapshot.caps
    usable = usable_rungs(snapshot)
    limits = [
        limit for limit in (caps.user_max_bps, caps.metered_max_bps if caps.metered else None) if limit is not None
    ]
    chosen = [
        index
        for index in usable
        if all(snapshot.rungs[index].bitrate_bps <= limit for limit in limits)
        and (caps.max_decodable_rung is None or index <= caps.max_decodable_rung)
        and index not in caps.unexpected
    ]
    chosen = _fit_display(snapshot, chosen)
    return tuple(chosen) or usable[:1]


def usable_rungs(snapshot: Snapshot) -> tuple[int, ...]:
    """The rungs that have not failed; all of them if every one has."""
    everything = tuple(range(len(snapshot.rungs)))
    return tuple(index for index in everything if index not in snapshot.caps.excluded) or everything


def _fit_display(snapshot: Snapshot, rungs: list[int]) -> list[int]:
    """Drop rungs taller than needed: the smallest height that fills the display is kept, and all below it."""
    display = snapshot.caps.display_height
    if display is None:
        return rungs
    heights = [snapshot.rungs[index].height for index in rungs]
    enough = [height for height in heights if height is not None and height * DISPLAY_SLACK >= display]
    if not enough:
        return rungs
    limit = min(enough)
    return [index for index, height in zip(rungs, heights, strict=True) if height is None or height <= limit]


def restrict(snapshot: Snapshot) -> RungView:
    """The view of ``snapshot`` that a core decides on, in seconds of media at the video's own share of the link."""
    indices = allowed_rungs(snapshot)
    view = RungView(snapshot, indices)
    whole = len(indices) == len(snapshot.rungs)
    live = snapshot.live
    reduced = replace(
        snapshot,
        rungs=snapshot.rungs if whole else tuple(snapshot.rungs[index] for index in indices),
        next_sizes=snapshot.next_sizes
        if whole
        else tuple(tuple(sizes[index] for index in indices) for sizes in snapshot.next_sizes),
        current=view.to_view(snapshot.current),
        estimate=_video_share(snapshot),
        buffer_max_s=min(snapshot.buffer_max_s, live.latency_s) if live else snapshot.buffer_max_s,
    )
    return RungView(reduced, indices)


def _video_share(snapshot: Snapshot) -> Estimate:
    """The estimate less the audio's bitrate, and in seconds of media: at double speed a link carries half as much."""
    estimate, speed, audio = snapshot.estimate, max(snapshot.playback_rate, 0.1), snapshot.audio_bps
    bps = estimate.shown_bps if estimate.mean_bps is None else estimate.mean_bps
    if bps is None or (audio == 0 and speed == 1.0):
        return estimate
    share = max(1 - audio * speed / bps, MIN_VIDEO_SHARE) / speed
    ours = estimate.on_a_link(share)
    recent = tuple(replace(each, ttfb_s=each.ttfb_s * speed) for each in ours.recent)
    return replace(ours, ttfb_s=estimate.ttfb_s * speed, recent=recent)


class ConstrainedPolicy:
    """A :class:`abr.model.Policy` made of a core and of what holds for all of them."""

    def __init__(self, core: Core) -> None:
        self.name = core.name
        self.core = core

    def decide(self, snapshot: Snapshot) -> Decision:
        """Choose the rung of the next segment, or to wait. Raises ValueError for an empty ladder."""
        if not snapshot.rungs:
            raise ValueError("the ladder has no rung")
        full = _buffer_full(snapshot) or _manual(snapshot)
        if full is not None:
            return self._decision(snapshot, full)
        view = restrict(snapshot)
        choice = self._only_rung(view) or self.core.choose(view.snapshot)
        return self._decision(snapshot, _to_full_ladder(choice, view, snapshot))

    def on_progress(self, progress: TransferProgress) -> AbandonmentVerdict:
        """Judge a running download. Only a whole, replaceable segment in Auto is ever abandoned, and only
        downwards.
        """
        snapshot = progress.snapshot
        if not progress.replaceable or snapshot.manual is not None or progress.rung >= len(snapshot.rungs):
            return KEEP
        view = restrict(snapshot)
        rung = view.to_view(progress.rung)
        if rung is None or rung == 0:
            return KEEP
        verdict = self.core.judge(replace(progress, rung=rung, snapshot=view.snapshot))
        if verdict.abandon_to is None:
            return verdict
        return replace(
            verdict,
            abandon_to=view.indices[verdict.abandon_to],
            votes=tuple(_vote_to_full(vote, view) for vote in verdict.votes),
        )

    @staticmethod
    def _only_rung(view: RungView) -> Choice | None:
        if len(view.indices) > 1:
            return None
        sentence = f"{label(view.snapshot.rungs[0])} is the only rung that may be used."
        return Choice(0, Reason.ONLY_RUNG, sentence)

    def _decision(self, snapshot: Snapshot, choice: Choice) -> Decision:
        return Decision(
            rung=choice.rung,
            reason=choice.reason,
            sentence=choice.sentence,
            snapshot=snapshot,
            wait_s=choice.wait_s,
            votes=choice.votes,
            policy=self.name,
        )


def _buffer_full(snapshot: Snapshot) -> Choice | None:
    excess = snapshot.buffer_s + snapshot.segment_s - snapshot.buffer_max_s
    if excess <= 1e-9 or snapshot.buffer_s <= snapshot.segment_s:
        return None  # a buffer smaller than two segments must still be fed
    sentence = f"Wait: {seconds(snapshot.buffer_s)} are buffered and {seconds(snapshot.buffer_max_s)} are the most."
    return Choice(None, Reason.BUFFER_FULL, sentence, wait_s=excess / max(snapshot.playback_rate, 0.1))


def _manual(snapshot: Snapshot) -> Choice | None:
    if snapshot.manual is None:
        return None
    usable = usable_rungs(snapshot)
    lower = [index for index in usable if index <= snapshot.manual]
    rung = lower[-1] if lower else usable[0]
    if rung == snapshot.manual:
        sentence = f"The viewer fixed {label(snapshot.rungs[rung])}."
    else:
        sentence = f"The rung the viewer fixed cannot be used; {label(snapshot.rungs[rung])} is the nearest that can."
    return Choice(rung, Reason.MANUAL, sentence, (Vote("manual", snapshot.manual, "chosen in the menu"),))


def _vote_to_full(vote: Vote, view: RungView) -> Vote:
    return vote if vote.rung is None else replace(vote, rung=view.indices[vote.rung])


def _to_full_ladder(choice: Choice, view: RungView, snapshot: Snapshot) -> Choice:
    """The choice in numbers of the full ladder, with the caps that shaped it as a vote."""
    whole = len(view.indices) == len(snapshot.rungs)
    votes = choice.votes if whole else tuple(_vote_to_full(vote, view) for vote in choice.votes)
    rung = None if choice.rung is None else view.indices[choice.rung]
    if whole:
        return choice
    top = view.indices[-1]
    votes = (*votes, Vote("caps", top, caps_in_words(snapshot)))
    at_the_cap = rung == top and top < len(snapshot.rungs) - 1 and choice.reason is not Reason.ONLY_RUNG
    if not at_the_cap:
        return replace(choice, rung=rung, votes=votes)
    sentence = f"{choice.sentence} Higher rungs are ruled out: {caps_in_words(snapshot)}."
    return replace(choice, rung=rung, votes=votes, reason=Reason.CAPPED, sentence=sentence)


def caps_in_words(snapshot: Snapshot) -> str:
    """The limits that come from outside the network, for a sentence; empty where there are none."""
    caps = snapshot.caps
    words = []
    if caps.user_max_bps is not None:
        words.append(f"the viewer's limit of {rate(caps.user_max_bps)}")
    if caps.metered and caps.metered_max_bps is not None:
        words.append(f"{rate(caps.metered_max_bps)} on a metered network")
    if caps.display_height is not None:
        words.append(f"a display of {caps.display_height} lines")
    if caps.max_decodable_rung is not None and caps.max_decodable_rung < len(snapshot.rungs):
        words.append(f"nothing above {label(snapshot.rungs[max(caps.max_decodable_rung, 0)])} decodes without drops")
    if caps.excluded:
        words.append(f"{len(caps.excluded)} rungs failed" if len(caps.excluded) > 1 else "one rung failed")
    if caps.unexpected:
        words.append("what the service expects to be used")
    return ", ".join(words)
