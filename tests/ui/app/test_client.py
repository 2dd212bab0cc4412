"""The engine behind the app: where it cannot be made, and playbacks one after another."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from drm_client.device import DeviceIdentity
from drm_client.errors import DrmError
from drm_client.keystore import FileKeyStore
from player.engine import Engine
from player.title.opening import PlaybackSource
from tests.kit.fake_client import FakePlayer
from tests.kit.waiting import PATIENCE_S
from ui.app.engine.client import EngineClient, EngineHost


def test_a_damaged_key_store_is_told_and_is_no_fault_of_ours(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = FileKeyStore(tmp_path)
    DeviceIdentity.load_or_create(keys)
    (tmp_path / "device-key.sealed").write_bytes(b"rubbish")

    def make() -> Engine:
        DeviceIdentity.load_or_create(keys)
        raise AssertionError("it opened")

    async def look() -> None:
        raise AssertionError("there is no engine to run it")

    client = EngineClient(cast("EngineHost", SimpleNamespace(make_engine=make)))
    client.start()
    with pytest.raises(DrmError, match="doctor --repair-key-store"):
        client.submit(look()).result(60.0)
    client.close()
    assert [(record.levelno, record.exc_info) for record in caplog.records] == [(logging.WARNING, None)]
    assert "device-key.sealed" in caplog.text


class Playbacks:
    """An :class:`EngineHost` and its engine. Each playback ends only when the test lets it; ``told`` has what
    happened to each, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.may_end = threading.Event()
        self.waited_for = threading.Semaphore(0)

    def wait(self, session: SimpleNamespace, _timeout_s: float) -> bool:
        self.waited_for.release()
        assert self.may_end.wait(PATIENCE_S)
        self.told.append(f"{session.name} has ended")
        return True

    def prepare(self, _player: object) -> None:
        """Nothing is to be set."""

    def open_playback(self, _engine: object, source: PlaybackSource, *_rest: object) -> SimpleNamespace:
        self.told.append(f"{source.title_id} begins")
        return SimpleNamespace(name=source.title_id, stop=lambda: self.told.append(f"{source.title_id} is to end"))

    def presence(self) -> object:
        raise AssertionError("nothing needs the network")


async def test_a_title_begins_when_the_one_before_has_ended_however_fast_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the end of the one would take away what libmpv has loaded for the other, which would load for ever."""
    host = Playbacks()
    client = EngineClient(cast("EngineHost", host))
    client._made.set_result(cast("Engine", host))
    monkeypatch.setattr(client, "plays_online", lambda: False)

    def asked(name: str) -> asyncio.Task[object]:
        return asyncio.create_task(client.open(PlaybackSource(title_id=name), FakePlayer(), lambda _state: None))  # type: ignore[arg-type]

    await asked("one")
    two, three = asked("two"), asked("three")
    await asyncio.to_thread(host.waited_for.acquire)
    host.may_end.set()
    await asyncio.gather(two, three)
    if client._watch is not None:
        client._watch.cancel()
    assert host.told == [
        "one begins", "one is to end", "one has ended",
        "two begins", "two is to end", "two has ended", "three begins",
    ]  # fmt: skip
