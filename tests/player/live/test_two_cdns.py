"""A live programme with playlists of its own on each of two CDNs (RFC 8216bis 4.4.6.2, 7)."""

from __future__ import annotations

import pytest

from player.base.errors import ErrorCode
from player.net.failures import failure
from player.transfer.pathways import Cause
from tests.kit.broadcast import BASE, Broadcast, Viewing, open_demuxer
from tests.kit.clock import FakeClock
from tests.kit.transport import Act

OTHER = "http://b.test/live/"
AWAY = Act(error=failure(ErrorCode.NET_REFUSED, "It is away.", BASE))


class OnTwoCdns(Broadcast):
    """The same playlists and segments on both."""

    def get(self, url: str) -> bytes | None:
        if url.endswith("master.m3u8"):
            return "\n".join(["#EXTM3U", *_listed("a.test", BASE), *_listed("b.test", OTHER), ""]).encode()
        return super().get(url.replace(OTHER, BASE))


def _listed(cdn: str, base: str) -> list[str]:
    sound = f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{cdn}",NAME="en",DEFAULT=YES,AUTOSELECT=YES,URI="{base}en.m3u8"'
    picture = f'CODECS="avc1.4d4015,mp4a.40.2",RESOLUTION=640x180,AUDIO="{cdn}",PATHWAY-ID="{cdn}"'
    return [sound, f"#EXT-X-STREAM-INF:BANDWIDTH=164000,{picture}", f"{base}v0.m3u8"]


def served_by(viewing: Viewing, since: int) -> set[str]:
    """Where segments came from."""
    urls = (request.url for request in viewing.transport.requests[since:])
    return {url.split("/")[2] for url in urls if ".m3u8" not in url}


async def test_playback_goes_over_to_the_other_comes_back_and_goes_over_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("player.stream.sources.open_demuxer", open_demuxer)
    broadcast = OnTwoCdns(FakeClock(), "hls")
    viewing = Viewing(broadcast, buffer_s=10.0)
    viewing.paths.pathways = ("a.test", "b.test")
    await broadcast.clock.run(viewing.begin())
    await viewing.run(8.0)
    assert served_by(viewing, 0) == {"a.test"}
    for away, cause in (True, Cause.ERROR), (False, Cause.RETURN), (True, Cause.ERROR):
        if away:
            viewing.transport.always(BASE, AWAY)
        else:
            viewing.transport.forget(BASE)
        await viewing.run(60.0)
        since = len(viewing.transport.requests)
        await viewing.run(8.0)
        assert served_by(viewing, since) == {"b.test" if away else "a.test"}
        assert viewing.paths.history[-1].cause is cause
    assert not viewing.sink.stalls
    assert not viewing.failures
    await viewing.close()
