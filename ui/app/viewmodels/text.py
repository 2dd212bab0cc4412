"""Numbers as people read them, and the translation of the view models' own words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale


def tr(text: str) -> str:
    """``text`` in the viewer's language (Qt context ``ViewModels``)."""
    return QCoreApplication.translate("ViewModels", text)


def decimal(value: float, places: int) -> str:
    """``12.5``, or ``12,5`` where it is written so."""
    locale = QLocale()
    locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
    return locale.toString(float(value), "f", places)


def clock_time(seconds: float) -> str:
    """``1:02:03`` or ``2:03``; negative times count as 0."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration_words(seconds: float) -> str:
    """``1 h 32 min``, ``12 min``, ``40 s``; empty for nothing."""
    whole = round(seconds)
    if whole <= 0:
        return ""
    if whole < 60:
        return f"{whole} s"
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def bitrate(bits_per_second: float) -> str:
    """``2.4 Mbit/s``, ``640 kbit/s`` or ``1254 Mbit/s``."""
    if bits_per_second >= 100_000_000:
        return f"{decimal(bits_per_second / 1e6, 0)} Mbit/s"
    if bits_per_second >= 1_000_000:
        return f"{decimal(bits_per_second / 1e6, 1)} Mbit/s"
    return f"{decimal(bits_per_second / 1e3, 0)} kbit/s"


def byte_words(count: float) -> str:
    """``640 kB``, ``12.5 MB`` or ``3.1 GB``."""
    if count >= 1e9:
        return f"{decimal(count / 1e9, 1)} GB"
    if count >= 1e6:
        return f"{decimal(count / 1e6, 1)} MB"
    return f"{decimal(count / 1e3, 0)} kB"


def genre_words(genre: str) -> str:
    """The name of a genre in the viewer's language; one that is not known is shown as the service has it."""
    known = {
        "action": tr("Action"),
        "adventure": tr("Adventure"),
        "animation": tr("Animation"),
        "comedy": tr("Comedy"),
        "crime": tr("Crime"),
        "documentary": tr("Documentary"),
        "drama": tr("Drama"),
        "family": tr("Family"),
        "fantasy": tr("Fantasy"),
        "music": tr("Music"),
        "mystery": tr("Mystery"),
        "nature": tr("Nature"),
        "relaxing": tr("Relaxing"),
        "romance": tr("Romance"),
        "science-fiction": tr("Science fiction"),
        "travel": tr("Travel"),
    }
    return known.get(genre) or genre.replace("-", " ").capitalize()
