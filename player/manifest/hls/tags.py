"""Every tag of RFC 8216bis (and the image-playlist tags that players share), by where it may stand.

The builders take each tag either into the model or name it in ``Presentation.unused``; a test walks this table.
"""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """Where a tag may stand (RFC 8216bis 4.4.1 to 4.4.6)."""

    BASIC = "basic"
    BOTH = "both"
    MEDIA = "media"
    SEGMENT = "segment"
    MULTIVARIANT = "multivariant"


TAGS: dict[str, tuple[Scope, str]] = {
    "EXTM3U": (Scope.BASIC, "4.4.1.1"),
    "EXT-X-VERSION": (Scope.BASIC, "4.4.1.2"),
    "EXT-X-INDEPENDENT-SEGMENTS": (Scope.BOTH, "4.4.2.1"),
    "EXT-X-START": (Scope.BOTH, "4.4.2.2"),
    "EXT-X-DEFINE": (Scope.BOTH, "4.4.2.3"),
    "EXT-X-TARGETDURATION": (Scope.MEDIA, "4.4.3.1"),
    "EXT-X-MEDIA-SEQUENCE": (Scope.MEDIA, "4.4.3.2"),
    "EXT-X-DISCONTINUITY-SEQUENCE": (Scope.MEDIA, "4.4.3.3"),
    "EXT-X-ENDLIST": (Scope.MEDIA, "4.4.3.4"),
    "EXT-X-PLAYLIST-TYPE": (Scope.MEDIA, "4.4.3.5"),
    "EXT-X-I-FRAMES-ONLY": (Scope.MEDIA, "4.4.3.6"),
    "EXT-X-PART-INF": (Scope.MEDIA, "4.4.3.7"),
    "EXT-X-SERVER-CONTROL": (Scope.MEDIA, "4.4.3.8"),
    "EXTINF": (Scope.SEGMENT, "4.4.4.1"),
    "EXT-X-BYTERANGE": (Scope.SEGMENT, "4.4.4.2"),
    "EXT-X-DISCONTINUITY": (Scope.SEGMENT, "4.4.4.3"),
    "EXT-X-KEY": (Scope.SEGMENT, "4.4.4.4"),
    "EXT-X-MAP": (Scope.SEGMENT, "4.4.4.5"),
    "EXT-X-PROGRAM-DATE-TIME": (Scope.SEGMENT, "4.4.4.6"),
    "EXT-X-GAP": (Scope.SEGMENT, "4.4.4.7"),
    "EXT-X-BITRATE": (Scope.SEGMENT, "4.4.4.8"),
    "EXT-X-PART": (Scope.SEGMENT, "4.4.4.9"),
    "EXT-X-DATERANGE": (Scope.MEDIA, "4.4.5.1"),
    "EXT-X-SKIP": (Scope.MEDIA, "4.4.5.2"),
    "EXT-X-PRELOAD-HINT": (Scope.MEDIA, "4.4.5.3"),
    "EXT-X-RENDITION-REPORT": (Scope.MEDIA, "4.4.5.4"),
    "EXT-X-MEDIA": (Scope.MULTIVARIANT, "4.4.6.1"),
    "EXT-X-STREAM-INF": (Scope.MULTIVARIANT, "4.4.6.2"),
    "EXT-X-I-FRAME-STREAM-INF": (Scope.MULTIVARIANT, "4.4.6.3"),
    "EXT-X-SESSION-DATA": (Scope.MULTIVARIANT, "4.4.6.4"),
    "EXT-X-SESSION-KEY": (Scope.MULTIVARIANT, "4.4.6.5"),
    "EXT-X-CONTENT-STEERING": (Scope.MULTIVARIANT, "4.4.6.6"),
    "EXT-X-IMAGES-ONLY": (Scope.MEDIA, "image playlists"),
    "EXT-X-TILES": (Scope.SEGMENT, "image playlists"),
    "EXT-X-IMAGE-STREAM-INF": (Scope.MULTIVARIANT, "image playlists"),
}

ONCE = frozenset(  # 4.4.1.2, 4.4.2, 4.4.3 and 4.4.5.2: no more than one of each in a playlist
    {
        "EXT-X-VERSION",
        "EXT-X-INDEPENDENT-SEGMENTS",
        "EXT-X-START",
        "EXT-X-TARGETDURATION",
        "EXT-X-MEDIA-SEQUENCE",
        "EXT-X-DISCONTINUITY-SEQUENCE",
        "EXT-X-ENDLIST",
        "EXT-X-PLAYLIST-TYPE",
        "EXT-X-I-FRAMES-ONLY",
        "EXT-X-PART-INF",
        "EXT-X-SERVER-CONTROL",
        "EXT-X-SKIP",
    }
)

MULTIVARIANT_MARKS = tuple("#" + name for name, (scope, _) in TAGS.items() if scope is Scope.MULTIVARIANT)
MEDIA_MARKS = tuple("#" + name for name, (scope, _) in TAGS.items() if scope in (Scope.MEDIA, Scope.SEGMENT))
