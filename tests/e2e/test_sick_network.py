"""The whole chain on a sick network: service, two CDN edges, engine, real libmpv, real time."""

from __future__ import annotations

from pathlib import Path

import pytest

from player.opening import Source
from tests.kit import media
from tests.kit.backend import fault_document, running_backend
from tests.kit.playback import null_player, play, publish_media, signed_in_engine

SECONDS = 48


@pytest.mark.realtime
def test_a_title_survives_a_dead_cdn_a_slow_cdn_and_a_late_licence(tmp_path: Path) -> None:
    """Edge A dies in the middle of a segment, edge B carries less than the second rung for 20 s, the licence comes
    after 2 s: played to the end, no stall, and the report says what was done."""
    trace = [
        {"duration_ms": 20_000, "bandwidth_kbps": 500, "latency_ms": 20},
        {"duration_ms": 600_000, "bandwidth_kbps": 20_000, "latency_ms": 20},
    ]
    faults = fault_document(
        {"match": {"kind": "licence"}, "fault": {"type": "delay", "seconds": 2}},
        {
            "match": {"pathway": "edge-a", "path": "*video*", "kind": "segment"},
            "skip": 3,
            "fault": {"type": "kill", "after_bytes": 20_000},
        },
        {"match": {"pathway": "edge-b"}, "fault": {"type": "bandwidth", "trace": trace}},
    )
    with running_backend(tmp_path / "service", edges=2) as group:
        title_id = publish_media(group, media.packager_cbcs(SECONDS), "Survivor")
        with signed_in_engine(tmp_path / "profile", group) as engine, null_player() as player:
            group.faults.set(faults)
            run = play(engine, Source(title_id=title_id), player, timeout_s=SECONDS + 20)
    report = run.report
    assert run.finished
    assert report["result"]["played_to_end"], report["errors"]
    assert report["stalls"] == []
    switches = report["path_switches"]
    assert any(switch["from"] == "edge-a" and switch["to"] == "edge-b" and switch["sentence"] for switch in switches)
    phases = {phase["phase"]: phase["at_s"] for phase in report["startup"]["phases"]}
    assert phases["licence"] > 2.0
    rungs = [decision["rung"] for decision in report["decisions"]]
    assert min(rungs) == 0
    assert max(rungs) > 0
    assert all(decision["sentence"] and decision["reason"] for decision in report["decisions"])
