"""DYNAMIC: throughput while the buffer is low, BOLA-E while it is high, and the abandonment rule of dash.js.

K. Spiteri, R. Sitaraman, D. Sparacio, "From Theory to Practice: Improving Bitrate Adaptation in the DASH Reference
Player", MMSys 2018, section 5 (BOLA-E above 10 s, throughput below 5 s) and section 4.4 (AbandonRequestsRule).
"""

from __future__ import annotations

from dataclasses import replace

from abr.core import KEEP, Choice, cautious_bps, segment_bits
from abr.model import AbandonmentVerdict, Reason, Snapshot, TransferProgress, Vote
from abr.policies.bola import BolaCore, InsufficientBufferRule, sustainable
from abr.startup import first_rung, starting
from abr.words import label, rate, seconds

TO_BOLA_S = 10.0
TO_THROUGHPUT_S = 5.0
SAFETY = 0.9
ABANDON_AFTER_S = 0.5
ABANDON_FACTOR = 1.8


class DynamicCore:
    """BOLA-E and the throughput rule, switched by the buffer with hysteresis."""

    name = "dynamic"

    def __init__(self) -> None:
        self._bola = BolaCore()
        self._insufficient = InsufficientBufferRule()
        self._by_buffer = False

    def choose(self, view: Snapshot) -> Choice:
        mean = cautious_bps(view)
        if starting(view) or mean is None:
            return first_rung(view)
        if self._by_buffer and view.buffer_s < TO_THROUGHPUT_S:
            self._by_buffer = False
        elif not self._by_buffer and view.buffer_s > TO_BOLA_S:
            self._by_buffer = True
        if self._by_buffer:
            choice = self._bola.choose(view)
            return replace(choice, votes=(Vote("mode", choice.rung, "buffer is high: BOLA-E decides"), *choice.votes))
        self._bola.observe(view)
        usable = SAFETY * mean
        carried = sustainable(view, usable)
        rung = min(carried, self._insufficient.limit(view, mean))
        votes = [Vote("throughput", carried, f"{rate(usable)} usable")]
        if rung < carried:
            votes.append(Vote("insufficient buffer", rung, f"{seconds(view.buffer_s)} at {rate(mean)}"))
        sentence = (
            f"Fetch {label(view.rungs[rung])}: {seconds(view.buffer_s)} are buffered and {rate(usable)} usable."
        )
        return Choice(rung, Reason.THROUGHPUT_RULE, sentence, tuple(votes))

    def judge(self, progress: TransferProgress) -> AbandonmentVerdict:
        """Give up when the segment would take 1.8 times its duration and a lower rung costs less than what is
        left.
        """
        view = progress.snapshot
        if view.segments_fetched == 0 or progress.elapsed_s < ABANDON_AFTER_S or progress.since_first_byte_s <= 0:
            return KEEP
        total = progress.size * 8.0 if progress.size is not None else segment_bits(view, 0, progress.rung)
        got = progress.received * 8.0
        if got <= 0 or total <= got:
            return KEEP
        bps = got / progress.since_first_byte_s
        expected = progress.elapsed_s + (total - got) / bps
        rung = sustainable(view, SAFETY * bps)
        if expected <= ABANDON_FACTOR * view.segment_s or rung >= progress.rung:
            return KEEP
        if segment_bits(view, 0, rung) >= total - got:
            return KEEP
        sentence = (
            f"Give up {label(view.rungs[progress.rung])}: at {rate(bps)} it would take {seconds(expected)};"
            f" {label(view.rungs[rung])} is fetched instead."
        )
        votes = (Vote("abandon", rung, f"{seconds(expected)} for {seconds(view.segment_s)} of media"),)
        return AbandonmentVerdict(rung, Reason.ABANDONED, sentence, votes)
