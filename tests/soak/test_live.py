"""Ten minutes of a live channel in both forms at once, at real speed, its origin being restarted on the way."""

from __future__ import annotations

import faulthandler
import time
from pathlib import Path

import pytest

from tests.e2e.live import Watched, watching
from tests.kit.channel import Channel

SECONDS = 600.0
SETTLED_S = 20.0  # the first picture comes a moment late, and speed is changed gently
AWAY_S = 4.0
DRIFT_S = 0.2
pytestmark = [pytest.mark.soak, pytest.mark.realtime]


def test_latency_stays_at_its_target(tmp_path: Path) -> None:
    faulthandler.cancel_dump_traceback_later()  # it takes longer than a test may
    with (
        Channel(tmp_path / "service") as channel,
        watching(channel.hls, tmp_path / "hls") as hls,
        watching(channel.dash, tmp_path / "dash") as dash,
    ):
        end = time.monotonic() + SECONDS
        for share in (1 / 3, 2 / 3):
            _sleep_until(end - SECONDS * (1 - share))
            channel.restart(AWAY_S)
        _sleep_until(end)
        for name, watched in (("hls", hls), ("dash", dash)):
            print(f"{name}:", ", ".join(_figures(watched)))
        print(f"dash against the date: {dash.wandered_s(SETTLED_S):.3f} s")
        for watched in (hls, dash):
            assert watched.state.failure is None
            assert not watched.stalls
            assert watched.off_target_s(SETTLED_S) < DRIFT_S
            assert watched.samples[-1].at_s - watched.samples[0].at_s > SECONDS - SETTLED_S
        assert dash.wandered_s(SETTLED_S) < DRIFT_S


def _figures(watched: Watched) -> list[str]:
    begun_s = watched.samples[0].at_s
    later = [each for each in watched.samples if each.at_s >= begun_s + SETTLED_S]
    off = [abs(each.latency_s - each.target_s) for each in later]
    beyond = [each.at_s - begun_s for each, off_s in zip(later, off, strict=True) if off_s >= DRIFT_S]
    speeds = [each.speed for each in watched.samples]
    return [
        f"single samples {max(off):.3f} s",
        f"off target {watched.off_target_s(SETTLED_S):.3f} s",
        f"within {DRIFT_S} s {1 - len(beyond) / len(off):.1%}, beyond first at {min(beyond, default=0.0):.0f} s",
        f"target {watched.samples[-1].target_s:.2f} s",
        f"speed {min(speeds):.3f} to {max(speeds):.3f}",
        f"stalls {len(watched.stalls)}",
        f"errors {len(watched.errors)}",
    ]


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
