"""What must be there before a segment can be read: fetched once, from any place that has it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from player.base.errors import ErrorCode, MediaError, NetError
from player.manifest import parse
from player.manifest.model import (
    ByteRange,
    Container,
    IndexRef,
    KeyInfo,
    ListedIndex,
    Location,
    Presentation,
    Protection,
    Rendition,
    TrackType,
)
from player.manifest.steering import Clone
from player.media.timestamps import TimestampUnwrapper
from player.net.model import RequestKind
from player.stream.sources import Sources, WholeKeys
from player.transfer.model import Coming
from tests.kit.clock import settle
from tests.kit.presentations import RecordDemuxer, presentation, rendition, segments, video_track
from tests.kit.streaming import Link
from tests.kit.transport import Act

KID = bytes(15) + b"\x07"
PLAYLIST = """#EXTM3U
#EXT-X-TARGETDURATION:4
#EXTINF:4,
one.ts
#EXTINF:4,
two.ts
#EXT-X-ENDLIST
"""
MASTER = """#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=1000000,CODECS="avc1.64001f"
http://a.test/low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1000000,CODECS="avc1.64001f"
http://b.test/other/low.m3u8
"""


class Bench(Link):
    def __init__(self, what: Presentation, files: dict[str, bytes]) -> None:
        super().__init__(files, ("a.test", "backup-1"))
        self.asked_keys: list[tuple[Sequence[bytes], Sequence[bytes]]] = []
        self.refuse: DrmError | None = None
        self.sources = Sources(
            what,
            self.loader,
            KeyRing(),
            self._ensure,
            WholeKeys(self.loader),
            default_pathway="a.test",
        )

    async def _ensure(self, kids: Sequence[bytes], pssh: Sequence[bytes]) -> None:
        self.asked_keys.append((kids, pssh))
        if self.refuse is not None:
            raise self.refuse


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What demuxers were opened with."""
    seen: list[dict[str, Any]] = []

    def open_demuxer(container: Container, init: bytes | None, **options: Any) -> RecordDemuxer:
        seen.append({"container": container, "init": init, **options})
        return RecordDemuxer(kids=[KID] if init == b"locked" else [])

    monkeypatch.setattr("player.stream.sources.open_demuxer", open_demuxer)
    return seen


def edges(*names: str) -> tuple[Location, ...]:
    return tuple(Location(name, f"http://{name}/") for name in names)


async def test_a_file_has_an_address_at_every_edge() -> None:
    own = rendition("v", locations=edges("a.test", "b.test"))
    sources = Bench(presentation(video_track(own)), {}).sources
    assert sources.urls(own, "http://a.test/v-1") == {"a.test": "http://a.test/v-1", "b.test": "http://b.test/v-1"}
    assert sources.urls(own, "http://c.test/v-1") == {"a.test": "http://c.test/v-1"}
    assert sources.urls(rendition("v"), "http://c.test/v-1") == {"a.test": "http://c.test/v-1"}


async def test_known_segments_are_not_asked_for() -> None:
    own = rendition("v")
    bench = Bench(presentation(video_track(own)), {})
    assert await bench.sources.index(own) is own.segments
    assert bench.sources.index_if_known(own) is own.segments
    assert bench.asked == []


def hls() -> tuple[Presentation, Rendition]:
    what = parse(MASTER, "http://a.test/master.m3u8")
    return what, what.tracks(TrackType.VIDEO)[0].renditions[0]


async def test_a_playlist_is_loaded_once_however_many_want_it() -> None:
    what, own = hls()
    bench = Bench(what, {"http://a.test/low.m3u8": PLAYLIST.encode()})
    assert bench.sources.index_if_known(own) is None

    async def both() -> tuple[Any, Any]:
        return await asyncio.gather(bench.sources.index(own), bench.sources.index(own))

    first, second = await bench.clock.run(both())
    assert first is second
    assert [segment.url for segment in first] == ["http://a.test/one.ts", "http://a.test/two.ts"]
    assert bench.sources.index_if_known(own) is first
    assert [request.url for request in bench.transport.requests].count("http://a.test/low.m3u8") == 1


async def test_the_other_cdns_own_playlist_gives_its_addresses() -> None:
    what, own = hls()
    bench = Bench(
        what, {"http://a.test/low.m3u8": PLAYLIST.encode(), "http://b.test/other/low.m3u8": PLAYLIST.encode()}
    )
    index = await bench.clock.run(bench.sources.index(own))
    await settle()
    urls = bench.sources.urls(own, index[1].url, index[1])
    assert sorted(urls.values()) == ["http://a.test/two.ts", "http://b.test/other/two.ts"]
    assert next(iter(urls.values())) == "http://a.test/two.ts"


async def test_a_cloned_pathways_own_playlist_gives_its_addresses() -> None:
    """RFC 8216bis 7.2.1, PER-VARIANT-URIS."""
    master = MASTER.split("#EXT-X-STREAM-INF")[1].replace('1.64001f"', '1.64001f",STABLE-VARIANT-ID="low"')
    what = parse(f"#EXTM3U\n#EXT-X-STREAM-INF{master}", "http://a.test/master.m3u8")
    own = what.tracks(TrackType.VIDEO)[0].renditions[0]
    elsewhere = PLAYLIST.replace(".ts", "-of-c.ts")
    bench = Bench(what, {"http://a.test/low.m3u8": PLAYLIST.encode(), "http://c.test/x/own.m3u8": elsewhere.encode()})
    index = await bench.clock.run(bench.sources.index(own))
    url = index[0].url
    assert list(bench.sources.urls(own, url, index[0]).values()) == [url]
    listed = Clone("a.test", "c", variant_urls={"low": "http://c.test/x/own.m3u8"})
    bench.paths.clone([listed, Clone("a.test", "d", host="d.test")], ())
    assert bench.sources.playlist_urls(own, "http://a.test/low.m3u8")["c"] == "http://c.test/x/own.m3u8"
    await settle()
    assert bench.sources.urls(own, url, index[0]) == {"a.test": url, "c": "http://c.test/x/one-of-c.ts"}
    assert bench.asked == ["low.m3u8", "own.m3u8"], "once"
    moved = "http://d.test/one.ts"
    assert bench.sources.urls(own, moved)["d"] == moved, "as a live playlist from there lists it"


async def test_a_playlist_that_is_gone_here_is_taken_from_there() -> None:
    what, own = hls()
    bench = Bench(what, {"http://b.test/other/low.m3u8": PLAYLIST.encode()})
    index = await bench.clock.run(bench.sources.index(own))
    assert [segment.url for segment in index] == ["http://b.test/other/one.ts", "http://b.test/other/two.ts"]
    assert "http://b.test/other/two.ts" in bench.sources.urls(own, index[1].url, index[1]).values()


async def test_what_comes_after_a_segment_is_known_where_it_is_listed() -> None:
    what, own = hls()
    bench = Bench(what, {"http://a.test/low.m3u8": PLAYLIST.replace("two", "x/two").encode()})
    first, last = await bench.clock.run(bench.sources.index(own))
    assert bench.sources.coming(own, first) == Coming("x/two.ts")
    assert bench.sources.coming(own, last) is None
    assert bench.sources.coming(own, first._replace(url="http://b.test/one.ts")) is None, "another server"
    assert bench.sources.coming(rendition("v", segments=ListedIndex(())), first) is None


async def test_a_failure_is_not_kept() -> None:
    what, own = hls()
    bench = Bench(what, {})
    with pytest.raises(NetError):
        await bench.clock.run(bench.sources.index(own))
    bench.transport.files["http://a.test/low.m3u8"] = PLAYLIST.encode()
    assert len(await bench.clock.run(bench.sources.index(own))) == 2


async def test_a_cdn_that_nobody_listed_is_not_waited_for() -> None:
    what, own = hls()
    bench = Bench(what, {})
    bench.paths.pathways = ("a.test",)
    with pytest.raises(NetError):
        await bench.clock.run(bench.sources.index(own))
    assert {request.url for request in bench.transport.requests} == {"http://a.test/low.m3u8"}


async def test_periods_may_use_the_same_ids() -> None:
    """An index inside the media is put into the period it was asked for."""
    first = rendition("v", index=segments(2, name="static"))
    ref = IndexRef("http://a.test/v.mp4", ByteRange(0, 10), Container.FMP4, start_s=8.0)
    what = presentation(video_track(first), more=[[video_track(rendition("v", segments=ref))]])
    first, second = (period.tracks[0].renditions[0] for period in what.periods)
    bench = Bench(what, {})
    updated = presentation(
        video_track(first), more=[[video_track(rendition("v", segments=ListedIndex(segments(1, start_s=8.0))))]]
    )
    assert bench.sources._segments(updated, second)[0].start_s == 8.0


async def test_a_demuxer_waits_for_its_keys(opened: list[dict[str, Any]]) -> None:
    own = rendition("v", protections=(Protection(pssh=(b"from the manifest",)),))
    bench = Bench(presentation(video_track(own)), {"http://a.test/v-init": b"locked"})
    index = await bench.sources.index(own)
    first = await bench.clock.run(bench.sources.demuxer(own, index[0]))
    second = await bench.clock.run(bench.sources.demuxer(own, index[1]))
    assert first is second
    assert bench.asked == ["v-init"]
    assert bench.asked_keys == [((KID,), [b"from the manifest"])]
    assert opened[0]["init"] == b"locked"


async def test_a_refused_licence_is_asked_for_again_by_the_next(opened: list[dict[str, Any]]) -> None:
    own = rendition("v")
    bench = Bench(presentation(video_track(own)), {"http://a.test/v-init": b"locked"})
    bench.refuse = DrmError(DrmErrorCode.LICENCE_UNREACHABLE, "no answer")
    index = await bench.sources.index(own)
    with pytest.raises(DrmError):
        await bench.clock.run(bench.sources.demuxer(own, index[0]))
    bench.refuse = None
    assert await bench.clock.run(bench.sources.demuxer(own, index[0])) is not None
    assert bench.asked == ["v-init"]


async def test_the_renditions_of_a_discontinuity_share_one_clock(opened: list[dict[str, Any]]) -> None:
    low = rendition("low", index=segments(2, init=None), container=Container.TS)
    high = rendition("high", index=segments(2, init=None), container=Container.TS)
    what = presentation(video_track(low, high))
    bench = Bench(what, {})
    for own in what.periods[0].tracks[0].renditions:
        for group in (0, 1):
            await bench.clock.run(bench.sources.demuxer(own, segments(1, init=None, discontinuity=group)[0]))
    clocks = [options["timestamps"] for options in opened]
    assert all(isinstance(clock, TimestampUnwrapper) for clock in clocks)
    assert clocks[0] is clocks[2]
    assert clocks[1] is clocks[3]
    assert clocks[0] is not clocks[1]
    await bench.sources.close()


async def test_whole_segment_encryption_that_is_not_known_is_refused() -> None:
    own = rendition("v")
    bench = Bench(presentation(video_track(own)), {})
    assert await bench.sources.transform((), 1, own) is None
    assert await bench.sources.transform((KeyInfo("SAMPLE-AES", "skd://x"),), 1, own) is None
    with pytest.raises(MediaError) as caught:
        await bench.sources.transform((KeyInfo("ROT13", "http://a.test/key"),), 1, own)
    assert caught.value.code is ErrorCode.MEDIA_UNSUPPORTED
    with pytest.raises(MediaError):
        await bench.sources.transform((KeyInfo("AES-128"),), 1, own)


async def test_an_encrypted_segment_is_decrypted_with_a_key_that_is_fetched_once() -> None:
    key, number = bytes(range(16)), 3
    encryptor = Cipher(algorithms.AES(key), modes.CBC(number.to_bytes(16, "big"))).encryptor()
    encrypted = encryptor.update(b"a secret" + bytes([8]) * 8) + encryptor.finalize()
    own = rendition("v")
    bench = Bench(presentation(video_track(own)), {"http://a.test/key": key, "http://a.test/v-1": encrypted})
    info = KeyInfo("AES-128", "http://a.test/key")
    wanted = segments(1, keys=(info,))[0]._replace(number=number)
    for _ in range(2):
        got = await bench.clock.run(bench.sources.segment_bytes(own, wanted, RequestKind.TEXT))
        assert got == b"a secret"
    assert bench.asked.count("key") == 1
    assert "http" not in repr(info)


async def test_a_key_that_does_not_fit_is_asked_for_again_with_the_segment() -> None:
    """The server has another key at the same address by now."""
    keys, data = [bytes(16), bytes(range(16))], b"a secret"
    encryptor = Cipher(algorithms.AES(keys[1]), modes.CBC(bytes(15) + b"\x01")).encryptor()
    encrypted = encryptor.update(data + bytes([8]) * 8) + encryptor.finalize()
    files = {"http://a.test/key": keys[0], "http://a.test/v-1": encrypted}
    own = rendition("v")
    bench = Bench(presentation(video_track(own)), files)
    wanted = segments(1, keys=(KeyInfo("AES-128", "http://a.test/key"),))[0]._replace(number=1)
    with pytest.raises(DrmError):
        await bench.clock.run(bench.sources.segment_bytes(own, wanted, RequestKind.TEXT))
    bench.transport.files["http://a.test/key"] = keys[1]
    assert await bench.clock.run(bench.sources.segment_bytes(own, wanted, RequestKind.TEXT)) == data
    assert bench.asked.count("key") == 2


async def test_closing_gives_up_what_is_under_way() -> None:
    what, own = hls()
    bench = Bench(what, {"http://a.test/low.m3u8": PLAYLIST.encode()})
    bench.transport.plan("http://a.test/low.m3u8", Act(stall_after=5))
    waiting = asyncio.ensure_future(bench.sources.index(own))
    await settle()
    await bench.sources.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert bench.transport.open_now == 0
