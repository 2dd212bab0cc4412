"""What an MPD says of tracks together: Subsets, Initialization Sets, operating ranges."""

from __future__ import annotations

from pathlib import Path

import pytest

from abr.model import Estimate
from downloads.model import DownloadChoice
from downloads.rendition_choice import choose, pick_rung
from player.manifest import parse
from player.manifest.model import OperatingRange, Presentation, TrackType
from player.playback.quality_control import rate_control
from player.playback.settings import PlaybackSettings
from player.stream.main_track import first_rung
from player.tracks.combinations import outside, target_bps
from player.tracks.selection import Selection, select
from tests.kit.presentations import rendition

CORPUS = Path(__file__).parents[1] / "manifest" / "corpus" / "dash"


def corpus(name: str) -> Presentation:
    (path,) = CORPUS.glob(f"{name}*.mpd")
    return parse(path.read_bytes(), "https://example.org/a.mpd")


def shown(selection: Selection) -> tuple[list[str], list[str | None]]:
    return [item.id for item in selection.main.first.renditions], [track.language for track in selection.audio]


# -- Subsets ------------------------------------------------------------------------------------------------------


def test_only_what_is_in_one_subset_is_played_together() -> None:
    """5.3.8: H.264 is preferred, and its Subset has the German sound."""
    selection = select(corpus("5.3.8"))
    assert shown(selection) == (["v2"], ["de"])
    assert [item.track.language for item in selection.unsupported_audio] == ["en"]
    assert selection.unsupported_audio[0].reason == (
        "The manifest does not allow it beside the video that is played (Subset)."
    )


def test_what_cannot_be_decoded_leads_to_another_subset() -> None:
    assert shown(select(corpus("5.3.8"), decoders={"hevc", "aac"})) == (["v1"], ["en"])


def test_a_download_keeps_to_the_subset_too() -> None:
    picked = choose(corpus("5.3.8"), DownloadChoice(audio=("en", "de")), 8.0)
    assert [item.rendition.id for item in picked] == ["v2", "a4"]


def test_sets_that_no_subset_names_are_in_all_of_them() -> None:
    text = (CORPUS / "5.3.8-subsets.mpd").read_text().replace('contains="1 3"', 'contains="1"')
    text = text.replace('contains="2 4"', 'contains="2"')
    assert shown(select(parse(text, "https://example.org/a.mpd")))[1] == ["en", "de"]


# -- Initialization Sets ------------------------------------------------------------------------------------------

SET = (
    '<AdaptationSet id="{0}" mimeType="video/mp4" codecs="avc1.4d401f" initializationSetRef="{0}"><SegmentTemplate '
    'media="{1}$Number$" duration="4"/><Representation id="{1}" bandwidth="9"/></AdaptationSet>'
)


@pytest.mark.parametrize("order", [("1", "2"), ("2", "1")])
def test_periods_are_played_with_the_sets_of_one_initialization_set(order: tuple[str, str]) -> None:
    """5.3.12: Initialization Set 2 is in all periods, so the decoder is set up once; 1 is in one only."""
    periods = "".join(
        f'<Period id="{period}" duration="PT8S">{"".join(SET.format(number, f"{period}{number}") for number in have)}'
        "</Period>"
        for period, have in (("p", order), ("q", order[::-1]), ("r", ("2",)))
    )
    sets = '<InitializationSet id="1" inAllPeriods="false"/><InitializationSet id="2" contentType="video"/>'
    text = f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">{sets}{periods}</MPD>'
    video = select(parse(text, "https://example.org/a.mpd")).main
    assert [track.renditions[0].id for track in video.per_period if track is not None] == ["p2", "q2", "r2"]


def test_what_an_adaptation_set_leaves_out_its_initialization_set_says() -> None:
    presentation = corpus("5.3.12")
    assert presentation.tracks(TrackType.VIDEO)[0].renditions[0].codecs == ("avc1.4d401f",)
    assert presentation.tracks(TrackType.AUDIO)[0].renditions[0].codecs == ("mp4a.40.5",)
    assert presentation.initialization_sets[0].in_all_periods


# -- SubRepresentation --------------------------------------------------------------------------------------------


def test_sound_inside_the_video_is_known_from_its_components() -> None:
    """5.3.6, 5.3.4."""
    (track,) = corpus("5.3.6").tracks(TrackType.VIDEO)
    both, undeclared = (next(r for r in track.renditions if r.id == name) for name in ("both", "undeclared"))
    assert both.codecs == ("avc1.4d401f", "mp4a.40.2")
    assert (both.channels, both.sample_rate) == ("2", 48_000)
    assert both.muxed_audio
    assert undeclared.muxed_audio
    assert select(corpus("5.3.6")).muxed_audio


# -- operating ranges ---------------------------------------------------------------------------------------------


def test_auto_and_downloads_keep_to_the_operating_range() -> None:
    """K.4.2.4: 300 kbit/s to 1 Mbit/s, of three rungs the middle one."""
    selection = select(corpus("annex-k-operating"))
    assert selection.outside == {0, 2}
    rate = rate_control(selection, PlaybackSettings(), lambda _now_s: pytest.fail("not asked"), None)
    assert rate.caps.unexpected == {0, 2}
    assert pick_rung(selection, DownloadChoice(), 8.0) == 1
    assert pick_rung(selection, DownloadChoice(max_bytes=210_000), 8.0) == 0


RUNGS = [rendition(str(bps), bps, quality_ranking=rank) for bps, rank in ((100, 3), (200, 2), (400, 1))]


@pytest.mark.parametrize(
    ("unit", "media", "low", "high", "beside", "expected"),
    [
        ("bandwidth", "any", 150, None, 0, {0}),
        ("bandwidth", "all", None, 300, 150, {1, 2}),
        ("bandwidth", "audio", None, 1, 0, set()),
        ("bandwidth", "video", None, 1, 0, set()),  # that would be all
        ("quality", "video", 3, 2, 0, {2}),
        ("quality", "video", 2, 3, 0, {2}),
        ("bandwidth", "video", None, None, 0, set()),
    ],
)
def test_what_lies_outside_of_a_range(
    unit: str, media: str, low: int | None, high: int | None, beside: int, expected: set[int]
) -> None:
    assert outside([OperatingRange(unit, media, low, high)], RUNGS, TrackType.VIDEO, beside) == expected


@pytest.mark.parametrize(
    ("unit", "media", "target", "beside", "expected"),
    [
        ("bandwidth", "video", 350, 100, 350),
        ("bandwidth", "all", 350, 100, 250),
        ("bandwidth", "all", 50, 100, 0),
        ("bandwidth", "audio", 350, 0, None),
        ("quality", "any", 2, 0, 200),
        ("quality", "video", 9, 0, 100),
        ("bandwidth", "video", None, 0, None),
    ],
)
def test_what_the_service_expects_to_be_played(
    unit: str, media: str, target: int | None, beside: int, expected: int | None
) -> None:
    said = [OperatingRange(unit, media, None, None, target)]
    assert target_bps(said, RUNGS, TrackType.VIDEO, beside) == expected


@pytest.mark.parametrize(
    ("low", "target", "first"),
    [("100", "700000", 0), ("100", "800000", 1), ("100", "9000000", 1), ("500000", "1", 1)],
)
def test_an_unknown_network_starts_where_the_service_expects_it(low: str, target: str, first: int) -> None:
    """K.4.2.4: target 800 kbit/s of 300 kbit/s to 1 Mbit/s; what lies outside of the range is not started with."""
    (path,) = CORPUS.glob("annex-k-operating*.mpd")
    text = path.read_text().replace('target="800000"', f'target="{target}"').replace('min="300000"', f'min="{low}"')
    selection = select(parse(text, "https://example.org/a.mpd"))
    rate = rate_control(selection, PlaybackSettings(), lambda _now_s: Estimate(), None)
    assert first_rung(rate, 0.0) == first


def test_the_sound_keeps_to_its_range() -> None:
    text = (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT8S"><ServiceDescription>'
        '<OperatingBandwidth mediaType="audio" max="70000"/></ServiceDescription><Period>'
        '<AdaptationSet mimeType="audio/mp4" codecs="mp4a.40.2"><SegmentTemplate media="$RepresentationID$-$Number$" '
        'duration="8"/><Representation id="a" bandwidth="64000"/><Representation id="b" bandwidth="128000"/>'
        "</AdaptationSet></Period></MPD>"
    )
    assert shown(select(parse(text, "https://example.org/a.mpd")))[0] == ["a"]


# -- latency by the producer's clock ------------------------------------------------------------------------------


def live(reference: str) -> Presentation:
    text = (CORPUS / "annex-k-latency-by-the-producers-clock.mpd").read_text()
    return parse(text.replace('referenceId="7"', reference), "https://example.org/a.mpd", now_s=1_704_067_260.0)


@pytest.mark.parametrize(
    ("reference", "target_s", "warned"),
    [
        ('referenceId="7"', 2.0, False),  # the camera's clock shows 1.5 s less
        ('referenceId="6"', 5.5, False),  # the encoder's 2 s more: 10 s for what is 8 s into the presentation
        ('referenceId="8"', 3.5, True),
        ("", 3.5, False),
    ],
)
def test_the_latency_counts_by_the_clock_that_it_refers_to(reference: str, target_s: float, warned: bool) -> None:
    """K.4.2.2 with 5.12; ETSI TS 103 285 10.20.4."""
    presentation = live(reference)
    assert presentation.live_info is not None
    assert presentation.live_info.target_latency_s == pytest.approx(target_s)
    assert ("dash.latency_reference" in [item.code for item in presentation.warnings]) is warned


# -- segment sequences --------------------------------------------------------------------------------------------


def sequenced(k: int, own: str, other: str) -> str:
    parts = f' k="{k}"' if k > 1 else ""
    marked = '<EssentialProperty schemeIdUri="urn:mpeg:dash:ssr:2023" value="1"/>' if k > 1 else ""
    return (
        f'<AdaptationSet id="{own}" mimeType="video/mp4" codecs="avc1.64001f">{marked}'
        f'<SupplementalProperty schemeIdUri="urn:mpeg:dash:adaptation-set-switching:2016" value="{other}"/>'
        f'<SegmentTemplate media="$RepresentationID$/$Time$.$SubNumber$"><SegmentTimeline>'
        f'<S t="0" d="10" r="1"{parts}/></SegmentTimeline></SegmentTemplate>'
        f'<Representation id="{own}" bandwidth="{k}" width="640" height="360"/>'
        "</AdaptationSet>"
    )


@pytest.mark.parametrize("turned", [False, True])
def test_sequences_beside_an_ordinary_set_are_left_out(turned: bool) -> None:
    """As GPAC and DASH-IF's live simulator write low-delay streams: cut in other places, they are no rung."""
    sets = [sequenced(5, "fast", "all"), sequenced(1, "all", "fast")]
    for wanted, chosen in ((sets, ["all"]), (sets[:1], ["fast"])):
        body = "".join(reversed(wanted) if turned else wanted)
        head = '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT20S"><Period>'
        assert shown(select(parse(f"{head}{body}</Period></MPD>", "https://example.org/a.mpd")))[0] == chosen
