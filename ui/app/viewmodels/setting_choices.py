"""What stands on the settings page: the sections, their settings in words, and what each can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from ui.app.profile.preferences import (
    DATA_LIMITS,
    DOWNLOAD_HEIGHTS,
    DOWNLOAD_LIMITS,
    DOWNLOAD_ROOMS,
    LANGUAGES,
    MONTH_LIMITS,
    MOTIONS,
    SPEAKERS,
    SUBTITLE_COLOURS,
    SUBTITLE_EDGES,
    SUBTITLE_SIZES,
    TEXT_SIZES,
    TONE_MAPPINGS,
)
from ui.app.viewmodels.text import bitrate, decimal, tr
from ui.app.viewmodels.tracks import language_name

SOUND_LANGUAGES = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "pl",
    "sv",
    "tr",
    "ru",
    "uk",
    "ar",
    "hi",
    "ja",
    "ko",
    "zh",
)
_GIGABYTES_PER_HOUR = 3600 / 8 / 1e9


class SettingsSection(StrEnum):
    APPEARANCE = "appearance"
    PLAYBACK = "playback"
    SUBTITLES = "subtitles"
    AUDIO = "audio"
    DATA = "data"
    DOWNLOADS = "downloads"
    PRIVACY = "privacy"
    KEYS = "keys"
    DEVICES = "devices"
    ABOUT = "about"


class Deed(StrEnum):
    """Settings that are not kept: choosing them does something once."""

    FORGET_SEARCHES = "forget_searches"
    FORGET_HISTORY = "forget_history"


KEYS: Mapping[SettingsSection, tuple[str, ...]] = {
    SettingsSection.APPEARANCE: ("language", "text_size", "high_contrast", "motion"),
    SettingsSection.PLAYBACK: ("hardware", "tone_mapping", "auto_next"),
    SettingsSection.SUBTITLES: ("subtitle_size", "subtitle_colour", "subtitle_edge"),
    SettingsSection.AUDIO: ("audio_language", "speakers", "passthrough"),
    SettingsSection.DATA: ("data_limit_bps", "metered", "month_limit_gb"),
    SettingsSection.DOWNLOADS: (
        "download_height",
        "download_limit_bps",
        "download_room_gb",
        "download_metered",
        "smart_downloads",
        "download_folder",
    ),
    SettingsSection.PRIVACY: ("telemetry", "cmcd", Deed.FORGET_SEARCHES, Deed.FORGET_HISTORY),
    SettingsSection.KEYS: (),
    SettingsSection.DEVICES: (),
    SettingsSection.ABOUT: (),
}


def section_names() -> dict[SettingsSection, str]:
    """The sections in the viewer's language, in their order."""
    return {
        SettingsSection.APPEARANCE: tr("Appearance"),
        SettingsSection.PLAYBACK: tr("Playback"),
        SettingsSection.SUBTITLES: tr("Subtitles"),
        SettingsSection.AUDIO: tr("Audio"),
        SettingsSection.DATA: tr("Data use"),
        SettingsSection.DOWNLOADS: tr("Downloads"),
        SettingsSection.PRIVACY: tr("Privacy"),
        SettingsSection.KEYS: tr("Keys"),
        SettingsSection.DEVICES: tr("Devices"),
        SettingsSection.ABOUT: tr("About"),
    }


def words_of(key: str) -> tuple[str, str]:
    """A setting's name, and what it means."""
    return (_words_of_showing() | _words_of_using())[key]


def _words_of_showing() -> dict[str, tuple[str, str]]:
    return {
        "language": (tr("Language"), tr("Takes effect after restart.")),
        "text_size": (tr("Text size"), ""),
        "high_contrast": (tr("Contrast"), ""),
        "motion": (tr("Motion"), tr("With “Reduced”, pages and pictures fade and nothing moves.")),
        "audio_language": (
            tr("Preferred audio"),
            tr("Used if a title has it. The player's audio menu has all languages."),
        ),
        "hardware": (
            tr("Decoding"),
            tr("Where the hardware cannot decode a title, it is decoded in software."),
        ),
        "tone_mapping": (
            tr("HDR pictures"),
            tr("How bright parts are shown on a screen that is less bright, where there is a graphics card."),
        ),
        "auto_next": (tr("Next episode"), tr("What happens at the end of an episode.")),
        "speakers": (tr("Speakers"), ""),
        "passthrough": (
            tr("Dolby audio"),
            tr("It is sent unchanged to a receiver that decodes it. At any speed but normal it is decoded here."),
        ),
        "subtitle_size": (tr("Size"), ""),
        "subtitle_colour": (tr("Colour"), ""),
        "subtitle_edge": (tr("Edge"), tr("Makes subtitles easier to read over the video.")),
    }


def _words_of_using() -> dict[str, tuple[str, str]]:
    return {
        "data_limit_bps": (
            tr("Auto quality"),
            tr("The most that Auto uses for video. A quality chosen in the player is not limited."),
        ),
        "metered": (
            tr("Network"),
            tr("On a metered network, Auto uses 0.7 GB an hour at most."),
        ),
        "month_limit_gb": (tr("Warn above"), tr("A warning is shown when a month's data exceeds this.")),
        "smart_downloads": (
            tr("Automatic downloads"),
            tr("After you watch an episode, the next one is downloaded and the watched one removed."),
        ),
        "download_height": (tr("Quality"), tr("Offered first when you download a title.")),
        "download_limit_bps": (tr("Speed"), tr("The most that all downloads use together.")),
        "download_room_gb": (tr("Storage"), tr("The most that downloads of all profiles may take on this computer.")),
        "download_metered": (tr("On a metered network"), ""),
        "download_folder": (
            tr("Disk"),
            tr("Where new downloads are kept. Those that are here already stay where they are, and play."),
        ),
        "telemetry": (
            tr("Playback reports"),
            tr("Tells the service of starts, stalls and errors, never of anything else on this machine."),
        ),
        "cmcd": (
            tr("Buffer level"),
            tr("Tells the service's delivery network with each request how full the buffer is."),
        ),
        Deed.FORGET_SEARCHES: (tr("Searches"), tr("What was searched for on this machine.")),
        Deed.FORGET_HISTORY: (
            tr("What was watched"),
            tr("Where you stopped in each title, here and at the service. This cannot be undone."),
        ),
    }


def choices_of(key: str) -> list[tuple[object, str]]:
    """What a setting can be, with the words for it."""
    return (_CHOICES_OF_SHOWING | _CHOICES_OF_USING)[key]()


Choices = Callable[[], list[tuple[object, str]]]

_CHOICES_OF_SHOWING: dict[str, Choices] = {
    "language": lambda: _zip(LANGUAGES, tr("System default"), "English", "Deutsch"),
    "text_size": lambda: [(size, f"{size} %") for size in TEXT_SIZES],
    "high_contrast": lambda: _zip((False, True), tr("Normal"), tr("High")),
    "motion": lambda: _zip(MOTIONS, tr("System default"), tr("Reduced"), tr("Full")),
    "audio_language": lambda: [
        ("", tr("As the title has it")),
        *((tag, language_name(tag)) for tag in SOUND_LANGUAGES),
    ],
    "hardware": lambda: _zip((True, False), tr("In hardware where possible"), tr("In software")),
    "tone_mapping": lambda: _zip(
        TONE_MAPPINGS, tr("Automatic"), tr("Natural"), tr("Detailed"), tr("Soft"), tr("Bright parts cut")
    ),
    "auto_next": lambda: _zip((True, False), tr("Begins by itself"), tr("Waits for you")),
    "speakers": lambda: _zip(SPEAKERS, tr("As the device says"), tr("Stereo"), tr("Surround")),
    "passthrough": lambda: _zip((False, True), tr("Decoded here"), tr("To the receiver as it is")),
    "subtitle_size": lambda: [(size, f"{size} %") for size in SUBTITLE_SIZES],
    "subtitle_colour": lambda: _zip(SUBTITLE_COLOURS, tr("White"), tr("Yellow"), tr("Light blue"), tr("Green")),
    "subtitle_edge": lambda: _zip(SUBTITLE_EDGES, tr("Outline"), tr("Shadow"), tr("Dark box")),
}
_CHOICES_OF_USING: dict[str, Choices] = {
    "data_limit_bps": lambda: [(limit, _limit_words(limit)) for limit in DATA_LIMITS],
    "metered": lambda: _zip((False, True), tr("System default"), tr("Metered")),
    "month_limit_gb": lambda: [(limit, f"{limit} GB" if limit else tr("Never")) for limit in MONTH_LIMITS],
    "download_height": lambda: [(lines, f"{lines}p" if lines else tr("The best")) for lines in DOWNLOAD_HEIGHTS],
    "download_limit_bps": lambda: [
        (limit, bitrate(limit) if limit else tr("As fast as possible")) for limit in DOWNLOAD_LIMITS
    ],
    "download_room_gb": lambda: [(room, f"{room} GB" if room else tr("All free space")) for room in DOWNLOAD_ROOMS],
    "download_metered": lambda: _zip((False, True), tr("Downloads wait"), tr("Downloads go on")),
    "smart_downloads": lambda: _zip((True, False), tr("On"), tr("Off")),
    "telemetry": lambda: _zip((False, True), tr("Not reported"), tr("Reported")),
    "cmcd": lambda: _zip((False, True), tr("Not reported"), tr("Reported")),
    Deed.FORGET_SEARCHES: lambda: _zip((False, True), tr("Keep"), tr("Delete now")),
    Deed.FORGET_HISTORY: lambda: _zip((False, True), tr("Keep"), tr("Delete now")),
}


def _zip(values: tuple[object, ...], *words: str) -> list[tuple[object, str]]:
    return list(zip(values, words, strict=True))


def _limit_words(limit_bps: int) -> str:
    if not limit_bps:
        return tr("No limit")
    return tr("{rate}, {gigabytes} GB an hour").format(
        rate=bitrate(limit_bps), gigabytes=decimal(limit_bps * _GIGABYTES_PER_HOUR, 1)
    )
