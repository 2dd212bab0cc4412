"""What a segment is packed in, told from its first bytes."""

from __future__ import annotations

from player.manifest.model import Container
from player.media.packed import parse_frame
from player.media.ts import looks_like_ts

SNIFF_BYTES = 1024
"""How many first bytes are enough."""

_BOXES = (b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"ssix", b"emsg", b"prft", b"free", b"skip", b"mdat", b"uuid")
_EBML_STARTS = (b"\x1a\x45\xdf\xa3", b"\x1f\x43\xb6\x75")
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8")
_BOM = b"\xef\xbb\xbf"


def sniff(head: bytes) -> Container:
    """The container that ``head`` begins; ``UNKNOWN`` where nothing fits."""
    text = head.removeprefix(_BOM)
    if head[4:8] in _BOXES:
        return Container.FMP4
    if head.startswith(_EBML_STARTS):
        return Container.WEBM
    if head.startswith(_IMAGES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return Container.IMAGE
    if text.startswith(b"WEBVTT"):
        return Container.WEBVTT
    if text.lstrip().startswith(b"<") and b"http://www.w3.org/ns/ttml" in text:
        return Container.TTML
    if looks_like_ts(head):
        return Container.TS
    if head[:3] == b"ID3" or parse_frame(head) is not None:
        return Container.PACKED_AUDIO
    return Container.UNKNOWN
