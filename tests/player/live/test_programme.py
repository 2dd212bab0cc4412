"""A live presentation over its refreshes: renditions that stay, periods that only get more, sources that restart."""

from __future__ import annotations

import pytest

from player.live.programme import LiveProgramme
from player.live.schedule import SILENT_S, ReloadState
from player.manifest import parse, refresh
from player.manifest.model import Presentation, Rendition
from player.manifest.timing import Reload
from player.reporting.events import LatencySampled
from player.reporting.live_figures import latency_figures

HLS = "http://x/live/a.m3u8"
MPD = "http://x/live/a.mpd"


def playlist(first: int, count: int = 4, *, tail: str = "") -> str:
    body = "".join(f"#EXTINF:4,\n{number}.ts\n" for number in range(first, first + count))
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{first}\n{body}{tail}"


def mpd(*periods: tuple[str, float, float, int], begun: str = "1970-01-01T00:00:00Z") -> str:
    """``periods`` are (id, start, first segment's time in the period, how many segments of 4 s)."""
    text = "".join(
        f'<Period id="{name}" start="PT{start:.0f}S"><AdaptationSet contentType="video" mimeType="video/mp4">'
        f'<SegmentTemplate timescale="1" media="{name}-$Time$.m4s" initialization="i.mp4"><SegmentTimeline>'
        f'<S t="{first:.0f}" d="4" r="{count - 1}"/></SegmentTimeline></SegmentTemplate>'
        f'<Representation id="v" bandwidth="1000" codecs="avc1.4d4015" width="16" height="16"/>'
        f"</AdaptationSet></Period>"
        for name, start, first, count in periods
    )
    return (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="dynamic"'
        f' minBufferTime="PT2S" availabilityStartTime="{begun}" minimumUpdatePeriod="PT2S"'
        f' timeShiftBufferDepth="PT60S">{text}</MPD>'
    )


def only(presentation: Presentation, period: int = 0) -> Rendition:
    return presentation.periods[period].tracks[0].renditions[0]


def starts(programme: LiveProgramme, rendition: Rendition) -> list[float]:
    index = programme.index(rendition)
    assert index is not None
    return [segment.start_s for segment in index]


def test_the_first_rendition_stands_for_all_later_ones() -> None:
    first = parse(playlist(10), HLS)
    programme = LiveProgramme(first)
    newer, _ = refresh(first, playlist(12), HLS)
    assert not programme.take(newer)
    assert only(newer) is not only(first)
    assert starts(programme, only(first)) == [8.0, 12.0, 16.0, 20.0]
    assert programme.newest(only(first)) is only(newer)
    assert only(newer).key == only(first).key


def test_a_sequence_that_starts_anew_is_a_new_period_with_the_same_renditions() -> None:
    first = parse(playlist(100), HLS)
    programme = LiveProgramme(first)
    newer, changes = refresh(first, playlist(0), HLS)
    assert changes.reset
    assert programme.take(newer, reset=changes.reset)
    assert (programme.first_open, len(programme.periods)) == (1, 2)
    assert programme.periods[1].tracks[0].renditions[0] is only(first)
    assert starts(programme, only(first)) == [16.0, 20.0, 24.0, 28.0]
    later, changes = refresh(newer, playlist(1), HLS)
    assert not programme.take(later, reset=changes.reset)


def test_periods_keep_their_numbers_when_the_first_ones_leave() -> None:
    first = parse(mpd(("a", 100, 0, 5), ("b", 120, 0, 2)), MPD, now_s=129.0)
    programme = LiveProgramme(first)
    b = only(first, 1)
    assert [segment.discontinuity for segment in programme.index(b) or ()] == [1, 1]
    newer, _ = refresh(first, mpd(("b", 120, 0, 5), ("c", 140, 0, 1)), MPD, 145.0)
    assert programme.take(newer)
    assert programme.first_open == 1
    assert [period.id for period in programme.whole.periods] == ["a", "b", "c"]
    assert [segment.discontinuity for segment in programme.index(b) or ()] == [1] * 5
    assert programme.index(only(first)) is None
    assert [
        segment.discontinuity for segment in programme.index(programme.periods[2].tracks[0].renditions[0]) or ()
    ] == [2]


def test_an_mpd_that_counts_from_another_moment_goes_on_where_the_clock_is() -> None:
    first = parse(mpd(("0", 0, 0, 5), begun="1970-01-01T00:10:00Z"), MPD, now_s=625.0)
    programme = LiveProgramme(first)
    assert programme.availability_start_s == 600.0
    newer, _ = refresh(first, mpd(("0", 0, 0, 2), begun="1970-01-01T00:10:40Z"), MPD, 650.0)
    assert programme.take(newer)
    again = programme.periods[1].tracks[0].renditions[0]
    assert starts(programme, again) == [40.0, 44.0]
    index = programme.index(again)
    assert index is not None
    assert index[0].media_offset_s == 40.0
    assert index.position_at(45.0) == 1


# -- when to ask again


@pytest.mark.parametrize(("failures", "wait_s"), [(0, 3.0), (1, 1.0), (2, 2.0), (3, 4.0), (9, 5.0)])
def test_a_source_that_fails_is_asked_again_soon_and_then_less_often(failures: int, wait_s: float) -> None:
    source = ReloadState(asked_s=0.0, news_s=0.0)
    for _ in range(failures):
        source.failed(10.0)
    assert source.wait_s(Reload("u", 3.0), 10.0) == wait_s
    assert not failures or source.wait_s(Reload("u", 3.0), 10.5) == wait_s - 0.5
    source.loaded(10.0, 10.2, changed=True, fresh=True)
    assert source.wait_s(Reload("u", 3.0), 11.0) == 3.0


def test_a_server_that_does_not_block_is_not_asked_in_a_loop() -> None:
    source = ReloadState(asked_s=0.0, news_s=0.0)
    source.loaded(10.0, 10.1, changed=False, fresh=False)
    assert source.wait_s(Reload("u", 2.0, blocking=True), 10.1) == pytest.approx(1.9)
    source.loaded(20.0, 23.9, changed=False, fresh=False)
    assert source.wait_s(Reload("u", 2.0, blocking=True), 23.9) == 0.5
    source.loaded(30.0, 33.9, changed=True, fresh=True)
    assert source.wait_s(Reload("u", 0.0, blocking=True), 33.9) == 0.0


def test_a_source_that_has_long_sent_nothing_is_gone() -> None:
    source = ReloadState(asked_s=0.0, news_s=0.0)
    source.loaded(10.0, 10.0, changed=True, fresh=True)
    source.loaded(200.0, 200.0, changed=False, fresh=False)
    assert not source.is_gone(10.0 + SILENT_S)
    assert source.is_gone(10.1 + SILENT_S)


# -- what a report tells


def test_the_figures_of_a_report() -> None:
    assert latency_figures([]) is None
    samples = [
        LatencySampled(0.0, 12.4, 12.0, 1.02, following=True),
        LatencySampled(0.5, 12.1, 12.0, 1.0, following=True),
        LatencySampled(1.0, 40.0, 12.0, 1.0, following=False),
        LatencySampled(1.5, 11.9, 12.0, 0.99, following=True),
    ]
    assert latency_figures(samples) == {
        "target_s": 12.0,
        "mean_s": 19.1,
        "min_s": 11.9,
        "max_s": 40.0,
        "off_target_median_s": 0.1,
        "off_target_max_s": 0.4,
        "followed_share": 0.75,
        "slowest": 0.99,
        "fastest": 1.02,
    }
