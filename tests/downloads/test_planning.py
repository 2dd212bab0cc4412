"""From a manifest to a plan."""

from __future__ import annotations

import asyncio

import pytest

from downloads.errors import DownloadError
from downloads.model import DownloadChoice, DownloadOrigin
from downloads.planning import Draft, draft
from player.manifest import parse
from player.title.opening import TitleAddresses
from tests.kit.streaming import Link
from tests.kit.transport import Act

MPD = b"""<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT8S"><Period>
<AdaptationSet contentType="video" mimeType="video/mp4" codecs="avc1.42c01e">
<SegmentTemplate media="$Number$.m4s" duration="4"/><Representation id="v" bandwidth="1000"/>
</AdaptationSet></Period></MPD>"""


async def test_a_damaged_manifest_is_had_elsewhere() -> None:
    manifests = {"edge-a": "http://a.test/t/x.mpd", "edge-b": "http://b.test/t/x.mpd"}
    link = Link(dict.fromkeys(manifests.values(), MPD), tuple(manifests))
    link.transport.plan(manifests["edge-a"], Act(body=MPD[:70]))
    origin = DownloadOrigin(url=manifests["edge-a"])
    drafted = await link.clock.run(draft(origin, TitleAddresses(manifests), link.loader, DownloadChoice(), 0.0))
    assert [request.pathway for request in link.transport.requests] == ["edge-a", "edge-b"]
    assert drafted.plan.base_url == manifests["edge-b"]
    assert drafted.bodies[0] == MPD
    assert [len(item.addresses) for item in drafted.plan.items] == [1, 2, 2]


HEAD = b'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
PERIOD = b"""<Period duration="PT8S"><AdaptationSet contentType="video" mimeType="video/mp4" codecs="avc1.42c01e">
<SegmentTemplate media="%s-$Number$.m4s" duration="4"/><Representation id="v" bandwidth="1000"/>
</AdaptationSet></Period>"""


async def test_what_another_mpd_brings_is_planned_and_kept() -> None:
    """The kept MPD must name nothing that is not kept (ISO/IEC 23009-1 5.3.2.6)."""
    linked = HEAD + b"<Period><ImportedMPD>ads/ad.mpd</ImportedMPD></Period>" + PERIOD % b"film" + b"</MPD>"
    files = {"http://a.test/t/x.mpd": linked, "http://a.test/t/ads/ad.mpd": HEAD + PERIOD % b"ad" + b"</MPD>"}
    link = Link(files, ("edge-a",))
    addresses = TitleAddresses({"edge-a": "http://a.test/t/x.mpd"})
    origin = DownloadOrigin(url="http://a.test/t/x.mpd")
    drafted = await link.clock.run(draft(origin, addresses, link.loader, DownloadChoice(), 0.0))
    media = [item.url for item in drafted.plan.items[1:]]
    assert media == [
        "http://a.test/t/ads/ad-1.m4s",
        "http://a.test/t/ads/ad-2.m4s",
        "http://a.test/t/film-1.m4s",
        "http://a.test/t/film-2.m4s",
    ]
    kept = parse(drafted.bodies[0], drafted.plan.base_url)
    assert not kept.remote_links
    assert [segment.url for period in kept.periods for segment in period.tracks[0].renditions[0].segments] == media


MASTER = b"""#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="avc1.42c01e"
v.m3u8
"""


def playlist(type_: str = "", end: str = "#EXT-X-ENDLIST", count: int = 2) -> bytes:
    segments = "".join(f"#EXTINF:4,\n{number}.ts\n" for number in range(count))
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n{type_}{segments}{end}\n".encode()


VOD = "#EXT-X-PLAYLIST-TYPE:VOD\n"
MANIFESTS = {"edge-a": "http://a.test/t/m.m3u8", "edge-b": "http://b.test/t/m.m3u8"}


def planned(lists: dict[str, bytes]) -> Draft:
    """The draft of a title whose CDNs have these playlists."""
    files = dict.fromkeys(MANIFESTS.values(), MASTER)
    files |= {url.replace("m.m3u8", "v.m3u8"): lists[name] for name, url in MANIFESTS.items()}
    link = Link(files, tuple(MANIFESTS))
    origin = DownloadOrigin(url=MANIFESTS["edge-a"])
    return asyncio.run(link.clock.run(draft(origin, TitleAddresses(MANIFESTS), link.loader, DownloadChoice(), 0.0)))


def test_a_list_that_was_cut_off_is_had_elsewhere() -> None:
    drafted = planned({"edge-a": playlist(VOD, end="", count=1), "edge-b": playlist(VOD)})
    assert drafted.plan.duration_s == 8.0


def test_a_title_is_not_kept_without_its_end() -> None:
    with pytest.raises(DownloadError, match="without its end") as told:
        planned(dict.fromkeys(MANIFESTS, playlist(VOD, end="", count=1)))
    assert (told.value.code, told.value.recoverable) == ("download.incomplete", True)


def test_a_channel_is_not_kept_for_a_film() -> None:
    with pytest.raises(DownloadError, match="A live programme") as told:
        planned(dict.fromkeys(MANIFESTS, playlist(end="")))
    assert told.value.code == "download.impossible"
