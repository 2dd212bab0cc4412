"""Where a period ends within a rounding of where a segment begins, that segment is the next period's alone."""

from __future__ import annotations

import pytest

from player.manifest import parse
from player.manifest.model import SegmentIndex

_NUMBERS = '<SegmentTemplate media="{name}-$Number$" duration="2" timescale="1"/>'
_TIMELINE = (
    '<SegmentTemplate media="{name}-$Time$" timescale="1000"><SegmentTimeline>'
    '<S t="0" d="2000" r="{more}"/></SegmentTimeline></SegmentTemplate>'
)


def mpd(border: str, template: str) -> str:
    periods = "".join(
        f'<Period id="{name}" {place}><AdaptationSet contentType="video" mimeType="video/mp4">'
        f'<Representation id="1" bandwidth="1" codecs="avc1.64001f">{template.format(name=name, more=more)}'
        "</Representation></AdaptationSet></Period>"
        for name, place, more in (("a", 'start="PT0S"', 2), ("b", f'start="{border}"', 1))
    )
    return (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static" '
        f'minBufferTime="PT2S" mediaPresentationDuration="PT8.0005S">{periods}</MPD>'
    )


@pytest.mark.parametrize("template", [_NUMBERS, _TIMELINE], ids=["numbers", "timeline"])
@pytest.mark.parametrize(("border", "count"), [("PT4S", 2), ("PT4.00045S", 2), ("PT3.9996S", 2), ("PT4.02S", 3)])
def test_a_rounded_border_makes_no_segment(border: str, count: int, template: str) -> None:
    presentation = parse(mpd(border, template), "https://example.org/m.mpd")
    index = presentation.periods[0].tracks[0].renditions[0].segments
    assert isinstance(index, SegmentIndex)
    assert len(index) == count
