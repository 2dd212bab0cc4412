"""Decisions as plain data, for reports and for explaining and replaying them later."""

from __future__ import annotations

from typing import Any

from abr.model import Decision


def decision_to_dict(decision: Decision) -> dict[str, Any]:
    """A decision with every input that it rests on. The rungs stand once in the report, not here."""
    snapshot, estimate = decision.snapshot, decision.snapshot.estimate
    return {
        "rung": decision.rung,
        "reason": str(decision.reason),
        "sentence": decision.sentence,
        "policy": decision.policy,
        "wait_s": decision.wait_s,
        "votes": [{"rule": vote.rule, "rung": vote.rung, "detail": vote.detail} for vote in decision.votes],
        "inputs": {
            "phase": str(snapshot.phase),
            "current": snapshot.current,
            "buffer_s": round(snapshot.buffer_s, 3),
            "buffer_max_s": snapshot.buffer_max_s,
            "segment_s": snapshot.segment_s,
            "remaining_s": snapshot.remaining_s,
            "in_flight_s": snapshot.in_flight_s,
            "mean_bps": estimate.mean_bps,
            "low_bps": estimate.low_bps,
            "rel_error": estimate.rel_error,
            "ttfb_s": estimate.ttfb_s,
            "samples": estimate.samples,
            "remembered": estimate.remembered,
            "next_sizes": [list(row) for row in snapshot.next_sizes],
            "playback_rate": snapshot.playback_rate,
            "manual": snapshot.manual,
            "audio_bps": snapshot.audio_bps,
        },
    }
