"""What each viewer of this installation likes to hear and read, at all and in a series, kept in ``tracks.json`` of
the profile.

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
_MOST_SERIES = 200  # of all viewers
_MAX_BYTES = 256 * 1024
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

    def in_series(self, viewer: str, series: str) -> TrackPreferences | None:
        """What a viewer has chosen in a series; None for nothing. Reads the file."""
        with self._lock:
            found = _members(kept_json(self._path, _MAX_BYTES), "series").get(_place(viewer, series))
        return _preferences(found) if isinstance(found, dict) else None

    def keep(self, viewer: str, preferences: TrackPreferences, series: str = "") -> None:
        """Remember these in place of what was known of the viewer, and in ``series``. Blocks for the disk."""
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
            place = _place(viewer, series)
            episodes = {name: own for name, own in _members(content, "series").items() if name != place}
            if series:
                episodes[place] = asdict(preferences)
            document = {
                "version": _VERSION,
                "viewers": newest,
                "series": dict(list(episodes.items())[-_MOST_SERIES:]),
            }
            try:
                write_whole(self._path, json.dumps(document).encode())
            except OSError as error:
                _log.warning("the choice of sound and subtitles is not kept: %s", error.strerror)


def _viewers(content: object) -> dict[str, Any]:
    return _members(content, "viewers")


def _members(content: object, name: str) -> dict[str, Any]:
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        return {}
    found = content.get(name)
    return found if isinstance(found, dict) else {}


def _place(viewer: str, series: str) -> str:
    return f"{viewer}/{series}"


def _preferences(members: Mapping[str, Any]) -> TrackPreferences:
    """Read preferences from a file; what makes no sense in it is passed over."""
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
    """The preferences of the viewer of one playback, which ``keep`` is told as they change, with the series that the
    title belongs to. ``in_series`` knows what the viewer has chosen there."""

    def __init__(
        self,
        preferences: TrackPreferences = UNKNOWN_PREFERENCES,
        keep: Callable[[TrackPreferences, str], None] = lambda _preferences, _series: None,
        in_series: Callable[[str], TrackPreferences | None] = lambda _series: None,
    ) -> None:
        self.preferences = preferences
        self._keep = keep
        self._in_series = in_series
        self._series = ""

    def watch(self, series: str) -> None:
        """What plays is an episode of this series (a key of :mod:`player.tracks.series`, empty for none): what the
        viewer chose in another one counts before all else."""
        self._series = series
        found = self._in_series(series) if series else None
        if found is not None:
            self.preferences = found

    def learn_audio(self, track: Track) -> None:
        """The viewer has chosen this sound."""
        self._now(after_audio(self.preferences, track))

    def learn_text(self, track: Track | None) -> None:
        """The viewer has chosen these subtitles, or none."""
        self._now(after_text(self.preferences, track))

    def _now(self, preferences: TrackPreferences) -> None:
        if preferences != self.preferences or self._series:
            self.preferences = preferences
            self._keep(preferences, self._series)
