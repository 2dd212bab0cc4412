"""Which media a file that libmpv has open can hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from player.media.model import Codec, StreamConfig, StreamKind
from player.stream.setup import Setup

VIDEO = StreamConfig(StreamKind.VIDEO, Codec.H264, width=640, height=360)
SOUND = StreamConfig(StreamKind.AUDIO, Codec.AAC, b"\x11\x90", sample_rate=48_000, channels=2)
OPEN = Setup(VIDEO, "SDR", {0: SOUND, 1: SOUND})


@pytest.mark.parametrize(
    "found",
    [
        Setup(replace(VIDEO, width=1920, height=1080), "SDR", {0: SOUND}),
        Setup(VIDEO, "SDR", {1: replace(SOUND, private=b"\x11\x90\x56")}),
        Setup(None, "SDR", {0: replace(SOUND, sample_rate=0, channels=0)}),
        Setup(),
    ],
    ids=("another size", "another description of the same", "not known", "a gap"),
)
def test_what_libmpv_follows_by_itself(found: Setup) -> None:
    assert OPEN.takes(found)


@pytest.mark.parametrize(
    "found",
    [
        Setup(replace(VIDEO, codec=Codec.HEVC), "SDR", {0: SOUND}),
        Setup(VIDEO, "PQ", {0: SOUND}),
        Setup(VIDEO, "SDR", {0: replace(SOUND, codec=Codec.AC3)}),
        Setup(VIDEO, "SDR", {1: replace(SOUND, channels=6)}),
        Setup(VIDEO, "SDR", {0: replace(SOUND, sample_rate=44_100)}),
        Setup(VIDEO, "SDR", {2: SOUND}),
    ],
    ids=("codec", "range", "sound codec", "channels", "sample rate", "a sound more"),
)
def test_what_needs_another_file(found: Setup) -> None:
    assert not OPEN.takes(found)
    changed = OPEN.changed_to(found)
    assert changed.takes(found)
    assert changed.audio.keys() >= OPEN.audio.keys()


def test_a_file_without_a_picture_cannot_take_one() -> None:
    assert not Setup(audio={0: SOUND}).takes(Setup(VIDEO))
