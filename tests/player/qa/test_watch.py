"""Watching live manifests: what changes, what stands still, what breaks a rule."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from player.base.errors import ErrorCode, NetError
from player.manifest import attach_playlist, parse
from player.manifest.model import Presentation
from player.qa.simulation.loop import LoopClock, VirtualLoop
from player.qa.watch import ManifestWatch, Refresh, silent, why_watch
from tests.kit import media
from tests.kit.backend import running_backend, signed_in_viewer
from tests.kit.fileserver import FileServer
from tests.kit.playback import publish_media
from ui.cli.main import main

URL = "http://a.test/live.m3u8"
MASTER = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="avc1.64001f"\nlive.m3u8\n'


def playlist(first: int, count: int = 4, ended: bool = False, name: str = "s") -> bytes:
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:4", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    for number in range(first, first + count):
        lines += ["#EXTINF:4.0,", f"{name}{number}.ts"]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else [])]).encode()


def watched(
    answers: list[bytes | NetError], for_s: float = 60.0, *, multivariant: bool = False, at_most_s: float = 0.0
) -> list[Refresh]:
    """The refreshes of a playlist that is answered so, one answer after another; time passes at once."""
    if not multivariant:
        return looked(parse(playlist(1), URL), answers, for_s, [], at_most_s=at_most_s)
    presentation = parse(MASTER.encode(), "http://a.test/m.m3u8")
    rendition = presentation.periods[0].tracks[0].renditions[0]
    return looked(attach_playlist(presentation, rendition, playlist(1), URL), answers, for_s, [])


def looked(
    presentation: Presentation,
    answers: Sequence[bytes | str | NetError],
    for_s: float,
    asked: list[str],
    *,
    whole: bool = False,
    at_most_s: float = 0.0,
) -> list[Refresh]:
    """The refreshes of a presentation, an answer after another; ``asked`` gets the addresses."""
    loop = VirtualLoop()
    clock = LoopClock(loop, 1_700_000_020.0)
    left = list(answers)

    async def fetch(url: str, held_s: float | None) -> tuple[bytes, str]:
        asked.append(url)
        answer = left.pop(0) if len(left) > 1 else left[0]
        await clock.sleep(0.0 if held_s is None else 1.0)
        if isinstance(answer, NetError):
            raise answer
        return answer.encode() if isinstance(answer, str) else answer, url

    async def run() -> list[Refresh]:
        watch = ManifestWatch(presentation, fetch, clock, presentation.url, whole=whole)
        return [each async for each in watch.refreshes(for_s, at_most_s=at_most_s)]

    try:
        return loop.run_until_complete(run())
    finally:
        loop.close()


@pytest.mark.parametrize("multivariant", [False, True])
def test_a_playlist_that_goes_on_as_it_should(multivariant: bool) -> None:
    found = watched([playlist(2), playlist(3), playlist(4, ended=True)], multivariant=multivariant)
    assert all(each.good for each in found)
    assert [each.at_s for each in found] == [4, 8, 12]
    assert [each.changes.renditions[0].added for each in found] == [(5,), (6,), (7,)]
    assert found[-1].changes.ended, "an ended one is watched no longer"
    assert bool(found[0].name) is multivariant
    assert [each.edge_s for each in found] == [20, 24, 28]


CONTROL = "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24.0"


def test_a_server_that_waits_for_news_and_skips_the_old_is_asked_for_that() -> None:
    first = playlist(1, 9).decode().replace("#EXT-X-MEDIA", f"{CONTROL}\n#EXT-X-MEDIA")
    delta = first.replace("#EXT-X-VERSION:6", "#EXT-X-VERSION:9").replace(
        "".join(f"#EXTINF:4.0,\ns{number}.ts\n" for number in range(1, 4)), "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n"
    )
    answers = [f"{delta}\n#EXTINF:4.0,\ns10.ts", f"{delta}\n#EXTINF:4.0,\ns10.ts", "<html>", first]
    asked: list[str] = []
    found = looked(parse(first, URL), answers, 20, asked)
    assert [each.how for each in found[:2]] == ["blocking, delta"] * 2
    assert asked[0].endswith("?_HLS_msn=10&_HLS_skip=YES")
    assert found[0].changes.renditions[0].added == (10,)
    assert [rule.code for rule in found[1].broken] == ["blocking"], "it was to wait for segment 11"
    assert found[2].trouble
    assert (found[3].how, asked[3]) == ("", URL), "what did not fit is loaded whole"
    asked.clear()
    assert {each.how for each in looked(parse(first, URL), [first], 20, asked, whole=True)} == {""}


def test_without_a_refresh_nothing_was_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "live.m3u8").write_bytes(playlist(1))

    async def none(*_values: object) -> list[Refresh]:
        return []

    monkeypatch.setattr("ui.cli.qa_watch.followed", none)
    assert main(["qa", "watch", str(tmp_path / "live.m3u8"), "--for", "0.1"]) == 1


@pytest.mark.parametrize(("pause_s", "codes"), [(0.5, []), (4.0, ["parts_late"])])
def test_parts_that_come_late_break_a_rule(pause_s: float, codes: list[str]) -> None:
    head = (
        "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n#EXT-X-PART-INF:PART-TARGET=1\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3\n#EXTINF:4,\n1.m4s\n"
    )
    loop = VirtualLoop()
    clock = LoopClock(loop, 1_700_000_020.0)

    def listed(count: int) -> bytes:
        return (head + "".join(f'#EXT-X-PART:DURATION=1,URI="2.{part}.m4s"\n' for part in range(count))).encode()

    answers = iter([listed(2), listed(3), listed(4)])

    async def fetch(url: str, _held_s: float | None) -> tuple[bytes, str]:
        await clock.sleep(pause_s)
        return next(answers), url

    async def run() -> list[Refresh]:
        watch = ManifestWatch(parse(listed(1), URL), fetch, clock, URL)
        async with aclosing(watch.refreshes(60.0)) as found:
            return [await anext(found) for _ in range(3)]

    try:
        found = loop.run_until_complete(run())
    finally:
        loop.close()
    assert [[rule.code for rule in each.broken] for each in found] == [[], codes, codes]


def test_a_blocking_reload_that_brings_a_part_has_brought_something() -> None:
    first = (
        playlist(1, 9)
        .decode()
        .replace("#EXT-X-MEDIA", f"#EXT-X-PART-INF:PART-TARGET=1.0\n{CONTROL},PART-HOLD-BACK=3.0\n#EXT-X-MEDIA", 1)
    )

    def with_parts(count: int) -> str:
        parts = [f'\n#EXT-X-PART:DURATION=1.0,URI="s10.{number}.ts"' for number in range(count)]
        return first + "".join(parts)

    asked: list[str] = []
    found = looked(parse(with_parts(1), URL), [with_parts(2), with_parts(3), with_parts(3)], 12, asked)
    assert "_HLS_msn=10&_HLS_part=1" in asked[0]
    assert [[rule.code for rule in each.broken] for each in found[:3]] == [[], [], ["blocking"]]


def test_a_patch_is_asked_for_where_the_manifest_offers_one() -> None:
    mpd = (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" id="m" type="dynamic" minimumUpdatePeriod="PT4S"'
        ' availabilityStartTime="2023-11-14T22:13:00Z" publishTime="2023-11-14T22:13:10Z">'
        '<PatchLocation ttl="60">p.mpp</PatchLocation><Period id="p" start="PT0S">'
        '<AdaptationSet id="1" mimeType="video/mp4"><SegmentTemplate timescale="1" media="$Time$.m4s">'
        '<SegmentTimeline><S t="0" d="4"/></SegmentTimeline></SegmentTemplate>'
        '<Representation id="v" bandwidth="1"/></AdaptationSet></Period></MPD>'
    )
    line = "/MPD/Period[@id='p']/AdaptationSet[@id='1']/SegmentTemplate/SegmentTimeline"
    patch = (
        '<Patch xmlns="urn:mpeg:dash:schema:mpd-patch:2020" mpdId="m" originalPublishTime="2023-11-14T22:13:10Z"'
        f' publishTime="2023-11-14T22:13:20Z"><add sel="{line}"><S t="4" d="4"/></add></Patch>'
    )
    asked: list[str] = []
    found = looked(parse(mpd, "http://a.test/m.mpd", now_s=1_700_000_020.0), [patch], 5, asked)
    assert (found[0].how, asked) == ("patch", ["http://a.test/p.mpp"])
    assert found[0].changes.renditions[0].added == (2,)


def test_standing_still_is_told_once() -> None:
    found = watched([playlist(2)], 40)
    broken = [(each.at_s, rule.code) for each in found for rule in each.broken]
    assert broken == [(16, "stale")]
    assert why_watch(found)[1:] == ["stale: once, first at 16.0 s: Nothing new has come for 12.0 s."]
    assert "Nothing new has come for 12.0 s" in next(rule.sentence for each in found for rule in each.broken)


@pytest.mark.parametrize(
    ("answers", "last_s", "codes"),
    [([playlist(2)], 8, []), ([playlist(1)], 12, ["stale"]), ([playlist(1)] * 2 + [playlist(2)], 12, [])],
)
def test_a_list_is_followed_until_it_brings_something_or_stood_still_for_too_long(
    answers: list[bytes | NetError], last_s: float, codes: list[str]
) -> None:
    found = watched(answers, 9, at_most_s=60)
    assert (found[-1].at_s, silent(found)) == (last_s, [])
    assert [rule.code for each in found for rule in each.broken] == codes


def test_what_was_followed_for_too_short_a_time_is_named() -> None:
    found = watched([playlist(1)], 9)
    assert all(each.good for each in found)
    assert silent(found) == [""]
    assert why_watch(found)[1:] == [
        "Whether the manifest goes on is not known: nothing new came, in too short a time."
    ]
    assert silent(watched([NetError(ErrorCode.HTTP_SERVER, "A fault.", recoverable=True)], 9)) == [""]


def test_a_channel_that_stands_still_does_not_pass_in_a_short_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "live.m3u8").write_bytes(playlist(1))
    with FileServer(tmp_path) as server:
        words = ["qa", "watch", server.url("live.m3u8"), "--for", "0.6", "--every", "0.5", "--json"]
        assert main(words) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["good"], [each["broken"] for each in told["refreshes"]]) == (False, [[]])


def test_a_sequence_that_goes_back_and_a_segment_that_changes_are_broken_rules() -> None:
    back = watched([playlist(3), playlist(2)], 9)
    assert [each.good for each in back] == [True, False]
    other = watched([playlist(2), playlist(2, name="other")], 9)
    assert not other[1].good


def test_a_refresh_that_cannot_be_had_is_told_and_the_watch_goes_on() -> None:
    gone = NetError(ErrorCode.HTTP_SERVER, "a.test has a fault.", recoverable=True)
    found = watched([gone, b"<html>", playlist(2)], 13)
    assert [bool(each.trouble) for each in found] == [True, True, False]
    assert "http.server" in found[0].trouble


def test_the_channel_of_the_bundled_service_is_as_it_should_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_backend(tmp_path) as group:
        title = publish_media(group, media.packager_cenc(), "film", clear=media.packager_clear())
        with signed_in_viewer(group) as viewer:
            manifest = viewer.play(title, "live")["manifests"][0]  # type: ignore[index]
            for kind in ("dash", "hls"):
                words = ["qa", "watch", manifest[kind], "--for", "9.6", "--every", "0.5", "--json"]
                assert main(words) == 0
                document = json.loads(capsys.readouterr().out)
                assert document["good"]
                assert document["refreshes"]
            still = viewer.play(title, "clear")["manifests"][0]["dash"]  # type: ignore[index]
            assert main(["qa", "watch", still]) == 2
