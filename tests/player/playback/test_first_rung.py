"""The first rung on an unknown network: from what the manifest and its like have shown, in the real session."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from player.net.model import RequestKind, Transfer
from player.net.shaping import LinkTrace
from player.playback.settings import PlaybackSettings
from player.playback.translation import Glimpse, glimpse_of
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.run import simulate
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer

MANIFEST_BYTES = 24_000  # as a manifest with a list of segments has; the bundled one has 3,564
LATENCY_S = 0.06


@pytest.fixture(scope="module")
def title(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test title (0.2, 0.6 and 1.5 Mbit/s) with a longer manifest beside its own."""
    folder = tmp_path_factory.mktemp("first-rung") / "title"
    shutil.copytree(media.ffmpeg_dash().folder, folder)
    text = (folder / "manifest.mpd").read_text()
    (folder / "long.mpd").write_text(f"{text}<!--{'-x' * ((MANIFEST_BYTES - len(text)) // 2)}-->\n")
    for playlist in folder.glob("media_*.m3u8"):
        text = playlist.read_text().replace(
            "#EXT-X-TARGETDURATION", f"#{'x-' * (MANIFEST_BYTES // 2)}\n#EXT-X-TARGETDURATION"
        )
        playlist.write_text(text)
    return folder


def played(title: Path, manifest: str, mbps: float) -> Mapping[str, Any]:
    with FileServer(title) as server:
        wanted = RunSpec(
            Labels("first rung"),
            PlaybackSource(url=server.url(manifest)),
            PlaybackSettings(buffer_s=12, play_for_s=6.0),
            LinkTrace.constant(mbps * 1e6, LATENCY_S),
        )
        return simulate(wanted, Bench(title))


def first(report: Mapping[str, Any]) -> tuple[int, str]:
    """The first rung and the reason for it."""
    decision = report["decisions"][0]
    return decision["rung"], decision["reason"]


@pytest.mark.parametrize("mbps", [10.0, 20.0, 100.0])
def test_a_fast_link_starts_at_most_one_rung_below_what_it_carries(title: Path, mbps: float) -> None:
    report = played(title, "long.mpd", mbps)
    rung, reason = first(report)
    assert rung >= len(report["rungs"]) - 2
    assert reason == "start_probe"
    assert report["startup"]["first_frame_s"] < 1.0
    assert report["summary"]["stalls"] == 0


def test_long_playlists_tell_it_too(title: Path) -> None:
    """The playlist that was loaded first is that of the lowest rung: another one is loaded after it."""
    report = played(title, "master.m3u8", 20.0)
    rung, reason = first(report)
    assert (rung, reason) == (len(report["rungs"]) - 1, "start_probe")
    assert report["startup"]["first_frame_s"] < 1.0
    assert report["summary"]["stalls"] == 0


@pytest.mark.parametrize("mbps", [0.4, 0.8])
def test_on_a_slow_link_nothing_changes(title: Path, mbps: float) -> None:
    report = played(title, "long.mpd", mbps)
    assert first(report)[0] == 0


def test_a_short_manifest_says_nothing(title: Path) -> None:
    assert first(played(title, "manifest.mpd", 20.0)) == (0, "start_default")


def exchange(kind: RequestKind, **fields: Any) -> Transfer:
    values: dict[str, Any] = {"start_s": 1.0, "first_byte_s": 1.5, "end_s": 2.0, "status": 200, "received": 20_000}
    return Transfer(1, kind, "https://a.example/x", "a", "", **{**values, **fields})


def test_only_what_crossed_the_link_unhindered_tells_something() -> None:
    assert glimpse_of(exchange(RequestKind.MANIFEST)) == Glimpse("a", 20_000, 0.5)
    assert glimpse_of(exchange(RequestKind.LICENCE)) is None
    for hindered in ({"from_cache": True}, {"aborted": True}, {"paced": True}, {"error": "net.stall"}):
        assert glimpse_of(exchange(RequestKind.MANIFEST, **hindered)) is None
