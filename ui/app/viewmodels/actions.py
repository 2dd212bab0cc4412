"""Every action of the player that has a key: its default keys and its sentence. The player page, the keys page and
the overlay of keys read this one table.

Keys are written as Qt's portable key sequences ("Ctrl+T", "Shift+L"). They follow mpv and VLC where those two agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ui.app.viewmodels.text import tr


class ActionSection(StrEnum):
    """A heading under which actions stand together."""

    PLAYBACK = "playback"
    SUBTITLES = "subtitles"
    SOUND = "sound"
    PICTURE = "picture"
    QUEUE = "queue"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class KeyAction:
    """``sentence`` says in the viewer's language what the action does. ``fixed``: its keys cannot be changed."""

    id: str
    section: ActionSection
    sentence: str
    keys: tuple[str, ...]
    fixed: bool = False


def section_titles() -> dict[ActionSection, str]:
    """The headings in the viewer's language, in their order."""
    return {
        ActionSection.PLAYBACK: tr("Playback"),
        ActionSection.SUBTITLES: tr("Subtitles"),
        ActionSection.SOUND: tr("Sound"),
        ActionSection.PICTURE: tr("Picture"),
        ActionSection.QUEUE: tr("Queue"),
        ActionSection.WINDOW: tr("Window"),
    }


def key_actions() -> tuple[KeyAction, ...]:
    """All actions in the order in which they are shown."""
    return (*_playback(), *_moving(), *_subtitles(), *_sound(), *_picture(), *_queue(), *_window())


def _playback() -> tuple[KeyAction, ...]:
    at = ActionSection.PLAYBACK
    media_keys = ("Toggle Media Play/Pause", "Media Play", "Media Pause")
    return (
        KeyAction("play_pause", at, tr("Pause, or go on"), ("Space", "K", *media_keys)),
        KeyAction("back", at, tr("Go back a step"), ("J", "Media Rewind")),
        KeyAction("forward", at, tr("Go forward a step"), ("L", "Media Fast Forward")),
        KeyAction("start", at, tr("Go to the start"), ("Home",)),
        KeyAction("start_over", at, tr("Start this programme over"), ("O",)),
        KeyAction("record", at, tr("Record this programme, or not"), ("Alt+R", "Media Record")),
        KeyAction("tenth", at, tr("Go to that tenth of the title"), tuple("0123456789"), fixed=True),
    )


def _moving() -> tuple[KeyAction, ...]:
    at = ActionSection.PLAYBACK
    return (
        KeyAction("frame_back", at, tr("One frame back"), (",",)),
        KeyAction("frame_forward", at, tr("One frame forward"), (".", "E")),
        KeyAction("chapter_previous", at, tr("Previous chapter"), ("PgDown",)),
        KeyAction("chapter_next", at, tr("Next chapter"), ("PgUp",)),
        KeyAction("slower", at, tr("Slower"), ("[",)),
        KeyAction("faster", at, tr("Faster"), ("]",)),
        KeyAction("normal_speed", at, tr("Normal speed"), ("=",)),
        KeyAction("go_to_time", at, tr("Go to a time"), ("Ctrl+T",)),
        KeyAction("loop", at, tr("Repeat a part: start, end, off"), ("Shift+L",)),
        KeyAction("bookmark", at, tr("Set a bookmark"), ("Ctrl+B",)),
    )


def _subtitles() -> tuple[KeyAction, ...]:
    at = ActionSection.SUBTITLES
    return (
        KeyAction("next_subtitles", at, tr("Next subtitles, or none"), ("V",)),
        KeyAction("subtitles_earlier", at, tr("Subtitles earlier"), ("Z", "G")),
        KeyAction("subtitles_later", at, tr("Subtitles later"), ("X", "H")),
        KeyAction("subtitles_larger", at, tr("Subtitles larger"), ("Shift+G",)),
        KeyAction("subtitles_smaller", at, tr("Subtitles smaller"), ("Shift+F",)),
        KeyAction("subtitles_higher", at, tr("Subtitles higher"), ("R",)),
        KeyAction("subtitles_lower", at, tr("Subtitles lower"), ("Shift+R",)),
        KeyAction("subtitle_style", at, tr("Subtitles in their own style, or in yours"), ("U",)),
        KeyAction("find_line", at, tr("Find a line"), ("/", "Ctrl+F")),
    )


def _sound() -> tuple[KeyAction, ...]:
    at = ActionSection.SOUND
    return (
        KeyAction("louder", at, tr("Louder, up to twice as loud"), ("+", "Volume Up")),
        KeyAction("quieter", at, tr("Quieter"), ("-", "Volume Down")),
        KeyAction("mute", at, tr("Sound off or on"), ("M",)),
        KeyAction("next_audio", at, tr("Next audio track"), ("B", "#")),
        KeyAction("audio_earlier", at, tr("Sound earlier"), ("Ctrl+-",)),
        KeyAction("audio_later", at, tr("Sound later"), ("Ctrl++",)),
        KeyAction("night", at, tr("Night mode: quiet parts louder, loud parts quieter"), ("Shift+N",)),
        KeyAction("normalise", at, tr("Even volume"), ("Shift+M",)),
        KeyAction("downmix", at, tr("Mix down to stereo"), ("Shift+D",)),
    )


def _picture() -> tuple[KeyAction, ...]:
    at = ActionSection.PICTURE
    return (
        KeyAction("screenshot", at, tr("Save this frame"), ("S", "Shift+S")),
        KeyAction("zoom_in", at, tr("Picture larger"), ("Alt++",)),
        KeyAction("zoom_out", at, tr("Picture smaller"), ("Alt+-",)),
        KeyAction("zoom_reset", at, tr("Original zoom"), ("Alt+Backspace",)),
        KeyAction("crop", at, tr("Next crop"), ("C",)),
        KeyAction("aspect", at, tr("Next aspect ratio"), ("A",)),
        KeyAction("rotate", at, tr("Rotate"), ("Ctrl+R",)),
        KeyAction("deinterlace", at, tr("Deinterlace or not"), ("D",)),
        KeyAction("tone_mapping", at, tr("Next way to show HDR"), ("Shift+H",)),
    )


def _queue() -> tuple[KeyAction, ...]:
    at = ActionSection.QUEUE
    return (
        KeyAction("queue_next", at, tr("Next file"), (">", "N", "Media Next")),
        KeyAction("queue_previous", at, tr("Previous file"), ("<", "Media Previous")),
        KeyAction("shuffle", at, tr("Shuffle on or off"), ("Shift+Q",)),
        KeyAction("repeat", at, tr("Repeat nothing, all, or this one"), ("Q",)),
    )


def _window() -> tuple[KeyAction, ...]:
    at = ActionSection.WINDOW
    return (
        KeyAction("full_screen", at, tr("Full screen on or off"), ("F", "F11")),
        KeyAction("picture_in_picture", at, tr("Picture in picture on or off"), ("P",)),
        KeyAction("tools", at, tr("Open the tools"), ("T", "Menu")),
        KeyAction("statistics", at, tr("Show or hide the statistics"), ("I",)),
        KeyAction("help", at, tr("Show all keys"), ("?", "F1")),
        KeyAction("leave", at, tr("Close a menu, or leave the player"), ("Esc", "Back", "Backspace"), fixed=True),
    )


def fixed_keys() -> tuple[tuple[str, str], ...]:
    """What the other keys do, on every page: a sentence and the keys as people read them."""
    return (
        (tr("Move"), tr("Arrow keys")),
        (tr("Open, or choose"), tr("Enter")),
        (tr("What can be done with a title"), tr("Menu, or Enter held")),
        (tr("Go back"), tr("Esc, Back")),
        (tr("Open a file"), tr("Ctrl+O")),
        (tr("Play what was copied"), tr("Ctrl+V")),
    )
