"""SAMPLE-AES units against an encryptor written from Apple's description, and damaged transport streams and WebM."""

from __future__ import annotations

import contextlib
import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from drm_client.errors import DrmError
from drm_client.files import FileDecryptor, SegmentKey
from drm_client.keys import KeyRing
from drm_client.sample_aes import SampleAes, ac3_frames, adts_frames, id3_length, packed_audio_frames
from drm_client.ts_packets import PACKET, crc32, join_packets, parse_packets
from tests.drm_client.encryptors import CbcChain

KEY, IV = bytes(range(16)), b"initial vector 0"


def escaped(data: bytes) -> bytes:
    """Emulation prevention (ITU-T H.264, 7.4.1), byte by byte."""
    result, zeros = bytearray(), 0
    for byte in data:
        if zeros >= 2 and byte <= 3:
            result.append(3)
            zeros = 0
        result.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(result)


def encrypted_nal(nal: bytes) -> bytes:
    """Apple's encrypted_nal_unit(): 32 clear bytes, then one block in ten while more than 16 bytes remain."""
    if nal[0] & 31 not in (1, 5) or len(nal) <= 48:
        return nal
    chain, result, rest = CbcChain(KEY, IV), nal[:32], nal[32:]
    while rest:
        if len(rest) > 16:
            result += chain.apply(rest[:16])
            rest = rest[16:]
        result += rest[:144]
        rest = rest[144:]
    return escaped(result)


@st.composite
def nals(draw: st.DrawFn) -> bytes:
    """NAL units with many zeros, as an encoder writes them: escaped once, the last byte not zero."""
    size = draw(
        st.one_of(st.integers(1, 70), st.sampled_from([48, 49, 64, 65, 208, 209, 224, 225]), st.integers(1, 900))
    )
    seed = random.Random(draw(st.integers(0, 1 << 32)))
    body = bytes(seed.choice((0, 0, 0, 1, 2, 3, 3, 255)) for _ in range(size))
    return bytes([draw(st.sampled_from([1, 5, 6, 7, 0x65, 0x41]))]) + escaped(body) + b"\x80"


@settings(deadline=None, max_examples=300)
@given(st.lists(nals(), min_size=1, max_size=5), st.booleans())
def test_h264_slices_come_out_as_they_were(units: list[bytes], long_start_codes: bool) -> None:
    start_code = b"\0\0\0\1" if long_start_codes else b"\0\0\1"
    encrypted = b"".join(start_code + encrypted_nal(unit) for unit in units)
    assert SampleAes(KEY, IV).h264(encrypted) == b"".join(start_code + unit for unit in units)


def encrypted_frame(frame: bytes, header: int) -> bytes:
    """Apple's encrypted audio frame: header and 16 bytes clear, whole blocks encrypted, the rest clear."""
    start = header + 16
    end = start + max(0, (len(frame) - start) // 16 * 16)
    return frame[:start] + CbcChain(KEY, IV).apply(frame[start:end]) + frame[end:]


def adts(payload: bytes, *, checksum: bool = False) -> bytes:
    header = 9 if checksum else 7
    size = header + len(payload)
    head = bytes(
        [0xFF, 0xF0 | (not checksum), 0x50, 0x80 | size >> 11, size >> 3 & 255, (size & 7) << 5 | 0x1F, 0xFC]
    )
    return head + (b"\0\0" if checksum else b"") + payload


@given(st.lists(st.tuples(st.binary(max_size=200), st.booleans()), min_size=1, max_size=5), st.binary(max_size=3))
def test_aac_frames_come_out_as_they_were(contents: list[tuple[bytes, bool]], junk: bytes) -> None:
    junk = junk.replace(b"\xff", b"")
    frames = [(adts(payload, checksum=checksum), 9 if checksum else 7) for payload, checksum in contents]
    stream = bytearray(junk + b"".join(encrypted_frame(frame, header) for frame, header in frames) + junk)
    SampleAes(KEY, IV).audio(stream, adts_frames)
    assert stream == junk + b"".join(frame for frame, _ in frames) + junk


def ac3(seed: int, code: int, rate: int) -> bytes:
    words = {0: 2, 1: 0, 2: 3}[rate]
    kbits = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)[code // 2]
    size = 2 * (words * kbits or int(kbits * 1000 * 1536 / 44100 / 16) + (code & 1))
    return b"\x0b\x77\0\0" + bytes([rate << 6 | code, 8 << 3]) + random.Random(seed).randbytes(size - 6)


def eac3(seed: int, size: int) -> bytes:
    words = size // 2 - 1
    return b"\x0b\x77" + bytes([words >> 8, words & 255, 0x3F, 16 << 3]) + random.Random(seed).randbytes(size - 6)


@given(
    st.lists(
        st.one_of(
            st.builds(ac3, st.integers(0, 99), st.integers(0, 37), st.integers(0, 2)),
            st.builds(eac3, st.integers(0, 99), st.integers(5, 300).map(lambda half: 2 * half)),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_dolby_frames_come_out_as_they_were(frames: list[bytes]) -> None:
    stream = bytearray(b"".join(encrypted_frame(frame, 0) for frame in frames))
    SampleAes(KEY, IV).audio(stream, ac3_frames)
    assert stream == b"".join(frames)


def test_packed_audio_behind_its_tags() -> None:
    def private(owner: bytes, content: bytes) -> bytes:
        body = owner + b"\0" + content
        return b"PRIV" + bytes([0, 0, 0, len(body)]) + b"\0\0" + body

    def tag(*frames: bytes) -> bytes:
        body = b"".join(frames)
        return b"ID3\4\0\0" + bytes([0, 0, len(body) >> 7, len(body) & 127]) + body

    timestamp = private(b"com.apple.streaming.transportStreamTimestamp", bytes(8))
    description = private(b"com.apple.streaming.audioDescription", b"zaac\x0b\x77\xff\xf1")
    frames = [adts(bytes([number]) * 99) for number in range(4)]
    stream = bytearray(tag(timestamp, description) + b"".join(encrypted_frame(frame, 7) for frame in frames))
    assert id3_length(stream) == len(tag(timestamp, description))
    assert SampleAes(KEY, IV).packed_audio(stream) == tag(timestamp) + b"".join(frames)
    assert packed_audio_frames(b"RIFF....") is None


def test_packets_survive_being_taken_apart() -> None:
    generator = random.Random(6)
    stream = bytearray()
    for number in range(40):
        field = b"" if number % 3 else bytes([length := generator.randrange(0, 183)]) + bytes(length)
        control = (0x20 if field else 0) | 0x10
        stream += bytes([0x47, 0x01, 0x00, control | number & 15]) + field
        stream += generator.randbytes(-len(stream) % PACKET)
    assert join_packets(parse_packets(stream)) == stream


@given(st.integers(0, 184))
def test_a_shorter_payload_still_fills_its_packet(size: int) -> None:
    for field in (b"", b"\0", b"\1\x10"):
        packet = parse_packets(bytes([0x47, 1, 0, 0x10 | (0x20 if field else 0)]) + field + bytes(184 - len(field)))[
            0
        ]
        packet.payload = packet.payload[:size]
        written = packet.to_bytes(3)
        assert len(written) == PACKET
        assert parse_packets(written)[0].payload == packet.payload


def test_the_crc_of_a_section() -> None:
    table = bytes.fromhex("00b00d0001c100000001f000")
    assert crc32(table) == bytes.fromhex("2ab104b2")
    assert crc32(table + crc32(table)) == bytes(4)


PMT = bytes.fromhex("02b0120001c10000e100f000dbe101f000")


def transport_stream() -> bytes:
    """A program of one encrypted H.264 stream, whose pictures take several packets."""

    def packet(pid: int, payload: bytes, start: bool) -> bytes:
        padding = 184 - len(payload)
        field = b"" if not padding else b"\0" if padding == 1 else bytes([padding - 1, 0]) + b"\xff" * (padding - 2)
        flags = 0x10 | (0x20 if field else 0)
        return bytes([0x47, (0x40 if start else 0) | pid >> 8, pid & 255, flags]) + field + payload

    pat = bytes.fromhex("00b00d0001c100000001e100")
    stream = packet(0, b"\0" + pat + crc32(pat), True) + packet(0x100, b"\0" + PMT + crc32(PMT), True)
    for seed in range(3):
        nal = b"\x65" + escaped(bytes(random.Random(seed).choices(range(4), k=700))) + b"\x80"
        pes = b"\0\0\1\xe0\0\0\x80\0\0" + b"\0\0\1" + encrypted_nal(nal)
        for at in range(0, len(pes), 184):
            stream += packet(0x101, pes[at : at + 184], at == 0)
    return stream


def test_a_transport_stream_comes_out_clear_and_shorter_pictures_fit() -> None:
    clear = FileDecryptor(KeyRing()).decrypt(bytearray(transport_stream()), SegmentKey("SAMPLE-AES", KEY, IV))
    assert len(clear) % PACKET == 0
    packets = parse_packets(clear)
    video = b"".join(packet.payload for packet in packets if packet.pid == 0x101)
    expected = b""
    for seed in range(3):
        nal = b"\x65" + escaped(bytes(random.Random(seed).choices(range(4), k=700))) + b"\x80"
        expected += b"\0\0\1\xe0\0\0\x80\0\0" + b"\0\0\1" + nal
    assert video == expected
    table = next(packet.payload for packet in packets if packet.pid == 0x100)
    assert table[13] == 0x1B
    assert crc32(table[1:].rstrip(b"\xff")) == bytes(4)


TRANSPORT = transport_stream()


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, len(TRANSPORT) - 1), st.integers(0, 255)), max_size=8),
    st.integers(0, len(TRANSPORT)),
)
def test_damaged_transport_streams_do_no_harm(flips: list[tuple[int, int]], length: int) -> None:
    damaged = bytearray(TRANSPORT)
    for place, value in flips:
        damaged[place] = value
    with contextlib.suppress(DrmError):
        FileDecryptor(KeyRing()).decrypt(damaged[:length], SegmentKey("SAMPLE-AES", KEY, IV))


def element(id_: str, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes.fromhex(id_) + (1 << 56 | len(body)).to_bytes(8, "big") + body


def webm() -> bytes:
    encryption = element("5035", element("47e2", b"k" * 16))
    track = element("ae", element("d7", b"\1"), element("6d80", element("6240", encryption)))
    blocks = [element("a3", b"\x81\0\0\x80\1" + bytes(8) + b"frame" * 20), element("a3", b"\x81\0\1\0\0clear frame")]
    cluster = element("1f43b675", element("e7", b"\0"), *blocks)
    return element("1a45dfa3", element("4282", b"webm")) + element("18538067", element("1654ae6b", track), cluster)


WEBM = webm()


def test_webm_loses_every_trace_of_encryption() -> None:
    keys = KeyRing()
    keys.add(b"k" * 16, KEY)
    clear = bytes(FileDecryptor(keys).decrypt(bytearray(WEBM)))
    assert not re.search(rb"\x6d\x80|\x62\x40|\x50\x35", clear[:80])
    assert len(clear) == len(WEBM) - 9 - 1 - len(
        element("6d80", element("6240", element("5035", element("47e2", b"k" * 16))))
    )
    assert clear.endswith(b"\x81\0\1\0clear frame")


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(WEBM) - 1), st.integers(0, 255)), max_size=6), st.integers(0, len(WEBM)))
def test_damaged_webm_does_no_harm(flips: list[tuple[int, int]], length: int) -> None:
    keys = KeyRing()
    keys.set_default(KEY)
    damaged = bytearray(WEBM)
    for place, value in flips:
        damaged[place] = value
    with contextlib.suppress(DrmError):
        FileDecryptor(keys).decrypt(damaged[:length])
