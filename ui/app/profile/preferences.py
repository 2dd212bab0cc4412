"""What a viewer has chosen in the settings, and what it means for libmpv. Pure values; :class:`PreferenceStore` keeps
them in ``settings.json`` of the profile."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.app.profile.storage import JsonFile

if TYPE_CHECKING:
    from downloads.settings import DownloadSettings

_log = logging.getLogger(__name__)

SUBTITLE_SIZES = (75, 100, 130, 170)  # per cent
SUBTITLE_COLOURS = ("#ffffff", "#ffe04d", "#7fe3ff", "#9cf08a")
TEXT_SIZES = (90, 100, 115, 130)  # per cent
MOTIONS = ("", "little", "full")  # empty is as the system says
# Video bitrates in bits per second; 0 is no limit. One Mbit/s is 0.45 gigabytes an hour.
DATA_LIMITS = (0, 6_000_000, 3_000_000, 1_500_000, 700_000)
TONE_MAPPINGS = ("auto", "bt.2390", "hable", "mobius", "clip")
SPEAKERS = ("auto", "stereo", "surround")
LANGUAGES = ("", "en", "de")  # that the app speaks; empty is the system's
MONTH_LIMITS = (0, 5, 10, 20, 50, 100, 200, 500)  # gigabytes (10^9 bytes); 0 is no limit
DOWNLOAD_HEIGHTS = (0, 2160, 1080, 720, 480)  # lines; 0 is the best that there is
DOWNLOAD_ROOMS = (0, 5, 10, 20, 50, 100)  # GB; 0 is no limit
DOWNLOAD_LIMITS = (0, 2_000_000, 5_000_000, 10_000_000, 50_000_000)  # bits per second; 0 is no limit
_MAX_LANGUAGE = 35
_MAX_PATH = 4096
_MAX_DEVICE = 300
_LINES = 720  # in which libmpv measures the subtitles that it makes
_FORMAT = 1  # in the file's "format"; one without it is of the first


@dataclass(frozen=True, slots=True)
class _Edge:
    """What is drawn around letters: widths in lines of our documents, the opacity of what is behind up to 255.
    ``box``: one box behind all lines (libass's BorderStyle 4) in a shadow's place."""

    outline: int
    shadow: int
    opacity: int
    box: bool = False


_EDGES: Mapping[str, _Edge] = {
    "outline": _Edge(3, 1, 127),
    "shadow": _Edge(0, 4, 223),
    "box": _Edge(0, 12, 191, box=True),
}
SUBTITLE_EDGES = tuple(_EDGES)


@dataclass(frozen=True, slots=True)
class Preferences:
    """Everything that the settings page changes. ``audio_language`` is a BCP 47 tag; empty takes the title's own.
    ``data_limit_bps`` is the highest bitrate that Auto may choose; ``metered``: the network is paid by volume, and
    Auto takes little of it; the system may say so too. ``month_limit_gb`` is what the viewer wants to use in a month
    at most, and is warned above. ``telemetry`` and ``cmcd`` are consents: the service is told how playbacks went, its
    CDNs how the player is doing. ``language`` counts from the next start. ``auto_next``: the next episode begins by
    itself; ``smart_downloads``: it is downloaded so, of a series of which something is kept.
    ``service_url`` is the service where the program was started without one.
    ``audio_device`` is libmpv's name for where sound goes, empty for the system's default.
    ``download_folder`` is an absolute path, empty for the profile's own. Sizes are per cent. For
    what concerns picture and sound (``hardware`` to ``passthrough``) see :mod:`player.mpv.outputs`."""

    audio_language: str = ""
    data_limit_bps: int = 0
    subtitle_size: int = 100
    subtitle_colour: str = SUBTITLE_COLOURS[0]
    subtitle_edge: str = SUBTITLE_EDGES[0]
    text_size: int = 100
    high_contrast: bool = False
    hardware: bool = True
    tone_mapping: str = TONE_MAPPINGS[0]
    speakers: str = SPEAKERS[0]
    passthrough: bool = False
    metered: bool = False
    language: str = ""
    month_limit_gb: int = 0
    download_height: int = 0
    download_limit_bps: int = 0
    download_room_gb: int = 0
    download_metered: bool = False
    download_folder: str = ""
    telemetry: bool = False
    cmcd: bool = False
    auto_next: bool = True
    smart_downloads: bool = True
    service_url: str = ""
    motion: str = ""
    audio_device: str = ""

    def __post_init__(self) -> None:
        for field in fields(self):
            value: object = getattr(self, field.name)
            if type(value).__name__ != field.type or not _allowed(field.name, value):
                raise ValueError(f"{field.name} cannot be {value!r:.40}")


_CHOICES: Mapping[str, tuple[object, ...]] = {
    "language": LANGUAGES,
    "month_limit_gb": MONTH_LIMITS,
    "download_height": DOWNLOAD_HEIGHTS,
    "download_limit_bps": DOWNLOAD_LIMITS,
    "download_room_gb": DOWNLOAD_ROOMS,
    "data_limit_bps": DATA_LIMITS,
    "tone_mapping": TONE_MAPPINGS,
    "speakers": SPEAKERS,
    "subtitle_size": SUBTITLE_SIZES,
    "subtitle_colour": SUBTITLE_COLOURS,
    "subtitle_edge": SUBTITLE_EDGES,
    "text_size": TEXT_SIZES,
    "motion": MOTIONS,
}


def _allowed(name: str, value: object) -> bool:
    if isinstance(value, str) and name == "audio_language":
        return len(value) <= _MAX_LANGUAGE and (not value or value.replace("-", "").isalnum())
    if isinstance(value, str) and name == "audio_device":
        return len(value) <= _MAX_DEVICE and (not value or value.isprintable())
    if isinstance(value, str) and name == "service_url":
        return not value or (len(value) <= _MAX_PATH and value.startswith(("https://", "http://")))
    if isinstance(value, str) and name == "download_folder":
        return not value or (len(value) <= _MAX_PATH and Path(value).is_absolute())
    return name not in _CHOICES or value in _CHOICES[name]


def from_members(members: Mapping[str, Any]) -> Preferences:
    """Preferences out of a file; members of other versions are passed over. Raises ValueError."""
    known = {field.name for field in fields(Preferences)}
    return Preferences(**{name: value for name, value in members.items() if name in known})


def subtitle_options(preferences: Preferences) -> dict[str, str]:
    """The options of libmpv that give this look to subtitles without one of their own. What an author styled in ASS
    is left alone; ``sub-ass-override=force`` puts this look over it.

    Our own documents are ASS too: their styles are named here, with the fields of an ASS style. libmpv turns other
    plain text into ASS itself, for which its own options count; those measure in 720 lines.
    """
    from player.text.ass import BOX_STYLE, FONT_SIZE, HEIGHT, STYLE

    edge = _EDGES[preferences.subtitle_edge]
    size = round(FONT_SIZE * preferences.subtitle_size / 100)
    letters = {"Fontsize": str(size), "PrimaryColour": _ass_colour(preferences.subtitle_colour)}
    border = {
        "BorderStyle": "4" if edge.box else "1",
        "Outline": str(edge.outline),
        "Shadow": str(edge.shadow),
        "BackColour": f"&H{255 - edge.opacity:02X}000000",
    }
    ours = [f"{STYLE}.{name}={value}" for name, value in (letters | border).items()]
    ours += [f"{BOX_STYLE}.{name}={value}" for name, value in letters.items()]
    behind = f"#{edge.opacity:02X}000000"
    return {
        "sub-ass-force-style": ",".join(ours),
        "sub-font-size": f"{size * _LINES / HEIGHT:.3f}",
        "sub-color": preferences.subtitle_colour,
        "sub-border-size": f"{edge.outline * _LINES / HEIGHT:.3f}",
        "sub-shadow-offset": f"{edge.shadow * _LINES / HEIGHT:.3f}",
        "sub-back-color": behind if edge.box else "#00000000",
        "sub-shadow-color": behind,
        "sub-border-style": "background-box" if edge.box else "outline-and-shadow",  # libmpv 0.38 and later
    }


def output_options(preferences: Preferences, *, in_memory: bool) -> dict[str, object]:
    """The options of libmpv for picture and sound; ``in_memory``: the CPU draws the pictures."""
    from player.mpv import outputs

    wishes = outputs.OutputWishes(
        hardware=preferences.hardware,
        tone_mapping=outputs.ToneMapping(preferences.tone_mapping),
        speakers=outputs.Speakers(preferences.speakers),
        passthrough=preferences.passthrough,
    )
    return outputs.output_options(wishes, in_memory=in_memory)


def download_settings(preferences: Preferences) -> DownloadSettings:
    """How downloads behave."""
    from downloads.settings import DownloadSettings, Metered

    return DownloadSettings(
        limit_bps=preferences.download_limit_bps or None,
        room_bytes=preferences.download_room_gb * 1_000_000_000 or None,
        metered=Metered.ALLOW if preferences.download_metered else Metered.WAIT,
    )


def download_place(preferences: Preferences) -> Path | None:
    """The folder for what is downloaded from now on; None for that of the profile."""
    return Path(preferences.download_folder) if preferences.download_folder else None


def _ass_colour(colour: str) -> str:
    red, green, blue = (colour[at : at + 2] for at in (1, 3, 5))
    return f"&H00{blue}{green}{red}".upper()


class PreferenceStore:
    """The preferences on disk. ``set_aside`` is where a damaged file lies now. From a file of a newer format what is
    understood counts, and the file is left as it is."""

    def __init__(self, folder: Path) -> None:
        self._newer = False
        self._file = JsonFile(folder / "settings.json", self._read, _members_of)
        loaded, self.set_aside = self._file.load()
        self.preferences = loaded or Preferences()

    def save(self, preferences: Preferences) -> bool:
        """Keep these; False where they cannot be written and last for this run only."""
        self.preferences = preferences
        if self._newer:
            _log.warning("settings.json was written by a newer version of Matinee and is not changed; please update")
            return False
        return self._file.save(preferences)

    def _read(self, members: Mapping[str, object]) -> Preferences:
        found = members.get("format", _FORMAT)
        if type(found) is not int or found < 1:
            raise ValueError(f"format cannot be {found!r:.40}")
        self._newer = found > _FORMAT
        if not self._newer:
            return from_members(members)
        try:
            return from_members(members)
        except ValueError:  # a choice that this version does not have
            return Preferences()


def _members_of(preferences: Preferences) -> Mapping[str, object]:
    return {"format": _FORMAT, **asdict(preferences)}
