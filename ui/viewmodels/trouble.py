"""What the player page says while a playback waits, and when it has failed."""

from __future__ import annotations

from player.state import Status
from ui.viewmodels.text import tr


def failure_hint(code: str) -> str:
    """What a viewer can do about an error that ended a playback, by the stage in its code; empty for nothing."""
    hints = {
        "net": tr("Look at this device's connection, then try again: it goes on where it stopped."),
        "http": tr("Try again in a while: it goes on where it stopped."),
        "service": tr("Try again in a while: it goes on where it stopped."),
        "drm": tr("Try again. If it happens with every title, sign out and in again."),
        "manifest": tr("The address does not lead to something that can be played."),
        "component": tr("Settings, About says what is missing here."),
    }
    return hints.get(code.split(".")[0], "")


def busy_words() -> dict[Status, str]:
    """What is awaited, by the status of a playback."""
    return {
        Status.IDLE: tr("Loading"),
        Status.LOADING: tr("Loading"),
        Status.BUFFERING: tr("Waiting for the network"),
        Status.SEEKING: tr("Seeking"),
    }
