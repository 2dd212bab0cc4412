"""The sheets of small pictures, as the manifests describe them."""

from __future__ import annotations

import pytest

from backend_stub.encoding import tiles
from player.manifest import parse
from player.manifest.model import Presentation
from player.thumbnails.layout import sources_of, spot_at

MPD = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT{length}S" minBufferTime="PT2S"
     profiles="urn:mpeg:dash:profile:isoff-live:2011">
  <Period id="0">
    <AdaptationSet contentType="video" mimeType="video/mp4" codecs="avc1.64001f">
      <SegmentTemplate media="v-$Number$.m4s" initialization="v.mp4" duration="4" startNumber="1"/>
      <Representation id="v" bandwidth="1000000" width="640" height="360"/>
    </AdaptationSet>
  </Period>
</MPD>
"""


@pytest.mark.parametrize(
    ("length_s", "time_s"), [(40.0, 1.0), (40.0, 38.0), (99.5, 90.0), (230.0, 101.0), (230.0, 229.0)]
)
def test_the_player_finds_the_picture_of_a_time(length_s: float, time_s: float) -> None:
    """One picture of each segment, whatever the length of the title is."""
    sheets = -(-length_s // (tiles.COLUMNS * tiles.ROWS * tiles.SEGMENT_S))
    made = tiles.TileSheets(int(sheets), 320, 180, 40_000)
    text = tiles.add_to_dash(MPD.replace("{length}", str(length_s)), made)
    read = parse(text.encode(), "http://a.test/title.mpd")
    assert isinstance(read, Presentation)
    (source,) = sources_of(read)
    spot = spot_at(source.rendition, source.rendition.segments, time_s)  # type: ignore[arg-type]
    assert spot is not None
    before = (spot.segment.number - 1) * tiles.COLUMNS * tiles.ROWS
    assert before + spot.row * tiles.COLUMNS + spot.column == time_s // tiles.SEGMENT_S
