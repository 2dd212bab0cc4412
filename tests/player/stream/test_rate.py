"""Rate control: the last guard over a policy, and one estimate per CDN."""

from __future__ import annotations

from abr.model import Decision, Estimate, Progress, Reason, Rung, Snapshot, TransferSample, Verdict
from player.stream.rate import Moment, RateControl
from player.stream.throughput import Throughput

RUNGS = (Rung("low", 200_000), Rung("middle", 600_000), Rung("high", 1_500_000))


class Blind:
    """A policy that keeps every download."""

    name = "blind"

    def decide(self, snapshot: Snapshot) -> Decision:
        return Decision(2, Reason.HOLD, "Stay.", snapshot)

    def on_progress(self, progress: Progress) -> Verdict:
        return Verdict(None, Reason.HOLD, "It goes on.")


def verdict(*, recent_bps: float, buffer_s: float, seen_s: float = 3.0, **changes: object) -> Verdict:
    """Of a download at the highest rung of which 600 kB are missing."""
    rate = RateControl(Blind(), lambda _now_s: Estimate(), RUNGS, buffer_max_s=30, audio_bps=0)
    rate.manual = changes.pop("manual", None)  # type: ignore[assignment]
    moment = Moment(0.0, buffer_s, 4.0, 40.0, 4.0, playing=True, speed=1.0)
    facts = {"received": 150_000, "size": 750_000, "replaceable": True} | changes
    return rate.on_progress(
        moment,
        2,
        elapsed_s=seen_s,
        since_first_byte_s=seen_s,
        recent_bps=recent_bps,
        recent_window_s=2.0,
        **facts,  # type: ignore[arg-type]
    )


def test_a_download_that_would_stall_is_replaced_by_the_best_that_fits() -> None:
    given_up = verdict(recent_bps=500_000, buffer_s=9.0)  # 9.6 s to go
    assert given_up.abandon_to == 1
    assert given_up.reason is Reason.ABANDONED
    assert "9.6 s" in given_up.sentence
    assert verdict(recent_bps=500_000, buffer_s=6.0).abandon_to == 0


def test_a_download_is_kept() -> None:
    assert verdict(recent_bps=500_000, buffer_s=9.7).abandon_to is None  # it arrives in time
    assert verdict(recent_bps=500_000, buffer_s=9.0, seen_s=1.0).abandon_to is None  # too early to say
    assert verdict(recent_bps=500_000, buffer_s=9.0, replaceable=False).abandon_to is None
    assert verdict(recent_bps=500_000, buffer_s=9.0, manual=2).abandon_to is None
    assert verdict(recent_bps=500_000, buffer_s=9.0, size=None).abandon_to is None
    assert verdict(recent_bps=500_000, buffer_s=0.5, received=700_000).abandon_to is None  # nothing is quicker


def transfer(path: str, bps: float, at_s: float) -> TransferSample:
    size = 500_000
    return TransferSample(at_s, at_s + 0.01, at_s + 0.01 + size * 8 / bps, size, path)


def test_each_cdn_has_its_own_estimate() -> None:
    current = ["alpha"]
    network = Throughput(None, lambda: current[0])
    assert network.estimate(0.0).mean_bps is None
    network.observe(transfer("alpha", 100e6, 0.0))
    current[0] = "beta"
    inherited = network.estimate(1.0).mean_bps
    assert inherited is not None
    assert 90e6 < inherited < 110e6
    network.observe(transfer("beta", 0.5e6, 1.0))
    own = network.estimate(10.0).mean_bps
    assert own is not None
    assert 0.45e6 < own < 0.55e6
    current[0] = "alpha"
    back = network.estimate(10.0).mean_bps
    assert back is not None
    assert back > 90e6
