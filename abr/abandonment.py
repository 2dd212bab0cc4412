"""The last guard: when a running download is given up for a lower rung though the policy would keep it.

Abandoning is decisive when the link collapses and harmful when eager: the bytes are lost, and a short dip looks like
a collapse. The guard is therefore slow to trust a low rate and counts what the replacement would cost.
"""

from __future__ import annotations

from abr.model import AbandonmentVerdict, Reason, TransferProgress

GUARD_AFTER_S = 2.5  # so long a rate has to be seen before the last guard gives up a download for it
GUARD_SHARE = 0.7  # of the time there is, that a replacement may need


def last_guard(progress: TransferProgress, verdict: AbandonmentVerdict) -> AbandonmentVerdict:
    """Return ``verdict``, or a lower rung if the verdict keeps a download that is sure to stall and the rung is not.

    A policy weighs what it has learned of the network. After a change of CDN within a segment it has learned nothing
    yet. The segment was chosen for another link.
    """
    view, rung = progress.snapshot, progress.rung
    judged = progress.replaceable and view.manual is None and progress.since_first_byte_s >= GUARD_AFTER_S
    if verdict.abandon_to is not None or not judged:
        return verdict
    if progress.size is None or progress.recent_bps <= 0 or rung == 0:
        return verdict
    left_s = (progress.size - progress.received) * 8 / progress.recent_bps
    if left_s <= view.buffer_s:
        return verdict
    needs_s = [each.bitrate_bps * view.segment_s / progress.recent_bps for each in view.rungs[:rung]]
    fitting = [lower for lower in range(rung) if needs_s[lower] <= GUARD_SHARE * view.buffer_s]
    to = max(fitting, default=0)
    if needs_s[to] > GUARD_SHARE * left_s:
        return verdict
    sentence = (
        f"At {progress.recent_bps / 1e6:.1f} Mbit/s the rest would take {left_s:.1f} s, and {view.buffer_s:.1f} s"
        " are buffered: a lower quality is fetched instead."
    )
    return AbandonmentVerdict(to, Reason.ABANDONED, sentence)
