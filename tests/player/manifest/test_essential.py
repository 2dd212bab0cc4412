"""EssentialProperty (ISO/IEC 23009-1 5.8.4.8): what makes an element unusable, and the schemes of other players."""

from __future__ import annotations

import pytest

from player.manifest import parse
from player.manifest.model import IndexRef, Presentation, Rendition

URL = "https://example.org/a/film.mpd"
SEGMENTS = '<SegmentTemplate media="$Number$" duration="5"/>'
KNOWN = "urn:mpeg:mpegB:cicp:ColourPrimaries"


def mpd(*, root: str = "", period: str = "", adaptation: str = "", segments: str = SEGMENTS) -> Presentation:
    return parse(
        f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT20S">{root}<Period>{period}'
        f'<AdaptationSet id="1" mimeType="video/mp4">{adaptation}{segments}<Representation id="v" bandwidth="1"/>'
        "</AdaptationSet></Period></MPD>",
        URL,
    )


def essential(scheme: str, value: str = "", identity: str = "") -> str:
    own = f' id="{identity}"' if identity else ""
    return f'<EssentialProperty schemeIdUri="{scheme}" value="{value}"{own}/>'


def rendition(presentation: Presentation) -> Rendition:
    return presentation.periods[0].tracks[0].renditions[0]


def codes(presentation: Presentation) -> list[str]:
    return [item.code for item in presentation.warnings]


def test_a_segment_sequence_representation_is_played() -> None:
    """As GPAC and DASH-IF's live simulator write it."""
    template = (
        '<SegmentTemplate media="$Time$.$SubNumber$"><SegmentTimeline><S t="0" d="10" r="1" k="5"/>'
        "</SegmentTimeline></SegmentTemplate>"
    )
    switching = '<SupplementalProperty schemeIdUri="urn:mpeg:dash:adaptation-set-switching:2016" value="2"/>'
    found = mpd(adaptation=essential("urn:mpeg:dash:ssr:2023", "2") + switching, segments=template)
    assert rendition(found).unusable is None
    assert not isinstance(rendition(found).segments, IndexRef)
    assert codes(found) == []


@pytest.mark.parametrize("place", ["root", "adaptation"])
def test_patterns_may_be_announced(place: str) -> None:
    found = mpd(**{place: essential("urn:mpeg:dash:pattern:2024")})  # type: ignore[arg-type]
    assert rendition(found).unusable is None
    assert codes(found) == []


def test_subtitles_with_fonts_to_load_are_shown_with_others() -> None:
    found = mpd(adaptation=essential("urn:dvb:dash:fontdownload:2014", "1"))
    assert rendition(found).unusable is None
    assert codes(found) == ["dash.font_download"]


def test_of_several_with_one_id_one_is_enough() -> None:
    other = essential("urn:example:other", identity="g")
    assert rendition(mpd(adaptation=other + essential(KNOWN, "1", "g"))).unusable is None
    assert rendition(mpd(adaptation=other + essential(KNOWN, "1", "h"))).unusable == (
        "EssentialProperty urn:example:other"
    )
    alone = essential("urn:example:other")
    assert rendition(mpd(adaptation=alone + essential(KNOWN, "1"))).unusable is not None  # no @id is no group


@pytest.mark.parametrize("place", ["root", "period"])
def test_what_the_whole_asks_for_is_reported_and_it_is_played(place: str) -> None:
    found = mpd(**{place: essential("urn:example:other")})  # type: ignore[arg-type]
    assert codes(found) == ["dash.essential_property"]
    assert rendition(found).unusable is None
    assert codes(mpd(root=essential("urn:mpeg:dash:fallback:2016", "other.mpd"))) == []


def test_the_number_of_the_last_segment_may_stand_in_a_descriptor() -> None:
    last = '<SupplementalProperty schemeIdUri="http://dashif.org/guidelines/last-segment-number" value="2"/>'
    numbers = [segment.number for segment in rendition(mpd(adaptation=last)).segments]  # type: ignore[union-attr]
    assert numbers == [1, 2]
    own = '<SegmentTemplate media="$Number$" duration="5" endNumber="3"/>'
    assert len(rendition(mpd(adaptation=last, segments=own)).segments) == 3  # type: ignore[arg-type]
