"""Live refreshes: segments keep their numbers and places; what changed and which rule that broke is said."""

from __future__ import annotations

import pytest

from player.base.errors import ManifestError
from player.manifest import compare, parse, refresh, refresh_playlist
from player.manifest.model import Presentation, Segment

URL = "https://example.org/live/x"


def playlist(first: int, count: int, *lines: str, head: str = "", duration: float = 4.0) -> str:
    body = "".join(f"#EXTINF:{duration:g},\n{number}.ts\n" for number in range(first, first + count))
    tail = "".join(f"{line}\n" for line in lines)
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{first}\n{head}{body}{tail}"


def segments(presentation: Presentation) -> list[Segment]:
    return list(presentation.periods[0].tracks[0].renditions[0].segments)


def codes(changes: object) -> list[str]:
    return [rule.code for rule in changes.broken]


def test_hls_window_slides_and_times_stay() -> None:
    """RFC 8216bis 6.3.4: the numbers say which segments are the same."""
    old = parse(playlist(10, 4), URL)
    new, changes = refresh(old, playlist(12, 4), URL)
    assert [(item.number, item.start_s) for item in segments(new)] == [(12, 8.0), (13, 12.0), (14, 16.0), (15, 20.0)]
    change = changes.of("media")
    assert (change.added, change.removed, change.changed, change.missed) == ((14, 15), (10, 11), (), 0)
    assert not changes.broken
    again, none = refresh(new, playlist(12, 4), URL)
    assert not none
    assert segments(again) == segments(new)


def test_hls_missed_segments_leave_a_gap_of_their_length() -> None:
    new, changes = refresh(parse(playlist(10, 2), URL), playlist(15, 2), URL)
    assert segments(new)[0].start_s == 8.0 + 3 * 4.0
    assert changes.of("media").missed == 3


def test_hls_sequence_reset_starts_anew() -> None:
    new, changes = refresh(parse(playlist(100, 3), URL), playlist(0, 3), URL)
    assert changes.reset
    assert codes(changes) == ["hls.sequence_went_back"]
    assert [item.start_s for item in segments(new)] == [12.0, 16.0, 20.0]


def uncounted(first: int, count: int = 4) -> str:
    """A window of one growing file that slides, of which the sequence number says nothing (FFmpeg, single_file)."""
    body = "".join(f"#EXTINF:4,\n#EXT-X-BYTERANGE:100@{100 * n}\nall.ts\n" for n in range(first, first + count))
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n{body}"


def test_hls_segments_that_move_under_the_same_number_are_counted_on() -> None:
    presentation = parse(uncounted(0), URL)
    for first in (0, 1, 1, 3):
        presentation, changes = refresh(presentation, uncounted(first), URL)
        assert [item.number for item in segments(presentation)] == list(range(first, first + 4))
        assert [item.start_s for item in segments(presentation)] == [4.0 * n for n in range(first, first + 4)]
        assert codes(changes) == (["hls.sequence_not_counted"] if first else [])
        assert not changes.reset
    assert changes.of("media").added == (5, 6)


@pytest.mark.parametrize("gone", [1, 4, 5])
def test_hls_discontinuities_that_leave_are_counted_on(gone: int) -> None:
    """Those behind them are where they were, though the playlist does not say how many have left (FFmpeg)."""
    whole = playlist(0, 8).replace("#EXTINF:4,\n4.ts", "#EXT-X-DISCONTINUITY\n#EXTINF:4,\n4.ts")
    presentation = parse(whole, URL)
    listed = playlist(gone, 8 - gone)
    if gone < 5:
        listed = listed.replace("#EXTINF:4,\n4.ts", "#EXT-X-DISCONTINUITY\n#EXTINF:4,\n4.ts")
    for text in (listed, playlist(7, 4)):
        presentation, changes = refresh(presentation, text, URL)
        assert all(item.discontinuity == (item.number >= 4) for item in segments(presentation))
        assert not changes.of("media").changed
    assert codes(changes) == ["hls.discontinuity_sequence"]


def test_hls_names_that_come_round_again_are_other_segments() -> None:
    """The number counts: an encoder that uses its file names in turn has new media under old names."""
    old = parse(playlist(0, 4), URL)
    names = playlist(4, 4)
    for number in range(4):
        names = names.replace(f"{number + 4}.ts", f"{number}.ts")
    new, changes = refresh(old, names, URL)
    assert [item.number for item in segments(new)] == [4, 5, 6, 7]
    assert not changes.broken


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (playlist(1, 3), playlist(1, 3).replace("2.ts", "two.ts"), "hls.segment_changed"),
        (playlist(1, 3), playlist(1, 3, duration=3.0), "hls.segment_changed"),
        (playlist(1, 3), playlist(1, 3).replace("DURATION:4", "DURATION:5"), "hls.target_duration_changed"),
        (playlist(1, 3), playlist(1, 2), "hls.removed_not_first"),
        (
            playlist(1, 3, head="#EXT-X-PLAYLIST-TYPE:EVENT\n"),
            playlist(2, 3, head="#EXT-X-PLAYLIST-TYPE:EVENT\n"),
            "hls.event_shrank",
        ),
        (playlist(1, 3, "#EXT-X-ENDLIST"), playlist(1, 4, "#EXT-X-ENDLIST"), "hls.changed_after_end"),
        (playlist(1, 3, "#EXT-X-ENDLIST"), playlist(1, 3), "hls.end_removed"),
        (
            playlist(1, 3),
            playlist(1, 3, head="#EXT-X-DISCONTINUITY-SEQUENCE:4\n"),
            "hls.discontinuity_sequence",
        ),
    ],
)
def test_hls_broken_rules_are_named(before: str, after: str, code: str) -> None:
    changes = refresh(parse(before, URL), after, URL)[1]
    assert code in codes(changes)
    assert all(rule.clause.startswith("RFC 8216bis") for rule in changes.broken)


def test_hls_end_is_noticed() -> None:
    new, changes = refresh(parse(playlist(1, 3), URL), playlist(1, 4, "#EXT-X-ENDLIST"), URL)
    assert changes.ended
    assert not new.live
    assert new.duration_s == 16.0


def test_hls_delta_update_is_completed() -> None:
    """RFC 8216bis 4.4.5.2: skipped segments, their discontinuities, keys and date ranges come from before."""
    head = (
        "#EXT-X-DISCONTINUITY-SEQUENCE:3\n#EXT-X-PROGRAM-DATE-TIME:2024-01-01T00:00:00Z\n"
        '#EXT-X-MAP:URI="i.mp4"\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n'
    )
    dates = (
        '#EXT-X-DATERANGE:ID="a",START-DATE="2024-01-01T00:00:01Z"',
        '#EXT-X-DATERANGE:ID="b",START-DATE="2024-01-01T00:00:02Z"',
    )
    full = playlist(10, 6, *dates, head=head).replace("12.ts", "12.ts\n#EXT-X-DISCONTINUITY")
    delta = (
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:11\n#EXT-X-DISCONTINUITY-SEQUENCE:3\n"
        '#EXT-X-SKIP:SKIPPED-SEGMENTS=4,RECENTLY-REMOVED-DATERANGES="a"\n'
        "#EXTINF:4,\n15.ts\n#EXTINF:4,\n16.ts\n"
        '#EXT-X-DATERANGE:ID="c",START-DATE="2024-01-01T00:00:20Z"\n'
    )
    old = parse(full, URL)
    new, changes = refresh(old, delta, URL)
    assert [item.number for item in segments(new)] == [11, 12, 13, 14, 15, 16]
    assert [item.start_s for item in segments(new)] == [4.0, 8.0, 12.0, 16.0, 20.0, 24.0]
    assert [item.discontinuity for item in segments(new)] == [3, 3, 4, 4, 4, 4]
    assert segments(new)[-1].program_date_time_s == 1_704_067_200.0 + 24
    assert segments(new)[-1].init == segments(new)[0].init
    assert segments(new)[-1].keys == segments(new)[0].keys != ()
    assert [event.id for event in new.date_ranges] == ["b", "c"]
    assert changes.of("media").added == (16,)
    assert changes.of("media").removed == (10,)
    assert not changes.broken
    with pytest.raises(ManifestError):
        refresh(parse(playlist(1, 2), URL), delta, URL)


def test_hls_second_live_rendition_is_put_beside_the_first() -> None:
    """RFC 8216bis 6.2.4: renditions are lined up by date, else by sequence number."""
    text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\nb.m3u8\n"
    presentation = parse(text, URL)
    presentation, _ = refresh_playlist(presentation, "variant-0", playlist(10, 4), URL)
    presentation, _ = refresh_playlist(presentation, "variant-1", playlist(12, 4), URL)
    second = presentation.periods[0].tracks[0].renditions[1]
    assert next(iter(second.segments)).start_s == 8.0
    kept, changes = refresh(presentation, text, URL)
    assert not changes
    assert list(kept.periods[0].tracks[0].renditions[1].segments) == list(second.segments)


TIMELINE = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" id="m" type="dynamic" availabilityStartTime="2024-01-01T00:00:00Z" '
    'publishTime="{published}"><PatchLocation ttl="10">p.mpp</PatchLocation><Period id="p" start="PT0S">'
    '<AdaptationSet id="1" mimeType="video/mp4"><SegmentTemplate timescale="1" media="$Time$.m4s"><SegmentTimeline>'
    "{timeline}</SegmentTimeline></SegmentTemplate><Representation id='v' bandwidth='1'/></AdaptationSet></Period>"
    "</MPD>"
)


def mpd(timeline: str, published: str = "2024-01-01T00:00:10Z") -> str:
    return TIMELINE.format(timeline=timeline, published=published)


def test_dash_timeline_addressed_by_time_keeps_its_numbers() -> None:
    old = parse(mpd('<S t="0" d="4" r="3"/>'), URL)
    new, changes = refresh(old, mpd('<S t="8" d="4" r="3"/>', "2024-01-01T00:00:20Z"), URL)
    assert [(item.number, item.url.rpartition("/")[2]) for item in segments(new)] == [
        (3, "8.m4s"),
        (4, "12.m4s"),
        (5, "16.m4s"),
        (6, "20.m4s"),
    ]
    assert changes.of("v").added == (5, 6)
    assert changes.of("v").removed == (1, 2)
    assert not changes.broken


def test_dash_broken_rules_are_named() -> None:
    old = parse(mpd('<S t="0" d="4" r="3"/>'), URL)
    later = mpd('<S t="0" d="4" r="3"/>', "2024-01-01T00:00:09Z").replace('id="m"', 'id="n"')
    assert codes(refresh(old, later, URL)[1]) == ["dash.mpd_id_changed", "dash.publish_time_went_back"]
    moved = mpd('<S t="0" d="4" r="3"/>').replace('start="PT0S"', 'start="PT2S"')
    assert "dash.period_moved" in codes(refresh(old, moved, URL)[1])
    assert "dash.availability_start_changed" in codes(
        compare(
            old, parse(mpd('<S t="0" d="4" r="3"/>').replace("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"), URL)
        )
    )


PATCH = (
    '<Patch xmlns="urn:mpeg:dash:schema:mpd-patch:2020" mpdId="m" originalPublishTime="2024-01-01T00:00:10Z" '
    'publishTime="2024-01-01T00:00:20Z">{}</Patch>'
)


def test_mpd_patch_adds_removes_and_replaces() -> None:
    """ISO/IEC 23009-1 5.15, with the selectors of RFC 5261 that it allows."""
    old = parse(mpd('<S t="0" d="4"/><S t="4" d="4"/>'), URL)
    line = "/MPD/Period[@id='p']/AdaptationSet[@id='1']/SegmentTemplate/SegmentTimeline"
    patch = PATCH.format(
        f'<remove sel="{line}/S[1]"/><add sel="{line}"><S t="8" d="4"/></add><add sel="{line}/S[2]" pos="after">'
        f'<S t="12" d="4"/></add><replace sel="/MPD/PatchLocation"><PatchLocation>q.mpp</PatchLocation></replace>'
        "<replace sel=\"/MPD/Period[@id='p']/AdaptationSet[1]/Representation[1]/@bandwidth\">9</replace>"
        '<add sel="/MPD/Period[@id=\'p\']" type="@duration">PT100S</add>'
    )
    new, changes = refresh(old, patch, URL)
    assert [item.start_s for item in segments(new)] == [4.0, 8.0, 12.0]
    assert [item.number for item in segments(new)] == [2, 3, 4]
    assert new.patch_locations == (("https://example.org/live/q.mpp", None),)
    assert new.periods[0].tracks[0].renditions[0].bandwidth_bps == 9
    assert new.periods[0].duration_s == 100.0
    assert new.live_info is not None
    assert new.live_info.publish_time_s == 1_704_067_220.0
    assert changes.of("v").added == (3, 4)


@pytest.mark.parametrize(
    "body",
    [
        PATCH.format("").replace('mpdId="m"', 'mpdId="other"'),
        PATCH.format("").replace("00:00:10Z", "00:00:11Z"),
        PATCH.format('<remove sel="/MPD/Period[2]"/>'),
        PATCH.format('<remove sel="/MPD"/>'),
        PATCH.format('<remove sel="//Period"/>'),
        PATCH.format('<remove sel="/MPD/Period[position()=1]"/>'),
    ],
)
def test_a_patch_that_does_not_fit_is_refused(body: str) -> None:
    with pytest.raises(ManifestError):
        refresh(parse(mpd('<S t="0" d="4"/>'), URL), body, URL)


def test_a_refresh_of_another_protocol_is_refused() -> None:
    with pytest.raises(ManifestError):
        refresh(parse(playlist(1, 1), URL), mpd('<S t="0" d="4"/>'), URL)


RANGE = '#EXT-X-DATERANGE:ID="{}",START-DATE="1970-01-01T00:01:{}Z"'


def ranges(presentation: Presentation) -> dict[str, float | None]:
    return {event.id: event.start_s for event in presentation.date_ranges}


def test_hls_date_ranges_stay_where_they_are() -> None:
    date = "#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:01:0{}Z\n"
    old = parse(playlist(1, 3, RANGE.format("a", "09"), head=date.format(0)), URL)
    new, _ = refresh(old, playlist(2, 3, RANGE.format("a", "09"), RANGE.format("b", "14"), head=date.format(4)), URL)
    assert ranges(old) == {"a": 9}
    assert ranges(new) == {"a": 9, "b": 14}


def test_hls_date_ranges_of_a_delta_update_are_placed_by_the_dates_that_it_skips() -> None:
    date = "#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:01:00Z\n"
    old = parse(playlist(1, 6, RANGE.format("a", "09"), head=date), URL)
    update = playlist(1, 0, "#EXT-X-SKIP:SKIPPED-SEGMENTS=5", "#EXTINF:4,", "6.ts", RANGE.format("b", "30"))
    new, _ = refresh(old, update, URL)
    assert ranges(new) == {"a": 9, "b": 30}


def test_hls_a_delta_update_may_skip_in_more_than_one_place() -> None:
    old = parse(playlist(1, 6, *(RANGE.format(name, "09") for name in "abc")), URL)
    skip = '#EXT-X-SKIP:SKIPPED-SEGMENTS=2,RECENTLY-REMOVED-DATERANGES="{}"'
    update = playlist(
        1, 0, skip.format("a"), "#EXTINF:4,", "3.ts", skip.format("b"), "#EXTINF:4,", "6.ts", "#EXTINF:4,", "7.ts"
    )
    new, changes = refresh(old, update, URL)
    assert [(item.number, item.start_s) for item in segments(new)] == [(n, (n - 1) * 4.0) for n in range(1, 8)]
    assert list(ranges(new)) == ["c"]
    assert changes.renditions[0].added == (7,)
