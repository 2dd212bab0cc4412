"""A live stream that is recorded with all its qualities, and sent again in virtual time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from player.base.errors import InputError
from player.manifest import attach_playlist, parse
from player.manifest.edit import iter_renditions
from player.manifest.model import PlaylistRef, Presentation
from player.net.gate import Gate
from player.net.model import Request, RequestKind
from player.net.shaping import LinkTrace
from player.playback.settings import PlaybackSettings
from player.qa.broadcast.recorded import RecordedBroadcast, RecordedTransport, channel_of
from player.qa.broadcast.script import BroadcastScript
from player.qa.broadcast.transport import BEGAN_WALL_S, BroadcastTransport
from player.qa.document import read
from player.qa.plan import plan_of
from player.qa.recording.archive import ArchiveWriter, Exchange, read_recording
from player.qa.recording.channel import ChannelRecorder
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.loop import LoopClock, VirtualLoop
from player.qa.simulation.origin import OriginTransport
from player.qa.simulation.run import open_origin, simulate
from player.reporting.report import Recorder
from player.title.opening import PlaybackSource
from tests.kit import media
from tests.kit.fileserver import FileServer

FOR_S = 9.0


async def loaded(gate: Gate, url: str, now_s: float) -> Presentation:
    """The stream with all its playlists."""
    presentation = parse((await gate.fetch(Request(RequestKind.MANIFEST, url))).body, url, now_s=now_s)
    for _, _, rendition in list(iter_renditions(presentation)):
        if isinstance(rendition.segments, PlaylistRef):
            body = (await gate.fetch(Request(RequestKind.MANIFEST, rendition.segments.url))).body
            presentation = attach_playlist(presentation, rendition, body, rendition.segments.url)
    return presentation


def recorded(url: str, folder: Path) -> Path:
    """A recording of nine seconds of a programme of which twelve were sent before."""
    path = folder / "channel.mrec"
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    clock = LoopClock(loop, BEGAN_WALL_S)
    origin = open_origin(Bench(folder))
    channel = BroadcastTransport(OriginTransport(origin, loop), clock, BroadcastScript(12.0, 12.0))

    async def run() -> None:
        presentation = await loaded(Gate(channel, clock), url, clock.wall())
        recorder = ChannelRecorder(path, channel, clock, url)
        assert all([each.good async for each in recorder.record(presentation, FOR_S)])
        await recorder.close()

    try:
        loop.run_until_complete(run())
    finally:
        origin.close()
        asyncio.set_event_loop(None)
        loop.close()
    return path


def played(path: Path, folder: Path, **more: Any) -> dict[str, Any]:
    live = RecordedBroadcast(path)
    channel = channel_of(live)
    spec = RunSpec(
        Labels("test"),
        PlaybackSource(url=channel.url),
        PlaybackSettings(fresh=True),
        live=live,
        limit_s=channel.seconds,
        **more,
    )
    return simulate(spec, Bench(folder))


@pytest.mark.parametrize("manifest", ["master.m3u8", "manifest.mpd"])
def test_a_recorded_channel_plays_again_without_its_servers(manifest: str, tmp_path: Path) -> None:
    with FileServer(media.ffmpeg_dash().folder) as server:
        path = recorded(server.url(manifest), tmp_path)
    found = read_recording(path)
    segments = {each.url.rpartition("/")[2] for each in found.exchanges if each.kind == "segment"}
    assert {f"seg-{stream}-00{number}.m4s" for stream in range(5) for number in (3, 4, 5)} <= segments
    fast, again = (played(path, tmp_path) for _ in range(2))
    assert json.dumps(fast) == json.dumps(again)
    assert fast["live"] is not None
    assert (fast["stalls"], fast["errors"]) == ([], [])
    assert sum(fast["continuity"]["lost_s"].values()) == 0
    slow = played(path, tmp_path, network=LinkTrace.constant(500_000.0, 0.05))
    rungs = [{each["rung"] for each in report["decisions"]} for report in (fast, slow)]
    assert min(rungs[1]) < max(rungs[0]), "another link leads to another quality, which is there as well"


LOW = (
    "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n#EXT-X-PART-INF:PART-TARGET=1\n"
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:4,\n7.m4s\n"
)
URL = "http://a.test/v.m3u8"


def exchange(kind: str, url: str, at_s: float, body: str) -> Exchange:
    return Exchange(
        kind, url, "GET", None, "", "", 1, at_s, 0.0, 0.0, 200, {}, "", False, len(body), "", body, whole=True
    )


def low_latency(path: Path) -> None:
    """A playlist that gets a part each second, from second 0 on; each part is fetched when it is listed."""
    writer, rows = ArchiveWriter(path), []
    for second in range(4):
        parts = "".join(f'#EXT-X-PART:DURATION=1,URI="8.{part}.m4s"\n' for part in range(second + 1))
        hint = f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="8.{second + 1}.m4s"\n'
        text = (LOW + parts + hint).encode()
        rows.append(exchange("manifest", URL, float(second), writer.put(str(second), text)))
        url = f"http://a.test/8.{second}.m4s"
        rows.append(exchange("segment", url, second + 0.2, writer.put(f"part {second}", b"part %d" % second)))
    report = Recorder().report(source=URL, policy="")
    writer.close({"wall_s": 100.0, "media": True, "manifests": {"cdn": URL}}, report, rows)


def asked(path: Path, url: str, at_s: float) -> tuple[int, bytes, float]:
    """Status, body and time of an answer."""
    loop = VirtualLoop()
    clock = LoopClock(loop, 0.0)
    transport = RecordedTransport(RecordedBroadcast(path), clock)
    kind = RequestKind.MANIFEST if "m3u8" in url else RequestKind.SEGMENT

    async def run() -> tuple[int, bytes, float]:
        begun_s = clock.monotonic()
        await clock.sleep(at_s)
        async with transport.open(Request(kind, url)) as body:
            return body.status, b"".join([each async for each in body.chunks()]), clock.monotonic() - begun_s

    try:
        return loop.run_until_complete(run())
    finally:
        loop.close()


@pytest.mark.parametrize(
    ("query", "at_s", "answered_s", "parts"),
    [
        ("", 1.5, 1.5, 2),
        ("?CMCD=bl%3D100", 1.5, 1.5, 2),
        ("?_HLS_msn=8&_HLS_part=2", 0.5, 2.0, 3),
        ("?_HLS_msn=8&_HLS_part=2", 2.5, 2.5, 3),
        ("?_HLS_msn=8", 0.5, 3.0, 4),
        ("?_HLS_msn=7", 0.5, 0.5, 1),
    ],
)
def test_a_request_that_waits_for_news_is_answered_when_it_was_there(
    query: str, at_s: float, answered_s: float, parts: int, tmp_path: Path
) -> None:
    low_latency(tmp_path / "low.mrec")
    status, body, then_s = asked(tmp_path / "low.mrec", URL + query, at_s)
    assert (status, body.count(b"#EXT-X-PART:"), then_s) == (200, parts, pytest.approx(answered_s))


@pytest.mark.parametrize(
    ("part", "at_s", "answer"),
    [(1, 1.5, (200, 1.5)), (2, 0.5, (200, 2.0)), (9, 0.5, (404, 0.5))],
)
def test_a_hinted_part_is_sent_when_it_is_there(
    part: int, at_s: float, answer: tuple[int, float], tmp_path: Path
) -> None:
    low_latency(tmp_path / "low.mrec")
    status, body, then_s = asked(tmp_path / "low.mrec", f"http://a.test/8.{part}.m4s", at_s)
    assert (status, then_s) == (answer[0], pytest.approx(answer[1]))
    assert body == (b"part %d" % part if status == 200 else b"")


PLAN = """version: 1
name: live
sources:
  - {name: channel, live: {recording: low.mrec, begun_s: 1}}
"""


def test_a_plan_names_a_recording(tmp_path: Path) -> None:
    low_latency(tmp_path / "low.mrec")
    (run,) = plan_of(read(PLAN), tmp_path, {}).runs
    assert run.live == RecordedBroadcast(tmp_path / "low.mrec", 1)
    assert (run.source.url, run.limit_s) == (URL, 2.0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("low.mrec", "none.mrec"),
        ("begun_s: 1", "begun_s: 60"),
        ("begun_s: 1", "window_s: 60"),
        ("name: channel", f"name: channel, url: '{URL}'"),
        ("name: live", "name: live\nmode: real"),
    ],
)
def test_a_recording_that_no_run_can_follow_is_refused(old: str, new: str, tmp_path: Path) -> None:
    low_latency(tmp_path / "low.mrec")
    with pytest.raises(InputError):
        plan_of(read(PLAN.replace(old, new)), tmp_path, {})
