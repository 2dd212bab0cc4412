"""The functions of the player of the viewer's own files, and where each is found without its key: one list for all
tests that walk through them."""

from __future__ import annotations

SECTIONS = ("playback", "picture", "sound", "subtitles", "queue")
"""Lines of the tools that lead to lines of actions, from the top."""
CONTROLS = {
    "play_pause": "playPause",
    "back": "rewind",
    "forward": "forward",
    "start": "seekBar",
    "tenth": "seekBar",
    "full_screen": "fullScreen",
    "picture_in_picture": "pictureInPicture",
    "statistics": "statistics",
    "tools": "tools",
    "leave": "back",
}
"""What is no line of the tools is a control of the page."""
OF_PROGRAMMES = {"start_over", "record"}
"""What a live channel alone has; its control and its key are tried in ``test_programmes.py``."""
DEEPER: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("playback", "sleep", ("15",)),
    ("playback", "bookmarks", ("play", "remove")),
    ("sound", "devices", ("auto",)),
    ("subtitles", "second", ("off",)),
    ("subtitles", "browse", ("..",)),
    ("queue", "queue_list", ("down", "up", "play", "remove")),
)
"""Levels of a section without a key of their own, and what is chosen there; of the queue and the bookmarks it is what
else can be done with a line (Right, or the right button)."""
