"""PSSH boxes, and what the data of key systems tells without a licence."""

from __future__ import annotations

import base64
import contextlib
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drm_client import systems
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.playready import parse_playready_header, parse_playready_object
from drm_client.pssh import MAX_BOXES, Pssh, build_pssh, parse_pssh

KID = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
HEADER = (
    '<WRMHEADER xmlns="http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader" version="4.{minor}">'
    "<DATA>{kids}<LA_URL>https://licence.example/rightsmanager.asmx</LA_URL></DATA></WRMHEADER>"
)


def playready_object(xml: str) -> bytes:
    text = xml.encode("utf-16-le")
    record = (1).to_bytes(2, "little") + len(text).to_bytes(2, "little") + text
    return (6 + len(record)).to_bytes(4, "little") + (1).to_bytes(2, "little") + record


def little_endian_kid() -> str:
    return base64.b64encode(KID.bytes_le).decode()


@given(
    st.uuids().map(str),
    st.lists(st.binary(min_size=16, max_size=16), max_size=5),
    st.binary(max_size=100),
)
def test_what_is_built_is_read(system_id: str, key_ids: list[bytes], data: bytes) -> None:
    expected = Pssh(system_id, 1 if key_ids else 0, tuple(key_ids), data)
    assert parse_pssh(build_pssh(system_id, key_ids, data)) == (expected,)
    assert parse_pssh(build_pssh(system_id, key_ids, data) * 3) == (expected,) * 3


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=120), st.integers(0, 50), st.integers(0, 255))
def test_damaged_boxes_are_refused_or_read(data: bytes, place: int, value: int) -> None:
    damaged = bytearray(build_pssh(systems.WIDEVINE, [bytes(16)], data))
    damaged[place] = value
    for boxes in (bytes(damaged), data, bytes(damaged[:place])):
        with contextlib.suppress(DrmError):
            for pssh in parse_pssh(boxes):
                systems.describe_pssh(pssh)


def test_limits_hold() -> None:
    one = build_pssh(systems.MARLIN)
    assert len(parse_pssh(one * MAX_BOXES)) == MAX_BOXES
    for boxes in (one * (MAX_BOXES + 1), bytes(2 << 20)):
        with pytest.raises(DrmError) as caught:
            parse_pssh(boxes)
        assert caught.value.code is DrmErrorCode.PSSH_MALFORMED


def test_widevine_data_names_its_keys() -> None:
    data = (
        bytes.fromhex("0801")
        + b"\x12\x10"
        + KID.bytes
        + b"\x1a\x04acme"
        + b"\x22\x02id"
        + b"\x48\xe3\xdc\x95\x9b\x06"
    )
    found = systems.describe_pssh(Pssh(systems.WIDEVINE, data=data))
    assert found.name == "Widevine"
    assert found.key_ids == (KID.bytes,)
    assert dict(found.details) == {"provider": "acme", "content id": "6964", "scheme": "cenc"}


@pytest.mark.parametrize(
    ("minor", "kids"),
    [
        (0, "<KID>{0}</KID>"),
        (1, '<PROTECTINFO><KID VALUE="{0}" ALGID="AESCTR"/></PROTECTINFO>'),
        (
            2,
            '<PROTECTINFO><KIDS><KID VALUE="{0}"/><KID ALGID="AESCTR" VALUE="{0}"/></KIDS></PROTECTINFO>',
        ),
    ],
)
def test_playready_headers_of_all_versions(minor: int, kids: str) -> None:
    xml = HEADER.format(minor=minor, kids=kids.format(little_endian_kid()))
    header = parse_playready_object(playready_object(xml))
    assert header.version == f"4.{minor}"
    assert header.key_ids == (KID.bytes,)
    assert header.licence_url == "https://licence.example/rightsmanager.asmx"
    assert "licence.example" not in repr(header)
    found = systems.describe_pssh(Pssh(systems.PLAYREADY, data=playready_object(xml)))
    assert found.key_ids == (KID.bytes,)


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><WRMHEADER version="4.0">&b;</WRMHEADER>',
        "<WRMHEADER><DATA><KID>not base64!</KID></DATA></WRMHEADER>",
        "<WRMHEADER><DATA><KID>AAAA</KID></DATA></WRMHEADER>",
        "<WRMHEADER>",
        "",
    ],
)
def test_bad_playready_headers_are_refused(xml: str) -> None:
    with pytest.raises(DrmError) as caught:
        parse_playready_header(xml.encode("utf-16-le"))
    assert caught.value.code is DrmErrorCode.PSSH_MALFORMED


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_playready_reader(data: bytes) -> None:
    with contextlib.suppress(DrmError):
        parse_playready_object(data)


def test_names_and_keyformats() -> None:
    assert systems.system_name(systems.FAIRPLAY.upper()) == "FairPlay"
    assert systems.system_name("12345678-1234-1234-1234-123456789abc") == "12345678-1234-1234-1234-123456789abc"
    assert systems.system_of_keyformat("com.apple.streamingkeydelivery") == systems.FAIRPLAY
    assert systems.system_of_keyformat(f"urn:uuid:{systems.WIDEVINE.upper()}") == systems.WIDEVINE
    assert systems.system_of_keyformat("urn:uuid:nonsense") is None
    assert systems.system_of_keyformat("com.example.unknown") is None
    assert systems.fairplay_asset("skd://asset-7") == "asset-7"
    assert systems.fairplay_asset("https://licence.example/") is None
