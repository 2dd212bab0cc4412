"""Forms of movie fragments that our encoders do not write but others do, built by hand."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from drm_client.mp4_protection import PIFF_SENC, PIFF_TENC
from drm_client.scheme import SampleProtection
from player.base.errors import ErrorCode, MediaError
from player.media import fmp4
from player.media.model import Codec, Sample
from player.media.track import Fmp4Init
from player.media.whole_segment import WholeSource
from tests.kit.segments import box, encode_audio, encode_video, full_box, packets, split_mp4

KID_A, KID_B = bytes(range(16)), bytes(range(16, 32))
ASC = bytes.fromhex("1190")
ESDS = bytes((3, 22, 0, 1, 0, 4, 17, 0x40, 21)) + bytes(11) + bytes((5, 2)) + ASC


def _tenc(*, iv_size: int = 8, constant_iv: bytes = b"", pattern: int = 0, kid: bytes = KID_A) -> bytes:
    tail = bytes((len(constant_iv),)) + constant_iv if constant_iv else b""
    return full_box(b"tenc", 1 if pattern else 0, 0, bytes((0, pattern, 1, iv_size)), kid, tail)


def _entry(type_: bytes, *children: bytes) -> bytes:
    return box(type_, bytes(6) + b"\0\1" + bytes(8) + struct.pack(">HHHHI", 2, 16, 0, 0, 48000 << 16), *children)


def _protected(tenc: bytes, scheme: bytes = b"cenc") -> bytes:
    sinf = box(b"sinf", box(b"frma", b"mp4a"), full_box(b"schm", 0, 0, scheme, bytes(4)), box(b"schi", tenc))
    return _entry(b"enca", full_box(b"esds", 0, 0, ESDS), sinf)


CLEAR_ENTRY = _entry(b"mp4a", full_box(b"esds", 0, 0, ESDS))


def _track(number: int, entries: Sequence[bytes], *, edits: bytes = b"", groups: bytes = b"") -> bytes:
    stsd = full_box(b"stsd", 0, 0, struct.pack(">I", len(entries)), *entries)
    return box(
        b"trak",
        full_box(b"tkhd", 0, 0, struct.pack(">III", 0, 0, number), bytes(68)),
        edits,
        box(
            b"mdia",
            full_box(b"mdhd", 0, 0, struct.pack(">IIIIH", 0, 0, 48000, 0, 0x15C7), bytes(2)),
            full_box(b"hdlr", 0, 0, bytes(4), b"soun", bytes(13)),
            box(b"minf", box(b"stbl", stsd, groups)),
        ),
    )


def _init(*tracks: bytes, trex: Sequence[tuple[int, int]] = ((1, 1024), (2, 1024))) -> Fmp4Init:
    defaults = [full_box(b"trex", 0, 0, struct.pack(">5I", number, 1, length, 0, 0)) for number, length in trex]
    movie = full_box(b"mvhd", 0, 0, struct.pack(">III", 0, 0, 1000), bytes(84))
    return fmp4.parse_init(box(b"ftyp", b"iso6") + box(b"moov", movie, *tracks, box(b"mvex", *defaults)))


@dataclass
class _Traf:
    """A track fragment under construction; ``offset`` None leaves the data offset out."""

    track: int
    samples: list[bytes]
    time: int | None = 0
    offset: int | None = None
    flags: int = 0x020000
    fields: bytes = b""
    extra: list[bytes] = field(default_factory=list)

    def boxes(self) -> bytes:
        sizes = b"".join(struct.pack(">I", len(sample)) for sample in self.samples)
        flags, offset = (0x200, b"") if self.offset is None else (0x201, struct.pack(">i", self.offset))
        trun = full_box(b"trun", 0, flags, struct.pack(">I", len(self.samples)), offset, sizes)
        tfdt = b"" if self.time is None else full_box(b"tfdt", 1, 0, struct.pack(">Q", self.time))
        tfhd = full_box(b"tfhd", 0, self.flags, struct.pack(">I", self.track), self.fields)
        return box(b"traf", tfhd, tfdt, trun, *self.extra)


def _segment(trafs: Sequence[_Traf], payload: bytes) -> bytes:
    return box(b"moof", full_box(b"mfhd", 0, 0, bytes(4)), *(traf.boxes() for traf in trafs)) + box(b"mdat", payload)


def _samples(init: Fmp4Init, data: bytes, **options: object) -> list[tuple[int, Sample]]:
    return list(fmp4.samples(init, WholeSource(data), **options))  # type: ignore[arg-type]


def _moof_size(trafs: Sequence[_Traf]) -> int:
    return 8 + 16 + sum(len(traf.boxes()) for traf in trafs)


PARTS = [b"one", b"second", b"3"]


def test_a_run_without_an_offset_begins_where_mdat_begins() -> None:
    data = _segment([_Traf(1, PARTS)], b"".join(PARTS))
    assert [sample.data for _, sample in _samples(_init(_track(1, [CLEAR_ENTRY])), data)] == PARTS


def test_an_absolute_base_offset_counts_from_the_start_of_the_file() -> None:
    for base, origin in ((5000, 5000), (123_456, 0)):  # known place in the file, and unknown
        traf = _Traf(1, PARTS, flags=0x1, fields=struct.pack(">Q", base), offset=0)
        traf.offset = _moof_size([traf]) + 8
        data = _segment([traf], b"".join(PARTS))
        init = _init(_track(1, [CLEAR_ENTRY]))
        assert [sample.data for _, sample in _samples(init, data, origin=origin)] == PARTS


def test_tracks_in_one_fragment_are_interleaved_as_their_bytes_are() -> None:
    first, second = _Traf(1, PARTS[:1], offset=0), _Traf(2, PARTS[1:2], offset=0)
    start = _moof_size([first, second]) + 8
    first.offset, second.offset = start + len(PARTS[1]), start
    init = _init(_track(1, [CLEAR_ENTRY]), _track(2, [CLEAR_ENTRY]))
    found = _samples(init, _segment([first, second], PARTS[1] + PARTS[0]))
    assert [(number, sample.data) for number, sample in found] == [(2, PARTS[1]), (1, PARTS[0])]


def test_the_second_track_goes_on_behind_the_first_without_any_base() -> None:
    trafs = [_Traf(1, PARTS[:2], flags=0), _Traf(2, PARTS[2:], flags=0)]
    init = _init(_track(1, [CLEAR_ENTRY]), _track(2, [CLEAR_ENTRY]))
    found = _samples(init, _segment(trafs, b"".join(PARTS)))
    assert [(number, sample.data) for number, sample in found] == [(1, b"one"), (1, b"second"), (2, b"3")]


def test_several_fragments_and_unknown_tracks() -> None:
    one = _segment([_Traf(1, PARTS, time=48000)], b"".join(PARTS))
    other = _segment([_Traf(9, PARTS, time=0)], b"".join(PARTS))
    two = _segment([_Traf(1, PARTS, time=None)], b"".join(PARTS))
    found = _samples(_init(_track(1, [CLEAR_ENTRY])), one + other + two)
    assert [sample.pts_s for _, sample in found] == [pytest.approx(1 + number * 1024 / 48000) for number in range(6)]


def test_an_edit_list_with_a_delay_and_a_cut() -> None:
    elst = full_box(b"elst", 0, 0, struct.pack(">I", 2), struct.pack(">IiiIii", 500, -1, 1 << 16, 0, 2400, 1 << 16))
    init = _init(_track(1, [CLEAR_ENTRY], edits=box(b"edts", elst)))
    assert init.tracks[1].shift == 24000 - 2400
    (first, *_) = _samples(init, _segment([_Traf(1, PARTS)], b"".join(PARTS)))
    assert first[1].pts_s == pytest.approx(0.45)


class _Recorder:
    """Stands in for the decryptor: keeps what it was asked to do."""

    def __init__(self) -> None:
        self.asked: list[SampleProtection] = []

    def __call__(self, data: bytearray, protection: SampleProtection) -> bytearray:
        self.asked.append(protection)
        data[:] = data.upper()
        return data


IVS = [bytes((number,)) * 8 for number in (1, 2, 3)]
SUBSAMPLES = [((1, 2),), ((2, 2), (1, 1)), ()]


def _auxiliary() -> list[bytes]:
    out = []
    for iv, subsamples in zip(IVS, SUBSAMPLES, strict=True):
        table = b"".join(struct.pack(">HI", *pair) for pair in subsamples)
        out.append(iv + (struct.pack(">H", len(subsamples)) + table if subsamples else b""))
    return out


def test_encryption_data_that_only_saiz_and_saio_point_to() -> None:
    parts = _auxiliary()
    saiz = full_box(b"saiz", 0, 0, struct.pack(">BI", 0, 3), bytes(len(part) for part in parts))
    traf = _Traf(1, PARTS, extra=[saiz, full_box(b"saio", 0, 0, struct.pack(">II", 1, 0))], offset=0)
    traf.offset = _moof_size([traf]) + 8
    traf.extra[1] = full_box(b"saio", 0, 0, struct.pack(">II", 1, traf.offset + 10))
    decrypt = _Recorder()
    data = _segment([traf], b"".join(PARTS) + b"".join(parts))
    found = _samples(_init(_track(1, [_protected(_tenc())])), data, decrypt=decrypt)
    assert [bytes(sample.data) for _, sample in found] == [part.upper() for part in PARTS]
    assert decrypt.asked == [
        SampleProtection("cenc", KID_A, iv, subsamples) for iv, subsamples in zip(IVS, SUBSAMPLES, strict=True)
    ]


def test_a_constant_iv_needs_no_encryption_data() -> None:
    iv = bytes(range(100, 116))
    init = _init(_track(1, [_protected(_tenc(iv_size=0, constant_iv=iv, pattern=0x19), b"cbcs")]))
    decrypt = _Recorder()
    _samples(init, _segment([_Traf(1, PARTS)], b"".join(PARTS)), decrypt=decrypt)
    assert decrypt.asked == [SampleProtection("cbcs", KID_A, iv, (), 1, 9)] * 3


def _group(kid: bytes, *, protected: int = 1, iv_size: int = 8) -> bytes:
    return bytes((0, 0, protected, iv_size)) + kid


def _sgpd(*entries: bytes) -> bytes:
    return full_box(b"sgpd", 1, 0, b"seig", struct.pack(">II", 20, len(entries)), *entries)


def test_sample_groups_change_the_key_and_leave_samples_clear() -> None:
    """The track's own group, the fragment's own group (a clear one), and the default."""
    senc = full_box(b"senc", 0, 0, struct.pack(">I", 3), IVS[0], IVS[2])
    sbgp = full_box(b"sbgp", 0, 0, b"seig", struct.pack(">I", 3), struct.pack(">6I", 1, 1, 1, 0x10001, 1, 0))
    own = _sgpd(_group(KID_B, protected=0, iv_size=0))
    init = _init(_track(1, [_protected(_tenc())], groups=_sgpd(_group(KID_B))))
    decrypt = _Recorder()
    data = _segment([_Traf(1, PARTS, extra=[own, sbgp, senc])], b"".join(PARTS))
    found = _samples(init, data, decrypt=decrypt)
    assert [bytes(sample.data) for _, sample in found] == [b"ONE", b"second", b"3"]
    assert decrypt.asked == [SampleProtection("cenc", KID_B, IVS[0]), SampleProtection("cenc", KID_A, IVS[2])]


def _sgpd_2(default: int, *entries: bytes) -> bytes:
    return full_box(b"sgpd", 2, 0, b"seig", struct.pack(">III", 20, default, len(entries)), *entries)


@pytest.mark.parametrize("own", [True, False], ids=["of the fragment", "of the track"])
def test_the_default_group_holds_for_samples_that_no_mapping_names(own: bool) -> None:
    """ISO/IEC 14496-12, 8.9.3: without sbgp, and behind the samples that sbgp lists."""
    senc = full_box(b"senc", 0, 0, struct.pack(">I", 3), *IVS)
    groups = _sgpd_2(1, _group(KID_B))
    sbgp = full_box(b"sbgp", 0, 0, b"seig", struct.pack(">III", 1, 1, 0))
    init = _init(_track(1, [_protected(_tenc())], groups=b"" if own else groups))
    for mapping, kids in ((b"", [KID_B] * 3), (sbgp, [KID_A, KID_B, KID_B])):
        decrypt = _Recorder()
        extra = [groups if own else b"", mapping, senc]
        _samples(init, _segment([_Traf(1, PARTS, extra=extra)], b"".join(PARTS)), decrypt=decrypt)
        assert [asked.kid for asked in decrypt.asked] == kids


def test_entries_of_earlier_fragments_that_ffmpeg_repeats_are_passed_over() -> None:
    senc = full_box(b"senc", 0, 0, struct.pack(">I", 5), bytes(8), bytes(8), *IVS)
    decrypt = _Recorder()
    data = _segment([_Traf(1, PARTS, extra=[senc])], b"".join(PARTS))
    _samples(_init(_track(1, [_protected(_tenc())])), data, decrypt=decrypt)
    assert [asked.iv for asked in decrypt.asked] == IVS


def test_samples_that_ffmpeg_marks_as_encrypted_and_leaves_clear_are_clear() -> None:
    data = _segment([_Traf(1, PARTS, extra=[full_box(b"senc", 0, 0, bytes(4))])], b"".join(PARTS))
    found = _samples(_init(_track(1, [_protected(_tenc())])), data, decrypt=_Recorder())
    assert [bytes(sample.data) for _, sample in found] == PARTS


def test_piff_boxes_say_the_same_as_those_of_common_encryption() -> None:
    """Protected Interoperable File Format 1.1, 5.3.2 and 5.3.3: its boxes have types of their own."""
    tenc = box(b"uuid", PIFF_TENC, bytes(4), b"\0\0\1\x08", KID_A)
    senc = box(b"uuid", PIFF_SENC, bytes(4), struct.pack(">I", 3), *IVS)
    decrypt = _Recorder()
    data = _segment([_Traf(1, PARTS, extra=[senc])], b"".join(PARTS))
    _samples(_init(_track(1, [_protected(tenc, b"piff")])), data, decrypt=decrypt)
    assert decrypt.asked == [SampleProtection("cenc", KID_A, iv) for iv in IVS]


def test_a_clear_lead_uses_another_sample_description() -> None:
    init = _init(_track(1, [_protected(_tenc()), CLEAR_ENTRY]))
    traf = _Traf(1, PARTS, flags=0x020002, fields=struct.pack(">I", 2))
    assert [sample.data for _, sample in _samples(init, _segment([traf], b"".join(PARTS)))] == PARTS
    assert init.default_kids == (KID_A,)


def test_pssh_boxes_of_fragments_are_reported() -> None:
    pssh = full_box(b"pssh", 0, 0, KID_A, struct.pack(">I", 0))
    moof = box(b"moof", full_box(b"mfhd", 0, 0, bytes(4)), pssh, _Traf(1, PARTS).boxes())
    found: list[bytes] = []
    _samples(_init(_track(1, [CLEAR_ENTRY])), moof + box(b"mdat", b"".join(PARTS)), on_pssh=found.append)
    assert found == [pssh]


@pytest.mark.parametrize(
    "extra",
    [
        [full_box(b"senc", 0, 0, struct.pack(">I", 2), *IVS[:2])],
        [full_box(b"senc", 0, 2, struct.pack(">I", 3), IVS[0], b"\xff\xff")],
        [full_box(b"saiz", 0, 0, struct.pack(">BI", 8, 3)), full_box(b"saio", 0, 0, struct.pack(">II", 1, 10**6))],
        [full_box(b"sbgp", 0, 0, b"seig", struct.pack(">III", 1, 3, 7))],
        [],
    ],
)
def test_impossible_encryption_data_are_damaged_media(extra: list[bytes]) -> None:
    init = _init(_track(1, [_protected(_tenc())]))
    with pytest.raises(MediaError) as caught:
        _samples(init, _segment([_Traf(1, PARTS, extra=extra)], b"".join(PARTS)), decrypt=_Recorder())
    assert caught.value.code is ErrorCode.MEDIA_DAMAGED


def test_a_run_that_promises_too_many_samples_is_refused_at_once() -> None:
    trun = full_box(b"trun", 0, 0, struct.pack(">I", 0xFFFFFFFF))
    tfhd = full_box(b"tfhd", 0, 0x020000, struct.pack(">I", 1))
    with pytest.raises(MediaError, match="too many samples"):
        _samples(_init(_track(1, [CLEAR_ENTRY])), box(b"moof", box(b"traf", tfhd, trun)) + box(b"mdat", b"x"))


def test_two_byte_nal_lengths_give_the_same_pictures() -> None:
    clip = encode_video("libx264", "mp4", options={"preset": "ultrafast", "g": "10", "bf": "0"})
    init_bytes, data = split_mp4(clip)
    expected = [sample for _, sample in _samples(fmp4.parse_init(init_bytes), data)]
    record = init_bytes.index(b"avcC") + 4 + 4
    short = bytearray(init_bytes)
    short[record] = short[record] & 0xFC | 1
    samples = []
    for packet in packets(clip):
        place, units = 0, []
        while place < packet.size:
            length = int.from_bytes(packet.data[place : place + 4], "big")
            units.append(length.to_bytes(2, "big") + packet.data[place + 4 : place + 4 + length])
            place += 4 + length
        samples.append(b"".join(units))
    segment = _segment([_Traf(1, samples)], b"".join(samples))
    found = [sample for _, sample in _samples(fmp4.parse_init(bytes(short)), segment)]
    assert all(sample.key for sample in found)  # a run without flags: parameter sets stand before each picture
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert bytes(ours.data).endswith(bytes(theirs.data))


def test_segments_that_bring_their_own_initialisation() -> None:
    clip = encode_audio("aac", "mp4", seconds=0.2)
    from player.manifest.model import Container
    from player.media.demux import open_demuxer, read_whole
    from player.media.model import StreamKind

    demuxer = open_demuxer(Container.FMP4)
    assert demuxer.configs == {}
    assert len(read_whole(demuxer, clip)) == len(packets(clip, "audio"))
    assert demuxer.configs[StreamKind.AUDIO].codec is Codec.AAC
