"""What whole titles have for scrubbing, while they play: small pictures, of trick-play tracks that a packager made
and of sheets in both kinds of manifests; chapters."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from player.engine import Engine
from player.manifest.chapters import Chapter
from player.thumbnails import Picture
from tests.kit import barcode
from tests.kit.playback import engine, null_player, opened
from tests.kit.samples import FPS, trick_play
from tests.kit.sheets import STEP, sheet

TILES = """<AdaptationSet contentType="image" mimeType="image/png">
<SegmentTemplate media="sheet-$Number$.png" duration="1" startNumber="1"/>
<Representation id="sheets" bandwidth="9000" width="320" height="36">
<EssentialProperty schemeIdUri="http://dashif.org/guidelines/thumbnail_tile" value="2x1"/></Representation>
</AdaptationSet></Period>"""
IMAGES = """#EXTM3U
#EXT-X-TARGETDURATION:1
#EXT-X-VERSION:7
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-IMAGES-ONLY
#EXT-X-TILES:RESOLUTION=160x36,LAYOUT=2x1,DURATION=0.5
#EXTINF:1,
sheet-1.png
#EXTINF:1,
sheet-2.png
#EXT-X-ENDLIST
"""
OF_IMAGES = '#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=9000,RESOLUTION=160x36,CODECS="png",URI="images.m3u8"\n'


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path / "profile") as started:
        yield started


def pictures(made: Engine, folder: Path, manifest: str, *times: float) -> list[Picture]:
    with null_player() as player, opened(made, folder, manifest, player, start_paused=True) as (session, _):
        while not session.state.rungs:
            assert not made.wait(session, 0.05), session.state.failure
        assert session.state.thumbnails
        found = [session.thumbnail(time_s).result(30) for time_s in times]
    shown = [picture for picture in found if picture is not None]
    assert len(shown) == len(times)
    return shown


@pytest.mark.parametrize("manifest", ["manifest.mpd", "master.m3u8"])
def test_keyframes_of_a_trick_play_track(made: Engine, manifest: str) -> None:
    shown = pictures(made, trick_play(), manifest, 0.2, 1.9)
    marks = [barcode.decode(np.frombuffer(one.rgb, np.uint8).reshape(one.height, one.width, 3)) for one in shown]
    assert [mark.frame for mark in marks if mark is not None] == [0, FPS]


@pytest.mark.parametrize("manifest", ["manifest.mpd", "master.m3u8"])
def test_tiles_of_sheets(made: Engine, tmp_path: Path, manifest: str) -> None:
    folder = tmp_path / "title"
    shutil.copytree(trick_play(), folder)
    for number in (1, 2):
        (folder / f"sheet-{number}.png").write_bytes(sheet(2, 1, first=2 * number, tile=(160, 36)))
    (folder / "images.m3u8").write_text(IMAGES)
    for name, old, new in (
        ("manifest.mpd", "</Period>", TILES),
        ("master.m3u8", "#EXT-X-STREAM", OF_IMAGES + "#EXT-X-STREAM"),
    ):
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))
    shown = pictures(made, folder, manifest, 0.2, 0.7, 1.2, 1.9)
    assert [round(float(np.frombuffer(one.rgb, np.uint8).mean())) for one in shown] == [
        STEP * number for number in (2, 3, 4, 5)
    ]


def test_chapters_of_a_title(made: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "title"
    shutil.copytree(trick_play(), folder)
    (folder / "chapters.json").write_text(
        json.dumps([{"start-time": 1, "titles": [{"title": "End"}]}, {"start-time": 0}])
    )
    master = folder / "master.m3u8"
    named = '#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.chapters",URI="chapters.json"\n#EXT-X-STREAM'
    master.write_text(master.read_text().replace("#EXT-X-STREAM", named, 1))
    with null_player() as player, opened(made, folder, master.name, player, start_paused=True) as (session, _):
        while not session.state.chapters:
            assert not made.wait(session, 0.05), session.state.failure
        assert session.state.chapters == (Chapter(0.0), Chapter(1.0, "End"))
