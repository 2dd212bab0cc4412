"""Reload rules of live manifests and clock offsets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from player.manifest import parse
from player.manifest.model import Presentation
from player.manifest.timing import (
    MAX_RELOAD_S,
    MIN_BLOCKED_S,
    Reload,
    clock_sources,
    next_reload,
    ntp_time,
    server_time,
    with_query,
)

URL = "https://example.org/live/x.m3u8?token=a%20b"
HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:10\n"


def reload_of(text: str, *, changed: bool, age_s: float = 0.0) -> Reload | None:
    presentation: Presentation = parse(text, URL)
    return next_reload(presentation, presentation.periods[0].tracks[0].renditions[0], changed=changed, age_s=age_s)


def test_hls_waits_a_target_duration_after_a_change_and_half_of_one_after_none() -> None:
    """RFC 8216bis 6.3.4."""
    text = HEAD + "#EXTINF:4,\n10.ts\n"
    assert reload_of(text, changed=True) == Reload(URL, 4.0)
    assert reload_of(text, changed=False, age_s=0.5) == Reload(URL, 1.5)
    assert reload_of(text + "#EXT-X-ENDLIST\n", changed=True) is None
    assert reload_of(text.replace("#EXTINF", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF"), changed=True) is None


def test_a_playlist_is_looked_at_once_a_minute_whatever_it_says() -> None:
    text = HEAD.replace("DURATION:4", "DURATION:99999999") + "#EXTINF:4,\n10.ts\n"
    found = reload_of(text, changed=True)
    assert found is not None
    assert found.after_s == MAX_RELOAD_S


def test_blocking_reload_asks_for_the_next_part_and_a_delta() -> None:
    """RFC 8216bis 6.2.5.1 and 6.2.5.2."""
    text = (
        HEAD + "#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24\n"
        '#EXTINF:4,\n10.ts\n#EXT-X-PART:DURATION=1,URI="11.0.ts"\n'
    )
    found = reload_of(text, changed=True)
    assert found is not None
    assert found.blocking
    assert found.after_s == MIN_BLOCKED_S, "however soon the server has news"
    assert found.url == URL + "&_HLS_msn=11&_HLS_part=1&_HLS_skip=YES"
    later = reload_of(text.replace("SKIP-UNTIL=24", "SKIP-UNTIL=24,CAN-SKIP-DATERANGES=YES"), changed=True)
    assert later is not None
    assert later.url.endswith("_HLS_skip=v2")


@pytest.mark.parametrize(("age_s", "asked"), [(0.0, True), (12.0, True), (12.5, False)])
def test_a_delta_is_asked_for_while_ours_is_younger_than_half_of_what_may_be_skipped(
    age_s: float, asked: bool
) -> None:
    """RFC 8216bis 6.3.7."""
    control = "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24\n"
    found = reload_of(HEAD + control + "#EXTINF:4,\n10.ts\n", changed=True, age_s=age_s)
    assert found is not None
    assert ("_HLS_skip=YES" in found.url) is asked


def mpd(attributes: str, inside: str = "") -> Presentation:
    return parse(
        f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" availabilityStartTime="2024-01-01T00:00:00Z" '
        f'{attributes}>{inside}<Period start="PT0S"/></MPD>',
        URL,
    )


def test_mpd_reloads_go_to_the_patch_while_it_lives_else_to_the_location() -> None:
    """ISO/IEC 23009-1 5.4 and 5.15."""
    inside = '<Location>next.mpd</Location><PatchLocation ttl="30">p.mpp</PatchLocation>'
    presentation = mpd('minimumUpdatePeriod="PT2S"', inside)
    assert next_reload(presentation, changed=True) == Reload("https://example.org/live/p.mpp", 2.0, patch=True)
    assert next_reload(presentation, changed=True, age_s=31) == Reload("https://example.org/live/next.mpd", 0.5)
    listed = mpd("")
    assert next_reload(listed, changed=True) == Reload("https://example.org/live/x.m3u8?token=a%20b", 5.0)
    assert listed.live_info is not None
    by_clock = replace(listed, live_info=replace(listed.live_info, next_segment_s=1.0))
    assert next_reload(by_clock, changed=True) is None
    closed = replace(listed, periods=(replace(listed.periods[0], duration_s=4.0),))
    assert next_reload(closed, changed=True) is None


def test_query_parameters_are_replaced() -> None:
    assert with_query("http://h/x?_HLS_msn=1&a=b#f", [("_HLS_msn", "2")]) == "http://h/x?a=b&_HLS_msn=2"


def test_clocks_of_the_usable_utc_timings() -> None:
    timings = [
        ("urn:mpeg:dash:utc:ntp:2014", "pool.example.org"),
        ("urn:mpeg:dash:utc:http-iso:2014", "https://t.example.org/1 https://t.example.org/2"),
    ]
    named, one, two = clock_sources(timings)
    assert named == ("sntp", "ntp://pool.example.org")
    assert (one, two) == (("body", "https://t.example.org/1"), ("body", "https://t.example.org/2"))
    assert clock_sources([("urn:mpeg:dash:utc:sntp:2014", "192.0.2.1 2001:db8::1 [2001:db8::2]")]) == [
        ("sntp", "ntp://192.0.2.1"),
        ("sntp", "ntp://[2001:db8::1]"),
        ("sntp", "ntp://[2001:db8::2]"),
    ]
    assert clock_sources([("urn:example:vendor:clock", "x")]) == []
    assert server_time("body", "2024-01-01T00:00:01.5Z\n") == 1_704_067_201.5
    assert server_time("head", "Mon, 01 Jan 2024 00:00:01 GMT") == 1_704_067_201.0
    assert server_time("head", "yesterday") is None
    assert server_time("body", "<html>") is None


def test_the_clock_of_an_ntp_timestamp() -> None:
    """RFC 5905 6: seconds since 1900 and their fraction."""
    assert clock_sources([("urn:mpeg:dash:utc:http-ntp:2014", "https://t.example.org/n")]) == [
        ("ntp", "https://t.example.org/n")
    ]
    stamp = (1_704_067_201 + 2_208_988_800).to_bytes(4) + (1 << 31).to_bytes(4)
    assert ntp_time(stamp) == 1_704_067_201.5
    assert ntp_time((10).to_bytes(4) + bytes(4)) == 2_085_978_506.0, "the era that begins in 2036"
    for wrong in (b"", stamp[:7], bytes(8), b"2024-01-01T00:00:01.5Z"):
        assert ntp_time(wrong) is None
