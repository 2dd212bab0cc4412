"""Where samples say how they are encrypted: tenc, seig groups, senc, saiz/saio (ISO/IEC 23001-7, 7 and 8)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from player.media.boxes import Box, damaged, version_and_flags

if TYPE_CHECKING:
    from drm_client.cenc import SampleProtection

SCHEMES = (b"cenc", b"cens", b"cbc1", b"cbcs")
SEIG = b"seig"

_SUBSAMPLE = struct.Struct(">HI")
_SENC_SUBSAMPLES = 2
_MAX_GROUPS = 1024

Subsamples = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class TrackEncryption:
    """Encryption defaults of a track (tenc) or of a sample group (seig).

    ``kid`` is 16 bytes. ``iv_size`` is the size of each sample's own IV; 0 where ``constant_iv`` serves all.
    Pattern counts are blocks of 16 bytes; 0 and 0 mean that everything is encrypted.
    """

    protected: bool
    iv_size: int
    kid: bytes
    constant_iv: bytes = field(default=b"", repr=False)
    crypt_blocks: int = 0
    skip_blocks: int = 0


def parse_tenc(data: bytes, box: Box) -> TrackEncryption:
    """TrackEncryptionBox (23001-7, 8.2). Raises ``MEDIA_DAMAGED``."""
    version, _ = version_and_flags(data, box)
    return _encryption(data[box.body + 5 : box.end], pattern=version > 0)


def _encryption(body: bytes, *, pattern: bool) -> TrackEncryption:
    """The fields that tenc and seig share, from the pattern byte on."""
    if len(body) < 19:
        raise damaged("the encryption defaults are cut short")
    iv_size = body[2]
    constant_iv = b""
    if body[1] and iv_size == 0:
        constant_iv = body[20 : 20 + body[19]] if len(body) > 19 else b""
        if len(constant_iv) not in (8, 16):
            raise damaged("the constant IV has an impossible size")
    elif iv_size not in (0, 8, 16):
        raise damaged("the IV size is impossible")
    crypt, skip = (body[0] >> 4, body[0] & 15) if pattern else (0, 0)
    return TrackEncryption(bool(body[1]), iv_size, body[3:19], constant_iv, crypt, skip)


def parse_seig(data: bytes, box: Box) -> tuple[TrackEncryption, ...]:
    """The seig entries of a SampleGroupDescriptionBox (23001-7, 6); empty for another grouping type."""
    version, _ = version_and_flags(data, box)
    body = data[box.body : box.end]
    if body[4:8] != SEIG:
        return ()
    place = 8
    fixed = 0
    if version >= 1:
        fixed = struct.unpack_from(">I", body, place)[0]
        place += 4
    if version >= 2:
        place += 4
    count = struct.unpack_from(">I", body, place)[0]
    place += 4
    if count > _MAX_GROUPS:
        raise damaged("too many encryption groups")
    out = []
    for _ in range(count):
        length = fixed
        if version >= 1 and not fixed:
            length = struct.unpack_from(">I", body, place)[0]
            place += 4
        entry = body[place : place + length] if length else body[place:]
        out.append(_encryption(entry[1:], pattern=True))
        place += length or _seig_size(out[-1])
    return tuple(out)


def _seig_size(entry: TrackEncryption) -> int:
    """Size of an entry in a version 0 description, which does not say it."""
    return 20 + (1 + len(entry.constant_iv) if entry.constant_iv else 0)


def parse_sbgp(data: bytes, box: Box) -> list[tuple[int, int]] | None:
    """(sample count, group index) runs of a SampleToGroupBox for seig; None for another grouping type."""
    version, _ = version_and_flags(data, box)
    body = data[box.body : box.end]
    if body[4:8] != SEIG:
        return None
    place = 8 + (4 if version else 0)
    count = struct.unpack_from(">I", body, place)[0]
    if place + 4 + 8 * count > len(body):
        raise damaged("a sample group is cut short")
    return list(struct.iter_unpack(">II", body[place + 4 : place + 4 + 8 * count]))


def spread_groups(
    count: int,
    runs: Sequence[tuple[int, int]],
    track_default: TrackEncryption,
    track_groups: Sequence[TrackEncryption],
    own_groups: Sequence[TrackEncryption],
) -> list[TrackEncryption]:
    """The encryption of each of ``count`` samples. Indexes above 0x10000 name ``own_groups`` (those of the
    fragment, 14496-12 8.9.4), others ``track_groups``; 0 means the track's default."""
    out: list[TrackEncryption] = []
    for length, index in runs:
        groups, number = (own_groups, index - 0x10000) if index > 0x10000 else (track_groups, index)
        if number > len(groups):
            raise damaged("a sample names an encryption group that does not exist")
        out += [groups[number - 1] if number else track_default] * min(length, count - len(out))
    return out + [track_default] * (count - len(out))


def parse_senc(data: bytes, box: Box, encryption: Sequence[TrackEncryption]) -> list[tuple[bytes, Subsamples]]:
    """IV and subsamples of each sample (SampleEncryptionBox, 23001-7 7.2). Raises ``MEDIA_DAMAGED``."""
    _, flags = version_and_flags(data, box)
    body = data[box.body + 4 : box.end]
    count = struct.unpack_from(">I", body)[0]
    if count < len(encryption):
        raise damaged("the encryption data cover fewer samples than there are")
    out: list[tuple[bytes, Subsamples]] = []
    place = 4
    for item in encryption:
        size = item.iv_size
        end = place + size
        subsamples: Subsamples = ()
        if flags & _SENC_SUBSAMPLES:
            subsamples, end = _subsamples(body, end)
        if end > len(body):
            raise damaged("the encryption data are cut short")
        out.append((body[place : place + size], subsamples))
        place = end
    return out


def _subsamples(body: bytes, place: int) -> tuple[Subsamples, int]:
    count = int.from_bytes(body[place : place + 2], "big")
    end = place + 2 + 6 * count
    if end > len(body):
        raise damaged("the encryption data are cut short")
    return tuple(_SUBSAMPLE.iter_unpack(body[place + 2 : end])), end


def parse_saiz(data: bytes, box: Box) -> tuple[int, bytes, int] | None:
    """(default size, sizes, sample count) of SampleAuxiliaryInformationSizesBox; None for another kind of data."""
    _, flags = version_and_flags(data, box)
    body = data[box.body + 4 : box.end]
    if flags & 1:
        if body[:4] not in SCHEMES:
            return None
        body = body[8:]
    default, count = struct.unpack_from(">BI", body)
    sizes = b"" if default else body[5 : 5 + count]
    if not default and len(sizes) != count:
        raise damaged("the encryption data's sizes are cut short")
    return default, sizes, count


def parse_saio(data: bytes, box: Box) -> tuple[int, ...] | None:
    """Offsets of SampleAuxiliaryInformationOffsetsBox; None for another kind of data."""
    version, flags = version_and_flags(data, box)
    body = data[box.body + 4 : box.end]
    if flags & 1:
        if body[:4] not in SCHEMES:
            return None
        body = body[8:]
    count = struct.unpack_from(">I", body)[0]
    width = 8 if version else 4
    if 4 + width * count > len(body):
        raise damaged("the encryption data's offsets are cut short")
    return tuple(value for (value,) in struct.iter_unpack(">Q" if version else ">I", body[4 : 4 + width * count]))


def parse_auxiliary(
    body: bytes, sizes: Sequence[int], encryption: Sequence[TrackEncryption]
) -> list[tuple[bytes, Subsamples]]:
    """IV and subsamples out of sample auxiliary information that lies contiguously in ``body`` (23001-7, 7.1)."""
    out: list[tuple[bytes, Subsamples]] = []
    place = 0
    for size, item in zip(sizes, encryption, strict=True):
        end = place + size
        if size < item.iv_size or end > len(body):
            raise damaged("the encryption data are cut short")
        iv = body[place : place + item.iv_size]
        subsamples: Subsamples = ()
        if size > item.iv_size:
            subsamples, _ = _subsamples(body[:end], place + item.iv_size)
        out.append((iv, subsamples))
        place = end
    return out


def sample_protection(scheme: str, item: TrackEncryption, iv: bytes, subsamples: Subsamples) -> SampleProtection:
    """What the decryptor gets for one protected sample."""
    from drm_client.cenc import SampleProtection  # here, so that clear titles start without loading the ciphers

    return SampleProtection(scheme, item.kid, iv or item.constant_iv, subsamples, item.crypt_blocks, item.skip_blocks)
