"""The test media must be what it says: every other proof about pictures and sound rests on it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.kit import barcode, media


def _marks(path: Path) -> list[barcode.Mark | None]:
    with av.open(str(path)) as container:
        return [barcode.decode(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


@pytest.mark.parametrize("rung", media.RUNGS)
def test_each_frame_names_its_number_and_rung(rung: media.Rung) -> None:
    marks = _marks(media.elementary() / f"v{rung.index}.mp4")
    assert marks == [barcode.Mark(number, rung.index) for number in range(media.SECONDS * media.FPS)]


def test_the_same_bytes_are_made_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a test of damaged bytes, or of a seed, is another one on each machine."""
    made = []
    for name in ("first", "second"):
        monkeypatch.setenv("MATINEE_TEST_CACHE", str(tmp_path / name))
        made.append([(path.name, path.read_bytes()) for path in sorted(media.elementary(12).iterdir())])
    assert made[0] == made[1]


def test_beeps_begin_at_full_seconds_and_name_them() -> None:
    with av.open(str(media.elementary() / "fr.m4a")) as container:
        frames = list(container.decode(audio=0))
    sound = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    for second in range(1, 20):
        lead = int(0.02 * media.SAMPLE_RATE)
        at = second * media.SAMPLE_RATE - int(frames[0].time * media.SAMPLE_RATE)
        window = sound[at - lead : at + int(media.BEEP_S * media.SAMPLE_RATE)]
        begins = int(np.argmax(np.abs(window) > 0.1)) - lead
        pitch = np.argmax(np.abs(np.fft.rfft(window, media.SAMPLE_RATE)))
        assert abs(begins) < 0.002 * media.SAMPLE_RATE
        assert abs(int(pitch) - media.beep_hz(second, "fr")) < 25


@pytest.mark.parametrize(
    "recipe", [media.ffmpeg_dash, media.ffmpeg_hls_ts, media.packager_clear, media.dash_on_demand]
)
def test_a_title_plays_through_its_own_manifest(recipe) -> None:
    title = recipe()
    with av.open(str(title.folder / title.hls)) as container:
        assert len(container.streams.video) == len(title.rungs)
        container.streams.video[0].thread_type = "NONE"
        seen = []
        for frame in container.decode(container.streams.video[0]):
            seen.append(barcode.decode(frame.to_ndarray(format="rgb24")))
            if len(seen) == 120:
                break
    assert [mark.frame for mark in seen if mark] == list(range(120))


@pytest.mark.parametrize("recipe", [media.packager_cenc, media.packager_cbcs])
def test_an_encrypted_title_does_not_show_its_pictures_without_keys(recipe) -> None:
    title = recipe()
    init = (title.folder / "video-0" / "init.mp4").read_bytes()
    assert title.scheme.encode() in init
    assert bytes.fromhex(title.keys["SD"][0]) in init
    clear = (media.packager_clear().folder / "video-0" / "1.m4s").read_bytes()
    assert (title.folder / "video-0" / "1.m4s").read_bytes()[-5000:] != clear[-5000:]


def test_a_picture_without_a_barcode_is_not_misread() -> None:
    assert barcode.decode(np.full((180, 320, 3), 200, np.uint8)) is None
    assert barcode.decode(np.zeros((180, 320), np.uint8)) is None


def test_media_are_made_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MATINEE_TEST_CACHE", str(tmp_path))
    calls: list[Path] = []

    def make(folder: Path) -> None:
        calls.append(folder)
        (folder / "file").write_text("x")

    first = media.cached("thing", {"a": 1}, make)
    assert media.cached("thing", {"a": 1}, make) == first
    assert media.cached("thing", {"a": 2}, make) != first
    assert len(calls) == 2


def test_a_failed_recipe_leaves_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MATINEE_TEST_CACHE", str(tmp_path))

    def make(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        media.cached("thing", {}, make)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
