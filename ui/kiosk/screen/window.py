"""The process that draws a kiosk's screen: it makes the parts, ties them, and takes them apart in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication

from ui.app.engine.client import EngineClient
from ui.app.system.display import check_display, display_lines
from ui.app.system.garbage import GarbageCollector
from ui.app.system.interrupts import Interrupts
from ui.app.video.output import VideoOutput, make_player
from ui.app.viewmodels.tasks import Tasks
from ui.app.window import scene
from ui.kiosk.process import EXIT_ANEW, EXIT_LEAVE, harden
from ui.kiosk.provisioning import PlaylistEntry, Provisioning
from ui.kiosk.screen.beats import BeatLine
from ui.kiosk.screen.page import Frames, KioskScreen
from ui.kiosk.screen.view_model import KioskViewModel

if TYPE_CHECKING:
    from player.engine import Engine
    from player.mpv.player import MpvPlayer
    from player.playback.session import Session
    from player.reporting.state import PlaybackState
    from player.title.opening import PlaybackSource
    from ui.app.downloads.titles import KeptTitles
    from ui.app.ports.household import PartReport
    from ui.kiosk.kept_titles import SignInKeeper, TitleKeeper

_KEEP_EVERY_MS = 60_000
_NO_SOUND = ("", "null")


def run_screen(provisioning: Provisioning, profile: Path, begin_with: int) -> int:
    """Show the screen until the kiosk ends it; the exit code. Raises ComponentError without Qt or a display."""
    check_display(os.environ)
    harden()
    scene.prepare_environment()
    scene.log_qt_messages()
    application = QGuiApplication(["matinee"])
    application.setQuitOnLastWindowClosed(False)
    scene.after_application()
    scene.register_types(scene.choose_scene())
    parts = _ScreenParts(provisioning, profile)
    client = EngineClient(parts, provisioning.service_url)
    parts.client = client
    tasks = Tasks(client)
    output = VideoOutput(make_player)
    end = partial(application.exit, 0)  # not quit(), which asks the window, and the window stays
    view = KioskViewModel(provisioning.name, provisioning.orientation.degrees, provisioning.operator_code)
    engine, window = scene.load_window(view, "Kiosk.qml")
    line = BeatLine(end, window.grabWindow)
    screen = KioskScreen(
        provisioning,
        begin_with,
        client,
        tasks,
        output,
        view,
        parts,
        line.send,
    )
    view.leaveWanted.connect(lambda: application.exit(EXIT_LEAVE))
    view.restartWanted.connect(lambda: application.exit(EXIT_ANEW))
    interrupts = Interrupts(end)
    garbage = GarbageCollector()
    surface = scene.video_surface(window)
    output.set_surface(surface)
    client.start()
    screen.start(cast("Frames", surface))
    keeping = QTimer(interval=_KEEP_EVERY_MS)
    keeping.timeout.connect(lambda: tasks.run(parts.provide(), lambda _none: None, lambda _failure: None))
    keeping.start()
    code = application.exec()
    keeping.stop()
    screen.close()
    tasks.close()
    client.close()
    output.shutdown()
    interrupts.close()
    line.close()
    del engine
    garbage.close()
    return code


@dataclass(slots=True)
class _ScreenParts:
    """What the client is made of, and what goes with the entry that plays."""

    provisioning: Provisioning
    profile: Path
    client: EngineClient | None = None
    sound_is_dead: bool = False
    _entry: PlaylistEntry | None = None
    _kept: KeptTitles | None = None
    _keeper: TitleKeeper | None = None
    _sign_in: SignInKeeper | None = None
    _sounded: bool = False
    _providing: bool = False

    def make_engine(self) -> Engine:
        from downloads.offline import SCHEME
        from downloads.rate_limit import capped
        from player.engine import Engine, EngineSettings

        provisioning = self.provisioning
        self._kept = self._make_kept()
        return Engine(
            EngineSettings(
                profile=self.profile,
                service_url=provisioning.service_url,
                key_store="file",  # nobody is there to unlock another
                ca_file=provisioning.network.ca_file,
                web=provisioning.network.web,
                wrap=capped(provisioning.network.max_bps or None),
                schemes={SCHEME: self._kept.transport.make},
                kept_media=self._kept.media,
            )
        )

    def _make_kept(self) -> KeptTitles:
        from downloads.settings import DownloadSettings
        from drm_client.keystore import open_key_store
        from player.base.clock import SystemClock
        from ui.app.downloads.titles import KeptTitles
        from ui.kiosk.kept_titles import SignInKeeper, TitleKeeper

        client = self.client
        if client is None:
            raise RuntimeError("the client is there before it makes its engine")
        kept = KeptTitles(
            lambda: client.engine,
            self.profile / "downloads",
            lambda: open_key_store(self.profile, "file"),
            client.plays_online,
            DownloadSettings(yield_to_playback=False),  # a kiosk always plays
        )
        provisioning = self.provisioning
        self._sign_in = SignInKeeper(SystemClock())
        self._keeper = TitleKeeper(kept, client.title, provisioning.entries, provisioning.kept_bytes)
        return kept

    def prepare(self, player: MpvPlayer) -> None:
        """Listen to where the sound goes; once for the one player there is."""
        if not self._sounded:
            self._sounded = True
            had_sound = False

            def heard(_name: str, output: object) -> None:
                nonlocal had_sound
                dead = output is None or str(output) in _NO_SOUND
                self.sound_is_dead = dead and had_sound
                had_sound = had_sound or not dead

            player.handle.observe_property("current-ao", heard)

    def choose(self, entry: PlaylistEntry) -> None:
        self._entry = entry

    def _titles(self) -> TitleKeeper:
        if self._keeper is None:
            raise RuntimeError("the engine's loop runs once it is made")
        return self._keeper

    async def source(self, entry: PlaylistEntry) -> PlaybackSource:
        return await self._titles().source(entry)

    async def provide(self) -> None:
        """One round, unless the last one still waits for a slow network."""
        if self._providing:
            return
        self._providing = True
        try:
            if self._sign_in is not None and self.client is not None:
                await self._sign_in.provide(self.client.engine.service)
            await self._titles().provide()
        finally:
            self._providing = False

    def examine(self) -> Sequence[PartReport]:
        """Nobody looks at a kiosk's settings."""
        return ()

    def presence(self) -> AbstractContextManager[None]:
        """The kiosk makes room for playback by itself."""
        return nullcontext()

    def look_ahead(self, engine: Engine, source: PlaybackSource | None) -> None:
        """The next entry is opened when its time comes."""

    def open_playback(
        self,
        engine: Engine,
        source: PlaybackSource,
        player: MpvPlayer,
        on_state: Callable[[PlaybackState], None],
        start_s: float | None,
    ) -> Session:
        from player.playback.settings import PlaybackSettings

        entry = self._entry
        settings = PlaybackSettings(
            start_s=start_s,
            live_at_edge=True,  # a title from its start, a channel from now on
            max_bps=(entry.max_bps or None) if entry else None,
            max_height=(entry.max_height if entry else 0) or display_lines(),
        )
        return engine.open(source, player, on_state, settings)
