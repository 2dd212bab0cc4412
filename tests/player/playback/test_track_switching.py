"""The viewer's own subtitles on a stream: what is shown at the top stays there when libmpv loads the stream again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from player.playback.own_subtitles import OwnSubtitles
from player.playback.track_switching import TrackSwitch


class FakeMpv:
    """libmpv's properties, as far as subtitles need them."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}

    def set(self, name: str, value: object) -> None:
        self.values[name] = value


class FakeControl:
    def __init__(self) -> None:
        self.player = FakeMpv()

    async def run(self, do: Callable[..., Any], *values: object) -> Any:
        return do(*values)


class Monitor:
    def __init__(self) -> None:
        self.state = SimpleNamespace(second_text="")

    def update(self, **values: object) -> None:
        vars(self.state).update(values)


class NoSubtitles:
    """Those of a stream that has none."""

    selected = None

    def choices(self) -> tuple[()]:
        return ()

    async def show(self, _track: str | None, _control: object) -> None:
        pass


@pytest.fixture
def switch(monkeypatch: pytest.MonkeyPatch) -> TrackSwitch:
    async def number(_self: OwnSubtitles, track_id: str, _control: object) -> int:
        return 1 + int(track_id.rpartition("/")[2])

    monkeypatch.setattr(OwnSubtitles, "number", number)
    monkeypatch.setattr("player.playback.track_switching.audio_choices", lambda *_values, **_more: ())
    parts = SimpleNamespace(waiting=None, monitor=Monitor(), services=SimpleNamespace(learning=None), clock=None)
    streaming = SimpleNamespace(audio_chosen=0, audio_can_change=False)
    values: list[Any] = [parts, SimpleNamespace(text=()), streaming, NoSubtitles(), FakeControl()]
    return TrackSwitch(*values)


async def test_second_subtitles_are_there_again_after_a_reload(switch: TrackSwitch) -> None:
    await switch.add_subtitles(Path("german.srt"))
    second = switch._own.add_path(Path("english.srt"))
    await switch.choose_second_text(second)
    player = switch._control.player
    assert player.values == {"sid": 1, "secondary-sid": 2}  # type: ignore[attr-defined]
    player.values.clear()  # type: ignore[attr-defined]  # libmpv has loaded another file
    await switch.restore_text()
    assert player.values == {"sid": 1, "secondary-sid": 2}  # type: ignore[attr-defined]


async def test_second_subtitles_that_become_the_first_are_no_longer_the_second(switch: TrackSwitch) -> None:
    first = switch._own.add_path(Path("german.srt"))
    second = switch._own.add_path(Path("english.srt"))
    await switch._show(first)
    await switch.choose_second_text(second)
    await switch._show(second)
    assert switch._control.player.values == {"sid": 2, "secondary-sid": "no"}  # type: ignore[attr-defined]
    await switch.choose_second_text(second)
    assert switch._control.player.values["secondary-sid"] == "no", "libmpv shows none of them twice"  # type: ignore[attr-defined]
