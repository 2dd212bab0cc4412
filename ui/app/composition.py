"""The composition root of the app: it makes the parts, ties them, and takes them apart in order."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from player.base.errors import ComponentError, ErrorCode, ExitCode
from player.reporting.state import PlaybackState
from ui.app.system.display import check_display, display_lines

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from PySide6.QtGui import QGuiApplication
    from PySide6.QtQuick import QQuickWindow

    from player.base.clock import Clock
    from player.engine import Engine
    from player.mpv.player import MpvPlayer
    from player.net.model import Transport
    from player.net.web_options import WebOptions
    from player.playback.session import Session
    from player.playback.settings import PlaybackSettings
    from player.reporting.events import Event
    from player.title.opening import PlaybackSource
    from ui.app.desktop.session import DesktopSession
    from ui.app.downloads.deferred import LateDownloads
    from ui.app.downloads.titles import KeptTitles
    from ui.app.engine.client import EngineClient
    from ui.app.ports.household import PartReport
    from ui.app.ports.playback import ClipPort
    from ui.app.profile.data_use import DataMeter
    from ui.app.profile.last_used import Memory
    from ui.app.profile.preferences import PreferenceStore
    from ui.app.system.single_instance import SingleInstance
    from ui.app.video.output import VideoOutput
    from ui.app.viewmodels.application import ApplicationViewModel
    from ui.app.viewmodels.data_use import DataUseViewModel
    from ui.app.viewmodels.player import PlayerViewModel
    from ui.app.viewmodels.posters import PosterCache
    from ui.app.viewmodels.tasks import Tasks

_log = logging.getLogger(__name__)
_START_ENGINE_AT_THE_LATEST_MS = 1000
_COLLECTS_AFTER_MS = 500  # a playback: before what it held is given back (player.base.memory)
_DOWNLOADS = "downloads"
_OTHER_SERVICE = -1  # in place of an exit code: begin again with the service that was chosen


@dataclass(frozen=True, slots=True)
class AppOptions:
    """How the app is started.

    ``profile`` is the folder for what the client keeps. ``source`` plays at once, so do ``files`` (paths of files and
    folders), ``link`` is followed
    (:mod:`ui.app.system.links`), ``email`` with ``password`` signs in at once. ``only_source`` ends the app with that
    playback. ``wrap`` goes around the network, see ``player.engine.EngineSettings``; ``playback`` and ``on_event``
    go with every playback. ``on_window`` is called once the window is there.
    ``examine`` inspects this installation (it may take a while). ``crash_report`` is the file that an earlier start
    left which ended unexpectedly.
    """

    profile: Path
    service_url: str | None = None
    email: str = ""
    password: str = field(default="", repr=False)
    source: PlaybackSource | None = None
    files: tuple[str, ...] = ()
    link: str = ""
    only_source: bool = False
    tv: bool = False
    key_store: str = "auto"
    ca_file: Path | None = None
    web: WebOptions | None = None
    local_folder: Path | None = None
    picture_folder: Path | None = None
    playback: PlaybackSettings | None = None
    on_event: Callable[[Event], None] | None = None
    on_state: Callable[[PlaybackState], None] | None = None
    wrap: tuple[Callable[[Transport, Clock], Transport], ...] = ()
    on_window: Callable[[ApplicationViewModel, QQuickWindow], None] | None = None
    examine: Callable[[], Sequence[PartReport]] = tuple
    crash_report: str = ""


def run_app(options: AppOptions) -> int:
    """Show the app until it is closed; the process's exit code.

    Raises ComponentError when Qt, its system libraries or a display are missing. A missing libmpv shows on the player
    page only.
    """
    check_display(os.environ)
    try:
        from PySide6.QtCore import QLocale
        from PySide6.QtGui import QGuiApplication

        from ui.app.profile.preferences import PreferenceStore
        from ui.app.system.translation import translate_into
        from ui.app.window import scene
    except ImportError as error:
        raise ComponentError(
            ErrorCode.COMPONENT_QT,
            f"Qt is not installed completely ({error}); see “matinee doctor”.",
        ) from error
    scene.prepare_environment()
    scene.log_qt_messages()
    application = QGuiApplication(["matinee"])
    scene.after_application()
    store = PreferenceStore(options.profile)
    if store.preferences.language:
        QLocale.setDefault(QLocale(store.preferences.language))
    translate_into(QLocale(), application)
    from ui.app.system.single_instance import SingleInstance

    single = SingleInstance(options.profile)
    if not options.only_source:
        if single.hand_over(_wanted(options)):
            _log.info("an app of this profile runs already and has been told")
            return int(ExitCode.GOOD)
        single.listen()
    scene.register_types(scene.choose_scene())
    try:
        if not _is_open(application, options):
            return int(ExitCode.GOOD)
        while True:  # again for each service that the viewer chooses
            chosen = options.service_url or store.preferences.service_url or None
            code = _run(application, replace(options, service_url=chosen), single, store, given=options.service_url)
            if code != _OTHER_SERVICE:
                return code
            options = replace(options, source=None, files=(), link="")  # has been played
    finally:
        single.close()


def _wanted(options: AppOptions) -> str:
    """What this start is to play, in one line for the app that runs already."""
    if options.files:
        return "\t".join(options.files)
    if options.source is None:
        return options.link
    return options.source.url or (options.source.media.url if options.source.media else "")


def _is_open(application: QGuiApplication, options: AppOptions) -> bool:
    """Whether what is kept here can be used: its passphrase, where it has one, is asked for. False where the viewer
    closed the window."""
    from drm_client import passphrase
    from ui.app.system.beside import answer_beside

    folder = options.profile
    if passphrase.is_open(folder):
        return True
    asked = answer_beside(lambda: _needs_sealed_files(folder, options.key_store))
    if not asked:
        return asked is not None
    from ui.app.viewmodels.passphrase import PassphraseViewModel
    from ui.app.window import scene

    asking = PassphraseViewModel(folder)
    engine, window = scene.load_window(asking, "Passphrase.qml")
    asking.opened.connect(window.close)
    application.exec()
    del engine
    return passphrase.is_open(folder)


def _needs_sealed_files(folder: Path, key_store: str) -> bool:
    """Whether secrets are read from the sealed files in ``folder``. Blocks as long as the system's store does; where
    that does not answer, whoever needs it says so."""
    from drm_client.errors import DrmError
    from drm_client.keystore import FileKeyStore, open_key_store

    try:
        return isinstance(open_key_store(folder, key_store), FileKeyStore)
    except DrmError as error:
        _log.warning("the key store cannot be opened: %s", error.code)
        return False


def _run(
    application: QGuiApplication,
    options: AppOptions,
    single: SingleInstance,
    store: PreferenceStore,
    *,
    given: str | None,
) -> int:
    from PySide6.QtCore import QTimer

    from ui.app.system.garbage import GarbageCollector
    from ui.app.system.interrupts import Interrupts
    from ui.app.window import scene
    from ui.app.window.geometry import WindowMemory

    parts = _make_parts(options, store)
    app = parts.app
    if not given:
        app.let_service_go()
    if options.only_source:
        app.leftPlayer.connect(application.quit)
    interrupts = Interrupts(application.quit)
    garbage = GarbageCollector()
    app.leftPlayer.connect(lambda: QTimer.singleShot(_COLLECTS_AFTER_MS, garbage, garbage.collect_all))
    engine, window = scene.load_window(app)
    parts.output.set_surface(scene.video_surface(window))
    parts.clip_output.set_surface(scene.video_surface(window, "clip"))
    parts.data_use.start()
    place = WindowMemory(options.profile)
    if not options.tv:
        place.restore(window)
    single.asked.connect(lambda wanted: _play_here(app, window, wanted))
    window.frameSwapped.connect(parts.client.start)  # what is slow begins after the first frame
    QTimer.singleShot(_START_ENGINE_AT_THE_LATEST_MS, parts.client.start)
    app.serviceChosen.connect(lambda url: _use_service(application, store, url))
    desktop = _join_desktop(application, parts, window)
    app.start(
        email=options.email,
        password=options.password,
        source=options.source,
        files=options.files,
        link=options.link,
    )
    if options.on_window is not None:
        options.on_window(app, window)
    code = application.exec()
    if not options.tv:
        place.keep(window)
    desktop.close()
    parts.close()
    interrupts.close()
    del engine
    garbage.close()
    return int(ExitCode.INTERRUPTED) if interrupts.received else code


def _use_service(application: QGuiApplication, store: PreferenceStore, url: str) -> None:
    store.save(replace(store.preferences, service_url=url))
    application.exit(_OTHER_SERVICE)


@dataclass(frozen=True, slots=True)
class _AppParts:
    """What is behind the window."""

    meter: DataMeter
    client: EngineClient
    tasks: Tasks
    output: VideoOutput
    clip_output: VideoOutput
    posters: PosterCache
    player: PlayerViewModel
    data_use: DataUseViewModel
    app: ApplicationViewModel

    def close(self) -> None:
        """What uses another part goes before it."""
        self.app.close()
        self.tasks.close()
        self.client.close()
        self.meter.close()
        self.clip_output.shutdown()
        self.output.shutdown()


def _make_parts(options: AppOptions, store: PreferenceStore) -> _AppParts:
    from ui.app.downloads.deferred import LateDownloads
    from ui.app.engine.client import EngineClient
    from ui.app.profile.data_use import DataMeter
    from ui.app.profile.home_cache import HomeCache
    from ui.app.profile.key_bindings import KeyBindings
    from ui.app.profile.last_used import Memory
    from ui.app.profile.preferences import download_place, download_settings
    from ui.app.system.volumes import volumes
    from ui.app.video.output import VideoOutput, make_player
    from ui.app.viewmodels.application import ApplicationViewModel
    from ui.app.viewmodels.data_use import DataUseViewModel
    from ui.app.viewmodels.downloads import DownloadsViewModel
    from ui.app.viewmodels.home import HomeViewModel
    from ui.app.viewmodels.keys import KeysViewModel
    from ui.app.viewmodels.player import PlayerViewModel
    from ui.app.viewmodels.posters import PosterCache
    from ui.app.viewmodels.settings import SettingsViewModel
    from ui.app.viewmodels.tasks import Tasks
    from ui.app.viewmodels.up_next import UpNext
    from ui.app.window.scene import draws_in_memory

    meter = DataMeter(options.profile)
    memory = Memory(options.profile)
    kept = LateDownloads(lambda: _make_downloads(options, client, store))
    client = EngineClient(_AppHost(options, store, meter, memory, kept), options.service_url)
    tasks = Tasks(client)
    output, clip_output = VideoOutput(make_player), VideoOutput(_make_clip_player)
    posters = PosterCache(client, tasks, options.profile / "posters")
    home = HomeViewModel(client, tasks, posters, kept=HomeCache(options.profile))
    player = PlayerViewModel(
        client, tasks, output, up_next=UpNext(lambda: store.preferences.auto_next and _autoplays(memory), posters)
    )
    tools = player.tools_menu
    tools.device = store.preferences.audio_device
    tools.draws_in_memory = draws_in_memory()
    tools.usual_tone = lambda: store.preferences.tone_mapping
    data_use = DataUseViewModel(meter)
    settings = SettingsViewModel(
        client,
        tasks,
        store,
        _told(store, options.crash_report),
        data_use=data_use,
        disks=lambda: volumes(options.profile),
    )
    tools.deviceChosen.connect(settings.keep_audio_device)
    settings.changed.connect(
        lambda: kept.use(download_settings(store.preferences), download_place(store.preferences))
    )
    downloads = DownloadsViewModel(kept, tasks, posters)
    app = ApplicationViewModel(
        client,
        tasks,
        home,
        player,
        settings=settings,
        downloads=downloads,
        memory=memory,
        keys=KeysViewModel(KeyBindings(options.profile)),
        clip_output=clip_output,
        tv=options.tv,
    )
    return _AppParts(meter, client, tasks, output, clip_output, posters, player, data_use, app)


def _make_clip_player() -> ClipPort:
    from ui.app.video.clips import make_clip_player  # with libmpv, once there is a clip to play

    return make_clip_player()


def _join_desktop(application: QGuiApplication, parts: _AppParts, window: QQuickWindow) -> DesktopSession:
    """Media keys, the screen saver, and other programs that ask for something."""
    from ui.app.desktop.bus import session_bus
    from ui.app.desktop.motion import ask_for_motion
    from ui.app.desktop.session import DesktopSession

    app = parts.app
    bus = session_bus()
    desktop = DesktopSession(parts.player, bus, parts.posters, app.own_files)
    if bus is not None:
        ask_for_motion(bus, app.settings_page.set_system_still, desktop)
    desktop.mpris.raised.connect(lambda: _come_forward(app, window, ""))
    desktop.mpris.openWanted.connect(lambda address: _come_forward(app, window, address))
    desktop.mpris.stopWanted.connect(app.stopPlaying)
    desktop.mpris.quitWanted.connect(application.quit)
    return desktop


def _come_forward(app: ApplicationViewModel, window: QQuickWindow, address: str) -> None:
    """A second start has been made: show this one, with what that one was to play."""
    if address:
        app.open_address(address)
    window.raise_()
    window.requestActivate()


def _play_here(app: ApplicationViewModel, window: QQuickWindow, wanted: str) -> None:
    """A second start of this user has been made: its files may be opened, unlike those that a web page names."""
    from ui.app.system.links import chosen_file

    places = wanted.split("\t")
    if chosen_file(places[0]) is None:
        _come_forward(app, window, wanted)
    else:
        app.open_places(places)
        _come_forward(app, window, "")


def _make_downloads(options: AppOptions, client: EngineClient, store: PreferenceStore) -> KeptTitles:
    from drm_client.keystore import open_key_store
    from ui.app.downloads.titles import KeptTitles
    from ui.app.profile.preferences import download_place, download_settings

    return KeptTitles(
        lambda: client.engine,
        options.profile / _DOWNLOADS,
        lambda: open_key_store(options.profile, options.key_store),
        client.plays_online,
        download_settings(store.preferences),
        download_place(store.preferences),
    )


def _make_engine(options: AppOptions, store: PreferenceStore, meter: DataMeter, downloads: LateDownloads) -> Engine:
    from downloads.offline import SCHEME
    from player.engine import Engine, EngineSettings
    from player.net.web_options import WebOptions
    from ui.app.desktop.notifications import EndingNotices

    return Engine(
        EngineSettings(
            profile=options.profile,
            service_url=options.service_url,
            key_store=options.key_store,
            ca_file=options.ca_file,
            web=options.web or WebOptions(),
            local_folder=options.local_folder,
            picture_folder=options.picture_folder or options.profile / "pictures",
            telemetry=store.preferences.telemetry,
            on_transfer=meter.transferred,
            wrap=options.wrap,
            schemes={SCHEME: downloads.made.transport.make},
            on_upkeep=EndingNotices(downloads.made.names).heard,
            kept_media=downloads.made.media,
        )
    )


def _autoplays(memory: Memory) -> bool:
    """Whether the next episode begins by itself for who watches."""
    return memory.now.person is None or memory.now.person.autoplay


def _playback_settings(
    options: AppOptions, store: PreferenceStore, meter: DataMeter, memory: Memory
) -> PlaybackSettings:
    """What the viewer has set, as it stands now; Auto needs no more lines than the screen has."""
    from player.playback.settings import PlaybackSettings
    from player.reporting.cmcd import CmcdSettings

    if options.playback is not None:
        return replace(options.playback, max_height=options.playback.max_height or display_lines())
    person = memory.now.person
    return PlaybackSettings(
        stay_at_end=not options.only_source,
        audio_language=(person.audio_language if person else "") or store.preferences.audio_language or None,
        text_language=(person.text_language if person else "") or None,
        max_bps=store.preferences.data_limit_bps or None,
        max_height=display_lines(),
        metered=store.preferences.metered or meter.network.metered is True,
        cmcd=CmcdSettings() if store.preferences.cmcd else None,
    )


@dataclass(frozen=True, slots=True)
class _AppHost:
    """The app around its engine (:class:`ui.app.engine.client.EngineHost`)."""

    options: AppOptions
    store: PreferenceStore
    meter: DataMeter
    memory: Memory
    downloads: LateDownloads

    def make_engine(self) -> Engine:
        return _make_engine(self.options, self.store, self.meter, self.downloads)

    def open_playback(
        self,
        engine: Engine,
        source: PlaybackSource,
        player: MpvPlayer,
        on_state: Callable[[PlaybackState], None],
        start_s: float | None,
    ) -> Session:
        on_event = self.options.on_event or (lambda _event: None)

        def seen(state: PlaybackState) -> None:
            if self.options.on_state is not None:
                self.options.on_state(state)
            on_state(state)

        playback = self._settings()
        if start_s is not None:
            playback = replace(playback, start_s=start_s)
        return engine.open(source, player, seen, playback, on_event)

    def prepare(self, player: MpvPlayer) -> None:
        _apply_preferences(player, self.store)

    def examine(self) -> Sequence[PartReport]:
        return self.options.examine()

    def presence(self) -> AbstractContextManager[None]:
        from downloads.presence import playing

        return playing(self.options.profile / _DOWNLOADS)

    def look_ahead(self, engine: Engine, source: PlaybackSource | None) -> None:
        engine.prefetch(source, self._settings())

    def _settings(self) -> PlaybackSettings:
        return _playback_settings(self.options, self.store, self.meter, self.memory)


def _apply_preferences(player: MpvPlayer, store: PreferenceStore) -> None:
    from player.mpv.outputs import audio_devices, device_or_default
    from ui.app.profile.preferences import output_options, subtitle_options
    from ui.app.window.scene import draws_in_memory

    for name, value in output_options(store.preferences, in_memory=draws_in_memory()).items():
        player.set(name.replace("_", "-"), value)
    wanted = store.preferences.audio_device
    if wanted:
        player.set("audio-device", device_or_default(wanted, audio_devices(player.read("audio-device-list") or ())))
    for name, text in subtitle_options(store.preferences).items():
        player.set(name, text)


def _told(store: PreferenceStore, crash_report: str) -> str:
    """What the viewer should know of the settings that were found, or else of how the last start ended."""
    from ui.app.viewmodels.text import tr

    if store.set_aside is None:
        return (
            tr("Matinee ended unexpectedly. “matinee doctor” names the report for those who can help.")
            if crash_report
            else ""
        )
    return tr("The settings were damaged and are the defaults now. The old file is kept as {name}.").format(
        name=store.set_aside.name
    )
