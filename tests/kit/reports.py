"""Reports of runs with what a test cares about, and nothing else."""

from __future__ import annotations

from typing import Any

from player.qa.run_spec import Labels, RunResult


def report(**parts: Any) -> dict[str, Any]:
    """A report of ``docs/report.md`` of a short, good playback; ``parts`` replace members of it."""
    summary = {
        "startup_s": 0.5,
        "played_s": 24.0,
        "stalls": 0,
        "stalled_s": 0.0,
        "rebuffer_ratio": 0.0,
        "mean_bitrate_bps": 1_500_000,
        "switches": 1,
        "errors": 0,
        "failed": False,
        "dropped_frames": 0,
        "bytes": 4_000_000,
        "wasted_bytes": 0,
        "requests": 2,
    }
    base: dict[str, Any] = {
        "version": 1,
        "source": "http://a.test/t.mpd",
        "title": "Test",
        "policy": "planner",
        "libmpv": "",
        "result": {
            "status": "ended",
            "played_to_end": True,
            "position_s": 24.0,
            "duration_s": 24.0,
            "error": None,
        },
        "summary": summary | parts.pop("summary", {}),
        "startup": {
            "first_frame_s": 0.5,
            "phases": [
                {"phase": "requested", "at_s": 0.0},
                {"phase": "manifest", "at_s": 0.1},
                {"phase": "first_frame", "at_s": 0.5},
            ],
        },
        "stalls": [],
        "seeks": [],
        "rungs": [
            {"index": 0, "label": "180p", "height": 180, "bitrate_bps": 200_000},
            {"index": 1, "label": "360p", "height": 360, "bitrate_bps": 600_000},
        ],
        "decisions": [decision(0.1, 0, 0), decision(4.0, 1, 1)],
        "segments": [segment("a", 300), segment("b", 100)],
        "paths": {
            "a": {"requests": 3, "bytes": 300, "errors": {"http.server": 2}},
            "b": {"requests": 1, "bytes": 100, "errors": {}},
        },
        "path_switches": [],
        "recoveries": [],
        "continuity": {
            "lost_s": {"video": 0.0, "audio": 0.0, "subtitles": 0.0},
            "repeated_s": {"video": 0.0, "audio": 0.0, "subtitles": 0.0},
            "stands_s": 0.0,
            "breaks": [],
            "decode_errors": None,
        },
        "requests": [request(0.2, 0.4), request(3.0, 5.0, pathway="b", error="net.timeout")],
        "buffer": [buffered(1.0, 2.0), buffered(2.0, 4.0)],
        "errors": [],
        "statuses": [],
    }
    return base | parts


def decision(at_s: float, position: int, rung: int) -> dict[str, Any]:
    return {"at_s": at_s, "position": position, "media_s": position * 4.0, "rung": rung, "sentence": f"Rung {rung}."}


def segment(pathway: str, size: int) -> dict[str, Any]:
    return {"at_s": 1.0, "track": "v", "position": 0, "media_s": 0.0, "rung": 0, "bytes": size, "pathway": pathway}


def request(at_s: float, seconds: float, pathway: str = "a", error: str | None = None) -> dict[str, Any]:
    return {
        "at_s": at_s,
        "kind": "segment",
        "url": "http://a.test/1.m4s",
        "pathway": pathway,
        "status": 200,
        "first_byte_s": 0.1,
        "seconds": seconds,
        "bytes": 50_000,
        "error": error,
        "aborted": False,
    }


def buffered(at_s: float, buffer_s: float) -> dict[str, Any]:
    return {"at_s": at_s, "position_s": at_s, "buffer_s": buffer_s, "throughput_bps": 2_000_000, "rung": 1}


def result(name: str = "run", seed: int = 1, **parts: Any) -> RunResult:
    """The result of a run with such a report."""
    return RunResult(Labels(name, seed=seed), report(**parts), seconds=1.0)
