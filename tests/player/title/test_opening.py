"""From what was asked for to a presentation."""

from __future__ import annotations

import pytest

from drm_client.errors import DrmError, DrmErrorCode
from player.base.errors import ErrorCode, InputError, ManifestError, NetError, ServiceError
from player.manifest.model import TrackType
from player.reporting.events import Event, PhaseReached
from player.reporting.state import PlaybackFailure
from player.title.opening import (
    PlaybackSource,
    TitleAddresses,
    addresses_of,
    begin_at,
    failure_of,
    load_presentation,
    pathway_of,
)
from player.transfer.model import RetryEvent
from player.transfer.recovery import Action
from tests.kit.streaming import Link
from tests.kit.transport import Act

MPD = b"""<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT8S"><Period>
<AdaptationSet contentType="video" mimeType="video/mp4"><SegmentTemplate media="$Number$.m4s" duration="4"/>
<Representation id="v" bandwidth="1000"/></AdaptationSet></Period></MPD>"""


@pytest.mark.parametrize("options", [{}, {"url": "http://a.test/x.mpd", "title_id": "t"}])
def test_a_source_is_one_thing(options: dict[str, str]) -> None:
    with pytest.raises(InputError):
        PlaybackSource(**options)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (PlaybackSource(url="http://a.test/folder/film.mpd?token=secret"), "film.mpd"),
        (PlaybackSource(url="http://a.test/"), "a.test"),
        (PlaybackSource(url="http://a.test/x.mpd", name="A film"), "A film"),
        (PlaybackSource(title_id="bars"), "bars"),
    ],
)
def test_a_name_for_people(source: PlaybackSource, shown: str) -> None:
    assert source.shown_name == shown
    assert "secret" not in repr(source)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://user:pass@a.test:8080/x", "a.test:8080"),
        ("https://a.test/x", "a.test"),
        ("file:///films/x.mpd", "file"),
    ],
)
def test_a_cdn_that_nobody_named_is_called_by_its_host(url: str, name: str) -> None:
    assert pathway_of(url) == name


async def test_an_address_is_its_own_play_session() -> None:
    found = await addresses_of(PlaybackSource(url="http://a.test/x.mpd", licence_url="http://l.test/"), None, None)
    assert found.manifests == {"a.test": "http://a.test/x.mpd"}
    assert found.offer is not None
    assert found.offer.url == "http://l.test/"
    assert found.resume_s == 0.0


async def test_a_title_needs_a_service() -> None:
    with pytest.raises(InputError):
        await addresses_of(PlaybackSource(title_id="bars"), None, None)


async def load(link: Link, manifests: dict[str, str], events: list[Event]):
    work = load_presentation(TitleAddresses(manifests), link.loader, link.paths, link.clock, events.append)
    return await link.clock.run(work)


async def test_mirrored_manifests_make_every_edge_a_place_of_the_media() -> None:
    manifests = {"edge-a": "http://a.test/t/x.mpd", "edge-b": "http://b.test/t/x.mpd"}
    link = Link(dict.fromkeys(manifests.values(), MPD), tuple(manifests))
    events: list[Event] = []
    presentation = await load(link, manifests, events)
    rendition = presentation.tracks(TrackType.VIDEO)[0].renditions[0]
    assert [(place.pathway, place.base_url) for place in rendition.locations[:2]] == [
        ("edge-a", "http://a.test/t/"),
        ("edge-b", "http://b.test/t/"),
    ]
    assert list(link.paths.pathways)[:2] == ["edge-a", "edge-b"]
    assert [event.phase for event in events if isinstance(event, PhaseReached)] == ["manifest"]


async def test_the_edge_that_answers_comes_first_in_the_media() -> None:
    manifests = {"edge-a": "http://a.test/t/x.mpd", "edge-b": "http://b.test/t/x.mpd"}
    link = Link({"http://b.test/t/x.mpd": MPD}, tuple(manifests))
    presentation = await load(link, manifests, [])
    rendition = presentation.tracks(TrackType.VIDEO)[0].renditions[0]
    assert [segment.url for segment in rendition.segments][:1] == ["http://b.test/t/1.m4s"]  # type: ignore[union-attr]


@pytest.mark.parametrize(("broken", "asked"), [(1, "ab"), (2, None)])
async def test_a_damaged_manifest_is_had_elsewhere_or_once_more(broken: int, asked: str | None) -> None:
    manifests = {"edge-a": "http://a.test/t/x.mpd", "edge-b": "http://b.test/t/x.mpd"}
    link = Link(dict.fromkeys(manifests.values(), MPD), tuple(manifests))
    for url in list(manifests.values())[:broken]:
        link.transport.plan(url, Act(body=MPD[:70]))
    presentation = await load(link, manifests, [])
    assert presentation.tracks(TrackType.VIDEO)
    found = [request.pathway[-1] for request in link.transport.requests]
    assert found == (list(asked) if asked else ["a", "b", found[-1]])
    told = [event.step.action for event in link.load_events if isinstance(event, RetryEvent)]
    assert told == [Action.OTHER_PATH, Action.RETRY][:broken]


@pytest.mark.parametrize(("body", "error"), [(b"<html>", ManifestError), (b"", ManifestError), (None, NetError)])
async def test_what_is_no_manifest_is_said(body: bytes | None, error: type[Exception]) -> None:
    link = Link({} if body is None else {"http://a.test/x": body})
    with pytest.raises(error):
        await load(link, {"a.test": "http://a.test/x"}, [])


def test_every_failure_has_a_code_and_a_sentence() -> None:
    assert failure_of(NetError(ErrorCode.NET_DNS, "No host.")) == PlaybackFailure("net.dns", "No host.")
    assert failure_of(DrmError(DrmErrorCode.NO_KEY, "No key.")) == PlaybackFailure("drm.no_key", "No key.")
    refused = ServiceError(ErrorCode.SERVICE_NOT_ENTITLED, "No.", problem="stream_limit", playing="Kitchen (Harbour)")
    assert (failure_of(refused).reason, failure_of(refused).playing) == ("stream_limit", "Kitchen (Harbour)")

    class ForeignError(Exception):
        code = 17

    found = failure_of(ForeignError("details nobody should see"))
    assert found.code == "internal"
    assert "details" not in found.sentence


def test_where_playback_begins() -> None:
    assert begin_at(0.0, 24.0, asked_for=True) == 0.0
    assert begin_at(23.9, 24.0, asked_for=True) == 23.9
    assert begin_at(12.0, 24.0, asked_for=False) == 12.0


def test_a_remembered_position_past_the_end_means_the_begin() -> None:
    assert begin_at(24.0, 24.0, asked_for=False) == 0.0
    assert begin_at(4000.0, 24.0, asked_for=False) == 0.0


def test_a_place_that_the_title_does_not_have_is_an_error_when_it_was_asked_for() -> None:
    with pytest.raises(InputError, match="24 s long; it cannot begin at 99 s"):
        begin_at(99.0, 24.0, asked_for=True)
