"""Media keys, the screen that stays lit, and links: on a message bus of the test's own, and without one."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from player.reporting.state import PlaybackStatus
from player.title.opening import PlaybackSource
from tests.kit.fake_client import FakePlayer, cards, playing
from ui.app.desktop.bus import has_session_bus
from ui.app.desktop.mpris import metadata, playback_status
from ui.app.desktop.session import DesktopSession
from ui.app.system.links import MatineeLink, chosen_file, parsed
from ui.app.video.output import VideoOutput
from ui.app.viewmodels.player import PlayerViewModel
from ui.app.viewmodels.tasks import Tasks


def test_without_a_bus_nothing_happens(stage):
    session = stage.play(playing())
    desktop = DesktopSession(stage.app.player, None, stage.app.home.posters)
    session.publish(playing(paused=True, status=PlaybackStatus.PAUSED))
    stage.until(lambda: stage.app.player.property("paused"))
    assert not desktop.screen.held
    desktop.close()


def test_what_plays_in_the_words_of_mpris(stage):
    assert playback_status(PlayerViewModel(stage.client, Tasks(stage.client), VideoOutput(FakePlayer))) == "Stopped"
    session = stage.play(playing())
    told = metadata(stage.app.player, "")
    assert (told["xesam:title"], told["mpris:length"]) == ("Title 0", 600_000_000)
    assert "mpris:artUrl" not in told
    session.publish(playing(paused=True, status=PlaybackStatus.PAUSED))
    stage.until(lambda: playback_status(stage.app.player) == "Paused")


def test_the_desktop_leads_through_the_queue(stage, tmp_path):
    names = ("a.mkv", "b.mkv")
    for name in names:
        (tmp_path / name).write_bytes(b"\x1a\x45\xdf\xa3" + b"\x01" * 100)
    stage.start(files=[str(tmp_path / name) for name in names])
    stage.until(lambda: bool(stage.client.sessions))
    desktop = DesktopSession(stage.app.player, None, stage.app.home.posters, stage.app.files)
    mpris = desktop.mpris
    assert (mpris.leads(1), mpris.leads(-1)) == (True, False)
    mpris._controls.Next()
    stage.until(lambda: len(stage.client.sessions) == 2)
    assert (mpris._controls.property("CanGoNext"), mpris._controls.property("CanGoPrevious")) == (False, True)
    mpris._controls.Previous()
    stage.until(lambda: len(stage.client.sessions) == 3)
    assert [session.source.shown_name for session in stage.client.sessions] == ["a", "b", "a"]
    desktop.close()


def test_a_bus_is_used_and_none_is_started(tmp_path):
    assert not has_session_bus({})
    assert not has_session_bus({"XDG_RUNTIME_DIR": str(tmp_path)})
    assert has_session_bus({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}) == sys.platform.startswith("linux")


BUS_TOOLS = ("dbus-run-session", "dbus-send")


@pytest.mark.skipif(not all(map(shutil.which, BUS_TOOLS)), reason="there is no message bus to start")
def test_media_keys_and_the_screen_on_a_bus():
    """In a process of its own, as a connection to a bus lasts as long as its process."""
    done = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-m", "tests.ui.on_a_bus"],
        env=dict(os.environ, QT_QPA_PLATFORM="offscreen"),
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["properties"] == {
        "PlaybackStatus": "Playing",
        "Position": 80_000_000,
        "Volume": 1.0,
        "CanSeek": True,
        "CanGoNext": True,
        "Rate": 1.0,
    }
    told = " ".join(seen["metadata"].split())
    assert 'string "mpris:trackid" variant object path "/org/matinee/track"' in told
    assert 'string "xesam:title" variant string "Title 0"' in told
    assert 'string "mpris:length" variant int64 7200000000' in told
    assert 'string "mpris:artUrl" variant string "file:///' in told
    assert "signature" not in told
    assert (seen["jumps"], seen["next"]) == ([3_000_000_000], "mill-1-3")
    assert seen["orders"] == [["toggle"], ["seek", 3000.0], ["pause"], ["set_volume", 30], ["set_muted", False]]
    assert seen["told"] == "Paused"
    assert seen["inhibited"] == [["matinee", "video is playing"]]
    assert seen["held"] == [True, False]
    assert seen["opened"] == ["https://streams.test/a.mpd"]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("matinee:title/night-train", MatineeLink(title_id="night-train")),
        ("MATINEE://play/night-train/", MatineeLink(title_id="night-train", play=True)),
        ("matinee:open?url=https%3A%2F%2Fa.test%2Fm.mpd%3Fx%3D1", MatineeLink(url="https://a.test/m.mpd?x=1")),
        (" https://a.test/m.mpd ", MatineeLink(url="https://a.test/m.mpd")),
        ("matinee:title/../secrets", None),
        ("matinee:title/NightTrain", None),
        ("matinee:play/", None),
        ("matinee:delete/night-train", None),
        ("matinee:open?url=file:///etc/passwd", None),
        ("matinee:open?url=https://a.test&url=https://b.test", None),
        ("matinee:open?url=" + "https://a.test/" + "a" * 5000, None),
        ("file:///etc/passwd", None),
        ("https://", None),
        ("", None),
    ],
)
def test_links(text, link):
    assert parsed(text) == link


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (" /films/a.mpd\n", Path("/films/a.mpd")),
        ("file:///films/my%20film.mpd", Path("/films/my film.mpd")),
        ("file://localhost/films/a.mpd", Path("/films/a.mpd")),
        ("file://other.test/films/a.mpd", None),
        ("file:///films/a%00.mpd", None),
        ("a.mpd", None),
        ("/", None),
        ("matinee:open?url=file:///etc/passwd", None),
        ("https://a.test/m.mpd", None),
        ("", None),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="paths look differently there")
def test_a_viewer_names_a_file_by_its_whole_path(text, path):
    assert chosen_file(text) == path
    assert parsed(text) is None or path is None


def test_a_title_waits_for_the_sign_in_that_comes_with_it(stage):
    stage.client.titles = cards(3)
    opened, signed_in, viewers = stage.client.open, stage.client.sign_in, list[str | None]()

    async def opens(*given):
        viewers.append(stage.client.viewer)
        return await opened(*given)

    let_in = threading.Event()

    async def signs_in(*given):
        await asyncio.to_thread(let_in.wait)
        return await signed_in(*given)

    stage.client.open, stage.client.sign_in = opens, signs_in
    stage.start(email="ada@tv.test", password="secret", source=PlaybackSource(title_id="title-1"))
    begins_on = stage.page
    let_in.set()
    assert begins_on != "player"
    stage.until(lambda: stage.page == "player" and bool(stage.client.sessions))
    assert stage.client.sessions[-1].source == PlaybackSource(title_id="title-1")
    assert viewers == ["Ada"]


def test_a_link_to_a_title_waits_for_the_viewer(stage):
    stage.client.titles = cards(3)
    stage.start(link="matinee:title/title-2")
    stage.until(lambda: stage.page == "signIn")
    stage.app.signIn.submit("ada@tv.test", "secret")
    stage.until(lambda: stage.page == "details")
    assert stage.app.details.property("titleId") == "title-2"
    stage.app.open_address("matinee:play/title-1")
    stage.until(lambda: stage.page == "player" and bool(stage.client.sessions))
    assert stage.client.sessions[-1].source == PlaybackSource(title_id="title-1", name="Title 1")
