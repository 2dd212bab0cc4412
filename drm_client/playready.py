"""PlayReady objects and headers (``mspr:pro``, PSSH data), read for ``inspect``; Microsoft's PlayReady Header
Object specification, versions 4.0 to 4.3."""

from __future__ import annotations

import base64
import binascii
import uuid
from dataclasses import dataclass, field

from drm_client.errors import DrmError, DrmErrorCode

MAX_OBJECT_BYTES = 64 << 10
MAX_KEY_IDS = 256
_RIGHTS_MANAGEMENT_HEADER = 1


@dataclass(frozen=True, slots=True)
class PlayReadyHeader:
    """``key_ids`` are in CENC's byte order (not PlayReady's little-endian GUIDs), 16 bytes each."""

    version: str
    key_ids: tuple[bytes, ...]
    licence_url: str | None = field(default=None, repr=False)


def parse_playready_object(data: bytes) -> PlayReadyHeader:
    """The header in a PlayReady object. Raises :class:`DrmError` ``drm.pssh_malformed``."""
    if not 6 <= len(data) <= MAX_OBJECT_BYTES:
        raise _malformed()
    total = int.from_bytes(data[:4], "little")
    if total > len(data):
        raise _malformed()
    position = 6
    for _ in range(int.from_bytes(data[4:6], "little")):
        kind = int.from_bytes(data[position : position + 2], "little")
        length = int.from_bytes(data[position + 2 : position + 4], "little")
        position += 4
        if position + length > total:
            break
        if kind == _RIGHTS_MANAGEMENT_HEADER:
            return parse_playready_header(data[position : position + length])
        position += length
    raise _malformed()


def parse_playready_header(data: bytes) -> PlayReadyHeader:
    """The ``WRMHEADER`` XML, UTF-16 little-endian. DTDs and entities are refused."""
    from lxml import etree

    try:
        text = data.decode("utf-16-le").lstrip("\ufeff")
        if "<!" in text:
            raise _malformed()
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(text.encode("utf-8"), parser)
        encoded = [element.get("VALUE") or element.text or "" for element in root.iter("{*}KID")][:MAX_KEY_IDS]
        key_ids = [_kid(value) for value in encoded]
    except (etree.XMLSyntaxError, UnicodeDecodeError, binascii.Error, ValueError) as error:
        raise _malformed() from error
    url = next((element.text for element in root.iter("{*}LA_URL")), None)
    return PlayReadyHeader(root.get("version") or "", tuple(dict.fromkeys(key_ids)), url)


def _kid(encoded: str) -> bytes:
    """A base64 GUID, whose first three fields are little-endian, as a key ID."""
    return uuid.UUID(bytes_le=base64.b64decode(encoded.strip(), validate=True)).bytes


def _malformed() -> DrmError:
    return DrmError(DrmErrorCode.PSSH_MALFORMED, "The title's PlayReady data cannot be read.")
