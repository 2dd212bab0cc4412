"""The names that catalogue, licences and edges share: ids of titles, their kinds and variants."""

import re
import unicodedata

TITLE_ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}$"
ENCRYPTED = "encrypted"
CLEAR = "clear"
VARIANTS = (ENCRYPTED, CLEAR)
FILM, SERIES, EPISODE, TRAILER = "film", "series", "episode", "trailer"
KINDS = (FILM, SERIES, EPISODE, TRAILER)
LISTED = (FILM, SERIES)  # kinds that stand in lists by themselves; the others are found through them
LIVE = "live"  # a channel over the clear variant
VERSION_PATTERN = r"^v[1-9][0-9]{0,5}$"
_ID_BASE_CHARS = 48


def version_name(version: int) -> str:
    """The folder of a version above the first, in the media folder and in addresses."""
    return f"v{version}"


def slug(title: str) -> str:
    """A title id made of a title's name: ``Sintel: Die Reise`` gives ``sintel-die-reise``."""
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only)[:_ID_BASE_CHARS].strip("-") or "title"
