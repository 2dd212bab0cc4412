"""What audio and subtitle tracks are called in a menu: by language, by what they are for, by their sound.

Manifests name tracks for people ("Director's commentary"), for machines ("audio_1"), or not at all. A name that says
more than the language wins; otherwise the language's own name is shown in the viewer's language.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QLocale

from player.base.languages import NO_LANGUAGE
from player.reporting.state import TrackChoice
from ui.app.viewmodels.text import tr

_ORIGINAL = "qaa"  # the original sound, whatever its language (ETSI EN 300 468, annex F)
_MACHINE_NAME = re.compile(r"(audio|sound|subs?|subtitles?|text|stream|track|default|main|und)?[-_ .#]*\d*")
_NUMBER = re.compile(r"[-_ .#]?\d{1,2}$")  # three are a region: es-419
_LAYOUTS = {"3": "2.1", "6": "5.1", "7": "6.1", "8": "7.1", "12": "7.1.4"}


def language_name(tag: str | None) -> str:
    """The name of a BCP 47 language in the viewer's language (``pt-BR``: Portuguese (Brazil)); empty for none, and
    the tag itself where nobody knows it."""
    primary, *rest = (tag or "").strip().replace("_", "-").split("-")
    if primary.lower() in NO_LANGUAGE:
        return ""
    if primary.lower() == _ORIGINAL:
        return tr("Original")
    language = QLocale.codeToLanguage(primary)
    if language == QLocale.Language.AnyLanguage:
        return tag or ""
    name = _translated(QLocale.languageToString(language))
    where = ", ".join(filter(None, map(_place, rest)))
    return f"{name} ({where})" if where else name


def track_names(tracks: Sequence[TrackChoice]) -> list[str]:
    """One name for each track; no two are the same."""
    names = [_name(track) for track in tracks]
    times = Counter(names)
    seen: Counter[str] = Counter()
    for row, name in enumerate(names):
        seen[name] += 1
        if times[name] > 1:
            names[row] = f"{name} {seen[name]}"
    return names


def channel_words(tracks: Sequence[TrackChoice]) -> list[str]:
    """The layout of each track's sound (``stereo``, ``5.1``); empty for all where it makes no difference."""
    if len({track.channels for track in tracks}) < 2:
        return [""] * len(tracks)
    return [_layout(track.channels or "") for track in tracks]


def _name(track: TrackChoice) -> str:
    language = language_name(track.language)
    label = track.label.strip()
    if _says_more(label, track, language):
        return label
    name = language or tr("Unknown language")
    purpose = _purpose(track)
    return f"{name} – {purpose}" if purpose else name


def _says_more(label: str, track: TrackChoice, language: str) -> bool:
    """Whether a label was written for people and tells them something that the language's name does not."""
    plain = label.casefold()
    if _MACHINE_NAME.fullmatch(plain) or plain in (track.id.casefold(), (track.language or "").casefold()):
        return False
    if not language:
        return True
    locale = QLocale(QLocale.codeToLanguage((track.language or "").replace("_", "-").split("-")[0]))
    own = {
        language,
        language.split(" (")[0],
        QLocale.languageToString(locale.language()),
        locale.nativeLanguageName(),
    }
    return plain not in {name.casefold() for name in own} and not _is_code_of(label, track.language)


def _is_code_of(label: str, tag: str | None) -> bool:
    """Whether the label only spells the code of the language: ``eng`` for ``en``, ``eng-2`` for a second track."""
    label = _NUMBER.sub("", label)
    if len(label) > 3 or not label.isascii():
        return False
    code = QLocale.codeToLanguage(label)
    return code != QLocale.Language.AnyLanguage and code == QLocale.codeToLanguage((tag or "")[:3].rstrip("-_"))


def _purpose(track: TrackChoice) -> str:
    """What a track is for, out of DASH roles (ISO/IEC 23009-1, 5.8.5.5), the TV-Anytime audio purposes that DASH-IF
    uses for accessibility, and HLS characteristics (RFC 8216bis, 4.4.6.1)."""
    for kind in track.kinds:
        words = _purposes().get(kind.casefold())
        if words:
            return words
    return tr("Forced") if track.forced else ""


def _purposes() -> dict[str, str]:
    described, hard_of_hearing = tr("Audio description"), tr("For the hard of hearing")
    return {
        "description": described,
        "public.accessibility.describes-video": described,
        "urn:tva:metadata:cs:audiopurposecs:2007=1": described,
        "enhanced-audio-intelligibility": tr("Clearer speech"),
        "urn:tva:metadata:cs:audiopurposecs:2007=2": hard_of_hearing,
        "public.accessibility.transcribes-spoken-dialog": hard_of_hearing,
        "public.accessibility.describes-music-and-sound": hard_of_hearing,
        "caption": hard_of_hearing,
        "public.easy-to-read": tr("Easy to read"),
        "easyreader": tr("Easy to read"),
        "commentary": tr("Commentary"),
        "dub": tr("Dubbed"),
        "forced-subtitle": tr("Forced"),
        "forced_subtitle": tr("Forced"),
        "karaoke": tr("Karaoke"),
    }


def _layout(channels: str) -> str:
    count, _, more = channels.partition("/")
    if "JOC" in more.split(","):
        return "Atmos"
    return {"1": tr("mono"), "2": tr("stereo")}.get(count) or _LAYOUTS.get(count, "")


def _place(subtag: str) -> str:
    """A region or a script; the other parts of a tag say nothing to a viewer."""
    if len(subtag) == 4 and subtag.isalpha():
        script = QLocale.codeToScript(subtag)
        return "" if script == QLocale.Script.AnyScript else _translated(QLocale.scriptToString(script))
    territory = QLocale.codeToTerritory(subtag)
    return "" if territory == QLocale.Country.AnyCountry else _translated(QLocale.territoryToString(territory))


def _translated(name: str) -> str:
    """Qt knows the names in English; the app's translations have those of languages that films often speak."""
    return _common_languages().get(name, name)


def _common_languages() -> dict[str, str]:
    return {
        "Arabic": tr("Arabic"),
        "Chinese": tr("Chinese"),
        "Czech": tr("Czech"),
        "Danish": tr("Danish"),
        "Dutch": tr("Dutch"),
        "English": tr("English"),
        "Finnish": tr("Finnish"),
        "French": tr("French"),
        "German": tr("German"),
        "Greek": tr("Greek"),
        "Hebrew": tr("Hebrew"),
        "Hindi": tr("Hindi"),
        "Hungarian": tr("Hungarian"),
        "Italian": tr("Italian"),
        "Japanese": tr("Japanese"),
        "Korean": tr("Korean"),
        "Norwegian": tr("Norwegian"),
        "Polish": tr("Polish"),
        "Portuguese": tr("Portuguese"),
        "Romanian": tr("Romanian"),
        "Russian": tr("Russian"),
        "Spanish": tr("Spanish"),
        "Swedish": tr("Swedish"),
        "Turkish": tr("Turkish"),
        "Ukrainian": tr("Ukrainian"),
    }
