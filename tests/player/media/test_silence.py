"""Silence must decode to silence, of the right length and number of channels."""

from __future__ import annotations

import av
import numpy as np
import pytest

from player.media.aac import make_asc
from player.media.model import Codec, StreamConfig, StreamKind
from player.media.silence import silent_samples
from tests.kit.segments import encode_audio, split_mp4


def _decoded(config: StreamConfig, frames: list[bytes]) -> list[av.AudioFrame]:
    decoder = av.CodecContext.create(str(config.codec), "r")
    if config.private:
        decoder.extradata = config.private
    return [frame for data in frames for frame in decoder.decode(av.Packet(data))]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("configuration", "channels"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 8)])
def test_aac_of_every_channel_configuration(configuration: int, channels: int) -> None:
    config = StreamConfig(
        StreamKind.AUDIO, Codec.AAC, make_asc(2, 3, configuration), sample_rate=48000, channels=channels
    )
    samples = silent_samples(config, 10.0, 12.0)
    assert len(samples) == 93
    assert samples[0].pts_s == 10.0
    assert samples[-1].pts_s + samples[-1].duration_s <= 12.0
    frames = _decoded(config, [bytes(sample.data) for sample in samples])
    assert len(frames) in (92, 93)  # the decoder may hold its first frame back
    packed = av.AudioResampler(format="s16", layout=frames[0].layout)  # PyAV crashes on the planes of 8 channels
    for frame in frames:
        assert (frame.layout.nb_channels, frame.samples, frame.sample_rate) == (channels, 1024, 48000)
        assert not any(any(bytes(part.planes[0])) for part in packed.resample(frame))


@pytest.mark.parametrize(
    ("encoder", "codec", "channels"),
    [("ac3", Codec.AC3, 6), ("eac3", Codec.EAC3, 2), ("libopus", Codec.OPUS, 2), ("libmp3lame", Codec.MP3, 2)],
)
def test_other_codecs(encoder: str, codec: Codec, channels: int) -> None:
    from player.media import fmp4

    layout = {2: "stereo", 6: "5.1"}[channels]
    init = fmp4.parse_init(split_mp4(encode_audio(encoder, "mp4", seconds=0.2, layout=layout))[0])
    config = init.tracks[1].config
    assert config.codec is codec
    samples = silent_samples(config, 0.0, 1.0)
    assert sum(sample.duration_s for sample in samples) == pytest.approx(1.0, abs=0.04)
    frames = _decoded(config, [bytes(sample.data) for sample in samples])
    assert sum(frame.samples for frame in frames) == pytest.approx(48000, abs=3000)
    loudest = max(float(np.abs(frame.to_ndarray()).max()) for frame in frames)
    assert loudest < 0.001


def test_no_time_and_no_known_silence_give_nothing() -> None:
    aac = StreamConfig(StreamKind.AUDIO, Codec.AAC, make_asc(2, 3, 2), sample_rate=48000, channels=2)
    assert silent_samples(aac, 5.0, 5.01) == []
    assert silent_samples(aac, 5.0, 4.0) == []
    flac = StreamConfig(StreamKind.AUDIO, Codec.FLAC, b"fLaC", sample_rate=48000, channels=2)
    assert silent_samples(flac, 0.0, 1.0) == []
