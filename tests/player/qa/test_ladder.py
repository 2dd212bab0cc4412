"""The ladder sweep: good ladders have nothing to say against them, and each fault is named with its place."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from backend_stub.encoding import tools
from backend_stub.encoding.process import run_tool
from player.manifest.dash.indexes import NumberIndex, SegmentMaker
from player.manifest.dash.templates import UrlTemplate
from player.manifest.model import Container, ListedIndex, Rendition, Segment, TrackType
from player.manifest.values import NOWHERE
from player.media import ts
from player.media.model import StreamKind
from player.qa.conform.media import of_ladder
from player.qa.ladder.measure import SegmentFacts
from player.qa.ladder.packets import PacketFaults, packet_faults
from player.qa.ladder.rules import LadderFinding, LadderRule, MeasuredRung, findings
from tests.kit import media
from tests.kit.clearkey import ClearKeyServer
from ui.cli.main import main

SEGMENTS = [Segment(number, number * 4.0, 4.0, f"http://a.test/{number}.m4s") for number in range(3)]


def facts(position: int, **changes: object) -> SegmentFacts:
    start_s = position * 4.0
    base = SegmentFacts(
        position, 300_000, StreamKind.VIDEO, "h264", 640, 360, start_s, start_s + 4.0, 100, decoded=100
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def measured(*changed: SegmentFacts, id_: str = "1", **rendition: object) -> MeasuredRung:
    rows = [next((each for each in changed if each.position == number), facts(number)) for number in range(3)]
    declared = Rendition(id_, 620_000, (), container=Container.FMP4, width=640, height=360, frame_rate=25.0)  # type: ignore[arg-type]
    return MeasuredRung(TrackType.VIDEO, replace(declared, **rendition), SEGMENTS, rows)  # type: ignore[arg-type]


def told(*ladder: MeasuredRung) -> list[tuple[LadderRule, int | None]]:
    return [(each.rule, each.segment) for each in findings(ladder)]


def test_another_encoding_begins_at_a_discontinuity() -> None:
    other = facts(1, width=1280, height=720)
    assert (LadderRule.CHANGED, 2) in told(measured(other))
    later = [segment._replace(discontinuity=int(number > 0)) for number, segment in enumerate(SEGMENTS)]
    apart = replace(measured(other, facts(2, width=1280, height=720)), segments=later)
    assert LadderRule.CHANGED not in [rule for rule, _ in told(apart)]


def test_a_dash_rung_may_take_more_for_as_long_as_its_buffer_lasts() -> None:
    large = measured(*(facts(number, size=465_000) for number in range(3)))  # 930 kbit/s, where 620 are declared
    assert told(replace(large, begin_after_s=8.0)) == []
    assert told(replace(large, begin_after_s=1.0)) == [(LadderRule.PEAK, None)]


def test_a_good_ladder_has_no_findings() -> None:
    assert findings([measured(), measured(id_="2")]) == []


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        (facts(1, start_s=None, end_s=None, trouble="nothing"), LadderRule.UNREADABLE),
        (facts(1, trouble="bad"), LadderRule.UNDECODABLE),
        (facts(1, decoded=99), LadderRule.UNDECODABLE),
        (facts(1, begins_with_key=False), LadderRule.KEYFRAME),
        (facts(1, borrowing=3), LadderRule.OPEN_GOP),
        (facts(1, start_s=4.2), LadderRule.GAP),
        (facts(1, start_s=3.7), LadderRule.GAP),
        (facts(1, end_s=8.5), LadderRule.DURATION),
        (facts(1, break_s=0.3, broken_at_s=5.0), LadderRule.HOLE),
        (facts(1, break_s=-0.3, broken_at_s=5.0), LadderRule.HOLE),
    ],
)
def test_what_is_wrong_with_a_segment_is_named(changed: SegmentFacts, rule: LadderRule) -> None:
    assert (rule, 2) in told(measured(changed))


@pytest.mark.parametrize(
    ("ladder", "expected"),
    [
        ([measured(bandwidth_bps=400_000)], (LadderRule.PEAK, None)),
        ([measured(bandwidth_bps=2_000_000)], (LadderRule.LOW, None)),
        ([measured(codecs=("hvc1.1.6.L93.B0",))], (LadderRule.CODEC, 1)),
        ([measured(height=720, width=1280)], (LadderRule.RESOLUTION, 1)),
        ([measured(frame_rate=50.0)], (LadderRule.FRAME_RATE, None)),
        ([measured(target_duration_s=3.0)], (LadderRule.TARGET, 1)),
        ([measured(), measured(facts(2, start_s=8.1, end_s=12.1), id_="2")], (LadderRule.ALIGNMENT, 3)),
        ([replace(measured(facts(1, borrowing=3)), independent=True)], (LadderRule.DEPENDENT, 2)),
        ([replace(measured(), missing=[(1, "It is not there.")])], (LadderRule.UNAVAILABLE, 2)),
        (
            [measured(), replace(measured(facts(0, start_s=0.3), id_="a"), type=TrackType.AUDIO)],
            (LadderRule.AV_OFFSET, 1),
        ),
    ],
)
def test_what_is_wrong_with_a_ladder_is_named(
    ladder: list[MeasuredRung], expected: tuple[LadderRule, int | None]
) -> None:
    assert expected in told(*ladder)


def test_a_finding_that_matters_is_an_error() -> None:
    kinds = {LadderFinding(rule, "1", None, "").severity for rule in (LadderRule.GAP, LadderRule.LOW)}
    assert kinds == {"error", "warning"}


def sound(position: int, **changes: object) -> SegmentFacts:
    """The audio in a segment of video."""
    return facts(position, kind=StreamKind.AUDIO, codec="aac", width=0, height=0, samples=188, decoded=188, **changes)


def muxed(*changed: SegmentFacts | None, **rendition: object) -> MeasuredRung:
    """A rung with audio in its segments, in each of them another one where ``changed`` has it."""
    rows = [facts(number, sound=each) for number, each in enumerate(changed)]
    return measured(*rows, codecs=("avc1.64001e", "mp4a.40.2"), muxed_audio=True, **rendition)


@pytest.mark.parametrize(
    ("sounds", "expected"),
    [
        ((sound(0), None, sound(2)), (LadderRule.NO_AUDIO, 2)),
        ((sound(0), sound(1), None), (LadderRule.NO_AUDIO, 3)),
        ((sound(0), sound(1, trouble="bad"), sound(2)), (LadderRule.UNDECODABLE, 2)),
        ((sound(0), sound(1, break_s=0.2, broken_at_s=5.0), sound(2)), (LadderRule.HOLE, 2)),
        ((sound(0), sound(1, start_s=5.0), sound(2)), (LadderRule.GAP, 2)),
        ((sound(0, start_s=0.6), sound(1), sound(2)), (LadderRule.AV_OFFSET, 1)),
        ((sound(0), sound(1), sound(2, end_s=11.0)), (LadderRule.LENGTH, 3)),
        ((sound(0), replace(sound(1), codec="ac3"), sound(2)), (LadderRule.CODEC, 2)),
        ((None, None, None), (LadderRule.CODEC, None)),
    ],
)
def test_audio_that_is_muxed_with_video_is_judged(
    sounds: tuple[SegmentFacts | None, ...], expected: tuple[LadderRule, int | None]
) -> None:
    assert told(muxed(sound(0), sound(1), sound(2))) == []
    assert expected in told(muxed(*sounds))


def test_the_last_frames_of_a_video_need_no_audio() -> None:
    later = [segment._replace(discontinuity=int(number == 2)) for number, segment in enumerate(SEGMENTS)]
    silent = told(replace(muxed(sound(0), sound(1), None), segments=later))
    assert silent == [(LadderRule.NO_AUDIO, 3)], "an advertisement"
    tail = replace(facts(2, end_s=8.2, samples=5, decoded=5, size=15_000), sound=None)
    short = [*SEGMENTS[:2], SEGMENTS[2]._replace(duration_s=0.2)]
    rung = muxed(sound(0), sound(1), None)
    assert told(replace(rung, segments=short, facts=[*rung.facts[:2], tail])) == [], "the last frames"


@pytest.mark.parametrize(
    ("rule", "slight", "great"),
    [
        (LadderRule.DURATION, facts(1, end_s=8.5), facts(1, end_s=11.0)),
        (LadderRule.AV_OFFSET, facts(0, start_s=0.15), facts(0, start_s=0.4)),
    ],
)
def test_what_is_a_little_off_is_a_warning_and_what_is_far_off_an_error(
    rule: LadderRule, slight: SegmentFacts, great: SegmentFacts
) -> None:
    for changed, severity in ((slight, "warning"), (great, "error")):
        audio = replace(measured(changed, id_="a", bandwidth_bps=0), type=TrackType.AUDIO)
        found = [each for each in findings([measured(), audio]) if each.rule is rule]
        assert [each.severity for each in found] == [severity]
        assert [str(each.rule.severity) for each in of_ladder(found)] == [
            "should" if severity == "warning" else "must"
        ]


def test_audio_from_before_its_period_is_no_error_and_each_audio_rendition_is_judged() -> None:
    early, late = (
        replace(
            measured(facts(0, start_s=start_s), id_=f"a{start_s}", bandwidth_bps=0),
            type=TrackType.AUDIO,
            segments=[each._replace(media_offset_s=0.0) for each in SEGMENTS],
        )
        for start_s in (-2.0, 2.0)
    )
    dash = replace(measured(), segments=early.segments)
    found = [each for each in findings([dash, early, late]) if each.rule is LadderRule.AV_OFFSET]
    assert [(each.rendition, each.severity) for each in found] == [
        ("audio 360p a-2.0", "warning"),
        ("audio 360p a2.0", "error"),
    ]


def test_a_transport_stream_that_lost_its_audio_is_red(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = media.ffmpeg_hls_ts(8).folder / "180p"
    shutil.copytree(source, tmp_path / "v")
    second = tmp_path / "v" / "seg001.ts"
    content = second.read_bytes()
    packets = [content[place : place + 188] for place in range(0, len(content), 188)]
    pid = next(pid for pid, kind in ts.streams(content).items() if kind == 0x0F)
    second.write_bytes(b"".join(each for each in packets if (each[1] & 0x1F) << 8 | each[2] != pid))
    for command in ("ladder", "conform"):
        assert main(["qa", command, str(source / "index.m3u8")]) == 0
        capsys.readouterr()
        assert main(["qa", command, str(tmp_path / "v" / "index.m3u8")]) == 1
        assert "segment.no_audio" in capsys.readouterr().out


def test_a_fragment_that_is_missing_in_the_middle_of_a_segment_is_red(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["-f", "lavfi", "-i", "sine=f=440:r=48000:d=8", "-c:a", "aac", "-f", "dash", "-seg_duration", "4"]
    command += ["-frag_type", "duration", "-frag_duration", "1", "-streaming", "1", "m.mpd"]
    run_tool([tools.locate().ffmpeg, "-v", "error", *command], cwd=tmp_path)
    manifest = str(tmp_path / "m.mpd")
    assert main(["qa", "ladder", manifest]) == 0
    second = tmp_path / "chunk-stream0-00002.m4s"
    content = second.read_bytes()
    fragments = [each.start() - 4 for each in re.finditer(b"moof", content)]
    assert len(fragments) > 2
    second.write_bytes(content[: fragments[1]] + content[fragments[2] :])
    capsys.readouterr()
    assert main(["qa", "ladder", manifest]) == 1
    assert "segment.hole: audio 0, segment 2: " in capsys.readouterr().out


def rewritten(folder: Path, pattern: str, replacement: str) -> str:
    """FFmpeg's DASH in ``folder``, with something else in its manifest: its path."""
    shutil.copytree(media.ffmpeg_dash(8).folder, folder)
    manifest = folder / "manifest.mpd"
    text, count = re.subn(pattern, replacement, manifest.read_text(), flags=re.DOTALL)
    assert count
    manifest.write_text(text)
    return str(manifest)


def test_media_of_another_time_than_the_manifest_tells_are_red(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = rewritten(tmp_path / "later", 'startNumber="1"', 'startNumber="2"')
    for command in ("ladder", "conform"):
        assert main(["qa", command, later, "--segments", "1"]) == 1
        printed = capsys.readouterr().out
        assert printed.count("segment.time") == 5, "every rendition"
        assert "Its media starts +4.000 s from the time in the manifest." in printed


def test_a_list_of_audio_that_ends_before_the_video_is_red(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = rewritten(tmp_path / "short", r'(contentType="audio".*?<S [^>]*>).*?(?=</SegmentTimeline>)', r"\1")
    for command in ("ladder", "conform"):
        assert main(["qa", command, short, "--segments", "1"]) == 1
        assert "ladder.length" in capsys.readouterr().out


def on_the_line(off_s: float, *, common: bool = False) -> MeasuredRung:
    """A DASH rung whose media starts ``off_s`` from the time in the MPD."""
    rung = measured(*(facts(at, start_s=at * 4.0 + off_s, end_s=at * 4.0 + 4.0 + off_s) for at in range(3)))
    segments = [each._replace(media_offset_s=0.0) for each in SEGMENTS]
    frame = SegmentMaker(
        UrlTemplate("$Number$", "http://a.test/", representation="1", bandwidth=1), None, 0.0, 12.0, 0, 1, 0, NOWHERE
    )
    index = NumberIndex(frame, 0, 3, 4, 0) if common else ListedIndex(segments)
    return replace(rung, segments=segments, rendition=replace(rung.rendition, segments=index))


@pytest.mark.parametrize(
    ("rung", "severities"),
    [
        (on_the_line(0.1), []),
        (on_the_line(0.3), ["warning"] * 3),
        (on_the_line(-1.0), ["error"] * 3),
        (on_the_line(1.9, common=True), []),
        (on_the_line(-2.1, common=True), ["error"] * 3),
    ],
)
def test_media_may_be_off_the_time_of_the_manifest_by_so_much(rung: MeasuredRung, severities: list[str]) -> None:
    found = findings([rung])
    assert {each.rule for each in found} <= {LadderRule.TIME}
    assert [each.severity for each in found] == severities


def test_durations_of_hls_add_up_to_where_the_media_is() -> None:
    def drifting(by_s: float, declared_s: float = 4.0, discontinuity: int = 0) -> list[tuple[int | None, str]]:
        segments = [
            Segment(at, at * declared_s, declared_s, "u", discontinuity=discontinuity * at) for at in range(8)
        ]
        rows = [facts(at, start_s=9.0 + at * (4.0 + by_s), end_s=9.0 + (at + 1) * (4.0 + by_s)) for at in range(8)]
        rung = replace(measured(target_duration_s=5.0, frame_rate=None), segments=segments, facts=rows)
        return [(each.segment, each.severity) for each in findings([rung]) if each.rule is LadderRule.TIME]

    assert drifting(0.15, 4.001) == [(5, "warning")]
    assert drifting(1.8, 4.001) == [(2, "warning")]
    assert drifting(5.1, 4.001) == [(2, "error")]
    assert drifting(0.15) == [], "whole seconds are rounded"
    assert drifting(1.8, 4.001, discontinuity=1) == []


def test_a_list_of_hls_may_be_shorter_by_a_target_duration() -> None:
    def severities(*lengths: int, **changes: object) -> list[str]:
        rungs = []
        for number, length in enumerate(lengths):
            segments = ListedIndex([Segment(at, at * 4.0, 4.0, "u") for at in range(length)])
            rungs.append(measured(id_=str(number), segments=segments, target_duration_s=4.0))
        return [each.severity for each in findings([replace(rung, **changes) for rung in rungs])]  # type: ignore[arg-type]

    assert severities(6, 6) == []
    assert severities(6, 5) == ["warning"]
    assert severities(4, 6, 6) == ["error"]
    assert severities(4, 6, live=True) == []
    assert severities(4, 6, period_end_s=16.0) == []


def packet(counter: int, pid: int = 256, flags: int = 0x10, *, error: bool = False, indicator: bool = False) -> bytes:
    """A transport stream packet; its payload is its counter."""
    head = bytes((0x47, pid >> 8 | error << 7, pid & 0xFF, flags | indicator << 5 | counter & 0x0F))
    field = b"\x01\x80" if indicator else b""
    return (head + field).ljust(188, bytes((counter & 0xFF,)))


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ([packet(number) for number in range(40)], PacketFaults(40)),
        ([packet(0), packet(0), packet(1)], PacketFaults(3)),
        ([packet(0), packet(0), packet(0)], PacketFaults(3, lost=15, breaks=1, pid=256)),
        ([packet(0), packet(16), packet(17)], PacketFaults(3, lost=15, breaks=1, pid=256)),
        ([packet(0), packet(3), packet(4), packet(6)], PacketFaults(4, lost=3, breaks=2, pid=256)),
        ([packet(0), packet(9, indicator=True), packet(10)], PacketFaults(3)),
        ([packet(0), packet(5, 0x1FFF), packet(9, 0x1FFF), packet(1)], PacketFaults(2)),
        ([packet(0), packet(0, flags=0x20), packet(1)], PacketFaults(3)),
        ([packet(0), packet(4, 257), packet(1), packet(5, 257)], PacketFaults(4)),
        ([packet(0), packet(7, error=True), packet(2)], PacketFaults(3, errors=1, pid=256)),
        ([packet(0), packet(1, flags=0x90)], PacketFaults(2, scrambled=1, pid=256)),
    ],
)
def test_packets_of_a_transport_stream_are_counted(stream: list[bytes], expected: PacketFaults) -> None:
    assert packet_faults(b"".join(stream)) == expected


def test_other_containers_have_no_packets() -> None:
    assert packet_faults(b"\0\0\0\x18ftypiso6" + bytes(400)) is packet_faults(b"") is None


def test_what_a_list_declares_missing_is_not_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """EXT-X-GAP: green where another rung has it, red where none does."""
    source = media.ffmpeg_hls_ts(8).folder
    shutil.copytree(source, tmp_path / "t")
    for height, code in (("180p", 0), ("360p", 0), ("540p", 1)):
        (tmp_path / "t" / height / "seg001.ts").unlink()
        listed = tmp_path / "t" / height / "index.m3u8"
        listed.write_text(
            listed.read_text().replace("#EXTINF:4.000000,\nseg001", "#EXT-X-GAP\n#EXTINF:4.000000,\nseg001")
        )
        assert main(["qa", "ladder", str(tmp_path / "t" / "master.m3u8")]) == code, capsys.readouterr().out
    assert "No list of video has it" in capsys.readouterr().out


def test_a_transport_stream_that_lost_packets_is_red(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = media.ffmpeg_hls_ts(8).folder / "180p"
    shutil.copytree(source, tmp_path / "v")
    second = tmp_path / "v" / "seg001.ts"
    content = second.read_bytes()
    middle = len(content) // 376 * 188
    second.write_bytes(content[:middle] + content[middle + 188 :])
    for command in ("ladder", "conform"):
        assert main(["qa", command, str(source / "index.m3u8")]) == 0
        assert "segment.packets" not in capsys.readouterr().out
        assert main(["qa", command, str(tmp_path / "v" / "index.m3u8")]) == 1
        assert "at least 1 are missing at 1 places" in capsys.readouterr().out


def test_media_that_are_well_made_pass_and_damaged_ones_do_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    title = media.ffmpeg_dash(8)
    assert main(["qa", "ladder", str(title.folder / "manifest.mpd"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["findings"] == []
    samples = sum(row["samples"] for each in document["renditions"] for row in each["segments"])
    assert document["why"][0].endswith(f", 0 were missing; {samples} of {samples} samples came out of the decoders.")
    assert document["why"][1:] == ["Everything is as the manifest declares it."]
    first = document["renditions"][0]
    assert (
        [row["decoded"] for row in first["segments"]] == [row["samples"] for row in first["segments"]] == [100, 100]
    )
    assert first["frame_rate"] == pytest.approx(25, abs=0.01)

    shutil.copytree(title.folder, tmp_path / "bad")
    (tmp_path / "bad" / "seg-1-002.m4s").unlink()
    broken = tmp_path / "bad" / "seg-0-002.m4s"
    content = bytearray(broken.read_bytes())
    content[2000:6000] = bytes(4000)
    broken.write_bytes(content)
    patched = tmp_path / "bad" / "seg-2-001.m4s"
    content = bytearray(patched.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 64] = bytes(64)
    patched.write_bytes(content)
    assert main(["qa", "ladder", str(tmp_path / "bad" / "manifest.mpd")]) == 1
    printed = capsys.readouterr().out
    assert "segment.unavailable: video 360p 1, segment 2" in printed
    assert "video 180p 0, segment 2" in printed
    assert re.search(r"segment.undecodable: video 540p 2, segment 1: \d+ of 100 pictures", printed), "concealed"


@pytest.mark.parametrize("container", ["mpegts", "fmp4"])
def test_open_gops_of_h264_are_no_damage(container: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """FFmpeg writes no parameter sets before keyframes that are not IDR, and two pictures of one time into MP4."""
    command = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=160x90:r=25:d=6",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-bf",
        "2",
    ]
    command += ["-g", "50", "-pix_fmt", "yuv420p", "-x264-params", "open-gop=1:scenecut=0:threads=1"]
    command += ["-f", "hls", "-hls_time", "2", "-hls_segment_type", container, "-hls_playlist_type", "vod"]
    run_tool([tools.locate().ffmpeg, "-v", "error", *command, "index.m3u8"], cwd=tmp_path)
    code = main(["qa", "ladder", str(tmp_path / "index.m3u8")])
    printed = capsys.readouterr().out
    if container == "fmp4":
        assert code == 0, printed
        assert "warning segment.open_gop: " in printed
    else:
        assert printed.count("it lacks SPS and PPS") == 2


def test_pictures_that_need_the_segment_before_are_told_from_damaged_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """x265 makes open GOPs where nobody asks for anything else."""
    x265 = "keyint=25:min-keyint=25:scenecut=0:pools=none:frame-threads=1:log-level=error"
    command = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=3", "-c:v", "libx265", "-preset", "fast"]
    command += ["-x265-params", x265, "-tag:v", "hvc1", "-b:v", "100k", "-f", "hls", "-hls_time", "1"]
    command += ["-hls_segment_type", "fmp4", "-hls_playlist_type", "vod", "-master_pl_name", "master.m3u8"]
    run_tool([tools.locate().ffmpeg, "-v", "error", *command, "index.m3u8"], cwd=tmp_path)
    master, playlist = tmp_path / "master.m3u8", tmp_path / "index.m3u8"
    assert main(["qa", "ladder", str(master)]) == 0
    printed = capsys.readouterr().out
    assert "warning segment.open_gop: " in printed
    assert "undecodable" not in printed

    text = master.read_text().replace("#EXTM3U\n", "#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n")
    master.write_text(text)
    assert main(["qa", "ladder", str(master)]) == 1
    assert "error   segment.dependent: " in capsys.readouterr().out

    second = tmp_path / re.findall(r"^[^#\n]+$", playlist.read_text(), re.MULTILINE)[1]
    content = bytearray(second.read_bytes())
    middle = (content.index(b"mdat") + len(content)) // 2
    content[middle:] = bytes(len(content) - middle)
    second.write_bytes(content)
    assert main(["qa", "ladder", str(master)]) == 1
    assert "error   segment.un" in capsys.readouterr().out


def test_encrypted_media_are_decoded_with_stated_keys_and_with_those_of_a_licence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    title = media.packager_cenc(8)
    stated = [word for pair in title.keys.values() for word in ("--key", ":".join(pair))]
    with ClearKeyServer(title.keys) as server:
        for words in (stated, ["--licence-url", server.url], ["--licence-url", "http://127.0.0.1:9/"]):
            code = main(["qa", "ladder", str(title.folder / "manifest.mpd"), "--segments", "1", "--json", *words])
            document = json.loads(capsys.readouterr().out)
            media_ = [each for each in document["renditions"] if each["type"] != "text"]
            decoded = [row["decoded"] for each in media_ for row in each["segments"]]
            assert all(decoded) is (code == 0), "without a licence nothing is decoded, and that is told"
        assert server.asked == 1, "one licence is enough for all renditions"
    wrong = [word for kid, _ in title.keys.values() for word in ("--key", f"{kid}:{'00' * 16}")]
    assert main(["qa", "ladder", str(title.folder / "manifest.mpd"), "--segments", "1", *wrong]) == 1
    assert "segment.undecodable" in capsys.readouterr().out


def test_whole_segments_are_decrypted_and_every_period_is_looked_into(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = media.ffmpeg_hls_ts(8)
    key, iv = bytes(range(16)), (0).to_bytes(16, "big")
    first = min(source.folder.rglob("*.ts"))
    padded = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    clear = padded.update(first.read_bytes()) + padded.finalize()
    (tmp_path / "0.ts").write_bytes(encryptor.update(clear) + encryptor.finalize())
    (tmp_path / "k").write_bytes(key)
    (tmp_path / "a.m3u8").write_text(
        '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:4,\n0.ts\n#EXT-X-ENDLIST\n'
    )
    assert main(["qa", "ladder", str(tmp_path / "a.m3u8"), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["renditions"][0]["segments"]
    assert row["decoded"] == row["samples"] > 50

    title = media.ffmpeg_dash(8)
    shutil.copytree(title.folder, tmp_path / "two")
    manifest = tmp_path / "two" / "manifest.mpd"
    period = re.search(r"<Period.*?</Period>", manifest.read_text(), re.DOTALL)
    assert period is not None
    later = period[0].replace('<Period id="0" start="PT0.0S">', '<Period id="1" start="PT8.0S">')
    text = manifest.read_text().replace(period[0], period[0] + later)
    manifest.write_text(text.replace('mediaPresentationDuration="PT8.0S"', 'mediaPresentationDuration="PT16.0S"'))
    words = ["qa", "ladder", str(manifest), "--segments", "1", "--no-decode", "--json"]
    assert main([*words, "--fail-on", "findings>0"]) == 0
    periods = [each["period"] for each in json.loads(capsys.readouterr().out)["renditions"]]
    assert periods == [1] * (len(periods) // 2) + [2] * (len(periods) // 2)
    assert main([*words, "--fail-on", "findings>=0"]) == 1


def test_encrypted_media_and_other_containers_are_looked_into() -> None:
    for title, manifest in ((media.packager_cbcs(8), "manifest.mpd"), (media.ffmpeg_hls_ts(8), "master.m3u8")):
        words = ["qa", "ladder", str(title.folder / manifest), "--segments", "1"]
        assert main(words) == 0


@pytest.mark.parametrize("container", ["mpegts", "fmp4"])
@pytest.mark.parametrize(
    "lacks", ["", "between(t,4,8.1)", "between(t,4.1,8.2)"], ids=["nothing", "a segment", "most of it"]
)
def test_a_second_audio_track_that_a_segment_lacks_is_an_error(
    lacks: str, container: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of several audio tracks beside video each is judged."""
    sources = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=12", "-f", "lavfi", "-i", "sine=d=12:r=48000")
    tracks = f"[1:a]asplit=2[a][b];[b]aselect='not({lacks or 0})'[c]"
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "100", "-c:a", "aac", "-b:a", "32k")
    command = ["-v", "error", "-nostdin", *sources, "-filter_complex", tracks, "-map", "0:v", "-map", "[a]"]
    command += ["-map", "[c]", *coded, "-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod"]
    run_tool([tools.locate().ffmpeg, *command, "-hls_segment_type", container, "v.m3u8"], cwd=tmp_path)
    assert main(["qa", "ladder", "--no-decode", str(tmp_path / "v.m3u8")]) == bool(lacks)
    told = capsys.readouterr().out
    assert ("its audio track 2" in told) == bool(lacks), told


def test_a_second_audio_track_that_is_declared_and_never_there_is_an_error() -> None:
    rows = [facts(number, sound=facts(number, kind=StreamKind.AUDIO), more_sounds=(None,)) for number in range(3)]
    told = [each for each in findings([measured(*rows)]) if each.rule is LadderRule.NO_AUDIO]
    assert [each.severity for each in told] == ["error"]
    assert "audio track 2 is declared" in told[0].sentence


def test_a_held_picture_is_no_long_segment() -> None:
    """The last picture before an advertisement is held: the list is right about how long the segment is."""
    rung = measured(facts(0), facts(1, end_s=18.0), facts(2), target_duration_s=4.0)
    assert LadderRule.TARGET in {each.rule for each in findings([rung])}
    assert LadderRule.TARGET not in {each.rule for each in findings([rung], stills=True)}
