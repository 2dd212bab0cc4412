"""The names that catalogue, licences and edges share: ids of titles, their kinds, variants and versions."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

TITLE_ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}$"
ENCRYPTED = "encrypted"
CLEAR = "clear"
VARIANTS = (ENCRYPTED, CLEAR)
FILM, SERIES, EPISODE, TRAILER = "film", "series", "episode", "trailer"
CHANNEL = "channel"  # stands in the guide
KINDS = (FILM, SERIES, EPISODE, TRAILER, CHANNEL)
RECORDING = "recording"  # of a programme, for one profile: in no list of titles
LISTED = (FILM, SERIES)  # kinds that stand in lists by themselves; the others are found through them
LIVE = "live"  # a channel: broadcast into a folder of its own, or the clear variant in a loop
SHOWN_MARK = "shown"  # the file beside a title's variants that names the version on show
VERSION_PATTERN = r"v[1-9][0-9]{0,5}"
_ID_BASE_CHARS = 48


def place_of(variant: str, version: int) -> str:
    """Where the files of a version lie below a title, in the media folder and in addresses: those of the first in the
    variant's own folder, those of later ones in folders in it. A channel has no versions."""
    return variant if version == 1 or variant == LIVE else f"{variant}/v{version}"


def shown_place(home: Path, variant: str) -> str:
    """:func:`place_of` the version that is shown, out of a title's folder. Raises OSError, ValueError."""
    mark = home / SHOWN_MARK
    return place_of(variant, int(mark.read_text(encoding="ascii")) if mark.exists() else 1)


def slug(title: str) -> str:
    """A title id made of a title's name: ``Sintel: Die Reise`` gives ``sintel-die-reise``."""
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only)[:_ID_BASE_CHARS].strip("-") or "title"
