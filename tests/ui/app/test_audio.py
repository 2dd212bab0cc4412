"""Sound outputs are tried only where there is something for them."""

from __future__ import annotations

from pathlib import Path

from ui.app.system.audio import audio_outputs


def test_without_sound_the_picture_goes_on(tmp_path: Path) -> None:
    assert audio_outputs({}, tmp_path / "none") == "pulse,null"


def test_everything_that_is_there_is_tried(tmp_path: Path) -> None:
    (tmp_path / "pipewire-0").touch()
    assert audio_outputs({"XDG_RUNTIME_DIR": str(tmp_path)}, tmp_path) == "pipewire,pulse,alsa,null"
