"""A time on the timeline and its date, both ways."""

from __future__ import annotations

from player.manifest import attach_playlist, parse
from player.manifest.edit import iter_renditions
from player.manifest.model import SegmentIndex
from player.manifest.timeline_dates import UNDATED, TimelineDates, dates_of

MASTER = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\nv.m3u8\n"
PLAYLIST = b"""#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00Z
#EXTINF:4,
7.ts
#EXTINF:4,
8.ts
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:01:00Z
#EXTINF:4,
9.ts
#EXTINF:4,
10.ts
"""
EIGHT = 1_800_000_000.0
RESTARTED = TimelineDates(((0.0, EIGHT), (8.0, EIGHT + 60.0)))


def test_a_playlist_has_a_piece_for_each_start_of_its_encoder() -> None:
    presentation = parse(MASTER, "http://a.test/m.m3u8")
    (rendition,) = [item for _, _, item in iter_renditions(presentation)]
    presentation = attach_playlist(presentation, rendition, PLAYLIST, "http://a.test/v.m3u8")
    (rendition,) = [item for _, _, item in iter_renditions(presentation)]
    assert isinstance(rendition.segments, SegmentIndex)
    assert dates_of(rendition.segments) == RESTARTED


def test_dates_and_times_lead_to_each_other() -> None:
    for time_s, date_s in (
        (0.0, EIGHT),
        (7.5, EIGHT + 7.5),
        (8.0, EIGHT + 60),
        (100.0, EIGHT + 152),
        (-5, EIGHT - 5),
    ):
        assert RESTARTED.date_of(time_s) == date_s
        assert RESTARTED.time_of(date_s) == time_s


def test_what_was_never_on_air_is_where_the_timeline_goes_on_behind_it() -> None:
    assert RESTARTED.time_of(EIGHT + 30) == 8.0


def test_a_clock_that_was_put_back_leads_to_the_later_piece() -> None:
    assert TimelineDates(((0.0, EIGHT), (60.0, EIGHT + 30))).time_of(EIGHT + 40) == 70.0


def test_without_dates_there_is_no_answer() -> None:
    assert UNDATED.date_of(3.0) is None
    assert UNDATED.time_of(EIGHT) is None
    assert dates_of([]) == UNDATED
