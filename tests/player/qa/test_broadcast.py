"""Live programmes in virtual time: what a script sends when, and what a playback makes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from player.base.errors import InputError
from player.manifest import parse
from player.manifest.edit import iter_renditions
from player.manifest.model import Presentation, loaded_segments
from player.playback.settings import PlaybackSettings
from player.qa.broadcast import mpd, playlist
from player.qa.broadcast.script import BroadcastScript, LateSegment, Restart, StaleManifest
from player.qa.broadcast.transport import BEGAN_WALL_S
from player.qa.document import read
from player.qa.explanations import why_stalls
from player.qa.plan import plan_of
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.run import simulate
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer

TITLE = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:4
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MEDIA-SEQUENCE:5
#EXT-X-KEY:METHOD=AES-128,URI="k"
#EXT-X-MAP:URI="init"
#EXTINF:4,
#EXT-X-BYTERANGE:100@10
all
#EXTINF:4,
#EXT-X-BYTERANGE:50
all
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2020-01-01T00:00:00Z
#EXTINF:4,
b
#EXTINF:4,
c
#EXT-X-ENDLIST
"""


def listed(sent_s: float, window_s: float = 100.0, late: dict[str, float] | None = None) -> list[str]:
    return sent(TITLE, sent_s, window_s, late or {}).splitlines()


def sent(text: str, sent_s: float, window_s: float = 100.0, late: Mapping[str, float] = MappingProxyType({})) -> str:
    title = playlist.read(text)
    assert title is not None
    return playlist.at(title, sent_s, window_s, 0.0, lambda uri: late.get(uri, 0.0))


def uris(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("#")]


def test_a_segment_is_listed_when_its_end_is_sent() -> None:
    assert uris(listed(7.9)) == ["all"]
    assert uris(listed(8.0)) == ["all", "all"]
    assert "#EXT-X-ENDLIST" not in listed(15.9)
    assert listed(16.0)[-1] == "#EXT-X-ENDLIST"
    assert not [line for line in listed(8.0) if "PLAYLIST-TYPE" in line]


def test_what_the_window_drops_is_counted_and_what_it_said_of_the_rest_stays() -> None:
    lines = listed(8.0, window_s=4.0)
    assert lines[:4] == ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:4", "#EXT-X-MEDIA-SEQUENCE:6"]
    assert '#EXT-X-KEY:METHOD=AES-128,URI="k"' in lines
    assert '#EXT-X-MAP:URI="init"' in lines
    assert "#EXT-X-BYTERANGE:50@110" in lines
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:1" in listed(16.0, window_s=4.0)
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:1" not in listed(12.0, window_s=4.0), "its own tag says it"


def test_a_late_segment_holds_back_those_after_it() -> None:
    assert uris(listed(14.0, late={"b": 3.0})) == ["all", "all"]
    assert uris(listed(16.0, late={"b": 3.0})) == ["all", "all", "b", "c"]


def test_dates_are_those_of_the_broadcast() -> None:
    dates = [line.partition(":")[2] for line in listed(12.0) if "DATE-TIME" in line]
    assert dates == [f"1970-01-01T00:00:{second:02}.000+00:00" for second in (0, 4, 8)]


@pytest.mark.parametrize("text", [TITLE.replace("#EXT-X-ENDLIST", ""), TITLE])
def test_what_cannot_be_sent_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        sent(text, 3.0)


def test_an_encoder_that_restarts_sends_a_discontinuity_and_later_dates() -> None:
    script = BroadcastScript(2.0, restarts=(Restart(3.0, 10.0),))
    assert [script.title_s(run_s) for run_s in (0.0, 1.0, 6.0, 11.0, 12.0)] == [2.0, 3.0, 3.0, 3.0, 4.0]
    title = playlist.read(TITLE)
    assert title is not None
    lines = playlist.at(
        playlist.with_restarts(title, [3.0]), 16.0, 100.0, 0.0, lambda _uri: 0.0, script.away_s
    ).splitlines()
    assert lines.count("#EXT-X-DISCONTINUITY") == 2, "one is the title's own"
    assert lines.index("#EXT-X-DISCONTINUITY") > lines.index("all")
    dates = [line.rpartition(":")[0].rpartition(":")[2] for line in lines if "DATE-TIME" in line]
    assert dates == ["00.000+00", "14.000+00", "18.000+00", "22.000+00"]


def test_a_playback_goes_on_after_a_restart_of_the_encoder(tmp_path: Path) -> None:
    script = BroadcastScript(14.0, restarts=(Restart(15.0, 8.0),))
    with FileServer(media.ffmpeg_dash().folder) as server:
        report = played(server.url("master.m3u8"), script, tmp_path)
        refused = played(server.url("manifest.mpd"), script, tmp_path)
    assert [each["cause"] for each in report["stalls"]] == ["source"]
    assert report["result"]["played_to_end"]
    assert sum(report["continuity"]["lost_s"].values()) == 0
    assert "HLS only" in refused["result"]["error"]["sentence"]


def test_a_multivariant_playlist_stays() -> None:
    assert playlist.read("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n") is None


MPD = """<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT20S"
 minBufferTime="PT2S"
 profiles="urn:mpeg:dash:profile:isoff-live:2011"><UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="x"/>
<Period id="a" duration="PT12S"><AdaptationSet mimeType="video/mp4">
<SegmentTemplate timescale="10" presentationTimeOffset="100" media="$Time$" initialization="i"/>
<Representation id="v" bandwidth="1" codecs="avc1.4d4015"><SegmentTemplate><SegmentTimeline>
<S t="100" d="40" r="-1"/></SegmentTimeline></SegmentTemplate></Representation></AdaptationSet></Period>
<Period id="b"><AdaptationSet mimeType="video/mp4"><SegmentTemplate timescale="10" duration="40" media="b$Number$"
 initialization="i"/><Representation id="v" bandwidth="1" codecs="avc1.4d4015"/></AdaptationSet></Period></MPD>"""


def dynamic(sent_s: float) -> tuple[str, Presentation]:
    title = parse(MPD.encode(), "http://a.test/a.mpd", now_s=0.0)
    text = mpd.at(MPD, title, sent_s, 30.0, BEGAN_WALL_S, 2.0)
    return text, parse(text.encode(), "http://a.test/a.mpd", now_s=BEGAN_WALL_S + sent_s)


def addresses(presentation: Presentation) -> list[str]:
    found = [loaded_segments(rendition.segments) or () for _, _, rendition in iter_renditions(presentation)]
    return [each.url.rpartition("/")[2] for segments in found for each in segments]


def test_an_mpd_grows_with_what_is_sent_and_ends() -> None:
    text, presentation = dynamic(9.0)
    assert presentation.live
    assert addresses(presentation) == ["100", "140"]
    assert "mediaPresentationDuration" not in text
    assert "UTCTiming" not in text, "its clock is of another day"
    assert addresses(dynamic(17.0)[1]) == ["100", "140", "180", "b1"]
    text, _ = dynamic(20.0)
    assert "minimumUpdatePeriod" not in text
    assert 'mediaPresentationDuration="PT20S"' in text


@pytest.mark.parametrize(
    ("old", "new"),
    [('"static"', '"dynamic"'), ("SegmentTemplate", "SegmentList"), ("SegmentTemplate", "X")],
)
def test_an_mpd_of_which_no_live_one_can_be_made_is_refused(old: str, new: str) -> None:
    with pytest.raises(InputError):
        mpd.at(MPD.replace(old, new), parse(MPD.encode(), "http://a.test/a.mpd", now_s=0.0), 9.0, 30.0, 0.0, 2.0)


def test_a_stale_manifest_knows_what_it_knew() -> None:
    script = BroadcastScript(10.0, stale=(StaleManifest("*.m3u8", 5.0, 4.0),))
    assert [script.sent_s("http://a/b.m3u8", run_s) for run_s in (4.0, 6.0, 9.0)] == [14.0, 15.0, 19.0]
    assert script.sent_s("http://a/b.mpd", 6.0) == 16.0


def played(url: str, live: BroadcastScript, folder: Path, **fields: Any) -> dict[str, Any]:
    spec = RunSpec(Labels("test"), PlaybackSource(url=url), PlaybackSettings(fresh=True), live=live, limit_s=90.0)
    return simulate(replace(spec, **fields), Bench(folder))


@pytest.mark.parametrize("manifest", ["master.m3u8", "manifest.mpd"])
def test_the_same_live_run_twice_gives_the_same_bytes(manifest: str, tmp_path: Path) -> None:
    with FileServer(media.ffmpeg_dash().folder) as server:
        reports = [played(server.url(manifest), BroadcastScript(16.0, 20.0), tmp_path) for _ in range(2)]
    assert json.dumps(reports[0]) == json.dumps(reports[1])
    assert reports[0]["live"]["off_target_max_s"] < 0.2
    assert reports[0]["result"]["played_to_end"]
    assert reports[0]["stalls"] == []
    assert sum(reports[0]["continuity"]["lost_s"].values()) == 0


LATE = (LateSegment("*seg-?-005*", 12.0),)


@pytest.mark.parametrize(
    ("manifest", "script"),
    [
        ("master.m3u8", BroadcastScript(16.0, late=LATE)),
        ("master.m3u8", BroadcastScript(16.0, stale=(StaleManifest("*.m3u8", 3.0, 17.0),))),
        ("manifest.mpd", BroadcastScript(16.0, stale=(StaleManifest("*.mpd", 3.0, 17.0),))),
    ],
)
def test_what_comes_late_stalls_and_the_programme_is_named_as_the_cause(
    manifest: str, script: BroadcastScript, tmp_path: Path
) -> None:
    with FileServer(media.ffmpeg_dash().folder) as server:
        report = played(server.url(manifest), script, tmp_path)
    assert [each["cause"] for each in report["stalls"]] == ["source"]
    assert report["stalls"][0]["duration_s"] > 2.0
    assert "the programme had not sent what comes next" in why_stalls(report)[0]
    assert report["result"]["played_to_end"]


def test_a_segment_that_an_mpd_announces_too_early_is_not_there_until_it_is(tmp_path: Path) -> None:
    with FileServer(media.ffmpeg_dash().folder) as server:
        report = played(server.url("manifest.mpd"), BroadcastScript(16.0, late=LATE), tmp_path)
    assert {each["code"] for each in report["recoveries"] if each["code"]} == {"http.not_found"}
    assert report["stalls"][0]["cause"] == "source"
    assert "requests for media failed" in why_stalls(report)[0]


def test_a_live_run_has_its_own_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[float | None] = []

    def note(*values: Any, **_named: Any) -> dict[str, Any]:
        began.append(values[3])
        return {}

    monkeypatch.setattr("player.qa.simulation.run.run_virtual", note)
    played("http://a.test/master.m3u8", BroadcastScript(), tmp_path)
    assert began == [BEGAN_WALL_S]


PLAN = """version: 1
name: live
sources:
  - name: channel
    url: https://cdn.test/master.m3u8
    live: {begun_s: 12, window_s: 20, late: [{path: "*005*", by_s: 9}], stale: [{path: "*", from_s: 1, for_s: 2}],
      restarts: [{at_s: 9, for_s: 2}, {at_s: 5, for_s: 1}]}
"""


def test_a_plan_has_the_script() -> None:
    (run,) = plan_of(read(PLAN), Path(), {}).runs
    stale = (StaleManifest("*", 1, 2),)
    assert run.live == BroadcastScript(12, 20, (LateSegment("*005*", 9),), stale, (Restart(5, 1), Restart(9, 2)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("url: https://cdn.test/master.m3u8", "title: film"),
        ("name: live", "name: live\nmode: real"),
        ("name: live", "name: live\njudge: media"),
        ("by_s: 9", "by: 9"),
    ],
)
def test_a_script_that_no_run_can_follow_is_refused(old: str, new: str) -> None:
    with pytest.raises(InputError):
        plan_of(read(PLAN.replace(old, new)), Path(), {})
