"""Fragmented MP4: what we read must be what FFmpeg reads, however the bytes arrive."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drm_client.cenc import SampleDecryptor
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.scheme import SampleProtection
from player.base.errors import ErrorCode, MediaError
from player.media import fmp4
from player.media.model import Codec, EventMessage, Sample, StreamKind
from player.media.whole_segment import WholeSource
from tests.kit import media
from tests.kit.segments import (
    TricklingSource,
    annex_b_units,
    box,
    encode_audio,
    encode_video,
    full_box,
    length_prefixed_units,
    packets,
    split_mp4,
)
from tests.kit.waiting import at_most

SECONDS = 8


def _all(init: fmp4.Fmp4Init, data: bytes, **options: object) -> list[Sample]:
    return [sample for _, sample in fmp4.samples(init, WholeSource(data), **options)]  # type: ignore[arg-type]


def _assert_same_times(ours: list[Sample], theirs: list[object]) -> None:
    assert [(s.pts_s, s.dts_s, s.key) for s in ours] == [
        (pytest.approx(p.pts_s, abs=1e-6), pytest.approx(p.dts_s, abs=1e-6), p.key)  # type: ignore[attr-defined]
        for p in theirs
    ]


@pytest.mark.parametrize("rung", media.RUNGS)
def test_video_of_ffmpeg_dash_is_what_ffmpeg_reads(rung: media.Rung) -> None:
    title = media.ffmpeg_dash(SECONDS)
    init_bytes = (title.folder / f"init-{rung.index}.mp4").read_bytes()
    segments = [path.read_bytes() for path in sorted(title.folder.glob(f"seg-{rung.index}-*.m4s"))]
    init = fmp4.parse_init(init_bytes)
    ours = [sample for segment in segments for sample in _all(init, segment)]
    theirs = packets(init_bytes + b"".join(segments))
    assert len(ours) == title.frames
    _assert_same_times(ours, theirs)
    config = init.tracks[1].config
    assert (config.codec, config.width, config.height) == (Codec.H264, rung.width, rung.height)
    for sample, packet in zip(ours, theirs, strict=True):
        units, original = annex_b_units(bytes(sample.data)), length_prefixed_units(packet.data)
        added = units[: len(units) - len(original)]
        assert units[len(added) :] == original
        assert [unit[0] & 31 for unit in added] == ([7, 8] if sample.key else [])


def test_audio_times_begin_before_zero_as_the_edit_list_says() -> None:
    title = media.ffmpeg_dash(SECONDS)
    init_bytes = (title.folder / "init-3.mp4").read_bytes()
    segments = [path.read_bytes() for path in sorted(title.folder.glob("seg-3-*.m4s"))]
    init = fmp4.parse_init(init_bytes)
    ours = [sample for segment in segments for sample in _all(init, segment)]
    theirs = packets(init_bytes + b"".join(segments), "audio")
    _assert_same_times(ours, theirs)
    assert [bytes(sample.data) for sample in ours] == [packet.data for packet in theirs]
    assert ours[0].pts_s == pytest.approx(-1024 / 48000)
    assert init.tracks[1].config.private.hex() == "118856e500"


@pytest.mark.parametrize("recipe", [media.packager_clear, media.dash_on_demand])
def test_packager_titles_have_every_frame_once(recipe: object) -> None:
    title = recipe(SECONDS)  # type: ignore[operator]
    if recipe is media.packager_clear:
        init_bytes = (title.folder / "video-0" / "init.mp4").read_bytes()
        files = sorted((title.folder / "video-0").glob("*.m4s"), key=lambda path: int(path.stem))
        data = b"".join(path.read_bytes() for path in files)
    else:
        init_bytes, data = split_mp4((title.folder / "video-0.mp4").read_bytes())
    ours = _all(fmp4.parse_init(init_bytes), data)
    assert sorted(round(sample.pts_s * title.fps) for sample in ours) == list(range(title.frames))
    _assert_same_times(ours, packets(init_bytes + data))


@pytest.mark.parametrize("recipe", [media.packager_cenc, media.packager_cbcs])
@pytest.mark.parametrize(("name", "kind"), [("video-0", "video"), ("video-2", "video"), ("audio-en", "audio")])
def test_encrypted_titles_become_the_clear_ones(recipe: object, name: str, kind: str) -> None:
    title, clear = recipe(SECONDS), media.packager_clear(SECONDS)  # type: ignore[operator]
    ring = KeyRing()
    for kid, key in title.keys.values():
        ring.add(bytes.fromhex(kid), bytes.fromhex(key))
    decrypt = SampleDecryptor(ring).decrypt
    results = []
    for source, decryptor in ((title, decrypt), (clear, None)):
        init = fmp4.parse_init((source.folder / name / "init.mp4").read_bytes())
        files = sorted((source.folder / name).glob("*.m4s"), key=lambda path: int(path.stem))
        results.append([s for path in files for s in _all(init, path.read_bytes(), decrypt=decryptor)])
        track = next(iter(init.tracks.values()))
        assert track.kind == kind
        if source is title:
            assert track.protected is not None
            assert track.protected.encryption is not None
            assert track.protected.encryption.scheme == title.scheme
            assert init.pssh
            label = "AUDIO" if kind == "audio" else title.rung_labels[int(name[-1])]
            assert init.default_kids == (bytes.fromhex(title.keys[label][0]),)
    assert [s._replace(data=bytes(s.data)) for s in results[0]] == [
        s._replace(data=bytes(s.data)) for s in results[1]
    ]
    assert len(results[0]) > 100


def test_protected_samples_without_a_decryptor_are_a_missing_key() -> None:
    title = media.packager_cbcs(SECONDS)
    init = fmp4.parse_init((title.folder / "video-0" / "init.mp4").read_bytes())
    with pytest.raises(DrmError) as caught:
        _all(init, (title.folder / "video-0" / "1.m4s").read_bytes())
    assert caught.value.code is DrmErrorCode.NO_KEY


@pytest.mark.parametrize(
    ("codec", "expected", "options"),
    [
        ("libx264", Codec.H264, {"preset": "ultrafast", "g": "10"}),
        ("libx265", Codec.HEVC, {"preset": "ultrafast", "x265-params": "keyint=10:log-level=error:pools=1"}),
        ("libvpx-vp9", Codec.VP9, {"deadline": "realtime", "cpu-used": "8", "g": "10"}),
        ("libsvtav1", Codec.AV1, {"preset": "12", "g": "10", "svtav1-params": "lp=1"}),
    ],
)
def test_every_video_codec(codec: str, expected: Codec, options: dict[str, str]) -> None:
    clip = encode_video(codec, "mp4", options=options)
    init_bytes, data = split_mp4(clip)
    init = fmp4.parse_init(init_bytes)
    ours = _all(init, data)
    theirs = packets(clip)
    _assert_same_times(ours, theirs)
    config = init.tracks[1].config
    assert (config.kind, config.codec, config.width, config.height) == (StreamKind.VIDEO, expected, 64, 64)
    if expected in (Codec.H264, Codec.HEVC):
        for sample, packet in zip(ours, theirs, strict=True):
            units = length_prefixed_units(packet.data)
            assert annex_b_units(bytes(sample.data))[-len(units) :] == units
        assert config.private == b""
    else:
        assert [bytes(sample.data) for sample in ours] == [packet.data for packet in theirs]
        assert bool(config.private) is (expected is Codec.AV1)


@pytest.mark.parametrize(
    ("codec", "expected", "rate", "layout", "channels"),
    [
        ("aac", Codec.AAC, 44_100, "5.1", 6),
        ("aac", Codec.AAC, 48_000, "mono", 1),
        ("ac3", Codec.AC3, 48_000, "5.1", 6),
        ("eac3", Codec.EAC3, 48_000, "stereo", 2),
        ("libopus", Codec.OPUS, 48_000, "stereo", 2),
        ("flac", Codec.FLAC, 44_100, "stereo", 2),
        ("libmp3lame", Codec.MP3, 44_100, "stereo", 2),
    ],
)
def test_every_audio_codec(codec: str, expected: Codec, rate: int, layout: str, channels: int) -> None:
    clip = encode_audio(codec, "mp4", rate=rate, layout=layout)
    init_bytes, data = split_mp4(clip)
    init = fmp4.parse_init(init_bytes)
    config = init.tracks[1].config
    assert (config.codec, config.sample_rate, config.channels) == (expected, rate, channels)
    ours, theirs = _all(init, data), packets(clip, "audio")
    _assert_same_times(ours, theirs)
    assert [bytes(sample.data) for sample in ours] == [packet.data for packet in theirs]
    if expected is Codec.OPUS:
        assert config.private.startswith(b"OpusHead\1\2")
        assert config.codec_delay_s == pytest.approx(312 / 48000)
    if expected is Codec.FLAC:
        assert config.private.startswith(b"fLaC")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 5000), min_size=1, max_size=20))
def test_progressive_reading_gives_the_same_whatever_the_chunks(chunks: list[int]) -> None:
    title = media.ffmpeg_dash(SECONDS)
    init = fmp4.parse_init((title.folder / "init-0.mp4").read_bytes())
    data = (title.folder / "seg-0-001.m4s").read_bytes()
    source = TricklingSource(data, chunks)
    slowly = [sample for _, sample in fmp4.samples(init, source)]
    assert slowly == _all(init, data)


def test_a_sample_is_given_as_soon_as_its_last_byte_is_there() -> None:
    title = media.ffmpeg_dash(SECONDS)
    init = fmp4.parse_init((title.folder / "init-2.mp4").read_bytes())
    data = (title.folder / "seg-2-001.m4s").read_bytes()
    source = TricklingSource(data, [1])
    moof_end = data.index(b"mdat") + 4
    given_bytes = 0
    for number, (_, sample) in enumerate(fmp4.samples(init, source)):
        extra = len(annex_b_parameter_sets(init)) if sample.key else 0
        given_bytes += len(sample.data) - extra
        assert source.arrived == moof_end + given_bytes
        if number == 20:
            break


def annex_b_parameter_sets(init: fmp4.Fmp4Init) -> bytes:
    nal = init.tracks[1].entries[0].nal
    assert nal is not None
    return nal.parameter_sets


def test_a_truncated_segment_gives_what_is_whole_and_then_fails() -> None:
    title = media.ffmpeg_dash(SECONDS)
    init = fmp4.parse_init((title.folder / "init-0.mp4").read_bytes())
    data = (title.folder / "seg-0-001.m4s").read_bytes()
    whole = _all(init, data)
    got: list[Sample] = []
    cut = fmp4.samples(init, WholeSource(data[: len(data) // 2]))
    with pytest.raises(MediaError) as caught:
        got.extend(sample for _, sample in cut)
    assert caught.value.code is ErrorCode.MEDIA_DAMAGED
    assert 10 < len(got) < len(whole)
    assert got == whole[: len(got)]


def _mutated(data: bytes, places: list[tuple[int, int]]) -> bytes:
    out = bytearray(data)
    for place, value in places:
        out[place % len(out)] = value
    return bytes(out)


def _outcome(read: Callable[[], object]) -> object:
    """What ``read`` gives, or None for an error of our own family; anything else it raises fails the test."""
    with contextlib.suppress(MediaError), at_most(2.0):
        return read()
    return None


_MUTATIONS = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=8)


@settings(max_examples=300)
@given(_MUTATIONS)
def test_damaged_initialisation_is_an_error_and_never_a_crash(places: list[tuple[int, int]]) -> None:
    title = media.packager_cbcs(SECONDS)
    data = _mutated((title.folder / "video-0" / "init.mp4").read_bytes(), places)
    result = _outcome(lambda: fmp4.parse_init(data).tracks)
    assert result is None or len(result) > 0  # type: ignore[arg-type]


def _no_cipher(data: bytearray, _protection: SampleProtection) -> bytearray:
    return data


@settings(max_examples=300)
@given(_MUTATIONS, st.integers(0, 200_000))
def test_damaged_segments_are_an_error_and_never_a_crash(places: list[tuple[int, int]], cut: int) -> None:
    title = media.packager_cenc(SECONDS)
    init = fmp4.parse_init((title.folder / "video-0" / "init.mp4").read_bytes())
    data = _mutated((title.folder / "video-0" / "1.m4s").read_bytes(), places)[:cut]
    result = _outcome(lambda: _all(init, data, decrypt=_no_cipher))
    assert result is None or all(sample.data is not None for sample in result)  # type: ignore[attr-defined]


def test_events_are_reported_and_other_boxes_passed_over() -> None:
    title = media.ffmpeg_dash(SECONDS)
    init = fmp4.parse_init((title.folder / "init-0.mp4").read_bytes())
    data = (title.folder / "seg-0-001.m4s").read_bytes()
    first = full_box(b"emsg", 1, 0, struct.pack(">IQII", 1000, 5500, 250, 7), b"urn:x\0value\0", b"payload")
    second = full_box(b"emsg", 0, 0, b"urn:y\0\0", struct.pack(">IIII", 90000, 45000, 0xFFFFFFFF, 8))
    others = box(b"prft", bytes(16)) + box(b"free", bytes(100)) + full_box(b"sidx", 0, 0, bytes(40))
    events: list[EventMessage] = []
    samples = _all(init, others + first + second + data, on_event=events.append)
    assert len(samples) == 100
    assert events == [
        EventMessage("urn:x", "value", 7, 5.5, relative=False, duration_s=0.25, payload=b"payload"),
        EventMessage("urn:y", "", 8, 0.5, relative=True, duration_s=None),
    ]


def test_a_fragment_without_tfdt_goes_on_from_the_given_time() -> None:
    title = media.ffmpeg_dash(SECONDS)
    init = fmp4.parse_init((title.folder / "init-0.mp4").read_bytes())
    data = (title.folder / "seg-0-001.m4s").read_bytes()
    without = data.replace(b"tfdt", b"free")
    shift = init.tracks[1].shift / init.tracks[1].timescale
    samples = _all(init, without + without, fallback_start_s=100.0)
    assert samples[0].dts_s == pytest.approx(100.0 + shift)
    assert samples[100].dts_s == pytest.approx(104.0 + shift)


def test_html_is_damaged_media_and_not_an_endless_loop() -> None:
    for data in (b"", b"<html>not found</html>", bytes(1000), b"\0\0\0\1moov" + b"\xff" * 8):
        with pytest.raises(MediaError) as caught:
            fmp4.parse_init(data)
        assert caught.value.code is ErrorCode.MEDIA_DAMAGED
