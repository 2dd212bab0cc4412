"""The kiosk's process edge, over small programs in place of what draws."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

from player.base.errors import InputError
from tests.kit.kiosk_screen import FILE, Kiosk
from tests.kit.waiting import PATIENCE_S
from ui.kiosk.folders import read_or_last_good
from ui.kiosk.process import EXIT_ANEW, EXIT_LEAVE
from ui.kiosk.supervisor import LEFT
from ui.kiosk.watchdog import RestartReason


@pytest.fixture
def kiosk(tmp_path: Path) -> Kiosk:
    return Kiosk(tmp_path)


async def test_a_killed_and_a_stopped_screen_are_begun_anew(kiosk: Kiosk) -> None:
    async with kiosk.running():
        for number in (signal.SIGKILL, signal.SIGSTOP):
            before = kiosk.pid()
            os.kill(before, number)
            await kiosk.anew(before)
        restarts = kiosk.supervisor.health().restarts
    assert restarts["died"] >= 1
    assert restarts["silent"] >= 1
    assert set(restarts) == set(RestartReason), "none is told as well, so that the first one is seen as a change"


async def test_a_frozen_picture_is_begun_anew(kiosk: Kiosk) -> None:
    async with kiosk.running():
        before = kiosk.pid()
        (kiosk.folder / "frozen").touch()
        await kiosk.until(lambda: kiosk.pid() != before)
        (kiosk.folder / "frozen").unlink()
        await kiosk.anew(before)
        assert kiosk.supervisor.health().restarts["frozen"] >= 1


async def test_a_crash_loop_shows_the_plain_picture_until_the_screen_is_back(kiosk: Kiosk) -> None:
    async with kiosk.running():
        (kiosk.folder / "die").touch()
        await kiosk.until(lambda: kiosk.supervisor.health().shows_fallback)
        (kiosk.folder / "die").unlink()
        await kiosk.until(lambda: kiosk.pid("fallback"))
        await kiosk.until(lambda: kiosk.supervisor.health().healthy)
        await kiosk.until(lambda: not kiosk.supervisor.health().shows_fallback)


async def test_the_operator_begins_it_anew_and_leaves(kiosk: Kiosk) -> None:
    async with kiosk.running() as task:
        before = kiosk.pid()
        (kiosk.folder / f"exit-{EXIT_ANEW}").touch()
        await kiosk.anew(before)
        assert kiosk.supervisor.health().restarts["asked"] == 1
        assert not (kiosk.folder / LEFT).exists()
        (kiosk.folder / f"exit-{EXIT_LEAVE}").touch()
        assert await asyncio.wait_for(task, PATIENCE_S) == EXIT_LEAVE
    assert (kiosk.folder / LEFT).exists(), "the unit reads it"


async def test_a_new_file_is_taken_and_one_with_a_mistake_is_not(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ui.kiosk.supervisor._LOOK_AT_FILE_S", 0.05)
    monkeypatch.setattr("ui.kiosk.supervisor._LISTEN_AGAIN_S", 0.05)
    async with kiosk.running():
        before = kiosk.pid()
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            kiosk.place.file.write_text(FILE.replace('"test"', '"other"').replace("port = 0", f"port = {port}"))
            await kiosk.until(lambda: "nobody can ask" in caplog.text)
        await kiosk.anew(before)
        assert kiosk.supervisor.health().screen == "other"
        await kiosk.until(lambda: kiosk.supervisor.health_port == port)  # once the other one has gone
        kiosk.place.file.write_text("format = 9\n")
        await kiosk.until(lambda: "is not taken" in caplog.text)
        assert kiosk.supervisor.health().screen == "other"
        assert kiosk.supervisor.health().healthy
    assert read_or_last_good(kiosk.place).name == "other"


async def test_nothing_is_left_when_it_ends(kiosk: Kiosk) -> None:
    async with kiosk.running() as task:
        pid = kiosk.pid()
    assert task.result() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_the_screens_power_is_switched(tmp_path: Path) -> None:
    mark = tmp_path / "switched"
    kiosk = Kiosk(tmp_path, FILE.replace("[health]", f'[screen]\nswitch_on = ["/bin/mkdir", "{mark}"]\n[health]'))
    async with kiosk.running():
        await kiosk.until(mark.is_dir)


async def test_a_switch_that_fails_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ui.kiosk.supervisor._LOOK_AT_FILE_S", 0.05)
    monkeypatch.setattr("ui.kiosk.supervisor._SWITCH_AGAIN_S", 0.05)
    mark = tmp_path / "no" / "switched"
    kiosk = Kiosk(tmp_path, FILE.replace("[health]", f'[screen]\nswitch_on = ["/bin/mkdir", "{mark}"]\n[health]'))
    async with kiosk.running():
        await kiosk.until(lambda: "mkdir ended with code" in caplog.text)
        mark.parent.mkdir()
        await kiosk.until(mark.is_dir)


def test_without_a_good_file_there_is_no_kiosk(kiosk: Kiosk) -> None:
    kiosk.place.file.write_text("format = 9\n")
    with pytest.raises(InputError, match="update the program"):
        read_or_last_good(kiosk.place)


@pytest.mark.parametrize("permitted", [True, False])
async def test_nobody_is_asked_for_commands_where_the_file_forbids_it(tmp_path: Path, permitted: bool) -> None:
    service = f'[service]\nurl = "http://a.test"\nremote_commands = {str(permitted).lower()}\n[health]'
    kiosk = Kiosk(tmp_path, FILE.replace("[health]", service))
    async with kiosk.running():
        assert ("remote-commands" in {task.get_name() for task in asyncio.all_tasks()}) == permitted
