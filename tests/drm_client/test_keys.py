"""Keys stay out of sight and are zeroed."""

from __future__ import annotations

import threading

import pytest

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import ContentKey, KeyRing

KID, OTHER = bytes(range(16)), bytes(range(1, 17))
KEY = bytes.fromhex("deadbeefcafef00d0123456789abcdef")


def test_no_repr_shows_a_key() -> None:
    key = ContentKey(KID, KEY)
    ring = KeyRing([key])
    for text in (repr(key), str(key), repr(ring), repr([ring]), f"{ring}"):
        assert KEY.hex() not in text
        assert repr(KEY) not in text
        assert KID.hex() in text


def test_clearing_zeroes_the_keys() -> None:
    key, other = ContentKey(KID, KEY), ContentKey(OTHER, KEY)
    ring = KeyRing([key, other])
    ring.discard(OTHER)
    assert not any(other.value)
    assert ring.kids() == (KID,)
    ring.clear()
    assert not any(key.value)
    assert ring.kids() == ()


def test_replacing_a_key_zeroes_the_old_one_and_is_noticed() -> None:
    key = ContentKey(KID, KEY)
    ring = KeyRing([key])
    before = ring.generation
    ring.add(OTHER, KEY)
    assert ring.generation == before
    ring.add(KID, bytes(16))
    assert ring.generation > before
    assert not any(key.value)


def test_the_ring_tells_what_it_lacks() -> None:
    ring = KeyRing([ContentKey(KID, KEY)])
    assert ring.missing([KID, OTHER, OTHER]) == (OTHER,)
    assert KID in ring
    assert OTHER not in ring
    with pytest.raises(DrmError) as caught:
        ring.get(OTHER)
    assert caught.value.code is DrmErrorCode.NO_KEY
    assert caught.value.fields == {"kid": OTHER.hex()}


def test_a_reader_can_wait_for_keys_that_are_on_their_way() -> None:
    ring = KeyRing()
    assert not ring.wait_for([KID], timeout_s=0)
    results: list[bool] = []
    reader = threading.Thread(target=lambda: results.append(ring.wait_for([KID], timeout_s=30)))
    reader.start()
    ring.add(KID, KEY)
    reader.join(30)
    assert results == [True]


@pytest.mark.parametrize(("kid", "value"), [(b"short", KEY), (KID, KEY[:-1]), (KID, b"")])
def test_wrong_lengths_are_refused(kid: bytes, value: bytes) -> None:
    with pytest.raises(DrmError) as caught:
        ContentKey(kid, value)
    assert caught.value.code is DrmErrorCode.LICENCE_MALFORMED
