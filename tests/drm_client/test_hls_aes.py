"""Segments that are encrypted as a whole."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.hls_aes import decrypt_segment, media_sequence_iv, segment_decryptor
from tests.drm_client.encryptors import CbcChain, CtrStream

KEYS = {"AES-128": bytes(range(16)), "AES-256": bytes(range(32)), "urn:mpeg:dash:sea:aes128-cbc:2013": bytes(16)}
KEY_256 = bytes(range(32))
IV = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")


def padded(data: bytes) -> bytes:
    count = 16 - len(data) % 16
    return data + bytes([count]) * count


def in_pieces(method: str, key: bytes, iv: bytes | None, data: bytes, sizes: list[int]) -> bytes:
    decryptor = segment_decryptor(method, key, iv)
    clear, position = b"", 0
    for size in sizes:
        clear += decryptor.feed(data[position : position + size])
        position += size
    return clear + decryptor.feed(memoryview(data)[position:]) + decryptor.finish()


@settings(deadline=None)
@given(st.sampled_from(sorted(KEYS)), st.binary(max_size=200), st.lists(st.integers(0, 50), max_size=8))
def test_cbc_in_any_pieces(method: str, data: bytes, sizes: list[int]) -> None:
    encrypted = CbcChain(KEYS[method], IV).apply(padded(data))
    assert in_pieces(method, KEYS[method], IV, encrypted, sizes) == data
    assert decrypt_segment(method, KEYS[method], IV, encrypted) == data


@settings(deadline=None)
@given(st.binary(max_size=200), st.lists(st.integers(0, 50), max_size=8), st.booleans())
def test_ctr_in_any_pieces_and_over_the_rollover(data: bytes, sizes: list[int], rolls_over: bool) -> None:
    iv = IV[:8] + b"\xff" * 7 + b"\xfd" if rolls_over else IV
    encrypted = CtrStream(KEY_256, iv).apply(data)
    assert in_pieces("AES-256-CTR", KEY_256, iv, encrypted, sizes) == data


@given(st.binary(max_size=200), st.lists(st.integers(0, 50), max_size=8))
def test_gcm_carries_its_iv_and_tag(data: bytes, sizes: list[int]) -> None:
    segment = IV + AESGCM(KEY_256).encrypt(IV, data, None)
    assert in_pieces("AES-256-GCM", KEY_256, None, segment, sizes) == data


def test_dash_gcm_has_its_iv_in_the_manifest() -> None:
    segment = AESGCM(KEYS["AES-128"]).encrypt(IV[:12], b"segment", None)
    method = "urn:mpeg:dash:sea:aes128-gcm:2013"
    assert decrypt_segment(method, KEYS["AES-128"], IV[:12], segment) == b"segment"
    with pytest.raises(DrmError):
        decrypt_segment(method, KEYS["AES-128"], None, segment)


def test_gcm_gives_nothing_out_that_was_altered() -> None:
    segment = bytearray(IV + AESGCM(KEY_256).encrypt(IV, b"segment" * 9, None))
    for place in (0, 20, len(segment) - 1):
        damaged = bytearray(segment)
        damaged[place] ^= 1
        decryptor = segment_decryptor("AES-256-GCM", KEY_256, None)
        assert decryptor.feed(damaged) == b""
        with pytest.raises(DrmError) as caught:
            decryptor.finish()
        assert caught.value.code is DrmErrorCode.DECRYPT_FAILED
    with pytest.raises(DrmError):
        decrypt_segment("AES-256-GCM", KEY_256, None, bytes(segment[:31]))


def test_a_wrong_key_or_a_cut_segment_is_told() -> None:
    encrypted = CbcChain(KEYS["AES-128"], IV).apply(padded(b"\x47" * 188))
    for key, data in ((b"x" * 16, encrypted), (KEYS["AES-128"], encrypted[:-1]), (KEYS["AES-128"], b"")):
        with pytest.raises(DrmError) as caught:
            decrypt_segment("AES-128", key, IV, data)
        assert caught.value.code is DrmErrorCode.DECRYPT_FAILED


@pytest.mark.parametrize(
    ("method", "key", "iv"),
    [("AES-128", KEY_256, IV), ("AES-128", bytes(16), None), ("AES-256-CTR", KEY_256, b"short")],
)
def test_wrong_lengths_are_refused(method: str, key: bytes, iv: bytes | None) -> None:
    with pytest.raises(DrmError) as caught:
        segment_decryptor(method, key, iv)
    assert caught.value.code is DrmErrorCode.DECRYPT_FAILED


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(DrmError) as caught:
        segment_decryptor("ROT13", bytes(16), IV)
    assert caught.value.code is DrmErrorCode.SCHEME_UNSUPPORTED


def test_the_iv_of_a_media_sequence_number() -> None:
    assert media_sequence_iv(0x1234).hex() == "00000000000000000000000000001234"
