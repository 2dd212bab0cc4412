"""Media keys and the desktop's own player controls: MPRIS 2.2 (``org.mpris.MediaPlayer2``)."""

# ruff: noqa: N802, N815 - the names are those that D-Bus and Qt see
from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from PySide6.QtCore import ClassInfo, Property, QObject, Signal, Slot
from PySide6.QtDBus import QDBusAbstractAdaptor, QDBusConnection, QDBusMessage, QDBusObjectPath

from player.reporting.state import NOT_PLAYING
from ui.app.desktop.artwork import DesktopArtwork
from ui.app.system.links import SCHEME
from ui.app.viewmodels.files import FilesViewModel
from ui.app.viewmodels.menus import SPEEDS
from ui.app.viewmodels.player import PlayerViewModel

T = TypeVar("T")

PATH = "/org/mpris/MediaPlayer2"
ROOT, PLAYER = "org.mpris.MediaPlayer2", "org.mpris.MediaPlayer2.Player"
_TRACK = QDBusObjectPath("/org/matinee/track")
_NO_TRACK = QDBusObjectPath("/org/mpris/MediaPlayer2/TrackList/NoTrack")
_US = 1_000_000  # microseconds, in which MPRIS counts


class Mpris(QObject):
    """The player on the bus, from :meth:`publish` to :meth:`close`. ``raised``, ``quitWanted``, ``stopWanted`` and
    ``openWanted(address)`` are for the app."""

    raised = Signal()
    quitWanted = Signal()
    stopWanted = Signal()
    openWanted = Signal(str)

    def __init__(
        self,
        player: PlayerViewModel,
        artwork: DesktopArtwork,
        files: FilesViewModel | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.player = player
        self._files = files
        self._artwork = artwork
        self._bus: QDBusConnection | None = None
        self._name = ""
        self._told: dict[str, object] = {}
        self._root = _Root(self)
        self._controls = _Player(self)
        player.stateChanged.connect(self._changed)
        artwork.changed.connect(self._changed)
        player.volumeChanged.connect(self._changed)
        if files is not None:
            files.changed.connect(self._changed)
        player.sought.connect(lambda position_s: self._controls.Seeked.emit(round(position_s * _US)))

    def publish(self, bus: QDBusConnection) -> bool:
        """Be found by media keys; a second player takes a name of its own. False where the bus does not want us."""
        if not bus.registerObject(PATH, self, QDBusConnection.RegisterOption.ExportAdaptors):
            return False
        for name in (f"{ROOT}.{SCHEME}", f"{ROOT}.{SCHEME}.instance{os.getpid()}"):
            if bus.registerService(name):
                self._bus, self._name = bus, name
                self._told = dict(self._now())
                return True
        bus.unregisterObject(PATH)
        return False

    def close(self) -> None:
        """Leave the bus."""
        if self._bus is not None:
            self._bus.unregisterObject(PATH)
            self._bus.unregisterService(self._name)
            self._bus = None

    def metadata(self) -> dict[str, object]:
        """What plays, with its picture."""
        return metadata(self.player, self._artwork.address)

    def leads(self, direction: int) -> bool:
        """Whether there is a next file or episode (1), or a file before (-1)."""
        if self._files is not None and self._files.leads(direction):
            return True
        return direction > 0 and self.player.following is not None

    def go(self, direction: int) -> None:
        """Play the next file or episode (1), or the file before (-1)."""
        if (self._files is None or not self._files.step(direction)) and direction > 0:
            self.player.playFollowing()

    def _changed(self) -> None:
        """Tell what has changed since the last time (the position never is told: it follows from the rate)."""
        if self._bus is None:
            return
        now = self._now()
        news = {name: value for name, value in now.items() if self._told.get(name) != value}
        if news:
            self._told = dict(now)
            signal = QDBusMessage.createSignal(PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged")
            signal.setArguments([PLAYER, news, []])
            self._bus.send(signal)

    def _now(self) -> Mapping[str, object]:
        player = self.player
        there = playback_status(player) != "Stopped"
        return {
            "PlaybackStatus": playback_status(player),
            "Metadata": self.metadata(),
            "Volume": player.property("volume") / 100,
            "Rate": player.property("speed"),
            "CanSeek": player.property("durationS") > 0,
            "CanPlay": there,
            "CanPause": there,
            "CanGoNext": self.leads(1),
            "CanGoPrevious": self.leads(-1),
        }


def playback_status(player: PlayerViewModel) -> str:
    """In the words of MPRIS."""
    if player.property("status") in NOT_PLAYING:
        return "Stopped"
    return "Paused" if player.property("paused") else "Playing"


def metadata(player: PlayerViewModel, art: str) -> dict[str, object]:
    """What plays, with the keys of the specification; ``art`` is the address of a picture, or empty."""
    if player.property("status") in NOT_PLAYING:
        return {"mpris:trackid": _NO_TRACK}
    found: dict[str, object] = {"mpris:trackid": _TRACK, "xesam:title": player.property("title")}
    if player.property("durationS") > 0:
        found["mpris:length"] = round(player.property("durationS") * _US)
    if art:
        found["mpris:artUrl"] = art
    return found


def interface(name: str) -> Callable[[type[T]], type[T]]:
    """Name the D-Bus interface that an adaptor is. Qt's stub does not know that ``ClassInfo`` decorates."""
    return cast("Callable[[type[T]], type[T]]", cast(Any, ClassInfo)({"D-Bus Interface": name}))


@interface(ROOT)
class _Root(QDBusAbstractAdaptor):
    def __init__(self, mpris: Mpris) -> None:
        super().__init__(mpris)
        self._mpris = mpris

    @Property(str, constant=True)
    def Identity(self) -> str:
        return "Matinee"

    @Property(str, constant=True)
    def DesktopEntry(self) -> str:
        return "matinee"

    @Property(bool, constant=True)
    def CanQuit(self) -> bool:
        return True

    @Property(bool, constant=True)
    def CanRaise(self) -> bool:
        return True

    @Property(bool, constant=True)
    def HasTrackList(self) -> bool:
        return False

    @Property("QStringList", constant=True)  # type: ignore[arg-type]
    def SupportedUriSchemes(self) -> list[str]:
        return ["http", "https", SCHEME]

    @Property("QStringList", constant=True)  # type: ignore[arg-type]
    def SupportedMimeTypes(self) -> list[str]:
        return ["application/dash+xml", "application/vnd.apple.mpegurl"]

    @Slot()
    def Raise(self) -> None:
        self._mpris.raised.emit()

    @Slot()
    def Quit(self) -> None:
        self._mpris.quitWanted.emit()


@interface(PLAYER)
class _Player(QDBusAbstractAdaptor):
    # The stub does not know that a type may be named.
    Seeked = Signal("qlonglong")  # type: ignore[arg-type]  # the position does not follow from the rate: the viewer jumps

    def __init__(self, mpris: Mpris) -> None:
        super().__init__(mpris)
        self._mpris = mpris
        self._player = mpris.player

    @Property(str)
    def PlaybackStatus(self) -> str:
        return playback_status(self._player)

    @Property("QVariantMap")  # type: ignore[arg-type]
    def Metadata(self) -> dict[str, object]:
        return self._mpris.metadata()

    @Property("qlonglong")  # type: ignore[arg-type]
    def Position(self) -> int:
        return round(float(self._player.property("positionS")) * _US)

    def _volume(self) -> float:
        return float(self._player.property("volume")) / 100

    def _set_volume(self, volume: float) -> None:
        self._player.setVolume(round(100 * max(0.0, min(1.0, volume))))

    Volume = Property(float, _volume, _set_volume)

    def _rate(self) -> float:
        return float(self._player.property("speed"))

    def _set_rate(self, rate: float) -> None:
        """0 is to pause, says the specification."""
        if rate <= 0:
            self._player.pause()
        else:
            self._player.chooseSpeed(str(min(SPEEDS, key=lambda speed: abs(speed - rate))))

    Rate = Property(float, _rate, _set_rate)

    @Property(float, constant=True)
    def MinimumRate(self) -> float:
        return min(SPEEDS)

    @Property(float, constant=True)
    def MaximumRate(self) -> float:
        return max(SPEEDS)

    @Property(bool, constant=True)
    def CanControl(self) -> bool:
        return True

    @Property(bool)
    def CanPlay(self) -> bool:
        return playback_status(self._player) != "Stopped"

    @Property(bool)
    def CanPause(self) -> bool:
        return playback_status(self._player) != "Stopped"

    @Property(bool)
    def CanSeek(self) -> bool:
        return bool(self._player.property("durationS") > 0)

    @Property(bool)
    def CanGoNext(self) -> bool:
        """Whether a file of the queue or an episode follows."""
        return self._mpris.leads(1)

    @Property(bool)
    def CanGoPrevious(self) -> bool:
        return self._mpris.leads(-1)

    @Slot()
    def Play(self) -> None:
        self._player.resume()

    @Slot()
    def Pause(self) -> None:
        self._player.pause()

    @Slot()
    def PlayPause(self) -> None:
        self._player.toggle()

    @Slot()
    def Stop(self) -> None:
        self._mpris.stopWanted.emit()

    @Slot()
    def Next(self) -> None:
        self._mpris.go(1)

    @Slot()
    def Previous(self) -> None:
        self._mpris.go(-1)

    @Slot("qlonglong")
    def Seek(self, offset_us: int) -> None:
        self._player.seekToTime(self._player.property("positionS") + offset_us / _US)

    @Slot(QDBusObjectPath, "qlonglong")
    def SetPosition(self, track: QDBusObjectPath, position_us: int) -> None:
        """Outside the track, or for a track that has gone, it is to do nothing."""
        inside = 0 <= position_us <= self._player.property("durationS") * _US
        if inside and track.path() == _TRACK.path():
            self._player.seekToTime(position_us / _US)

    @Slot(str)
    def OpenUri(self, address: str) -> None:
        self._mpris.openWanted.emit(address)
