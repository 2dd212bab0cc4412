"""What each viewer of this installation likes to hear and read, kept in ``tracks.json`` of the profile.

It is a convenience: where the file cannot be read or written, titles begin as their makers wanted it.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from player.base.files import is_newer, kept_json, write_whole
from player.manifest.model import Track
from player.tracks.preferences import (
    MOST_LANGUAGES,
    UNKNOWN_PREFERENCES,
    SubtitleMode,
    TrackPreferences,
    after_audio,
    after_text,
)

_log = logging.getLogger(__name__)

_VERSION = 1
_MOST = 64  # viewers; those that chose last stay
_MAX_BYTES = 64 * 1024
_MAX_TAG = 35  # characters of a language


class TrackPreferenceStore:
    """The file at ``path``. Viewers are named by the service's profile id; without a service there is one, ``""``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def of(self, viewer: str) -> TrackPreferences:
        """What is remembered of a viewer. Reads the file: a few kilobytes."""
        with self._lock:
            found = _viewers(kept_json(self._path, _MAX_BYTES)).get(viewer)
        return _preferences(found) if isinstance(found, dict) else UNKNOWN_PREFERENCES

    def keep(self, viewer: str, preferences: TrackPreferences) -> None:
        """Remember these in place of what was known. Blocks for the disk."""
        with self._lock:
            content = kept_json(self._path, _MAX_BYTES)
            if is_newer(content, _VERSION):
                _log.warning(
                    "the choice of sound and subtitles is not kept: a newer version of Matinee wrote the file"
                )
                return
            viewers = {name: own for name, own in _viewers(content).items() if name != viewer}
            viewers[viewer] = asdict(preferences)
            newest = dict(list(viewers.items())[-_MOST:])
            try:
                write_whole(self._path, json.dumps({"version": _VERSION, "viewers": newest}, indent=1).encode())
            except OSError as error:
                _log.warning("the choice of sound and subtitles is not kept: %s", error.strerror)


def _viewers(content: object) -> dict[str, Any]:
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        return {}
    viewers = content.get("viewers")
    return viewers if isinstance(viewers, dict) else {}


def _preferences(members: Mapping[str, Any]) -> TrackPreferences:
    """Wishes out of a file; what makes no sense in it is passed over."""
    mode = members.get("subtitles")
    return TrackPreferences(
        _languages(members.get("audio_languages")),
        _languages(members.get("text_languages")),
        SubtitleMode(mode) if mode in set(SubtitleMode) else UNKNOWN_PREFERENCES.subtitles,
        described=members.get("described") is True,
        hard_of_hearing=members.get("hard_of_hearing") is True,
    )


def _languages(value: object) -> tuple[str, ...]:
    tags = value if isinstance(value, list) else []
    return tuple(tag for tag in tags if isinstance(tag, str) and 0 < len(tag) <= _MAX_TAG)[:MOST_LANGUAGES]


class PreferenceLearner:
    """The preferences of the viewer of one playback, which ``keep`` is told as they change."""

    def __init__(
        self,
        preferences: TrackPreferences = UNKNOWN_PREFERENCES,
        keep: Callable[[TrackPreferences], None] = lambda _preferences: None,
    ) -> None:
        self.preferences = preferences
        self._keep = keep

    def learn_audio(self, track: Track) -> None:
        """The viewer has chosen this sound."""
        self._now(after_audio(self.preferences, track))

    def learn_text(self, track: Track | None) -> None:
        """The viewer has chosen these subtitles, or none."""
        self._now(after_text(self.preferences, track))

    def _now(self, preferences: TrackPreferences) -> None:
        if preferences != self.preferences:
            self.preferences = preferences
            self._keep(preferences)
