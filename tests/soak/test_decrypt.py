"""``matinee decrypt`` on all that Shaka Packager makes: schemes, patterns, lengths of the IV, codecs, clear lead."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.drm_client.test_packaged import KEY, KID, SCHEMES, package, packets, source
from ui.cli.main import main

STREAMS = [("v0.mp4", "video"), ("hevc", "video"), ("vp9", "video"), ("av1", "video"), ("en.m4a", "audio")]
IVS = ("0011223344556677", "00112233445566778899aabbccddeeff", "f" * 16, "f" * 32)
PATTERNS = (None, (5, 5), (10, 0), (1, 0), (3, 7))
TRACES = (b"sinf", b"tenc", b"senc", b"pssh", b"encv", b"enca")


@pytest.mark.soak
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("name", "stream"), STREAMS)
def test_every_form_of_encryption(tmp_path: Path, name: str, stream: str, scheme: str) -> None:
    clear = packets(package(tmp_path, source(name), "clear.mp4", None, stream))
    patterns = PATTERNS if scheme in ("cens", "cbcs") else (None,)
    for iv, pattern, lead in itertools.product(IVS, patterns, (0, 3)):
        options = ["--iv", iv, "--clear_lead", str(lead)]
        if pattern is not None:
            options += ["--crypt_byte_block", str(pattern[0]), "--skip_byte_block", str(pattern[1])]
        encrypted = package(tmp_path, source(name), "encrypted.mp4", scheme, stream, *options)
        result = tmp_path / "result.mp4"
        assert main(["decrypt", str(encrypted), "--key", f"{KID}:{KEY}", "-o", str(result)]) == 0
        assert packets(result) == clear, (iv, pattern, lead)
        assert not [trace for trace in TRACES if trace in result.read_bytes()]
