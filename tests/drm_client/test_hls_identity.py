"""HLS identity keys, as a key server sends them."""

from __future__ import annotations

import pytest

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.hls_identity import read_key

KEY = bytes(range(16))


def test_a_key_has_the_length_of_its_method() -> None:
    assert read_key("AES-128", KEY) == KEY
    assert read_key("AES-256-GCM", KEY * 2) == KEY * 2
    for body in (b"", b"<html>not a key</html>", KEY * 2):
        with pytest.raises(DrmError) as caught:
            read_key("SAMPLE-AES", body)
        assert caught.value.code is DrmErrorCode.LICENCE_MALFORMED
