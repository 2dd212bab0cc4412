"""How long a Matroska file says it is, and how far one is written that does not."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from player.media.matroska_length import newest_cluster_s, tells_length
from tests.kit.films import FILMS, Film

RECORDED = Film("recorded.mkv", ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac", "-live", "1"))
WHOLE = next(one for one in FILMS if one.name == "h264.mkv")
DAMAGED = ((b"", True), (b"\x1a\x45\xdf\xa3", True), (bytes(100), True), (b"\xff" * 100, True))


def test_a_recording_tells_no_length_and_a_film_does():
    assert not tells_length(RECORDED.path().read_bytes()[:65536])
    assert tells_length(WHOLE.path().read_bytes()[:65536])


@pytest.mark.parametrize(("head", "told"), DAMAGED)
def test_of_a_damaged_head_nothing_is_known(tmp_path: Path, head: bytes, told: bool) -> None:
    assert tells_length(head) is told
    (tmp_path / "damaged.mkv").write_bytes(head)
    assert newest_cluster_s(tmp_path / "damaged.mkv") == 0.0


def test_garbage_raises_nothing(tmp_path):
    rng = random.Random(7)
    data, path = RECORDED.path().read_bytes(), tmp_path / "garbage.mkv"
    for _ in range(200):
        spoiled = bytearray(data)
        for _ in range(20):
            spoiled[rng.randrange(2000)] = rng.randrange(256)
        path.write_bytes(spoiled[: rng.randrange(len(data))])
        tells_length(bytes(spoiled[:65536]))
        assert newest_cluster_s(path) >= 0.0


def test_the_newest_is_where_the_last_whole_cluster_starts(tmp_path):
    data, path = RECORDED.path().read_bytes(), tmp_path / "recorded.mkv"
    path.write_bytes(data)
    assert 2.5 < newest_cluster_s(path) < 4.0
    path.write_bytes(data[: len(data) // 2])
    assert 1.0 < newest_cluster_s(path) < 2.5
    last = data.rfind(b"\x1f\x43\xb6\x75")
    path.write_bytes(data[: last + 5])  # cut in the head of a cluster
    assert 1.0 < newest_cluster_s(path) < 4.0


def test_a_file_that_has_gone_has_nothing_new(tmp_path):
    assert newest_cluster_s(tmp_path / "gone.mkv") == 0.0
