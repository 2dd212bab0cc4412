"""Parameters that an MPD adds to requests (ISO/IEC 23009-1 Annex I), in each spelling and at each level."""

from __future__ import annotations

import pytest

from player.manifest import located_segment, parse
from player.manifest.model import IndexRef, Presentation, Rendition
from player.manifest.timing import next_reload
from player.manifest.urls import add_query

URL = "https://example.org/a/film.mpd?token=t1&user=u%20v"
UP = "urn:mpeg:dash:schema:urlparam:"


def info(attributes: str, year: str = "2014", kind: str = "Supplemental") -> str:
    name = {"2014": "UrlQueryInfo", "2016": "ExtUrlQueryInfo"}[year]
    return (
        f'<{kind}Property schemeIdUri="urn:mpeg:dash:urlparam:{year}">'
        f'<up:{name} xmlns:up="{UP}{year}" {attributes}/></{kind}Property>'
    )


TEMPLATE = '<SegmentTemplate media="{id}-$Number$.m4s" initialization="i.mp4" duration="5"/>'


def mpd(
    *,
    root: str = "",
    period: str = "",
    adaptation: str = "",
    representation: str = "",
    segments: str = TEMPLATE,
    more: str = "",
) -> str:
    return (
        f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT10S" {more}>{root}<Period>{period}'
        f'<AdaptationSet mimeType="video/mp4">{adaptation}{segments.format(id="v")}'
        f'<Representation id="v" bandwidth="1">{representation}</Representation></AdaptationSet></Period></MPD>'
    )


def rendition(presentation: Presentation) -> Rendition:
    return presentation.periods[0].tracks[0].renditions[0]


def media(text: str, url: str = URL) -> list[str]:
    """The paths and queries of the init segment and the segments."""
    found = rendition(parse(text, url))
    assert found.unusable is None
    assert not isinstance(found.segments, IndexRef)
    rows = list(found.segments)  # type: ignore[arg-type]
    assert rows[0].init is not None
    return [address.rpartition("/")[2] for address in (rows[0].init.url, *(row.url for row in rows))]


ALL = 'queryTemplate="$querypart$"'


@pytest.mark.parametrize("kind", ["Essential", "Supplemental"])
@pytest.mark.parametrize("year", ["2014", "2016"])
@pytest.mark.parametrize("level", ["adaptation", "representation"])
def test_segments_take_the_query_of_the_mpd(kind: str, year: str, level: str) -> None:
    query = "?token=t1&user=u%20v"
    text = mpd(**{level: info(f'{ALL} useMPDUrlQuery="true"', year, kind)})
    assert media(text) == [f"i.mp4{query}", f"v-1.m4s{query}", f"v-2.m4s{query}"]


@pytest.mark.parametrize("level", ["root", "period", "adaptation", "representation"])
def test_a_request_param_of_the_sixth_edition_works_at_each_level(level: str) -> None:
    text = mpd(**{level: '<RequestParam queryTemplate="$querypart$" queryString="a=1&amp;b=2"/>'})
    assert media(text) == ["i.mp4?a=1&b=2", "v-1.m4s?a=1&b=2", "v-2.m4s?a=1&b=2"]


def test_the_descriptor_that_says_so_makes_nothing_unusable() -> None:
    empty = '<EssentialProperty schemeIdUri="urn:mpeg:dash:urlparam:2025"/>'
    assert media(mpd(adaptation=empty)) == ["i.mp4", "v-1.m4s", "v-2.m4s"]


def test_headers_as_parameters_are_not_understood() -> None:
    text = mpd(
        adaptation='<EssentialProperty schemeIdUri="urn:mpeg:dash:urlparam:2016"><up:ExtHttpHeaderInfo '
        f'xmlns:up="{UP}2016" queryTemplate="$header:x$"/></EssentialProperty>'
    )
    found = rendition(parse(text, URL))
    assert found.unusable is not None
    assert "urlparam:2016" in found.unusable


def test_the_levels_follow_each_other_from_the_outermost() -> None:
    text = mpd(
        root=info(f'{ALL} queryString="a=1"', "2016"),
        period=info(f'{ALL} queryString="b=2"', "2016"),
        adaptation=info(f'{ALL} queryString="c=3"', "2016"),
        representation=info(f'{ALL} queryString="d=4"', "2016"),
    )
    assert media(text)[1] == "v-1.m4s?a=1&b=2&c=3&d=4"


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("$querypart$", "?token=t1&user=u%20v"),
        ("$query:user$", "?user=u%20v"),
        ("who=$query:user$", "?who=u%20v"),
        ("who=$query:nobody$&amp;x=1", "?who=&x=1"),
        ("$query:nobody$", ""),
        ("price=5$$&amp;$querypart$", "?price=5$&token=t1&user=u%20v"),
        ("s=$urn:mpeg:dash:state:video$", "?s="),
        ("", ""),
    ],
)
def test_a_template_says_what_becomes_of_the_parameters(template: str, made: str) -> None:
    text = mpd(adaptation=info(f'queryTemplate="{template}" useMPDUrlQuery="true"'))
    assert media(text)[1] == f"v-1.m4s{made}"


def test_own_parameters_of_an_address_stay_and_are_not_repeated() -> None:
    segments = TEMPLATE.replace(".m4s", ".m4s?q=$Number$&amp;token=t1")
    text = mpd(segments=segments, adaptation=info(f'{ALL} useMPDUrlQuery="true"'))
    assert media(text)[1] == "v-1.m4s?q=1&token=t1&user=u%20v"


LIST = (
    '<SegmentList duration="5"><Initialization sourceURL="i.mp4"/><SegmentURL media="v-1.m4s"/>'
    '<SegmentURL media="v-2.m4s"/></SegmentList>'
)
TIMELINE = (
    '<SegmentTemplate media="v-$Number$.m4s" initialization="i.mp4"><SegmentTimeline><S t="0" d="5" r="1"/>'
    "</SegmentTimeline></SegmentTemplate>"
)


@pytest.mark.parametrize("segments", [LIST, TIMELINE])
def test_lists_and_timelines_take_them_too(segments: str) -> None:
    text = mpd(segments=segments, adaptation=info(f'{ALL} queryString="a=1"'))
    assert media(text) == ["i.mp4?a=1", "v-1.m4s?a=1", "v-2.m4s?a=1"]


def test_an_indexed_file_takes_them() -> None:
    text = mpd(
        segments="",
        representation=info(f'{ALL} queryString="a=1"')
        + '<BaseURL>film.mp4</BaseURL><SegmentBase indexRange="800-899"/>',
    )
    found = rendition(parse(text, URL))
    assert isinstance(found.segments, IndexRef)
    assert found.segments.init is not None
    addresses = {found.segments.url, found.segments.media_url, found.segments.init.url}
    assert addresses == {"https://example.org/a/film.mp4?a=1"}


@pytest.mark.parametrize("requests", ["mpd", "segment mpd", "*"])
def test_updates_of_the_mpd_take_what_is_for_them(requests: str) -> None:
    rule = f'<RequestParam queryTemplate="$querypart$" queryString="a=1" includeInRequests="{requests}"/>'
    live = 'type="dynamic" availabilityStartTime="2024-01-01T00:00:00Z" minimumUpdatePeriod="PT2S"'
    presentation = parse(mpd(root=rule, more=live), URL, now_s=1704067210.0)
    reload = next_reload(presentation, changed=True)
    assert reload is not None
    assert reload.url == f"{URL}&a=1"
    located = parse(mpd(root=rule + "<Location>b.mpd</Location>", more=live), URL, now_s=1704067210.0)
    assert located.locations == ("https://example.org/a/b.mpd?a=1",)


def test_each_kind_of_request_takes_what_is_for_it() -> None:
    def rule(kind: str) -> str:
        return f'<RequestParam queryTemplate="$querypart$" queryString="{kind}=1" includeInRequests="{kind}"/>'

    root = (
        "".join(map(rule, ("mpdpatch", "steering", "license")))
        + '<PatchLocation ttl="9">p.mpp</PatchLocation><ContentSteering>s</ContentSteering>'
    )
    protection = (
        '<ContentProtection schemeIdUri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e">'
        "<Laurl>https://licences.example/l</Laurl></ContentProtection>"
    )
    presentation = parse(mpd(root=root, adaptation=protection), URL)
    assert presentation.patch_locations == (("https://example.org/a/p.mpp?mpdpatch=1", 9.0),)
    assert presentation.steering is not None
    assert presentation.steering.server_uri == "https://example.org/a/s?steering=1"
    found = rendition(presentation)
    assert found.protections[0].licence_urls == ("https://licences.example/l?license=1",)
    assert not isinstance(found.segments, IndexRef)
    assert media(mpd(root=root))[1] == "v-1.m4s"


def test_what_is_for_the_same_origin_only_goes_nowhere_else() -> None:
    """A token of one server must not be told to another one."""
    rule = info(f'{ALL} useMPDUrlQuery="true" sameOriginOnly="true"', "2016")
    bases = "<BaseURL>https://example.org/x/</BaseURL><BaseURL>https://other.example/y/</BaseURL>"
    found = rendition(parse(mpd(root=bases, adaptation=rule), URL))
    assert not isinstance(found.segments, IndexRef)
    segment = found.segments[0]  # type: ignore[index]
    assert segment.url == "https://example.org/x/v-1.m4s?token=t1&user=u%20v"
    assert located_segment(found, segment, found.locations[1]).url == "https://other.example/y/v-1.m4s"
    away = "<BaseURL>https://other.example/y/</BaseURL><BaseURL>https://example.org/x/</BaseURL>"
    found = rendition(parse(mpd(root=away, adaptation=rule), URL))
    segment = found.segments[0]  # type: ignore[index]
    assert segment.url == "https://other.example/y/v-1.m4s"
    moved = located_segment(found, segment, found.locations[1])
    assert moved.url == "https://example.org/x/v-1.m4s?token=t1&user=u%20v"


def test_the_parameters_may_be_remote() -> None:
    """I.2.2: UrlQueryInfo may be loaded by xlink."""
    link = (
        '<SupplementalProperty schemeIdUri="urn:mpeg:dash:urlparam:2014"><up:UrlQueryInfo '
        f'xmlns:up="{UP}2014" xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="q.xml"/></SupplementalProperty>'
    )
    text = mpd(adaptation=link)
    assert parse(text, URL).remote_links == ("https://example.org/a/q.xml",)
    body = f'<up:UrlQueryInfo xmlns:up="{UP}2014" {ALL} queryString="r=1"/>'.encode()
    found = rendition(parse(text, URL, remotes={"https://example.org/a/q.xml": body}))
    assert found.segments[0].url == "https://example.org/a/v-1.m4s?r=1"  # type: ignore[index]


def test_nothing_of_it_is_named_as_unused() -> None:
    text = mpd(adaptation=info(f'{ALL} useMPDUrlQuery="true"', "2016"), root='<RequestParam queryString="a=1"/>')
    presentation = parse(text, URL)
    assert not [name for name in presentation.unused if "Query" in name or "RequestParam" in name]


def test_a_query_goes_before_the_fragment() -> None:
    assert add_query("https://h/a?x=1#f", "x=1&y=2") == "https://h/a?x=1&y=2#f"
    assert add_query("https://h/a", "") == "https://h/a"
