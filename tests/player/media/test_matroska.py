"""The Matroska that we write must be read back by FFmpeg as the very packets that went in."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.media import fmp4, matroska
from player.media.model import Codec, Colour, Sample, StreamConfig, StreamKind
from player.media.whole_segment import WholeSource
from tests.kit import media
from tests.kit.segments import encode_audio, encode_video, packets, split_mp4

AAC = StreamConfig(StreamKind.AUDIO, Codec.AAC, bytes.fromhex("1188"), sample_rate=48000, channels=1)
TEXT = StreamConfig(StreamKind.TEXT, Codec.WEBVTT)


def _read(clip: bytes) -> tuple[StreamConfig, list[Sample]]:
    init_bytes, data = split_mp4(clip)
    init = fmp4.parse_init(init_bytes)
    return init.tracks[1].config, [sample for _, sample in fmp4.samples(init, WholeSource(data))]


def _file(tracks: list[matroska.MatroskaTrack], samples: list[tuple[int, Sample]], duration_s: float = 2.0) -> bytes:
    out = bytearray(matroska.header(tracks, duration_s))
    for number, sample in sorted(samples, key=lambda item: item[1].dts_s):
        for piece in matroska.sample_cluster(number, round(sample.pts_s * 1000), sample.key, sample.data):
            out += piece
    return bytes(out)


def test_a_title_comes_back_with_equal_packets_and_every_frame() -> None:
    title = media.ffmpeg_dash(8)
    tracks, samples = [], []
    for number, name in ((1, "1"), (2, "3"), (3, "4")):
        init = fmp4.parse_init((title.folder / f"init-{name}.mp4").read_bytes())
        tracks.append(matroska.MatroskaTrack(number, init.tracks[1].config, language="pt-BR", name=f"track {number}"))
        for path in sorted(title.folder.glob(f"seg-{name}-*.m4s")):
            samples += [(number, sample) for _, sample in fmp4.samples(init, WholeSource(path.read_bytes()))]
    data = _file(tracks, samples, 8.0)
    with av.open(io.BytesIO(data)) as container:
        assert container.duration == 8_000_000
        assert [stream.codec_context.name for stream in container.streams] == ["h264", "aac", "aac"]
        assert container.streams[1].metadata == {"language": "pt-BR", "title": "track 2"}
        assert container.streams.video[0].codec_context.width == 640
        assert sum(1 for _ in container.decode(video=0)) == title.frames
    for number in (1, 2, 3):
        ours = [sample for track, sample in samples if track == number]
        with av.open(io.BytesIO(data)) as container:
            theirs = [packet for packet in container.demux(container.streams[number - 1]) if packet.size]
        assert [bytes(packet) for packet in theirs] == [bytes(sample.data) for sample in ours]
        assert [packet.is_keyframe for packet in theirs] == [sample.key for sample in ours]
        for packet, sample in zip(theirs, ours, strict=True):
            assert abs(packet.pts * packet.time_base - Fraction(sample.pts_s)) <= Fraction("0.0005000001")


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx265", {"preset": "ultrafast", "x265-params": "keyint=10:log-level=error:pools=1"}),
        ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "g": "10"}),
        ("libsvtav1", {"preset": "12", "g": "10", "svtav1-params": "lp=1"}),
    ],
)
def test_every_video_codec_decodes_out_of_it(codec: str, options: dict[str, str]) -> None:
    config, samples = _read(encode_video(codec, "mp4", options=options))
    data = _file([matroska.MatroskaTrack(1, config)], [(1, sample) for sample in samples])
    with av.open(io.BytesIO(data)) as container:
        times = [round(float(frame.time), 3) for frame in container.decode(video=0)]
    assert times == [pytest.approx(number / 25, abs=0.001) for number in range(30)]


@pytest.mark.parametrize("codec", ["aac", "ac3", "eac3", "libopus", "flac", "libmp3lame"])
def test_every_audio_codec_decodes_out_of_it(codec: str) -> None:
    config, samples = _read(encode_audio(codec, "mp4"))
    data = _file([matroska.MatroskaTrack(1, config)], [(1, sample) for sample in samples])
    with av.open(io.BytesIO(data)) as container:
        frames = list(container.decode(audio=0))
    assert sum(frame.samples for frame in frames) >= 46_000
    assert [bytes(sample.data) for sample in samples] == [packet.data for packet in packets(data, "audio")]


@given(
    st.integers(-40_000, 2**40),
    st.booleans(),
    st.binary(max_size=40_000),
    st.one_of(st.none(), st.integers(0, 10**6)),
)
@settings(max_examples=60, deadline=None)
def test_a_cluster_holds_exactly_one_sample(pts_ms: int, key: bool, payload: bytes, duration_ms: int | None) -> None:
    pieces = matroska.sample_cluster(1, pts_ms, key, payload, duration_ms)
    assert [piece for piece in pieces if piece is payload] == [payload]
    cluster = b"".join(pieces)
    assert cluster[:4] == b"\x1f\x43\xb6\x75"
    first = cluster[4]
    width = 9 - first.bit_length()
    size = int.from_bytes(cluster[4 : 4 + width], "big") & (1 << 7 * width) - 1
    assert 4 + width + size == len(cluster)
    config = AAC if duration_ms is None else TEXT
    data = matroska.header([matroska.MatroskaTrack(1, config)], None) + cluster
    found = packets(data, "audio" if duration_ms is None else "subtitle", "matroska")
    if payload:
        assert [packet.data for packet in found] == [payload]
        if pts_ms >= 0:
            assert found[0].pts_s * 1000 == pytest.approx(pts_ms, abs=0.5)
    relative = int.from_bytes(pieces[0][-3:-1], "big", signed=True)  # FFmpeg has no time for a block below 0
    assert relative == (0 if pts_ms >= 0 else max(pts_ms, -0x8000))


def test_cues_and_voids_lead_to_what_they_name() -> None:
    config, samples = _read(encode_video("libx264", "mp4", options={"preset": "ultrafast", "g": "10", "bf": "0"}))
    track = matroska.MatroskaTrack(1, config)
    keys = [sample for sample in samples if sample.key]
    assert len(keys) == 3
    clusters = [b"".join(matroska.sample_cluster(1, round(s.pts_s * 1000), s.key, s.data)) for s in samples]
    base = 100_000
    places = [base + sum(len(cluster) for cluster in clusters[:number]) for number in range(len(clusters))]
    cues = [(s.pts_s, place) for s, place in zip(samples, places, strict=True) if s.key]
    head = matroska.header([track], 1.2, cues)
    data = head + matroska.void(len(head), base) + bytes(base - len(head) - matroska.VOID_BYTES) + b"".join(clusters)
    with av.open(io.BytesIO(data)) as container:
        container.seek(900_000)
        packet = next(packet for packet in container.demux(video=0) if packet.size)
        assert bytes(packet) == bytes(keys[2].data)


@pytest.mark.parametrize(("segments", "points"), [(0, 0), (1, 4), (3, 4), (4, 4), (9, 9)])
def test_a_short_title_has_as_many_cues_as_libmpv_believes(segments: int, points: int) -> None:
    track = matroska.MatroskaTrack(1, StreamConfig(StreamKind.VIDEO, Codec.H264, width=16, height=16))
    head = matroska.header([track], 4.0 * segments, [(4.0 * number, 5000 + number) for number in range(segments)])
    cue = b"\xbb"  # a CuePoint, with the CueTime that it begins with
    assert sum(head.count(cue + bytes((0x80 | size,)) + b"\xb3") for size in range(1, 40)) == points


def test_void_needs_room_for_itself() -> None:
    assert matroska.void(10, 19) == b"\xec\x01" + bytes(7)
    for target in (18, 0, 1 << 60):
        with pytest.raises(ValueError, match="no room"):
            matroska.void(10, target)


def test_colour_reaches_the_reader() -> None:
    config = StreamConfig(
        StreamKind.VIDEO, Codec.VP9, width=64, height=64, colour=Colour(primaries=9, transfer=16, matrix=9)
    )
    data = matroska.header([matroska.MatroskaTrack(1, config)], 1.0)
    with av.open(io.BytesIO(data), format="matroska") as container:
        context = container.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (9, 16, 9, 1)


def test_what_matroska_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="ttml"):
        matroska.header([matroska.MatroskaTrack(1, StreamConfig(StreamKind.TEXT, Codec.TTML))], 1.0)
    with pytest.raises(ValueError, match="track number"):
        matroska.header([matroska.MatroskaTrack(127, AAC)], 1.0)
