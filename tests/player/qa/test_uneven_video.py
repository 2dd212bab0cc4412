"""Video in transport streams whose pictures stand long is whole; where pictures were taken out of one, it is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend_stub.encoding import tools
from backend_stub.encoding.process import run_tool
from player.media.h264_order import completes, follows, numbering
from player.media.ts import positions, streams
from player.playback.settings import PlaybackSettings
from player.qa.run_spec import Bench, Labels, RunSpec
from player.qa.simulation.run import simulate
from player.title.opening import PlaybackSource
from tests.kit.fields import transport_stream
from tests.kit.fileserver import FileServer
from ui.cli.main import main

SECONDS = 16
STILL = "if(between(t,5.5,10.5)+between(t,13,14),not(mod(n,50)),1)"
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-pix_fmt", "yuv420p")
HEVC = (
    "-c:v",
    "libx265",
    "-preset",
    "ultrafast",
    "-x265-params",
    "log-level=error:pools=none:frame-threads=1:open-gop=0",
)
KEYS = ("-force_key_frames", "expr:gte(t,n_forced*4)")
SHAPES = {
    "slides, keyframes only": ("not(mod(n,50))", (*H264, "-g", "1")),
    "slides, reordered": ("not(mod(n,50))", (*H264, "-bf", "2", *KEYS)),
    "stills between, over a segment's end too": (STILL, (*H264, "-bf", "2", *KEYS)),
    "stills between, HEVC": (STILL, (*HEVC, *KEYS)),
}


def encoded(folder: Path, select: str, codec: Sequence[str], seconds: int = SECONDS) -> Path:
    picture = f"testsrc2=s=320x180:r=25:d={seconds},select='{select}'"
    sound = f"sine=d={seconds}:r=48000"
    command = ["-v", "error", "-nostdin", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    command += ["-fps_mode", "vfr", *codec, "-c:a", "aac", "-b:a", "64k", "-f", "hls", "-hls_time", "4"]
    command += ["-hls_playlist_type", "vod", "-hls_segment_filename", "v%03d.ts", "v.m3u8"]
    run_tool([tools.locate().ffmpeg, *command], cwd=folder)
    return folder


@pytest.fixture(scope="module")
def even(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoded(tmp_path_factory.mktemp("even"), "1", (*H264, "-bf", "2", *KEYS, "-sc_threshold", "0"))


def lost_s(folder: Path, tmp_path: Path) -> float:
    return float(continuity(folder, tmp_path)["lost_s"]["video"])


def continuity(folder: Path, tmp_path: Path, *, whole: bool = True) -> dict[str, Any]:
    with FileServer(folder) as server:
        source = PlaybackSource(url=server.url("v.m3u8"))
        report = simulate(RunSpec(Labels("uneven"), source, PlaybackSettings(start_s=0.0)), Bench(tmp_path))
    assert report["result"]["status"] == "ended"
    assert not whole or report["continuity"]["lost_s"]["audio"] == 0
    found: dict[str, Any] = report["continuity"]
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_a_picture_that_stands_long_is_no_loss(
    shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    select, codec = SHAPES[shape]
    folder = tmp_path / "title"
    folder.mkdir()
    assert lost_s(encoded(folder, select, codec), tmp_path) == 0
    main(["qa", "ladder", str(folder / "v.m3u8")])
    assert "segment.gap" not in capsys.readouterr().out


@pytest.mark.parametrize("command", ["ladder", "conform"])
@pytest.mark.parametrize(
    "select", ["lt(mod(t,3),0.039)", "not(between(mod(t,7),2,6))", "not(between(mod(t,4),2.5,3.99))"]
)
def test_video_whose_pictures_stand_long_is_sound(
    select: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one picture in a segment, of which neither size nor end is told, and stills up to each segment's end."""
    keys = ("-force_key_frames", "expr:gte(t,n_forced*4)", "-an")  # FFmpeg puts the sound of slides elsewhere
    encoded(tmp_path, select, (*H264, *keys), 28)
    with FileServer(tmp_path) as server:
        assert main(["qa", command, "--stills", server.url("v.m3u8")]) == 0, capsys.readouterr().out
        assert main(["qa", command, server.url("v.m3u8")]) == 1
    assert "--stills" in capsys.readouterr().out


def without(segment: bytes, taken: range, *, counted: bool) -> bytes:
    """A segment without some pictures, counted in decode order; ``counted``: its counters are made whole."""
    pid = next(pid for pid, kind in streams(segment).items() if kind == 0x1B)
    places = list(positions(segment, pid))
    packets = {place: bytearray(segment[place : place + 188]) for place in range(0, len(segment), 188)}
    number, counter = -1, packets[places[0]][3] & 15
    for place in places:
        number += bool(packets[place][1] & 0x40)
        if number in taken:
            del packets[place]
        elif counted:
            packets[place][3] = packets[place][3] & 0xF0 | counter & 15
            counter += bool(packets[place][3] & 0x10)
    return b"".join(packets.values())


@pytest.mark.parametrize(
    "change",
    [
        lambda data: without(data, range(30, 70), counted=False),
        lambda data: without(data, range(30, 70), counted=True),  # its frame numbers tell
        lambda data: without(data, range(60, 100), counted=False),
        lambda data: without(data, range(60, 100), counted=True),  # the counters of the next segment tell
    ],
    ids=["packets lost", "pictures cut out", "packets lost at the end", "pictures cut off"],
)
def test_pictures_that_are_missing_are_lost(change: Callable[[bytes], bytes], even: Path, tmp_path: Path) -> None:
    folder = tmp_path / "title"
    shutil.copytree(even, folder)
    assert lost_s(folder, tmp_path) == 0
    for number in range(3):  # so often that stills would be taken for meant
        segment = folder / f"v00{number}.ts"
        segment.write_bytes(change(segment.read_bytes()))
    assert 3 * 1.3 <= lost_s(folder, tmp_path) <= 3 * 1.7


FMP4 = ("-hls_segment_type", "fmp4")
DROPS = {
    "once": "between(t,1.01,2.5)",
    "three times": "between(t,1.01,2.5)+between(t,5.01,6.5)+between(t,9.01,10.5)",
    "shortly": "between(mod(t,4),1.01,1.4)",
    "each other one": "between(t,4.01,7.99)*mod(n,2)",
    "up to the end": "between(t,9.01,12)",
}


@pytest.mark.parametrize("container", [(), FMP4], ids=["ts", "fmp4"])
@pytest.mark.parametrize("drop", DROPS)
def test_pictures_that_never_reached_the_packager_fail_a_run_and_a_ladder(
    drop: str, container: Sequence[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its counters and durations show nothing: slides look the same, so somebody has to say that they are meant."""
    folder = tmp_path / "title"
    folder.mkdir()
    coded = (*H264, "-bf", "2", *KEYS, "-sc_threshold", "0", *container)
    encoded(folder, f"not({DROPS[drop]})", coded, 12)
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        f"version: 1\nname: drops\nsources:\n  - {{name: a, url: {folder / 'v.m3u8'}}}\n", encoding="utf-8"
    )
    run = ["qa", "run", str(plan), "--jobs", "1"]
    assert main(run) == 1
    assert "stills: allowed" in capsys.readouterr().err
    plan.write_text(plan.read_text(encoding="utf-8") + "play: {stills: allowed}\n", encoding="utf-8")
    assert main(run) == 0, capsys.readouterr().out
    assert main(["qa", "ladder", str(folder / "v.m3u8")]) == 1
    assert "segment.still" in capsys.readouterr().out


SCREEN = {"changing each second": "between(mod(t,5),0,2)+eq(mod(n,25),0)", "held once": "not(between(t,7.3,8.3))"}


@pytest.mark.parametrize("select", SCREEN.values(), ids=SCREEN)
@pytest.mark.parametrize("maker", ["FFmpeg", "FFmpeg, apart", "Packager", "Packager, ts"])
def test_reordered_pictures_that_stand_for_a_second_take_no_audio_away(
    maker: str, select: str, tmp_path: Path
) -> None:
    """A recording of a screen, cut and declared by decode times: video begins up to two seconds from where the
    playlist says, and the audio beside it does not."""
    coded = (*H264, "-bf", "2", *KEYS, "-sc_threshold", "0")
    picture = ("-f", "lavfi", "-i", f"testsrc2=s=160x90:r=25:d=16,select='{select}'")
    sources = ("-v", "error", "-nostdin", *picture, "-f", "lavfi", "-i", "sine=d=16:r=48000", "-fps_mode", "vfr")
    hls = ("-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod", *FMP4)
    command = [tools.locate().ffmpeg, *sources, *coded, "-c:a", "aac"]
    if maker == "FFmpeg":
        run_tool([*command, *hls, "v.m3u8"], cwd=tmp_path)
    elif maker == "FFmpeg, apart":
        apart = ("-map", "0:v", "-map", "1:a", "-var_stream_map", "v:0,agroup:a a:0,agroup:a,default:yes")
        run_tool([*command, *hls, *apart, "-master_pl_name", "v.m3u8", "v%v.m3u8"], cwd=tmp_path)
    else:
        run_tool([*command, "film.mp4"], cwd=tmp_path)
        run_tool([tools.locate().packager, *packaged(ts=maker.endswith("ts"))], cwd=tmp_path)
    found = continuity(tmp_path, tmp_path, whole=False)
    assert not any(found["lost_s"].values()), found


def packaged(*, ts: bool) -> list[str]:
    """Arguments of Packager for HLS of ``film.mp4``."""
    arguments = ["--segment_duration", "4", "--hls_master_playlist_output", "v.m3u8"]
    for kind, more in (("audio", ",hls_group_id=audio,hls_name=a"), ("video", "")):
        names = f"segment_template={kind}$Number$." + ("ts" if ts else f"m4s,init_segment={kind}.mp4")
        arguments.append(f"in=film.mp4,stream={kind},{names},playlist_name={kind}.m3u8{more}")
    return arguments


@pytest.mark.parametrize("container", [(), FMP4], ids=["ts", "fmp4"])
def test_audio_that_never_reached_the_packager_is_lost(
    container: Sequence[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """MP4 has no holes: the frame before lasts so much longer, by its word."""
    title = tmp_path / "title"
    title.mkdir()
    encoded(title, "1", (*H264, *KEYS, "-af", "aselect='not(between(t,5,5.5))'", *container), 8)
    assert continuity(title, tmp_path, whole=False)["lost_s"]["audio"] == pytest.approx(0.5, abs=0.05)
    assert main(["qa", "ladder", str(title / "v.m3u8")]) == 1
    assert "segment.hole" in capsys.readouterr().out


def test_pictures_of_two_fields_among_whole_frames_are_sound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Broadcasters choose for each picture. A field lasts half as long as a frame."""
    (tmp_path / "v0.ts").write_bytes(transport_stream(number % 10 < 6 for number in range(100)))
    head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    (tmp_path / "v.m3u8").write_text(f"{head}#EXTINF:4,\nv0.ts\n#EXT-X-ENDLIST\n", encoding="utf-8")
    plan = tmp_path / "plan.yaml"
    plan.write_text("version: 1\nname: fields\nsources:\n  - {name: a, url: v.m3u8}\n", encoding="utf-8")
    assert main(["qa", "run", str(plan), "--jobs", "1"]) == 0, capsys.readouterr().err
    main(["qa", "ladder", "--json", str(tmp_path / "v.m3u8")])
    told = capsys.readouterr().out
    assert '"rule": "segment' not in told, told


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_bytes_have_an_order_or_none(first: bytes, second: bytes) -> None:
    start = b"\0\0\1"
    known = numbering(start + b"\x67" + first)
    assert follows(start + b"\x65" + first, start + b"\x65" + second, known), "an IDR picture follows any other"
    assert follows(start + b"\x41" + first, start + b"\x41" + second, known) in (True, False)
    if known is not None:
        assert completes(start + b"\x41" + first, start + b"\x41" + second, known) in (True, False)
