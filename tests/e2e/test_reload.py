"""Sources that change to media for which libmpv needs other decoders: every picture is shown all the same."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lxml import etree

from player.engine import Engine
from player.playback.session import Session
from player.playback.settings import PlaybackSettings
from player.reporting.report import Recorder
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer
from tests.kit.playback import engine
from tests.kit.screen import Screen
from tests.kit.waiting import PATIENCE_S, until

SECONDS = 8
FRAMES = SECONDS * media.FPS
NS = "{urn:mpeg:dash:schema:mpd:2011}"
ATTEMPTS = 5
UNTIMED = {"untimed": True, "framedrop": "no", "ao_null_untimed": True, "video_sync": "display-desync"}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path / "profile") as started:
        yield started


def parts(folder: Path, *codecs: str) -> list[Path]:
    """Titles of eight seconds in these codecs, each copied into its own folder."""
    found = []
    for number, codec in enumerate(codecs):
        title = media.ffmpeg_dash(SECONDS) if codec == "h264" else media.other_codec(codec, SECONDS)
        shutil.copytree(title.folder, folder / str(number))
        found.append(title.folder)
    return found


def periods(folder: Path, *codecs: str) -> str:
    """An MPD with one period for each part; its name."""
    whole = None
    for number, part in enumerate(parts(folder, *codecs)):
        root = etree.parse(part / "manifest.mpd").getroot()
        period = root.find(f"{NS}Period")
        period.set("id", str(number))
        period.set("start", f"PT{number * SECONDS}S")
        base = etree.Element(f"{NS}BaseURL")
        base.text = f"{number}/"
        period.insert(0, base)
        if whole is None:
            whole = root
        else:
            whole.append(copy.deepcopy(period))
    assert whole is not None
    whole.set("mediaPresentationDuration", f"PT{SECONDS * len(codecs)}S")
    (folder / "all.mpd").write_bytes(etree.tostring(whole))
    return "all.mpd"


def discontinuities(folder: Path, *codecs: str) -> str:
    """A multivariant playlist whose one variant changes its codec at discontinuities; its name."""
    parts(folder, *codecs)
    for name, of in (("video", lambda codec: 0), ("audio", lambda codec: 3 if codec == "h264" else 2)):
        lines = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{media.SEGMENT_S}", "#EXT-X-MEDIA-SEQUENCE:1"]
        for number, codec in enumerate(codecs):
            track = of(codec)
            lines += ["#EXT-X-DISCONTINUITY"] * (number > 0) + [f'#EXT-X-MAP:URI="{number}/init-{track}.mp4"']
            for segment in range(1, SECONDS // media.SEGMENT_S + 1):
                lines += [f"#EXTINF:{media.SEGMENT_S},", f"{number}/seg-{track}-{segment:03d}.m4s"]
        (folder / f"{name}.m3u8").write_text("\n".join([*lines, "#EXT-X-ENDLIST"]))
    (folder / "all.m3u8").write_text(
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",DEFAULT=YES,AUTOSELECT=YES,URI="audio.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=320x180,AUDIO="a"\nvideo.m3u8\n'
    )
    return "all.m3u8"


@contextmanager
def opened(
    made: Engine, folder: Path, manifest: str, screen: Screen, **settings: object
) -> Iterator[tuple[Session, Recorder]]:
    with FileServer(folder) as server:
        recorder = Recorder()
        source = PlaybackSource(url=server.url(manifest))
        session = made.open(source, screen.player, recorder.see, PlaybackSettings(**settings), recorder)  # type: ignore[arg-type]
        try:
            yield session, recorder
        finally:
            session.stop()
            assert made.wait(session, PATIENCE_S)


@pytest.mark.parametrize(
    ("form", "codecs", "reloads"),
    [(periods, ("h264", "hevc", "h264"), 2), (discontinuities, ("h264", "vp9"), 1), (periods, ("h264", "h264"), 0)],
    ids=("periods", "discontinuity", "nothing-changes"),
)
def test_every_frame_is_shown_across_a_change_of_codec(
    made: Engine, tmp_path: Path, form: object, codecs: tuple[str, ...], reloads: int
) -> None:
    manifest = form(tmp_path, *codecs)  # type: ignore[operator]
    wanted = list(range(FRAMES)) * len(codecs)
    for _ in range(ATTEMPTS):
        with Screen(**UNTIMED) as screen, opened(made, tmp_path, manifest, screen) as (session, recorder):
            assert made.wait(session, 60)
            report = recorder.report(source=manifest, policy="")
        assert report["result"]["played_to_end"], report["errors"]
        assert session.state.reloads == report["result"]["reloads"] == reloads
        assert [note["kind"] for note in report["recoveries"]] == ["reload"] * reloads
        if not screen.held_up or screen.frames == wanted:  # else libmpv may have let a picture go
            break
    assert screen.frames == wanted


def test_jumps_go_into_the_other_codec_and_back(made: Engine, tmp_path: Path) -> None:
    manifest = periods(tmp_path, "h264", "hevc", "h264")
    with Screen() as screen, opened(made, tmp_path, manifest, screen, start_paused=True) as (session, _):
        assert screen.wait_for(0, 0, PATIENCE_S) is not None
        for target_s, reloads in ((10.0, 1), (13.0, 1), (2.0, 2), (18.0, 2), (12.0, 3)):
            since = len(screen.shown)
            session.seek(target_s + 0.003)
            frame = round((target_s % SECONDS) * media.FPS)
            assert screen.wait_for(frame, since, PATIENCE_S, tolerance=1) is not None, (target_s, screen.frames)
            until(lambda at_s=target_s: abs((screen.player.read("time-pos") or 0.0) - at_s) < 0.1)
            until(lambda count=reloads: session.state.reloads == count)


def has_read_to_the_end(screen: Screen) -> bool:
    """Whether libmpv comes to hold all up to the end of its file."""
    return until(lambda: bool(screen.player.read("demuxer-cache-state", {}).get("eof-cached")))


@pytest.mark.parametrize(
    ("target_s", "reloads"), [(10.0, 1), (18.0, 0), (7.4, 0), (2.0, 0)], ids=("next", "behind", "ahead", "back")
)
def test_a_jump_leads_on_when_the_file_has_been_read_to_its_end(
    made: Engine, tmp_path: Path, target_s: float, reloads: int
) -> None:
    manifest = periods(tmp_path, "h264", "hevc", "h264")
    begin_s = 3.6  # libmpv reads up to the change of codec, and holds the key frame before it
    settings = {"start_paused": True, "start_s": begin_s}
    with Screen() as screen, opened(made, tmp_path, manifest, screen, **settings) as (session, _):
        assert screen.wait_for(round(begin_s * media.FPS), 0, PATIENCE_S, tolerance=1) is not None
        assert has_read_to_the_end(screen)
        since = len(screen.shown)
        session.seek(target_s + 0.003)
        frame = round((target_s % SECONDS) * media.FPS)
        assert screen.wait_for(frame, since, PATIENCE_S, tolerance=1) is not None, screen.frames
        assert session.state.reloads == reloads
