"""Options of libmpv for a file that it opens by itself, and what it must not open because of it. Pure.

libmpv and FFmpeg know many files that name others: playlists, edit lists, linked Matroska segments, QuickTime
references, concatenations. Three doors are closed, each of which would stop most of them. Only FFmpeg's demuxers of
:mod:`player.media.demuxers` may read the file (``format_whitelist``). None of them may open anything
(``access-references``, ``protocol_whitelist``). libmpv looks for nothing beside the file.
"""

from __future__ import annotations

from collections.abc import Mapping

from player.media.demuxers import DEMUXERS

MOST_FONT_BYTES = 64 << 20
"""So much may be attached to a file as fonts; with more they are not used."""
_EARLIER_S = 3.0
_CACHE = "64MiB"
_KEPT = "32MiB"


def quoted(text: str) -> str:
    """A value in a list of options, whatever it contains (mpv's manual, "Suboption formatting": ``%n%text``)."""
    return f"%{len(text.encode())}%{text}"


def file_options(
    *, matroska: bool, fonts: bool, indexed: bool = True, audio_languages: tuple[str, ...] = ()
) -> Mapping[str, str]:
    """The options of one ``loadfile``, each value quoted. ``matroska``: libmpv's own demuxer reads it. ``fonts``:
    those inside the file are used. ``indexed``: the file says where its pictures are; in others a seek lands late now
    and then, so it begins earlier. ``audio_languages`` are tried in this order."""
    options = {
        "demuxer": "mkv" if matroska else "lavf",
        "sub-demuxer": "lavf",
        "audio-demuxer": "lavf",
        "demuxer-lavf-o": f"format_whitelist={quoted(DEMUXERS)},protocol_whitelist={quoted('none')}",
        "access-references": "no",
        "ordered-chapters": "no",
        "load-unsafe-playlists": "no",
        "autoload-files": "no",
        "sub-auto": "no",
        "sub-create-cc-track": "no",  # one is made once captions are found
        "audio-file-auto": "no",
        "cover-art-auto": "no",
        "embeddedfonts": "yes" if fonts else "no",
        "audio-display": "embedded-first",
        # The opposite of what our own streams need.
        "rebase-start-time": "yes",
        "demuxer-mkv-probe-start-time": "yes",
        "cache": "auto",
        "demuxer-readahead-secs": "1",
        "demuxer-max-bytes": _CACHE,
        "demuxer-max-back-bytes": _KEPT,
    }
    if not indexed:
        options["hr-seek-demuxer-offset"] = str(_EARLIER_S)
    if audio_languages:
        options["alang"] = ",".join(audio_languages)
    return {name: quoted(value) for name, value in options.items()}
