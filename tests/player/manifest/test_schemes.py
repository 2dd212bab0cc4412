"""Schemes of descriptors in other letters than their own (RFC 8141 3.1)."""

from __future__ import annotations

import pytest

from player.manifest import parse
from player.manifest.model import Presentation, TrackType
from player.manifest.timing import clock_sources

URL = "https://example.org/a/film.mpd?t=1"


def mpd(*, root: str = "", adaptation: str = "", mime: str = "video/mp4") -> Presentation:
    text = (
        f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT10S"><Period>'
        f'<AdaptationSet id="1" mimeType="{mime}">{adaptation}<SegmentTemplate media="$Number$" duration="5"/>'
        f'<Representation id="v" bandwidth="1"/></AdaptationSet></Period>{root}</MPD>'
    )
    return parse(text, URL)


def essential(scheme: str, value: str = "", more: str = "") -> str:
    return f'<EssentialProperty schemeIdUri="{scheme}" value="{value}">{more}</EssentialProperty>'


def spelled(scheme: str) -> list[str]:
    return [scheme, scheme.upper(), scheme.replace("urn:mpeg", "URN:MPEG").replace("http:", "HTTP:")]


@pytest.mark.parametrize("scheme", spelled("urn:mpeg:dash:chaining:2016"))
def test_a_chain_is_followed(scheme: str) -> None:
    assert mpd(root=essential(scheme, "next.mpd")).remote_links == ("https://example.org/a/next.mpd",)


@pytest.mark.parametrize("scheme", spelled("urn:mpeg:dash:fallback:2016"))
def test_a_fallback_is_known(scheme: str) -> None:
    assert mpd(root=essential(scheme, "other.mpd")).fallbacks == ("https://example.org/a/other.mpd",)


@pytest.mark.parametrize("scheme", spelled("urn:mpeg:dash:urlparam:2014"))
def test_parameters_reach_the_segments(scheme: str) -> None:
    info = '<UrlQueryInfo queryTemplate="$querypart$" useMPDUrlQuery="true"/>'
    rendition = mpd(adaptation=essential(scheme, more=info)).periods[0].tracks[0].renditions[0]
    assert rendition.unusable is None
    assert [segment.url for segment in rendition.segments] == [  # type: ignore[union-attr]
        "https://example.org/a/1?t=1",
        "https://example.org/a/2?t=1",
    ]


@pytest.mark.parametrize(
    ("scheme", "value", "type_"),
    [
        ("http://dashif.org/guidelines/thumbnail_tile", "2x2", TrackType.IMAGE),
        ("http://dashif.org/guidelines/trickmode", "9", TrackType.TRICK),
    ],
)
def test_trick_modes_and_thumbnails_are_no_video(scheme: str, value: str, type_: TrackType) -> None:
    for written in spelled(scheme):
        assert mpd(adaptation=essential(written, value)).periods[0].tracks[0].type is type_


@pytest.mark.parametrize("scheme", spelled("urn:mpeg:dash:utc:http-iso:2014"))
def test_a_clock_is_asked(scheme: str) -> None:
    text = f'<MPD type="dynamic" availabilityStartTime="2026-01-01T00:00:00Z"><Period id="1" start="PT0S">{PLAIN}'
    live = parse(f'{text}</Period><UTCTiming schemeIdUri="{scheme}" value="time"/></MPD>', URL).live_info
    assert live is not None
    assert clock_sources(live.utc_timings) == [("body", "https://example.org/a/time")]


PLAIN = (
    '<AdaptationSet mimeType="video/mp4"><SegmentTemplate media="$Number$" duration="5"/>'
    '<Representation id="v" bandwidth="1"/></AdaptationSet>'
)


def test_other_letters_are_reported_once_for_a_kind_of_element() -> None:
    twice = essential("urn:MPEG:dash:FALLBACK:2016", "a.mpd") + essential("urn:MPEG:dash:FALLBACK:2016", "b.mpd")
    found = [item for item in mpd(root=twice).warnings if item.code == "dash.scheme_case"]
    assert [item.sentence for item in found] == [
        "The scheme “urn:MPEG:dash:FALLBACK:2016” is in other letters than its own; other players may not know it."
    ]
    own = essential("urn:mpeg:dash:fallback:2016", "a.mpd")
    assert "dash.scheme_case" not in {item.code for item in mpd(root=own).warnings}


def test_a_chain_in_other_letters_is_reported_also_where_it_was_followed() -> None:
    text = (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT10S">'
        '<SupplementalProperty schemeIdUri="URN:MPEG:dash:chaining:2016" value="b.mpd"/>'
        f"<Period>{PLAIN}</Period></MPD>"
    )
    other = f'<MPD mediaPresentationDuration="PT5S"><Period>{PLAIN}</Period></MPD>'.encode()
    for remotes in ({}, {"https://example.org/a/b.mpd": other}):
        found = parse(text, URL, remotes=remotes)
        assert [item.code for item in found.warnings] == ["dash.scheme_case"]
        assert len(found.periods) == 1 + len(remotes)
