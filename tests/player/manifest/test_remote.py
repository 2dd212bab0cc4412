"""Remote elements (ISO/IEC 23009-1 5.5): what is asked for, what is put in, what is left as it stands."""

from __future__ import annotations

import pytest

from player.manifest import parse, remote_links
from player.manifest.limits import MAX_REMOTE_DEPTH, MAX_REMOTE_LINKS
from player.manifest.model import Presentation

URL = "https://example.org/a/live.mpd"
HEAD = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'mediaPresentationDuration="PT20S">'
)
SET = (
    '<AdaptationSet mimeType="video/mp4"><SegmentTemplate media="{name}-$Number$.m4s" duration="5"/>'
    '<Representation id="{name}" bandwidth="1"/></AdaptationSet>'
)


def period(name: str, more: str = 'duration="PT10S"') -> str:
    return f'<Period id="{name}" {more}>{SET.format(name=name)}</Period>'


def link(href: str, inside: str = "", actuate: str = "onLoad") -> str:
    return f'<Period xlink:href="{href}" xlink:actuate="{actuate}" duration="PT10S">{inside}</Period>'


def mpd(*periods: str) -> str:
    return f"{HEAD}{''.join(periods)}</MPD>"


def codes(presentation: Presentation) -> list[str]:
    return [warning.code for warning in presentation.warnings]


@pytest.mark.parametrize("actuate", ["onLoad", "onRequest"])
def test_a_remote_period_takes_the_place_of_its_element(actuate: str) -> None:
    text = mpd(link("ad.xml", actuate=actuate), period("film"))
    first = parse(text, URL)
    assert remote_links(first, {}) == ("https://example.org/a/ad.xml",)
    assert "dash.xlink" in codes(first)
    loaded = {"https://example.org/a/ad.xml": ('<?xml version="1.0"?>' + period("ad")).encode()}
    whole = parse(text, URL, remotes=loaded)
    assert [item.id for item in whole.periods] == ["ad", "film"]
    assert [item.start_s for item in whole.periods] == [0.0, 10.0]
    assert whole.remote_links == ()
    assert not whole.warnings


def test_several_periods_may_stand_for_one() -> None:
    loaded = {"https://example.org/a/ad.xml": (period("one") + period("two")).encode()}
    whole = parse(mpd(link("ad.xml"), period("film", "")), URL, remotes=loaded)
    assert [item.id for item in whole.periods] == ["one", "two", "film"]


def test_attributes_of_the_element_fill_in_for_those_of_the_remote_one() -> None:
    loaded = {"https://example.org/a/ad.xml": period("ad", "").encode()}
    whole = parse(mpd(link("ad.xml"), period("film")), URL, remotes=loaded)
    assert whole.periods[0].duration_s == 10.0


@pytest.mark.parametrize(
    "body", [None, b"", b"<Period", b"<AdaptationSet/>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><Period>&a;</Period>"]
)
def test_what_cannot_be_used_leaves_the_element_as_it_stands(body: bytes | None) -> None:
    """5.5.3: the link is taken away, and what the element has itself holds."""
    text = mpd(link("ad.xml", SET.format(name="own")), period("film"))
    whole = parse(text, URL, remotes={"https://example.org/a/ad.xml": body})
    assert whole.periods[0].tracks[0].renditions[0].id == "own"
    assert "dash.xlink_failed" in codes(whole)
    assert whole.remote_links == ()


def test_resolve_to_zero_removes_the_element_without_a_request() -> None:
    text = mpd(link("urn:mpeg:dash:resolve-to-zero:2013"), period("film"))
    assert [item.id for item in parse(text, URL).periods] == ["film"]


def test_remote_adaptation_sets_and_links_inside_remote_elements() -> None:
    inner = '<AdaptationSet xlink:href="https://ads.example.net/set.xml"/>'
    text = mpd(link("ad.xml"), period("film"))
    loaded: dict[str, bytes | None] = {
        "https://example.org/a/ad.xml": f'<Period id="ad" duration="PT10S">{inner}</Period>'.encode()
    }
    second = parse(text, URL, remotes=loaded)
    assert remote_links(second, loaded) == ("https://ads.example.net/set.xml",)
    loaded["https://ads.example.net/set.xml"] = SET.format(name="deep").encode()
    assert parse(text, URL, remotes=loaded).periods[0].tracks[0].renditions[0].id == "deep"


def test_a_circle_of_links_ends() -> None:
    loaded = {"https://example.org/a/ad.xml": link("ad.xml", SET.format(name="x")).encode()}
    whole = parse(mpd(link("ad.xml"), period("film")), URL, remotes=loaded)
    assert whole.remote_links == ()
    assert "dash.xlink_failed" in codes(whole)
    assert MAX_REMOTE_DEPTH < 10


def test_files_of_this_machine_are_not_asked_for() -> None:
    whole = parse(mpd(link("file:///etc/passwd"), period("film")), URL)
    assert whole.remote_links == ()
    assert "dash.xlink_failed" in codes(whole)


def test_links_are_bounded() -> None:
    text = mpd(*(link(f"{number}.xml", SET.format(name=f"p{number}")) for number in range(MAX_REMOTE_LINKS + 1)))
    assert "dash.xlink_many" in codes(parse(text, URL))
    assert remote_links(parse(text, URL), {}) == ()
