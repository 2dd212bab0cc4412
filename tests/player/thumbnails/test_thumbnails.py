"""Which small picture shows a time, what it is cut from, and what is kept, fetched again or given up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from player.base.errors import ErrorCode, MediaError, NetError
from player.manifest import parse
from player.manifest.model import ListedIndex, Presentation, Rendition, Segment
from player.net.model import RequestKind
from player.thumbnails import Picture, Thumbnails, fetching
from player.thumbnails.layout import source_at, sources_of, spot_at
from player.thumbnails.pictures import MAX_WIDTH, cut, read_sheet
from tests.kit.sheets import STEP, sheet

URL = "http://a.test/title.mpd"


def tiles(identity: str, bandwidth: int, grid: str, width: int = 1600, duration: int = 40) -> str:
    return (
        '<AdaptationSet contentType="image" mimeType="image/jpeg">'
        f'<SegmentTemplate media="{identity}-$Number$.jpg" duration="{duration}" startNumber="1"/>'
        f'<Representation id="{identity}" bandwidth="{bandwidth}" width="{width}" height="900">'
        f'<EssentialProperty schemeIdUri="http://dashif.org/guidelines/thumbnail_tile" value="{grid}"/>'
        "</Representation></AdaptationSet>"
    )


TRICK = (
    '<AdaptationSet contentType="video" mimeType="video/mp4">'
    '<EssentialProperty schemeIdUri="http://dashif.org/guidelines/trickmode" value="0"/>'
    '<SegmentTemplate media="t-$Number$.m4s" duration="10"/>'
    '<Representation id="t" bandwidth="20000" codecs="avc1.64001f" width="320" height="180"/></AdaptationSet>'
)
VIDEO = (
    '<AdaptationSet contentType="video" mimeType="video/mp4"><SegmentTemplate media="v-$Number$.m4s" duration="10"/>'
    '<Representation id="v" bandwidth="900000" codecs="avc1.64001f" width="640" height="360"/></AdaptationSet>'
)


def title(*periods: str, seconds: int = 100) -> Presentation:
    body = "".join(f'<Period duration="PT{seconds}S">{VIDEO}{period}</Period>' for period in periods)
    return parse(f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">{body}</MPD>', URL)


@dataclass
class FakeSources:
    """Files by address; an error in place of the bytes is raised."""

    files: dict[str, bytes | Exception]
    asked: list[str] = field(default_factory=list)
    hold: asyncio.Event | None = None

    async def index(self, rendition: Rendition) -> Any:
        return rendition.segments

    def as_loaded(self, rendition: Rendition) -> Rendition:
        return rendition

    async def segment_bytes(self, _rendition: Rendition, segment: Segment, kind: RequestKind) -> bytes:
        assert kind is RequestKind.IMAGE
        name = segment.url.rpartition("/")[2]
        self.asked.append(name)
        if self.hold is not None:
            await self.hold.wait()
        found = self.files[name]
        if isinstance(found, Exception):
            raise found
        return found

    async def demuxer(self, _rendition: Rendition, _segment: Segment) -> Any:
        raise AssertionError("there are no keyframes here")


SHEETS: dict[str, bytes | Exception] = {
    "s-1.jpg": sheet(4, 2),
    "s-2.jpg": sheet(4, 2, first=8),
    "s-3.jpg": sheet(4, 2, first=16),
}


def thumbnails(files: dict[str, bytes | Exception] | None = None) -> tuple[Thumbnails, FakeSources]:
    sources = FakeSources(SHEETS if files is None else files)
    return Thumbnails(title(tiles("s", 9000, "4x2")), sources), sources


def brightness(picture: Picture | None) -> int:
    assert picture is not None
    assert len(picture.rgb) == 3 * picture.width * picture.height
    return round(float(np.frombuffer(picture.rgb, np.uint8).mean()))


# --- where a picture stands


@pytest.mark.parametrize(
    ("time_s", "place"),
    [
        (0.0, (1, 0, 0, 0.0)),
        (4.9, (1, 0, 0, 0.0)),
        (5.0, (1, 1, 0, 5.0)),
        (39.9, (1, 3, 1, 35.0)),
        (40.0, (2, 0, 0, 40.0)),
        (85.0, (3, 1, 0, 85.0)),
        (99.9, (3, 3, 0, 95.0)),
        (500.0, (3, 3, 0, 95.0)),
        (-3.0, (1, 0, 0, 0.0)),
    ],
)
def test_the_tile_of_a_time(time_s: float, place: tuple[int, int, int, float]) -> None:
    """Sheets of eight tiles of 5 s; the last sheet is cut short by the end of the title."""
    (source,) = sources_of(title(tiles("s", 9000, "4x2")))
    assert not isinstance(source.rendition.segments, ListedIndex)
    spot = spot_at(source.rendition, source.rendition.segments, time_s)  # type: ignore[arg-type]
    assert spot is not None
    assert (spot.segment.number, spot.column, spot.row, spot.start_s) == place


@pytest.mark.parametrize("time_s", [1.0, 38.0, 99.0])
def test_a_sheet_that_the_title_cuts_short_still_has_all_its_places(time_s: float) -> None:
    """A title of 100 s with one sheet for 200 s: 25 tiles of 8 s."""
    (source,) = sources_of(title(tiles("s", 9000, "5x5", duration=200)))
    spot = spot_at(source.rendition, source.rendition.segments, time_s)  # type: ignore[arg-type]
    assert spot is not None
    assert 5 * spot.row + spot.column == time_s // 8


def test_the_smallest_pictures_that_are_wide_enough_are_taken() -> None:
    many = tiles("tiny", 1000, "10x1") + tiles("fits", 2000, "5x1") + tiles("huge", 9000, "2x1")
    assert sources_of(title(many))[0].rendition.id == "fits"
    assert sources_of(title(tiles("tiny", 1000, "10x1")))[0].rendition.id == "tiny"


def test_sheets_come_before_keyframes_and_each_period_has_its_own() -> None:
    found = sources_of(title(TRICK + tiles("s", 9000, "4x2"), TRICK, ""))
    assert [(source.start_s, source.rendition.id, source.keyframes) for source in found] == [
        (0.0, "s", False),
        (100.0, "t", True),
    ]
    assert source_at(found, 99.0) is found[0]
    assert source_at(found, 250.0) is found[1]
    assert source_at((), 1.0) is None


def test_a_layout_that_makes_no_sense_gives_no_picture() -> None:
    index = ListedIndex((Segment(1, 0.0, 10.0, "http://a.test/1"),))
    assert spot_at(Rendition("r", 1, index, tiles=(10_000, 10_000)), index, 1.0) is None
    assert spot_at(Rendition("r", 1, index, tiles=(0, 4)), index, 1.0) is None
    assert spot_at(Rendition("r", 1, ListedIndex(())), ListedIndex(()), 1.0) is None


def test_hls_image_playlists_say_how_long_a_tile_is() -> None:
    index = ListedIndex((Segment(1, 0.0, 60.0, "u"), Segment(2, 60.0, 24.0, "u")))
    own = Rendition("r", 1, index, tiles=(5, 2), tile_duration_s=6.0)
    spots = [spot_at(own, index, time_s) for time_s in (59.0, 61.0, 83.9)]
    assert [(spot.column, spot.row, spot.start_s) for spot in spots if spot] == [
        (4, 1, 54.0),
        (0, 0, 60.0),
        (3, 0, 78.0),
    ]


# --- what is fetched


async def test_one_sheet_serves_all_its_times() -> None:
    made, sources = thumbnails()
    assert made.available
    pictures = [await made.at(5.0 * number + 1) for number in range(8)]
    assert [brightness(picture) for picture in pictures] == [STEP * number for number in range(8)]
    assert sources.asked == ["s-1.jpg"]
    assert pictures[3] is not None
    assert (pictures[3].start_s, pictures[3].duration_s, pictures[3].width) == (15.0, 5.0, 64)
    assert await made.at(16.0) is pictures[3]


async def test_only_the_last_wish_is_fetched() -> None:
    made, sources = thumbnails()
    sources.hold = asyncio.Event()
    asked = [asyncio.ensure_future(made.at(time_s)) for time_s in (1.0, 45.0, 85.0)]
    await asyncio.sleep(0)
    sources.hold.set()
    pictures = await asyncio.gather(*asked)
    assert pictures[1] is None
    assert brightness(pictures[2]) == STEP * 17
    assert "s-2.jpg" not in sources.asked


@pytest.mark.parametrize(
    "trouble",
    [
        NetError(ErrorCode.NET_CUT, "It is not there."),
        MediaError(ErrorCode.MEDIA_DAMAGED, "It is damaged."),
        b"no picture",
        b"",
        sheet(4, 2)[:200],
        sheet(1, 1, tile=(2, 1)),
    ],
)
async def test_what_cannot_be_had_is_given_up_after_two_tries(trouble: bytes | Exception) -> None:
    made, sources = thumbnails({**SHEETS, "s-1.jpg": trouble})
    for _ in range(4):
        assert await made.at(1.0) is None
    assert sources.asked.count("s-1.jpg") <= 2
    assert brightness(await made.at(41.0)) == STEP * 8


async def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "KEPT_BYTES", 3 * 64 * 36 * 3)
    made, sources = thumbnails()
    for time_s in (1.0, 41.0, 81.0, 6.0, 1.0):
        assert await made.at(time_s) is not None
    assert sources.asked == ["s-1.jpg", "s-2.jpg", "s-3.jpg", "s-1.jpg"]


async def test_a_title_without_small_pictures_has_none() -> None:
    made = Thumbnails(title(""), FakeSources({}))
    assert not made.available
    assert await made.at(1.0) is None


def test_wide_tiles_are_made_smaller() -> None:
    (source,) = sources_of(title(tiles("s", 9000, "2x1")))
    spot = spot_at(source.rendition, source.rendition.segments, 21.0)  # type: ignore[arg-type]
    assert spot is not None
    picture = cut(read_sheet(sheet(2, 1, tile=(1000, 500), form="mjpeg")), spot)
    assert picture.width <= MAX_WIDTH
    assert picture.width == 2 * picture.height
    assert abs(brightness(picture) - STEP) <= 2
