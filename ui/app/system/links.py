"""``matinee:`` links, as web pages and other programs give them to the app. Pure.

``matinee:title/ID`` shows a title of the service, ``matinee:play/ID`` plays it, ``matinee:open?url=ADDRESS`` plays a
stream. Whoever makes a link is not trusted: only ids of the service's form and web addresses are taken out of it.
A file of this machine is for the viewer alone to name (:func:`chosen_file`).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit
from urllib.request import url2pathname

SCHEME = "matinee"
_ID = re.compile(r"[a-z0-9-]{1,64}")
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class MatineeLink:
    """What is wanted: the title, played or shown, or the stream at ``url``."""

    title_id: str = ""
    play: bool = False
    url: str = ""


def parsed(text: str) -> MatineeLink | None:
    """What a link or a web address asks for; None for anything else."""
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if is_web_address(text):
        return MatineeLink(url=text)
    scheme, _, rest = text.partition(":")
    if scheme.casefold() != SCHEME:
        return None
    what, _, query = rest.lstrip("/").partition("?")
    verb, _, title_id = what.rstrip("/").partition("/")
    if verb in ("title", "play") and _ID.fullmatch(title_id) and not query:
        return MatineeLink(title_id=title_id, play=verb == "play")
    url = _only(parse_qs(query, max_num_fields=5).get("url", []) if verb == "open" and not title_id else [])
    return MatineeLink(url=url) if is_web_address(url) else None


def is_web_address(url: str) -> bool:
    """Whether this is an address of the web with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def chosen_file(text: str) -> Path | None:
    """The file that a viewer names by its whole path or its ``file:`` address; None for anything else. Never to be
    asked about what came from elsewhere."""
    text = text.strip()
    if len(text) > _LONGEST or not text.isprintable():
        return None
    if text.partition(":")[0].casefold() == "file":
        try:
            parts = urlsplit(text)
            if parts.hostname not in (None, "localhost"):
                return None
        except ValueError:
            return None
        text = os.fsdecode(unquote_to_bytes(parts.path)) if os.name == "posix" else url2pathname(parts.path)
    path = Path(text)
    return path if path.is_absolute() and path.name and "\0" not in text else None


def place_text(path: Path | str) -> str:
    """Return text that :func:`chosen_file` reads as this file, and that Qt and a line of a socket transport
    unchanged. It is the path, or a ``file:`` address if the name is no text or has invisible characters."""
    text = str(path)
    return text if text.isprintable() and text == text.strip() else Path(text).as_uri()


def _only(values: list[str]) -> str:
    return values[0] if len(values) == 1 else ""
