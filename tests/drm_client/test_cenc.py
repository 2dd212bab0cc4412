"""Sample decryption against encryptors that share no code with it."""

from __future__ import annotations

import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drm_client.cenc import SampleDecryptor
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import ContentKey, KeyRing
from drm_client.scheme import SampleProtection, Scheme
from tests.drm_client.encryptors import Subsamples, encrypt_sample

KID = bytes(range(16))
KEY = bytes.fromhex("00112233445566778899aabbccddeeff")


def decryptor(key: bytes = KEY) -> SampleDecryptor:
    return SampleDecryptor(KeyRing([ContentKey(KID, key)]))


def protection(
    scheme: str, iv: bytes, subsamples: Subsamples = (), crypt: int = 0, skip: int = 0
) -> SampleProtection:
    return SampleProtection(scheme, KID, iv, tuple(subsamples), crypt, skip)


@st.composite
def protected_samples(draw: st.DrawFn) -> tuple[bytes, SampleProtection]:
    scheme = draw(st.sampled_from(list(Scheme)))
    subsamples = draw(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 400)), max_size=4))
    trailing = draw(st.integers(0, 20)) if subsamples else draw(st.integers(0, 1200))
    size = sum(map(sum, subsamples)) + trailing
    iv = draw(st.one_of(st.binary(min_size=8, max_size=8), st.binary(min_size=16, max_size=16)))
    crypt, skip = draw(st.tuples(st.integers(0, 12), st.integers(0, 12)))
    if not skip:
        crypt = 0
    data = random.Random(draw(st.integers(0, 1 << 32))).randbytes(size)
    return data, protection(scheme, iv, subsamples, crypt, skip)


@settings(deadline=None)
@given(protected_samples())
def test_decryption_undoes_encryption(case: tuple[bytes, SampleProtection]) -> None:
    data, how = case
    encrypted = encrypt_sample(how.scheme, KEY, how.iv, data, how.subsamples, how.crypt_blocks, how.skip_blocks)
    assert decryptor().decrypt(encrypted, how) == data


@settings(deadline=None)
@given(st.lists(protected_samples(), min_size=2, max_size=6))
def test_samples_do_not_depend_on_the_ones_before(cases: list[tuple[bytes, SampleProtection]]) -> None:
    shared = decryptor()
    for data, how in cases:
        encrypted = encrypt_sample(how.scheme, KEY, how.iv, data, how.subsamples, how.crypt_blocks, how.skip_blocks)
        assert shared.decrypt(encrypted, how) == data


def test_known_answer_of_aes_ctr() -> None:
    """NIST SP 800-38A, F.5.2."""
    how = protection("cenc", bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"))
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    encrypted = bytes.fromhex("874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff")
    assert decryptor(key).decrypt(encrypted, how).hex() == (
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    )


def test_known_answer_of_aes_cbc() -> None:
    """NIST SP 800-38A, F.2.2."""
    how = protection("cbcs", bytes(range(16)))
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    encrypted = bytes.fromhex("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2")
    assert decryptor(key).decrypt(encrypted, how).hex() == (
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    )


@pytest.mark.parametrize("scheme", ["cenc", "cens"])
@pytest.mark.parametrize("subsamples", [(), ((5, 40), (3, 100))])
def test_the_block_counter_rolls_over_without_a_carry(scheme: str, subsamples: Subsamples) -> None:
    iv = b"\xaa" * 8 + b"\xff" * 7 + b"\xfe"
    data = random.Random(1).randbytes(160)
    encrypted = encrypt_sample(scheme, KEY, iv, data, subsamples)
    assert decryptor().decrypt(encrypted, protection(scheme, iv, subsamples)) == data


def test_a_bytearray_is_decrypted_where_it_lies_and_bytes_are_not_touched() -> None:
    data = bytes(100)
    how = protection("cenc", bytes(8))
    encrypted = encrypt_sample("cenc", KEY, bytes(8), data)
    buffer = bytearray(encrypted)
    assert decryptor().decrypt(buffer, how) is buffer
    assert buffer == data
    kept = bytes(encrypted)
    assert decryptor().decrypt(memoryview(kept), how) == data
    assert kept == encrypted


def test_part_of_a_larger_buffer_can_be_decrypted_in_place() -> None:
    data = random.Random(2).randbytes(333)
    for scheme in Scheme:
        encrypted = encrypt_sample(scheme, KEY, bytes(16), data, [(7, 320)], 1, 2)
        buffer = bytearray(b"before" + encrypted + b"after")
        decryptor().decrypt_in_place(memoryview(buffer)[6:-5], protection(scheme, bytes(16), [(7, 320)], 1, 2))
        assert buffer == b"before" + data + b"after"


@settings(deadline=None)
@given(st.lists(protected_samples(), max_size=6))
def test_the_samples_of_a_buffer_can_be_decrypted_at_once(cases: list[tuple[bytes, SampleProtection]]) -> None:
    buffer, places, expected = bytearray(), [], b""
    for data, how in cases:
        start = len(buffer) + 3
        encrypted = encrypt_sample(how.scheme, KEY, how.iv, data, how.subsamples, how.crypt_blocks, how.skip_blocks)
        buffer += b"gap" + encrypted
        places.append((start, start + len(data), how))
        expected += b"gap" + data
    decryptor().decrypt_samples(buffer, places)
    assert buffer == expected


def test_a_missing_key_is_named() -> None:
    with pytest.raises(DrmError) as caught:
        SampleDecryptor(KeyRing()).decrypt(bytes(16), protection("cenc", bytes(8)))
    assert caught.value.code is DrmErrorCode.NO_KEY
    assert caught.value.fields["kid"] == KID.hex()


@pytest.mark.parametrize("scheme", list(Scheme))
def test_protection_that_does_not_fit_is_refused(scheme: Scheme) -> None:
    for how in (protection(scheme, bytes(8), [(10, 7)]), protection(scheme, bytes(5))):
        with pytest.raises(DrmError) as caught:
            decryptor().decrypt(bytes(16), how)
        assert caught.value.code is DrmErrorCode.DECRYPT_FAILED


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(DrmError) as caught:
        decryptor().decrypt(bytes(16), protection("sve1", bytes(8)))
    assert caught.value.code is DrmErrorCode.SCHEME_UNSUPPORTED


def test_no_context_outlives_its_key() -> None:
    ring = KeyRing([ContentKey(KID, KEY)])
    shared = SampleDecryptor(ring)
    how = protection("cenc", bytes(8))
    shared.decrypt(bytes(16), how)
    ring.clear()
    with pytest.raises(DrmError):
        shared.decrypt(bytes(16), how)
    other = bytes(16)
    ring.add(KID, other)
    encrypted = encrypt_sample("cenc", other, bytes(8), b"sixteen bytes...")
    assert shared.decrypt(encrypted, how) == b"sixteen bytes..."


def test_threads_may_share_a_decryptor() -> None:
    shared = decryptor()
    data = random.Random(3).randbytes(3000)
    wrong: list[int] = []

    def work(number: int) -> None:
        iv = bytes([number]) * 8
        encrypted = encrypt_sample("cenc", KEY, iv, data)
        results = [shared.decrypt(encrypted, protection("cenc", iv)) == data for _ in range(200)]
        if not all(results):
            wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
