"""Decrypts whole files and segments of any kind with keys that are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.hls_aes import decrypt_segment, whole_segment_methods
from drm_client.keys import KeyRing
from drm_client.mp4file import Mp4Decryptor
from drm_client.sample_aes import SampleAes, is_described_as_encrypted, packed_audio_frames
from drm_client.ts_packets import is_transport_stream
from drm_client.ts_sample_aes import decrypt_transport_stream, encrypted_streams
from drm_client.webm import WebmDecryptor

_BOX_TYPES = frozenset(
    {b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"ssix", b"emsg", b"prft", b"pdin", b"meta", b"mdat", b"pssh"}
    | {b"free", b"skip", b"wide", b"uuid"}
)
_EBML_MAGIC = b"\x1a\x45\xdf\xa3"
_WEBM_CLUSTER = b"\x1f\x43\xb6\x75"


class FileKind(StrEnum):
    """How a file is packed, told from its first bytes."""

    MP4 = "MP4"
    WEBM = "WebM"
    TRANSPORT_STREAM = "MPEG-TS"
    PACKED_AUDIO = "packed audio"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SegmentKey:
    """A key that a playlist names for a segment: HLS METHOD, key, and IV (16 bytes; None: it is in the media)."""

    method: str
    key: bytes = field(repr=False)
    iv: bytes | None = field(default=None, repr=False)


def file_kind(data: bytes | bytearray) -> FileKind:
    """What a file is; one that is encrypted as a whole is ``UNKNOWN``."""
    if bytes(data[4:8]) in _BOX_TYPES:
        return FileKind.MP4
    if data[:4] in (_EBML_MAGIC, _WEBM_CLUSTER):
        return FileKind.WEBM
    if is_transport_stream(data):
        return FileKind.TRANSPORT_STREAM
    if packed_audio_frames(data) is not None:
        return FileKind.PACKED_AUDIO
    return FileKind.UNKNOWN


class FileDecryptor:
    """Decrypts the files of one presentation in their order: init segments before media segments."""

    def __init__(self, keys: KeyRing) -> None:
        self._mp4 = Mp4Decryptor(keys)
        self._webm = WebmDecryptor(keys)

    def decrypt(self, data: bytearray, key: SegmentKey | None = None) -> bytearray:
        """The clear file; ``data`` is used up. ``key`` is for files that do not say how they are encrypted.

        Raises :class:`DrmError`: ``drm.no_key``, ``drm.decrypt_failed``, ``drm.scheme_unsupported``.
        """
        if key is not None and key.method in whole_segment_methods():
            return bytearray(decrypt_segment(key.method, key.key, key.iv, data))
        kind = file_kind(data)
        if kind is FileKind.MP4:
            return self._mp4.decrypt(data)
        if kind is FileKind.WEBM:
            return self._webm.decrypt(data)
        if kind is FileKind.UNKNOWN:
            raise DrmError(
                DrmErrorCode.DECRYPT_FAILED,
                "The file is no MP4, WebM, MPEG-TS or packed audio; if it is encrypted as a whole, its method and "
                "initialisation vector must be known.",
            )
        if kind is FileKind.TRANSPORT_STREAM and not encrypted_streams(data):
            return data
        if kind is FileKind.PACKED_AUDIO and key is None and not is_described_as_encrypted(data):
            return data
        if key is None or key.iv is None:
            raise DrmError(
                DrmErrorCode.DECRYPT_FAILED,
                f"The {kind} file is SAMPLE-AES: its key and initialisation vector must be known.",
            )
        if kind is FileKind.TRANSPORT_STREAM:
            return decrypt_transport_stream(data, key.key, key.iv)
        return SampleAes(key.key, key.iv).packed_audio(data)
