"""DASH events of several periods: they go on over a new one, and the end makes them one title; with subtitles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from player.manifest.model import Container
from player.media import demux
from player.media.demux import Demuxer
from player.playback.subtitles import SubtitleTracks
from player.tracks.selection import select
from tests.kit.broadcast import SEGMENT_S, WINDOW, Broadcast, Viewing, open_demuxer
from tests.kit.clock import FakeClock
from tests.kit.spoken import spoken
from tests.player.live.test_playback import shown_without_gap
from tests.player.live.test_refreshing import Screen

SECOND = 20
WORDS = 40
FORMS = {
    "vtt": 'mimeType="text/vtt"',
    "wvtt": 'mimeType="application/mp4" codecs="wvtt"',
    "stpp": 'mimeType="application/mp4" codecs="stpp"',
}


def _subtitles(form: str) -> str:
    init = "" if form == "vtt" else ' initialization="sub-init"'
    return (
        f'<AdaptationSet contentType="text" {FORMS[form]} lang="en"><SegmentTemplate timescale="1" duration="4"'
        f' startNumber="0" media="$RepresentationID$-a-$Number$"{init}/><Representation id="sub" bandwidth="1000"/>'
        "</AdaptationSet>"
    )


class Periods(Broadcast):
    """From segment ``SECOND`` on in another period, whose media counts on. Segment n of the subtitles says "word n"
    one second after its start, for two: in WebVTT, or as Shaka Packager packs it in fMP4."""

    def __init__(self, words: str = "vtt") -> None:
        super().__init__(FakeClock(), "dash")
        self.words = words

    def get(self, url: str) -> bytes | None:
        name = url.rpartition("/")[2]
        if not name.startswith("sub-"):
            return super().get(url)
        if name == "sub-init":
            return (spoken(WORDS) / f"{self.words}-init.mp4").read_bytes()
        number = int(name.rpartition("-")[2])
        if not self.whole - WINDOW - 2 <= number < self.whole:
            return None
        if self.words != "vtt":
            return (spoken(WORDS) / f"{self.words}-{number + 1}.m4s").read_bytes()
        start_s = number * SEGMENT_S
        return f"WEBVTT\n\n{_time(start_s + 1)} --> {_time(start_s + 3)}\nword {number}\n".encode()

    def _mpd(self) -> str:
        text = super()._mpd().replace("</Period>", f"{_subtitles(self.words)}</Period>")
        head, period, rest = text.partition("<Period ")
        if self.whole <= SECOND:
            return head + period + rest
        begin = f"{SECOND * SEGMENT_S:.0f}"
        first = rest.replace('start="PT0S"', f'start="PT0S" duration="PT{begin}S"').replace("</MPD>", "")
        second = rest.replace('id="0" start="PT0S"', f'id="1" start="PT{begin}S"')
        second = second.replace('startNumber="0"', f'startNumber="{SECOND}" presentationTimeOffset="{begin}"')
        return head + period + first + period + second


def _time(seconds: float) -> str:
    return f"00:{seconds // 60:02.0f}:{seconds % 60:06.3f}"


def _open(container: Container, init: bytes | None, **options: Any) -> Demuxer:
    """Subtitles are the packager's, sound and pictures the kit's."""
    if init is not None and (b"wvtt" in init or b"stpp" in init):
        return demux.open_demuxer(container, init, **options)
    return open_demuxer(container, init, **options)


@pytest.fixture
async def viewing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Viewing]:
    monkeypatch.setattr("player.stream.sources.open_demuxer", _open)
    made = Viewing(Periods(getattr(request, "param", "vtt")))
    await made.clock.run(made.begin())
    yield made
    await made.close()


async def test_the_end_makes_all_periods_one_title(viewing: Viewing) -> None:
    viewing.broadcast.end = 30
    await viewing.run(140.0)
    assert not viewing.failures
    assert viewing.sink.at_end
    assert shown_without_gap(viewing) == 30 * SEGMENT_S - 0.5
    assert {slot.period for slot in viewing.streaming.timeline.slots} == {0, 1}
    state = viewing.monitor.state
    assert (state.live, state.live_view, state.duration_s) == (False, None, pytest.approx(120.0))
    before = len(viewing.transport.requests)
    await viewing.run(60.0)
    assert len(viewing.transport.requests) == before


@pytest.mark.parametrize("viewing", list(FORMS), indirect=True)
async def test_subtitles_go_on_in_the_next_period(viewing: Viewing) -> None:
    await viewing.run(4.0)
    selection = select(viewing.live._programme.whole)
    subtitles = SubtitleTracks(selection, viewing.sources, viewing.streaming.media_offset)
    screen = Screen()
    (track,) = selection.text
    await viewing.clock.run(subtitles.show(track.id, screen))  # type: ignore[arg-type]
    for _ in range(20):
        await viewing.run(SEGMENT_S)
        for each in viewing.selections:
            subtitles.select(each)
        await viewing.clock.run(subtitles.follow(screen, asyncio.Lock()))  # type: ignore[arg-type]
    number = SECOND + 4
    assert not viewing.failures
    for word in range(number - WINDOW // 2, number):
        assert screen.words[f"word {word}"] == (word * SEGMENT_S + 1, word * SEGMENT_S + 3)
