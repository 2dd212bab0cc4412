"""Going on in another file: what a jump means while one is waiting."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from player.playback.reload import Reloads
from player.stream.files import Following


class Libmpv:
    """Notes what it is told, at once."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.player: Any = self

    def post(self, function: Any, *words: object) -> None:
        function(*words)

    def set(self, *_: object) -> None:
        """Options do not matter here."""

    def command(self, *words: str) -> None:
        self.told.append(words[0])

    def offer(self, _open: object) -> str:
        return "matinee://1.mkv"

    def withdraw(self, url: str) -> None:
        self.told.append(f"withdraw {url}")


def test_a_jump_begins_afresh_while_another_file_waits_behind_the_open_one() -> None:
    libmpv, nothing = Libmpv(), SimpleNamespace()
    control: Any = libmpv
    reloads = Reloads(control, nothing, nothing, nothing)  # type: ignore[arg-type]
    assert not reloads.jump()
    opener: Any = None
    reloads.change(Following(8.0, jumped=False, open=opener))
    assert reloads.pending == 1
    libmpv.told.clear()
    assert reloads.jump()
    assert libmpv.told == ["playlist-clear", "withdraw matinee://1.mkv"]
    assert reloads.pending == 0
    assert not reloads.jump()


def test_a_file_that_would_follow_a_closed_one_is_not_opened() -> None:
    """libmpv's thread was still reading, so that the change comes after the end."""
    libmpv, nothing = Libmpv(), SimpleNamespace()
    control: Any = libmpv
    reloads = Reloads(control, nothing, nothing, nothing)  # type: ignore[arg-type]
    reloads.close()
    libmpv.told.clear()
    opener: Any = None
    reloads.change(Following(8.0, jumped=False, open=opener))
    assert (libmpv.told, reloads.pending) == ([], 0)
