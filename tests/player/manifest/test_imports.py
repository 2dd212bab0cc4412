"""Other MPDs that belong to a presentation (ISO/IEC 23009-1 5.3.2.6, 5.11): what is asked for, what is put in."""

from __future__ import annotations

import pytest

from player.manifest import parse, refresh, remote_links
from player.manifest.limits import MAX_REMOTE_DEPTH, MAX_REMOTE_LINKS
from player.manifest.model import Presentation

URL = "https://example.org/a/film.mpd?token=t"
HEAD = '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" {}>'
SET = (
    '<AdaptationSet mimeType="video/mp4" codecs="avc1.4d401f"><SegmentTemplate media="{name}-$Number$.m4s" '
    'duration="5"/><Representation id="{name}" bandwidth="1"/></AdaptationSet>'
)
AD = "https://example.org/a/ad.mpd"


def mpd(*inside: str, more: str = 'mediaPresentationDuration="PT20S"') -> bytes:
    return f"{HEAD.format(more)}{''.join(inside)}</MPD>".encode()


def period(name: str, more: str = 'duration="PT10S"', inside: str = "") -> str:
    return f'<Period id="{name}" {more}>{inside}{SET.format(name=name)}</Period>'


def linked(reference: str = "ad.mpd", more: str = 'duration="PT10S"', inside: str = "") -> str:
    return f'<Period id="linked" {more}><ImportedMPD>{reference}</ImportedMPD>{inside}</Period>'


def codes(presentation: Presentation) -> list[str]:
    return [warning.code for warning in presentation.warnings]


def urls(presentation: Presentation, number: int) -> list[str]:
    segments = presentation.periods[number].tracks[0].renditions[0].segments
    return [item.url for item in segments]  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["static", "list"])
def test_an_imported_mpd_becomes_its_period(kind: str) -> None:
    text = mpd(linked(), period("film"), more=f'type="{kind}"')
    first = parse(text, URL)
    assert remote_links(first, {}) == (AD,)
    assert "dash.imported_mpd" in codes(first)
    whole = parse(text, URL, remotes={AD: mpd(period("ad"), more="")})
    assert [(item.id, item.start_s, item.duration_s) for item in whole.periods] == [
        ("linked", 0.0, 10.0),
        ("film", 10.0, 10.0),
    ]
    assert urls(whole, 0) == ["https://example.org/a/ad-1.m4s", "https://example.org/a/ad-2.m4s"]
    assert whole.duration_s == 20
    assert not whole.remote_links
    assert not whole.warnings


def test_the_addresses_of_an_imported_mpd_are_its_own() -> None:
    there = "https://ads.example/x/y/ad.mpd"
    body = mpd("<BaseURL>media/</BaseURL>", period("ad", inside="<BaseURL>v/</BaseURL>"), more="")
    text = mpd("<BaseURL>https://cdn.example/</BaseURL>", linked(there), period("film"))
    whole = parse(text, URL, remotes={there: body})
    assert urls(whole, 0)[0] == "https://ads.example/x/y/media/v/ad-1.m4s"
    assert urls(whole, 1)[0] == "https://cdn.example/film-1.m4s"


@pytest.mark.parametrize(
    ("own", "theirs", "length"),
    [("PT10S", "PT6S", 6), ("PT4S", "PT6S", 4), ("", "PT6S", 6)],
)
def test_the_shorter_duration_holds(own: str, theirs: str, length: float) -> None:
    text = mpd(linked(more=f'duration="{own}"' if own else ""), period("film"), more="")
    whole = parse(text, URL, remotes={AD: mpd(period("ad", f'duration="{theirs}"'), more="")})
    assert whole.periods[0].duration_s == length
    assert whole.periods[1].start_s == length


def test_events_of_the_linked_period_stay_unless_they_are_imported() -> None:
    stream = '<EventStream schemeIdUri="urn:{}" value="1"><Event presentationTime="1">{}</Event></EventStream>'
    text = mpd(linked(inside=stream.format("a", "own") + stream.format("b", "own")), period("film"))
    body = mpd(period("ad", inside=stream.format("b", "theirs")), more="")
    whole = parse(text, URL, remotes={AD: body})
    assert {(event.scheme, event.payload) for event in whole.periods[0].events} == {
        ("urn:a", "own"),
        ("urn:b", "theirs"),
    }


@pytest.mark.parametrize(
    "body",
    [
        None,
        b"no XML",
        b"<html/>",
        mpd(period("a"), period("b"), more=""),
        mpd(more=""),
        mpd(period("ad"), more='type="dynamic" availabilityStartTime="2024-01-01T00:00:00Z"'),
        mpd(period("ad"), more='availabilityEndTime="2024-01-01T00:00:00Z"'),
        b"<!DOCTYPE MPD [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><MPD>&x;</MPD>",
    ],
    ids=["lost", "words", "html", "two-periods", "no-period", "live", "ended", "entity"],
)
def test_without_a_fit_mpd_the_period_plays_what_it_has_itself(body: bytes | None) -> None:
    text = mpd(linked(inside=SET.format(name="own")), period("film"))
    whole = parse(text, URL, remotes={AD: body}, now_s=1_800_000_000.0)
    assert urls(whole, 0)[0] == "https://example.org/a/own-1.m4s"
    assert codes(whole) == ["dash.imported_mpd"]


def test_a_period_that_has_nothing_is_left_out() -> None:
    whole = parse(mpd(linked(), period("film"), more=""), URL, remotes={AD: None})
    assert [(item.id, item.start_s) for item in whole.periods] == [("film", 0.0)]


@pytest.mark.parametrize("reference", ["file:///etc/passwd", "intent://x", ""])
def test_only_web_addresses_are_asked_for(reference: str) -> None:
    for text in (mpd(linked(reference), period("film")), chain(reference, "urn:mpeg:dash:chaining:2016")):
        presentation = parse(text, URL)
        assert presentation.remote_links == ()
        assert [item.id for item in presentation.periods] == ["film"]
        assert presentation.warnings


def test_an_mpd_that_imports_itself_ends() -> None:
    itself = mpd(f'<Period id="x"><ImportedMPD>{AD}</ImportedMPD></Period>', more="")
    whole = parse(mpd(linked(), period("film"), more=""), URL, remotes={AD: itself})
    assert len(whole.periods) <= 2


def test_the_number_of_imports_is_bounded() -> None:
    many = [linked(f"{number}.mpd") for number in range(MAX_REMOTE_LINKS + 5)]
    presentation = parse(mpd(*many, period("film"), more=""), URL)
    assert len(remote_links(presentation, {})) == MAX_REMOTE_LINKS


def test_the_request_takes_its_parameters() -> None:
    rule = '<RequestParam queryTemplate="$querypart$" useMPDUrlQuery="true" includeInRequests="importedmpd"/>'
    presentation = parse(mpd(rule, linked(), period("film")), URL)
    assert presentation.remote_links == (f"{AD}?token=t",)


def test_a_live_presentation_keeps_what_it_has_loaded() -> None:
    live = 'type="dynamic" availabilityStartTime="2024-01-01T00:00:00Z" minimumUpdatePeriod="PT2S"'
    text = mpd(linked(more='start="PT0S" duration="PT10S"'), period("film", 'start="PT10S"'), more=live)
    now_s = 1704067230.0
    old = parse(text, URL, now_s=now_s, remotes={AD: mpd(period("ad"), more="")})
    new, changes = refresh(old, text, URL, now_s + 5)
    assert urls(new, 0) == urls(old, 0)
    assert not changes.periods_removed
    assert remote_links(new, new.remotes) == ()


def test_the_resolved_text_needs_nothing_further() -> None:
    """What a download keeps."""
    whole = parse(mpd(linked(), period("film"), more=""), URL, remotes={AD: mpd(period("ad"), more="")})
    again = parse(whole.resolved, URL)
    assert not again.remote_links
    assert [urls(again, number) for number in (0, 1)] == [urls(whole, number) for number in (0, 1)]


# -- chaining --------------------------------------------------------------------------------------------------------

CHAINING = ["urn:mpeg:dash:chaining:2016", "urn:mpeg:dash:mpd-chaining:2016"]
NEXT = "https://example.org/a/next.mpd"


def chain(reference: str, scheme: str = CHAINING[0], *, kind: str = "Supplemental", name: str = "film") -> bytes:
    return mpd(
        period(name),
        f'<{kind}Property schemeIdUri="{scheme}" value="{reference}"/>',
        more='profiles="x" type="static"',
    )


@pytest.mark.parametrize("kind", ["Essential", "Supplemental"])
@pytest.mark.parametrize("scheme", CHAINING)
def test_a_chained_mpd_follows_the_last_period(scheme: str, kind: str) -> None:
    text = chain("next.mpd", scheme, kind=kind)
    assert parse(text, URL).remote_links == (NEXT,)
    whole = parse(text, URL, remotes={NEXT: mpd(period("film", 'start="PT0S" duration="PT10S"'), more="")})
    assert [(item.start_s, item.duration_s) for item in whole.periods] == [(0, 10), (10, 10)]
    assert len({item.id for item in whole.periods}) == 2
    assert whole.duration_s == 20
    assert urls(whole, 1)[0] == "https://example.org/a/film-1.m4s"
    assert not whole.warnings


def test_a_chain_has_several_links() -> None:
    third = "https://example.org/b/third.mpd"
    whole = parse(
        chain("next.mpd"), URL, remotes={NEXT: chain("../b/third.mpd", name="x"), third: mpd(period("y"), more="")}
    )
    assert [urls(whole, number)[0] for number in range(3)] == [
        "https://example.org/a/film-1.m4s",
        "https://example.org/a/x-1.m4s",
        "https://example.org/b/y-1.m4s",
    ]


def test_a_chain_that_comes_back_ends() -> None:
    whole = parse(chain("next.mpd"), URL, remotes={NEXT: chain("next.mpd"), URL: chain("next.mpd")})
    assert len(whole.periods) == 2
    assert "dash.chaining" in codes(whole)


def test_a_long_chain_is_cut() -> None:
    remotes = {f"https://example.org/a/{number}.mpd": chain(f"{number + 1}.mpd") for number in range(50)}
    whole = parse(chain("0.mpd"), URL, remotes=remotes)
    assert len(whole.periods) == MAX_REMOTE_DEPTH + 1


@pytest.mark.parametrize("body", [None, b"words"])
def test_what_follows_and_cannot_be_had_is_told(body: bytes | None) -> None:
    whole = parse(chain("next.mpd"), URL, remotes={NEXT: body})
    assert [item.id for item in whole.periods] == ["film"]
    assert "dash.chaining" in codes(whole)


@pytest.mark.parametrize(
    ("own", "theirs"),
    [("static", "dynamic"), ("dynamic", "static"), ("dynamic", "dynamic")],
)
def test_a_live_one_is_followed_and_follows_as_a_presentation_of_its_own(own: str, theirs: str) -> None:
    lead = f'<SupplementalProperty schemeIdUri="{CHAINING[0]}" value="next.mpd"/>'
    text = mpd(period("film"), lead, more=f'type="{own}" availabilityStartTime="2024-01-01T00:00:00Z"')
    body = mpd(period("next"), more=f'type="{theirs}"')
    first = parse(text, URL, now_s=1_800_000_000.0)
    wanted = remote_links(first, {})
    assert wanted == (() if own == "dynamic" else (NEXT,)), "what follows a live one is asked for at its end"
    whole = parse(text, URL, remotes={NEXT: body} if wanted else {}, now_s=1_800_000_000.0)
    assert [item.id for item in whole.periods] == ["film"]
    assert whole.following == NEXT
    assert not codes(whole)


def test_where_only_the_media_tell_the_end_what_follows_is_opened_there() -> None:
    text = mpd(period("film", ""), f'<EssentialProperty schemeIdUri="{CHAINING[0]}" value="next.mpd"/>', more="")
    whole = parse(text, URL, remotes={NEXT: mpd(period("next"))})
    assert (len(whole.periods), whole.following) == (1, NEXT)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("next.mpd,1", "next.mpd"),
        ("next.mpd, x", "next.mpd"),
        ("a,b,c/next.mpd", "a,b,c/next.mpd"),
        ("n?a=1,2", "n?a=1,2"),
    ],
)
def test_an_address_may_have_commas_and_parameters_behind_it(value: str, address: str) -> None:
    assert parse(chain(value), URL).remote_links == (f"https://example.org/a/{address}",)


def test_nothing_follows_twice() -> None:
    assert parse(chain("next.mpd"), URL).following == "", "it is asked for first"
    assert parse(chain("next.mpd"), URL, remotes={NEXT: mpd(period("x"))}).following == ""
    assert parse(chain("film.mpd?token=t"), URL).following == "", "it leads on to itself"
    assert parse(chain("file:///etc/passwd"), URL).following == ""


def test_fallbacks_are_named() -> None:
    text = chain("one.mpd two.mpd", "urn:mpeg:dash:fallback:2016")
    presentation = parse(text, URL)
    assert presentation.fallbacks == ("https://example.org/a/one.mpd", "https://example.org/a/two.mpd")
    assert presentation.remote_links == ()
