"""The first rung of a playback, and the first after a seek: apart from the steady state, because nothing is
buffered and what counts is the first picture.
"""

from __future__ import annotations

from abr.core import Choice, segment_bits
from abr.model import Phase, Reason, Snapshot, Vote
from abr.words import label, rate, seconds

FIRST_SEGMENT_S = 1.5  # longest wait for the whole first segment that a better first picture is worth
SAFETY = 0.7  # of the cautious estimate
PROBE_BYTES = 64_000  # less than this measured in the session says too little


def starting(view: Snapshot) -> bool:
    """True where :func:`first_rung` decides: nothing fetched yet, or nothing buffered after a seek."""
    if view.phase is Phase.AFTER_SEEK:
        return view.buffer_s <= 0 and view.estimate.mean_bps is not None
    return view.phase is Phase.STARTUP and view.segments_fetched == 0


def first_rung(view: Snapshot) -> Choice:
    """The highest rung that the cautious estimate carries and whose first segment arrives soon; else the lowest."""
    estimate = view.estimate
    measured = sum(each.size for each in estimate.recent)
    if estimate.low_bps is None or not (estimate.remembered or measured >= PROBE_BYTES):
        sentence = f"Start with {label(view.rungs[0])}, the lowest rung: nothing is known of this network yet."
        return Choice(0, Reason.START_DEFAULT, sentence, (Vote("start", 0, "no measurement"),))
    usable = SAFETY * estimate.low_bps
    chosen = 0
    for rung in range(1, len(view.rungs)):
        wait = estimate.ttfb_s + segment_bits(view, 0, rung) / estimate.low_bps
        if view.rungs[rung].bitrate_bps <= usable and wait <= FIRST_SEGMENT_S:
            chosen = rung
    wait = estimate.ttfb_s + segment_bits(view, 0, chosen) / estimate.low_bps
    reason = Reason.START_REMEMBERED if estimate.remembered else Reason.START_PROBE
    source = "remembered from before" if estimate.remembered else "measured so far"
    sentence = (
        f"Start with {label(view.rungs[chosen])}: of {rate(estimate.mean_bps)} {source},"
        f" {rate(estimate.low_bps)} are likely, and its first segment takes about {seconds(wait)}."
    )
    return Choice(chosen, reason, sentence, (Vote("start", chosen, f"{rate(usable)} is taken as safe"),))
