"""Manifests of a title for plans that do not have all of its pictures, beside the whole ones.

They are made when first needed, and are files like the others, so that every edge, cache and web server serves them.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path, PurePosixPath

from backend_stub.signing import rungs_in

DASH, HLS = "manifest.mpd", "master.m3u8"
CHAPTERS = "chapters.json"  # beside them, where the title has any
_SET = re.compile(r"\s*<AdaptationSet\b.*?</AdaptationSet>", re.DOTALL)
_REPRESENTATION = re.compile(r"\s*<Representation\b.*?</Representation>", re.DOTALL)
_LIMITED = re.compile(r"^(manifest|master)-(\d{1,5})(\.mpd|\.m3u8)$")


def limited(name: str, limit: int | None) -> str:
    """What the manifest ``name`` is called with pictures of at most ``limit`` lines."""
    path = PurePosixPath(name)
    return name if limit is None else f"{path.stem}-{limit}{path.suffix}"


def limit_in(name: str) -> tuple[str, int | None]:
    """The whole manifest's name and the limit, of a name by :func:`limited`."""
    found = _LIMITED.match(name)
    return (found[1] + found[3], int(found[2])) if found else (name, None)


def within(text: str, limit: int | None) -> str:
    """A multivariant playlist or an MPD without the pictures of more than ``limit`` lines."""
    if limit is None:
        return text
    if not text.startswith("#EXTM3U"):
        kept = _REPRESENTATION.sub(lambda found: found[0] if _fits(found[0], limit) else "", text)
        return _SET.sub(lambda found: found[0] if "<Representation" in found[0] else "", kept)
    lines = text.splitlines()
    below = [*lines[1:], ""]
    return "".join(
        f"{line}\n"
        for line, following in zip(lines, below, strict=True)
        if _fits(line, limit) and not (line.startswith("#EXT-X-STREAM-INF:") and not _fits(following, limit))
    )


def make_limited(folder: Path, limit: int | None) -> int | None:
    """See that the limited manifests are in the folder of a variant; None where all of its pictures fit, or none."""
    if limit is None or (folder / limited(HLS, limit)).exists():
        return limit
    texts = {name: (folder / name).read_text("utf-8") for name in (DASH, HLS) if (folder / name).exists()}
    rungs = [rung for text in texts.values() for rung in rungs_in(text)]
    if all(rung <= limit for rung in rungs) or all(rung > limit for rung in rungs):
        return None
    for name, text in texts.items():
        draft = folder / f".{secrets.token_hex(4)}"
        draft.write_text(within(text, limit), "utf-8")
        draft.replace(folder / limited(name, limit))
    return limit


def _fits(text: str, limit: int) -> bool:
    return all(rung <= limit for rung in rungs_in(text))
