"""Long plain timelines are read from the text alone, and mean the same as in the tree."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from player.base.errors import ManifestError
from player.manifest import parse
from player.manifest.dash import mpd as reader
from player.manifest.dash.cut import CutText, cut
from player.manifest.dash.xml import parse_xml
from player.manifest.dump import to_json

URL = "https://example.org/a/x.mpd"
COUNT = 300


def plain(count: int = COUNT, start: int = 7, space: str = "") -> str:
    return space.join(f'<S t="{start + number * 10}" d="10"/>' for number in range(count))


def mpd(contents: str, *, attributes: str = "", more: str = "", kind: str = 'type="static"') -> str:
    return (
        f'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" {kind} '
        'mediaPresentationDuration="PT4000S">'
        f'<Period>{more}<AdaptationSet mimeType="video/mp4"><SegmentTemplate timescale="1" media="$Number$-$Time$" '
        f'startNumber="5" presentationTimeOffset="7" {attributes}><SegmentTimeline>{contents}</SegmentTimeline>'
        '</SegmentTemplate><Representation id="v" bandwidth="1"/>\n<Broken></AdaptationSet></Period></MPD>'
    ).replace("<Broken>", "<Last/>")


@pytest.fixture
def from_the_tree(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], object]:
    def read(text: str) -> object:
        with monkeypatch.context() as patch:
            patch.setattr(reader, "cut", lambda data: CutText(data, {}))
            return to_json(parse(text, URL, now_s=2000.0))

    return read


@pytest.mark.parametrize(
    "text",
    [
        mpd(plain()),
        mpd(plain(space="\n  ")),
        mpd(plain(), attributes='endNumber="100"'),
        mpd(plain() + '<S t="9000" d="10"/>'),  # a gap
        mpd(plain() + '<S t="3007" d="10" r="5"/>'),
        mpd(plain() + '<S t="3007" d="0"/>'),
        mpd(plain() + "<Other/>"),
        mpd(plain() + "words"),
        mpd("<!-- " + plain() + " -->" + plain(3)),
        mpd(
            plain(),
            more=f'<EventStream schemeIdUri="u"><Event><SegmentTimeline>{plain()}</SegmentTimeline></Event>'
            "</EventStream>",
        ),
        mpd(
            plain(), kind='type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z" timeShiftBufferDepth="PT500S"'
        ),
        mpd(plain()).replace("<SegmentTimeline>", '<SegmentTimeline matinee-cut="0-0">'),
    ],
)
def test_both_ways_say_the_same(text: str, from_the_tree: Callable[[str], object]) -> None:
    assert to_json(parse(text, URL, now_s=2000.0)) == from_the_tree(text)


def test_a_long_plain_timeline_is_taken_out_and_lines_stay() -> None:
    rest, found = cut(mpd(plain(space="\n")).encode())
    assert len(rest) < 1500
    assert len(found) == 1
    assert rest.count(b"\n") == mpd(plain(space="\n")).count("\n")
    assert cut(mpd(plain(20)).encode()).timelines == {}


def test_errors_stand_in_their_lines() -> None:
    text = mpd(plain(space="\n")).replace("<Last/>", "<Last>")
    with pytest.raises(ManifestError) as caught:
        parse(text, URL)
    with pytest.raises(ManifestError) as expected:
        parse_xml(text)
    assert caught.value.fields == expected.value.fields


def test_sets_with_one_timeline_share_its_rows() -> None:
    one = mpd(plain())
    inner = one[one.index("<AdaptationSet") : one.index("</Period>")]
    text = one.replace(inner, inner + inner.replace('id="v"', 'id="w"'))
    first, second = (track.renditions[0].segments for track in parse(text, URL).periods[0].tracks)
    assert first.timeline.rows is second.timeline.rows  # type: ignore[union-attr]
    assert [segment.number for segment in first] == list(range(5, 5 + COUNT))  # type: ignore[union-attr]
