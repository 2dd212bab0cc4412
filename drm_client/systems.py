"""Key systems by their registered system IDs, and what can be read from their data without a licence.

IDs: DASH-IF's registry of content protection system identifiers.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.playready import parse_playready_object
from drm_client.pssh import Pssh

W3C_COMMON = "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b"
CLEARKEY = "e2719d58-a985-b3c9-781a-b030af78d30e"
WIDEVINE = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
PLAYREADY = "9a04f079-9840-4286-ab92-e65be0885f95"
FAIRPLAY = "94ce86fb-07ff-4f43-adb8-93d2fa968ca2"
MARLIN = "5e629af5-38da-4063-8977-97ffbd9902d4"

SYSTEM_NAMES = {
    W3C_COMMON: "W3C common (ClearKey)",
    CLEARKEY: "ClearKey",
    WIDEVINE: "Widevine",
    PLAYREADY: "PlayReady",
    FAIRPLAY: "FairPlay",
    MARLIN: "Marlin",
    "80a6be7e-1448-4c37-9e70-d5aebe04c8d2": "Irdeto",
    "adb41c24-2dbf-4a6d-958b-4457c0d27b95": "Nagra",
    "9a27dd82-fde2-4725-8cbc-4234aa06ec09": "Verimatrix VCAS",
    "f239e769-efa3-4850-9c16-a903c6932efb": "Adobe Primetime",
    "3d5e6d35-9b9a-41e8-b843-dd3c6e72c42c": "ChinaDRM",
    "a68129d3-575b-4f1a-9cba-3223846cf7c3": "VideoGuard Everywhere",
    "35bf197b-530e-42d7-8b65-1b4bf415070f": "SecureMedia",
    "644fe7b5-260f-4fad-949a-0762ffb054b4": "CMLA (OMA DRM)",
    "6a99532d-869f-5922-9a91-113ab7b1e2f3": "MobiTV",
    "b4413586-c58c-ffb0-94a5-d4896c1af6c3": "Viaccess-Orca",
    "793b7956-9f94-4946-a942-23e7ef7e44b4": "VisionCrypt",
    "279fe473-512c-48fe-ade8-d176fee6b40f": "Arris Titanium",
}

_KEYFORMATS = {
    "identity": CLEARKEY,
    "com.apple.streamingkeydelivery": FAIRPLAY,
    "com.microsoft.playready": PLAYREADY,
    "com.widevine": WIDEVINE,
    "org.w3.clearkey": CLEARKEY,
}


@dataclass(frozen=True, slots=True)
class SystemData:
    """What a key system's PSSH data tells. ``details`` are texts for ``inspect``; ``key_ids`` are 16 bytes each."""

    system_id: str
    name: str
    key_ids: tuple[bytes, ...] = ()
    licence_url: str | None = field(default=None, repr=False)
    details: tuple[tuple[str, str], ...] = ()


def system_name(system_id: str) -> str:
    """The name people know the system by, or the ID itself."""
    return SYSTEM_NAMES.get(system_id.lower(), system_id)


def system_of_keyformat(keyformat: str) -> str | None:
    """The system ID for an HLS KEYFORMAT (also ``urn:uuid:...``), or None."""
    text = keyformat.lower()
    if text.startswith("urn:uuid:"):
        text = text.removeprefix("urn:uuid:")
        return text if _is_uuid(text) else None
    return _KEYFORMATS.get(text)


def describe_pssh(pssh: Pssh) -> SystemData:
    """Read what the system's own data says; raises :class:`DrmError` ``drm.pssh_malformed`` where it is damaged."""
    name = system_name(pssh.system_id)
    if pssh.system_id == WIDEVINE:
        widevine = parse_widevine_data(pssh.data)
        return SystemData(pssh.system_id, name, pssh.key_ids or widevine.key_ids, None, widevine.details)
    if pssh.system_id == PLAYREADY:
        header = parse_playready_object(pssh.data)
        details = (("header version", header.version),)
        return SystemData(pssh.system_id, name, pssh.key_ids or header.key_ids, header.licence_url, details)
    return SystemData(pssh.system_id, name, pssh.key_ids)


def fairplay_asset(uri: str) -> str | None:
    """The asset ID of a FairPlay ``skd://`` URI, or None for another URI."""
    scheme, separator, asset = uri.partition("://")
    return asset if separator and scheme.lower() == "skd" else None


@dataclass(frozen=True, slots=True)
class WidevineData:
    """The fields of Widevine's PSSH message that name the title's keys."""

    key_ids: tuple[bytes, ...]
    details: tuple[tuple[str, str], ...]


def parse_widevine_data(data: bytes) -> WidevineData:
    """Read key IDs (field 2), provider (3), content ID (4) and protection scheme (9) from the protocol buffer."""
    key_ids: list[bytes] = []
    details: list[tuple[str, str]] = []
    for number, value in _protobuf_fields(data):
        if number == 2 and isinstance(value, bytes):
            if len(value) == 16:
                key_ids.append(value)
        elif number == 3 and isinstance(value, bytes):
            details.append(("provider", value[:200].decode("utf-8", "replace")))
        elif number == 4 and isinstance(value, bytes):
            details.append(("content id", value[:64].hex()))
        elif number == 9 and isinstance(value, int):
            scheme = value.to_bytes(8, "big")[-4:]
            details.append(("scheme", scheme.decode("ascii", "replace")))
    return WidevineData(tuple(key_ids), tuple(details))


def _protobuf_fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(field number, value) of each field of a protocol buffer message; nested messages stay bytes."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == 0:
            value, position = _varint(data, position)
            yield number, value
            continue
        if wire_type == 2:
            length, position = _varint(data, position)
        elif wire_type in (1, 5):
            length = 8 if wire_type == 1 else 4
        else:
            raise _malformed()
        if position + length > len(data):
            raise _malformed()
        yield number, data[position : position + length]
        position += length


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value & (1 << 64) - 1, position
    raise _malformed()


def _malformed() -> DrmError:
    return DrmError(DrmErrorCode.PSSH_MALFORMED, "The title's Widevine data (PSSH) is damaged.")


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
