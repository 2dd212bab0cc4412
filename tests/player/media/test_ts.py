"""Transport streams: samples as FFmpeg reads them, on a clock that does not wrap."""

from __future__ import annotations

import io
import itertools

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from player.base.errors import ErrorCode, MediaError
from player.manifest.model import Container
from player.media.demux import open_demuxer, read_whole
from player.media.model import Codec, Sample, StreamKind
from player.media.timestamps import WRAP, TimestampUnwrapper
from player.media.whole_segment import WholeSource
from tests.kit import media
from tests.kit.segments import encode_audio, packets


def _segments(seconds: int = 8) -> list[bytes]:
    folder = media.ffmpeg_hls_ts(seconds).folder / "360p"
    return [path.read_bytes() for path in sorted(folder.glob("*.ts"))]


def _of(samples: list[Sample], kind: StreamKind) -> list[Sample]:
    return [sample for sample in samples if sample.kind is kind]


def test_segments_hold_every_frame_and_raw_aac() -> None:
    demuxer = open_demuxer(Container.TS)
    segments = _segments()
    configs = demuxer.probe(WholeSource(segments[0]))
    assert (configs[StreamKind.VIDEO].codec, configs[StreamKind.VIDEO].width) == (Codec.H264, 640)
    audio = configs[StreamKind.AUDIO]
    assert (audio.codec, audio.sample_rate, audio.channels, audio.private.hex()) == (Codec.AAC, 48000, 1, "1188")
    samples = [sample for segment in segments for sample in read_whole(demuxer, segment)]
    video = _of(samples, StreamKind.VIDEO)
    assert len(video) == 200
    first = min(sample.pts_s for sample in video)
    assert sorted(round((sample.pts_s - first) * 25) for sample in video) == list(range(200))
    assert [sample.key for sample in video].count(True) == 2
    expected = [packet for segment in segments for packet in packets(segment, "video", "mpegts")]
    assert [(sample.pts_s, sample.data) for sample in video] == [
        (pytest.approx(packet.pts_s), packet.data) for packet in expected
    ]
    sound = _of(samples, StreamKind.AUDIO)
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = audio.private
    decoded = sum(frame.samples for sample in sound for frame in decoder.decode(av.Packet(bytes(sample.data))))
    assert decoded >= 8 * 48000 - 1024
    steps = {round((after.pts_s - before.pts_s) * 48000) for before, after in itertools.pairwise(sound)}
    assert steps <= {1023, 1024, 1025}
    assert all(sample.duration_s > 0 for sample in samples)


def test_what_was_probed_is_not_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    from player.media import ts

    reads = []
    read_segment = ts.read_segment
    monkeypatch.setattr(ts, "read_segment", lambda *args, **given: reads.append(1) or read_segment(*args, **given))
    demuxer, source = open_demuxer(Container.TS), WholeSource(_segments()[0])
    demuxer.probe(source)
    once = list(demuxer.samples(source))
    assert len(reads) == 1
    assert list(demuxer.samples(source)) == once
    assert len(reads) == 2


def test_a_damaged_segment_does_not_settle_what_the_others_are() -> None:
    good = bytes(_segments()[0])
    demuxer = open_demuxer(Container.UNKNOWN)
    for damaged in (good[:60] + bytes(300) + good[360:], b"ID3" + bytes(997), b"\x1a\x45\xdf\xa3" + good):
        with pytest.raises(MediaError) as caught:
            demuxer.probe(WholeSource(damaged))
        assert caught.value.code is ErrorCode.MEDIA_DAMAGED
    assert demuxer.probe(WholeSource(good)).keys() == {StreamKind.VIDEO, StreamKind.AUDIO}
    assert len(read_whole(demuxer, good)) > 10


@pytest.mark.parametrize(("codec", "expected"), [("ac3", Codec.AC3), ("libmp3lame", Codec.MP3), ("aac", Codec.AAC)])
def test_other_audio_codecs(codec: str, expected: Codec) -> None:
    demuxer = open_demuxer(Container.TS)
    samples = read_whole(demuxer, encode_audio(codec, "mpegts"))
    config = demuxer.configs[StreamKind.AUDIO]
    assert (config.codec, config.sample_rate, config.channels) == (expected, 48000, 2)
    assert sum(sample.duration_s for sample in samples) == pytest.approx(1.0, abs=0.05)


def test_times_go_on_over_the_wrap_of_the_clock() -> None:
    """The same segment with its clock moved to just below 2**33 ticks."""
    out = io.BytesIO()
    with (
        av.open(str(media.elementary(8) / "en.m4a")) as given_,
        av.open(out, "w", format="mpegts", options={"muxdelay": "0", "muxpreload": "0"}) as container,
    ):
        stream = container.add_stream_from_template(given_.streams.audio[0])
        for packet in given_.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                packet.pts = packet.dts = packet.dts + (WRAP - 4 * 90_000) * 48 // 90
                container.mux(packet)
    samples = read_whole(open_demuxer(Container.TS), out.getvalue())
    times = [sample.pts_s for sample in samples]
    assert times == sorted(times)
    assert times[0] < WRAP / 90_000 < times[-1]
    assert times[-1] - times[0] == pytest.approx(8.0, abs=0.1)


@given(st.integers(0, WRAP - 1), st.lists(st.integers(-(WRAP // 2) + 1, WRAP // 2 - 1), max_size=30))
def test_unwrapping_follows_every_step_below_half_the_range(start: int, steps: list[int]) -> None:
    unwrapper = TimestampUnwrapper()
    true = start
    assert unwrapper.unwrap(true % WRAP) == true
    for step in steps:
        true += step
        assert unwrapper.unwrap(true % WRAP) == true


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), min_size=1, max_size=20), st.integers(0, 20_000)
)
def test_damaged_streams_are_an_error_and_never_a_crash(places: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(_segments()[0])[:cut]
    for place, value in places:
        if data:
            data[place % len(data)] = value
    try:
        samples = read_whole(open_demuxer(Container.TS), bytes(data))
    except MediaError as error:
        known = error.code in (ErrorCode.MEDIA_DAMAGED, ErrorCode.MEDIA_UNSUPPORTED)
    else:
        known = all(sample.duration_s >= 0 for sample in samples)
    assert known


def test_html_is_damaged_media() -> None:
    with pytest.raises(MediaError) as caught:
        read_whole(open_demuxer(Container.TS), b"<html><body>Not found</body></html>" * 50)
    assert caught.value.code is ErrorCode.MEDIA_DAMAGED
