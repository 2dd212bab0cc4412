"""A title as a channel: what is on air when, in both forms, and over an edge."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import m3u8
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_stub.broadcast.channel import BroadcastChannel
from backend_stub.broadcast.journal import Journal
from backend_stub.db.models import Title
from backend_stub.live.faults import Late, LiveFaults
from backend_stub.live.files import live_file
from backend_stub.live.guide import channel_guide, programmes
from backend_stub.live.schedule import Channel
from backend_stub.problems import ProblemError
from backend_stub.server import ServerGroup
from backend_stub.titles import CHANNEL
from player.manifest import parse
from player.manifest.model import IndexRef, PlaylistRef
from tests.kit.backend import SignedInViewer

NOW = 1_800_000_030.5
VIDEO = [4.0, 4.0, 4.0, 3.0]
AUDIO = [4.01, 3.99, 4.01, 2.99]
MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,URI="audio/eng/index.m3u8",GROUP-ID="a",LANGUAGE="en",NAME="eng",DEFAULT=YES,AUTOSELECT=YES
#EXT-X-STREAM-INF:BANDWIDTH=609110,CODECS="avc1.4d4015,mp4a.40.2",RESOLUTION=426x240,AUDIO="a"
video/240p/index.m3u8
"""
MPD = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" minBufferTime="PT2S"
 type="static" mediaPresentationDuration="PT15S"><Period id="0">
<AdaptationSet contentType="video" segmentAlignment="true">
<Representation id="0" bandwidth="475950" codecs="avc1.4d4015" mimeType="video/mp4" width="426" height="240">
<SegmentTemplate timescale="100" initialization="video/240p/init.mp4" media="video/240p/$Number%05d$.m4s"
 startNumber="1"><SegmentTimeline><S t="0" d="400" r="2"/><S d="300"/></SegmentTimeline></SegmentTemplate>
</Representation></AdaptationSet>
<AdaptationSet contentType="audio" lang="en" segmentAlignment="true">
<Representation id="1" bandwidth="133160" codecs="mp4a.40.2" mimeType="audio/mp4" audioSamplingRate="48000">
<SegmentTemplate timescale="100" initialization="audio/eng/init.mp4" media="audio/eng/$Number%05d$.m4s"
 startNumber="1"><SegmentTimeline><S t="0" d="401"/><S d="399"/><S d="401"/><S d="299"/></SegmentTimeline>
</SegmentTemplate></Representation></AdaptationSet></Period></MPD>"""


def looped(title_id: str) -> Title:
    return Title(id=title_id, variants=["clear"])


def vod(durations: list[float]) -> str:
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:5", '#EXT-X-MAP:URI="init.mp4"']
    for number, duration_s in enumerate(durations, 1):
        lines += [f"#EXTINF:{duration_s:.3f},", f"{number:05}.m4s"]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def put_manifests(clear: Path) -> None:
    for place, durations in (("video/240p", VIDEO), ("audio/eng", AUDIO)):
        (clear / place).mkdir(parents=True, exist_ok=True)
        (clear / place / "index.m3u8").write_text(vod(durations))
    (clear / "master.m3u8").write_text(MASTER)
    (clear / "manifest.mpd").write_text(MPD)


@pytest.fixture
def media(tmp_path: Path) -> Path:
    put_manifests(tmp_path / "film" / "clear")
    return tmp_path


def test_what_is_on_now_and_next(media: Path) -> None:
    now, after = programmes(media, looped("film"), NOW, 2)
    assert now.starts_at <= NOW < now.ends_at == after.starts_at
    assert now.ends_at - now.starts_at == pytest.approx(math.fsum(VIDEO))
    assert programmes(media, looped("none"), NOW) == ()


def test_what_was_on_is_listed_as_far_back_as_one_can_go(media: Path) -> None:
    found = channel_guide(media, looped("film"), NOW)
    assert found is not None
    assert found.back_s == 120.0
    over = [one for one in found.programmes if one.ends_at <= NOW]
    assert len(over) == 8, "loops of 15 s in 120 s"
    assert over[0].starts_at <= NOW - 120 < over[0].ends_at
    assert all(one.ends_at == after.starts_at for one, after in pairwise(found.programmes))
    assert channel_guide(media, looped("none"), NOW) is None


def test_a_broadcast_goes_back_to_its_start_or_its_window(tmp_path: Path) -> None:
    folder = tmp_path / "chan" / "live"
    folder.mkdir(parents=True)
    title = Title(id="chan", variants=["live"], duration_s=0, published_at=NOW - 7200)
    for window_s, age_s, back_s in ((0, 900, 900), (600, 900, 600), (600, 60, 60), (0, 1e6, 86400)):
        Journal(folder, BroadcastChannel(2.0, window_s, NOW - age_s, [])).close()
        found = channel_guide(tmp_path, title, NOW)
        assert found is not None
        assert found.back_s == back_s
        assert len(found.programmes) <= 48
        assert found.programmes[0].ends_at > NOW - back_s
    (folder / "journal").write_text("nonsense")
    found = channel_guide(tmp_path, title, NOW)
    assert found is not None
    assert found.back_s == 0


def test_the_chapters_of_a_title_are_programmes_of_their_own(media: Path) -> None:
    first, again = programmes(media, looped("film"), NOW, 2)
    half_s = math.fsum(VIDEO) / 2
    listed = [
        {"start-time": start_s, "titles": [{"title": name}]} for start_s, name in ((1.0, "Dawn"), (half_s, "Day"))
    ]
    put_manifests(media / "other" / "clear")
    (media / "other" / "clear" / "chapters.json").write_text(json.dumps(listed))
    shown = programmes(media, looped("other"), first.starts_at + half_s + 0.1, 3)
    assert [one.title for one in shown] == ["Day", "Dawn", "Day"]
    assert shown[0].starts_at == pytest.approx(first.starts_at + half_s)
    assert shown[1].starts_at == shown[0].ends_at == pytest.approx(again.starts_at), "the loop begins with its first"
    put_manifests(media / "bad" / "clear")
    (media / "bad" / "clear" / "chapters.json").write_text('[{"start-time": "soon"}]')
    assert programmes(media, looped("bad"), NOW) == ()


def test_a_channel_of_a_short_loop_has_programmes_of_minutes(media: Path) -> None:
    listed = [{"start-time": start_s, "titles": [{"title": name}]} for start_s, name in ((0.0, "Dawn"), (8.0, "Day"))]
    (media / "film" / "clear" / "chapters.json").write_text(json.dumps(listed))
    channel = Title(id="film", variants=["clear"], kind=CHANNEL)
    shown = programmes(media, channel, NOW, 4)
    assert [one.ends_at - one.starts_at for one in shown] == [pytest.approx(600.0)] * 4
    assert shown[0].starts_at <= NOW < shown[0].ends_at
    assert all(one.ends_at == after.starts_at for one, after in pairwise(shown))
    assert [one.title for one in shown[:2]] in (["Dawn", "Day"], ["Day", "Dawn"])
    assert [one.title for one in shown[2:]] == [one.title for one in shown[:2]]


def body(media: Path, name: str, now: float = NOW) -> str:
    return live_file(media, "film", name, now)[0].decode()


@given(
    durations=st.lists(st.floats(0.5, 12), min_size=1, max_size=9),
    now=st.floats(1e6, 1e7),
    step=st.floats(0, 60),
    window=st.floats(30, 200),
)
def test_the_window_slides_without_a_gap(durations: list[float], now: float, step: float, window: float) -> None:
    channel = Channel(math.fsum(durations), window)
    first, second = (list(channel.on_air(durations, moment)) for moment in (now, now + step))
    for airings, moment in ((first, now), (second, now + step)):
        numbers = [one.number for one in airings]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert all(one.begins_at + one.duration_s <= moment + 1e-6 for one in airings)
        assert all(one.begins_at > moment - window - one.duration_s - 1e-6 for one in airings)
        assert moment - (airings[-1].begins_at + airings[-1].duration_s) <= max(durations) + 1e-6
    assert first[0].number <= second[0].number
    assert first[-1].number <= second[-1].number
    same = {one.number: one for one in first}
    assert all(same.get(one.number, one) == one for one in second)


@given(
    durations=st.lists(st.floats(0.5, 12), min_size=1, max_size=9),
    now=st.floats(1e6, 1e7),
    step=st.floats(0, 60),
    restarts=st.lists(st.floats(-400, 100), max_size=3),
    late=st.lists(st.tuples(st.floats(-200, 100), st.floats(1, 60), st.floats(1, 90)), max_size=3),
)
def test_numbers_go_on_through_restarts_and_late_segments(
    durations: list[float],
    now: float,
    step: float,
    restarts: list[float],
    late: list[tuple[float, float, float]],
) -> None:
    faults = LiveFaults(
        tuple(Late(now + at, now + at + length, by) for at, length, by in late),
        tuple(sorted({now + at for at in restarts})),
    )
    channel = Channel(math.fsum(durations), 120.0, faults)
    first, second = (list(channel.on_air(durations, moment)) for moment in (now, now + step))
    for airings, moment in ((first, now), (second, now + step)):
        numbers = [one.number for one in airings]
        assert numbers == list(range(min(numbers, default=0), max(numbers, default=-1) + 1))
        for one in airings:
            ends_at = one.begins_at + one.duration_s
            assert ends_at + faults.delay_s(ends_at) <= moment + 1e-6
            assert not any(one.begins_at + 1e-6 < restart < ends_at - 1e-6 for restart in faults.restarts_at)
        for before, after in pairwise(airings):
            assert after.begins_at >= before.begins_at + before.duration_s - 1e-6
            new_loop = after.loop != before.loop
            assert after.index == (0 if new_loop else before.index + 1)
            assert after.break_number == before.break_number + new_loop
    same = {one.number: one for one in first}
    assert all(same.get(one.number, one) == one for one in second)


@pytest.mark.parametrize("name", ["video/240p/index.m3u8", "manifest.mpd"])
def test_our_player_reads_a_channel_that_was_restarted(media: Path, name: str) -> None:
    faults = LiveFaults(restarts_at=(NOW - 50.0,))
    text = live_file(media, "film", name, NOW, faults)[0].decode()
    presentation = parse(text, f"http://edge/s/t/film/live/{name}", now_s=NOW)
    begins = [period.start_s for period in presentation.periods]
    assert begins == sorted(begins)
    if name.endswith("mpd"):
        assert any(abs(start - (NOW - 50.0)) < 0.01 for start in begins)
    else:
        begun = [one for one in m3u8.loads(text).segments if one.discontinuity]
        assert any(abs(one.program_date_time.timestamp() - (NOW - 50.0)) < 0.01 for one in begun)
    assert text != body(media, name)


class TestHls:
    def playlist(self, media: Path, now: float = NOW) -> m3u8.M3U8:
        return m3u8.loads(body(media, "video/240p/index.m3u8", now))

    def test_loops_begin_with_a_discontinuity(self, media: Path) -> None:
        playlist = self.playlist(media)
        assert not playlist.is_endlist
        assert playlist.target_duration == 4
        assert all(segment.discontinuity == segment.uri.endswith("00001.m4s") for segment in playlist.segments)
        assert 110 <= sum(segment.duration for segment in playlist.segments) <= 120
        assert playlist.segments[0].uri == "../../../clear/video/240p/" + playlist.segments[0].uri[-9:]
        assert playlist.segment_map[0].uri == "../../../clear/video/240p/init.mp4"

    def test_numbers_name_the_same_segment_at_any_time(self, media: Path) -> None:
        seen: dict[int, tuple[str, str, int]] = {}
        for tick in range(80):
            playlist = self.playlist(media, NOW + 0.7 * tick)
            loop = playlist.discontinuity_sequence
            for place, segment in enumerate(playlist.segments):
                loop += segment.discontinuity
                facts = (segment.uri, str(segment.program_date_time), loop)
                assert seen.setdefault(playlist.media_sequence + place, facts) == facts
        assert len({facts[2] for facts in seen.values()}) > 8

    def test_our_player_reads_it(self, media: Path) -> None:
        presentation = parse(body(media, "master.m3u8"), "http://edge/s/t/film/live/master.m3u8")
        assert presentation is not None
        playlist = parse(body(media, "video/240p/index.m3u8"), "http://edge/s/t/film/live/video/240p/index.m3u8")
        assert playlist.live


@pytest.mark.parametrize("name", ["video/240p/index.m3u8", "audio/eng/index.m3u8", "manifest.mpd"])
@pytest.mark.parametrize("later_s", [0.0, 7.3, 200.0])
def test_what_our_player_reads_are_the_files_on_disk(media: Path, name: str, later_s: float) -> None:
    """Each segment and init segment of a channel is a file of the title; they follow each other without a gap."""
    clear = media / "film" / "clear"
    files = sorted(
        clear / place / f"{number:05}.m4s" for place in ("video/240p", "audio/eng") for number in range(1, 5)
    )
    for file in files:
        file.with_name("init.mp4").touch()
        file.touch()
    url = f"http://edge{media}/film/live/{name}"
    for period in parse(body(media, name, NOW + later_s), url, now_s=NOW + later_s).periods:
        for track in period.tracks:
            index = track.renditions[0].segments
            assert not isinstance(index, PlaylistRef | IndexRef)
            segments = list(index)
            paths = [Path(urlsplit(segment.url).path) for segment in segments]
            folder = [file for file in files if file.parent == paths[0].parent]
            places = [folder.index(path) for path in paths]
            assert [(b - a) % len(folder) for a, b in pairwise(places)] == [1] * (len(paths) - 1)
            assert all(Path(urlsplit(segment.init.url).path).is_file() for segment in segments if segment.init)
            assert all(segment.init for segment in segments)
            for before, after in pairwise(segments):
                assert after.start_s == pytest.approx(before.end_s, abs=0.02)


class TestDash:
    def test_each_loop_is_a_period(self, media: Path) -> None:
        presentation = parse(body(media, "manifest.mpd"), "http://edge/s/t/film/live/manifest.mpd", now_s=NOW)
        assert presentation.live
        assert 8 <= len(presentation.periods) <= 10

    def test_it_holds_the_same_as_hls(self, media: Path) -> None:
        from mpegdash.parser import MPEGDASHParser

        mpd = MPEGDASHParser.parse(body(media, "manifest.mpd"))
        assert (mpd.type, mpd.availability_start_time) == ("dynamic", "1970-01-01T00:00:00Z")
        listed = []
        for period in mpd.periods:
            template = period.adaptation_sets[0].representations[0].segment_templates[0]
            at = template.segment_timelines[0].Ss[0].t / 100 + float(period.start[2:-1])
            for number, entry in enumerate(template.segment_timelines[0].Ss, template.start_number):
                name = template.media.replace("$Number%05d$", f"{number:05}")
                listed.append((round(at, 2), urljoin("http://edge/film/live/manifest.mpd", name)))
                at += entry.d / 100
        playlist = m3u8.loads(body(media, "video/240p/index.m3u8"))
        base = "http://edge/film/live/video/240p/index.m3u8"
        of_hls = [
            (round(segment.program_date_time.timestamp(), 2), urljoin(base, segment.uri))
            for segment in playlist.segments
        ]
        assert [url for _, url in listed] == [url for _, url in of_hls]
        assert all(abs(one[0] - other[0]) < 0.02 for one, other in zip(listed, of_hls, strict=True))


def test_what_a_channel_does_not_have(media: Path) -> None:
    for name in ("video/240p/00001.m4s", "../clear/master.m3u8", "video/x/index.m3u8", "", "x"):
        with pytest.raises(ProblemError):
            live_file(media, "film", name, NOW)
    with pytest.raises(ProblemError):
        live_file(media, "none", "master.m3u8", NOW)
    (media / "film" / "clear" / "manifest.mpd").write_text("nonsense")
    with pytest.raises(ProblemError):
        live_file(media, "film", "manifest.mpd", NOW)


def test_over_an_edge(group: ServerGroup, viewer: SignedInViewer) -> None:
    clear = group.settings.media_dir / "noise" / "clear"
    put_manifests(clear)
    found = httpx.get(
        f"{group.api_url}/channels",
        headers={"Authorization": f"Bearer {viewer.tokens['access_token']}"},
        trust_env=False,
    ).json()
    (channel,) = [one for one in found["items"] if one["title"]["id"] == "noise"]
    now_at = found["now_at"]
    assert channel["programmes"][0]["ends_at"] <= now_at, "what was on comes first"
    assert [one["starts_at"] <= now_at < one["ends_at"] for one in channel["programmes"]].count(True) == 1
    assert channel["back_s"] == 120
    for number in range(1, 5):
        (clear / "video" / "240p" / f"{number:05}.m4s").write_bytes(b"segment %d" % number)
    play = viewer.play("noise", "live")
    assert (play["licence"], play["resume_s"]) == (None, 0)
    manifest = play["manifests"][0]["hls"]  # type: ignore[index]
    assert "/noise/live/master.m3u8" in manifest
    with httpx.Client(trust_env=False) as client:
        master = client.get(manifest)
        assert master.headers["cache-control"] == "public, max-age=1"
        media_url = urljoin(manifest, m3u8.loads(master.text).playlists[0].uri)
        answer = client.get(media_url)
        segment = m3u8.loads(answer.text).segments[-1].uri
        assert client.get(urljoin(media_url, segment)).content.startswith(b"segment ")
        assert client.head(media_url).content == b""
        dash = client.get(play["manifests"][0]["dash"])  # type: ignore[index]
        assert dash.headers["content-type"] == "application/dash+xml"
        assert client.get(urljoin(manifest, "video/none/index.m3u8")).status_code == 404
