"""Shaka Packager: CMAF segments of 4 s, one HLS and one DASH manifest over the same files, encrypted or clear.

Encryption is CENC (ISO/IEC 23001-7), ``cbcs`` with pattern 1:9 for video or ``cenc``, with one key per label. Each
init segment and the MPD carry two version 1 PSSH boxes that list the title's key ids. One is for the W3C common
system, by which any ClearKey player knows its keys, one for DASH-IF's ClearKey system. Widevine's and PlayReady's are
added on request. HLS playlists name the key id in a ``data:`` URI, and each video rung has an I-frame playlist. Both
manifests name the sheets of thumbnails. Subtitles are WebVTT in MP4, never encrypted. The same renditions
give the same files, but for the random initialisation vectors of encrypted ones.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from backend_stub.boxes import CLEARKEY_SYSTEM, COMMON_SYSTEM, pssh_box
from backend_stub.encoding import tiles as sheets
from backend_stub.encoding import tools
from backend_stub.encoding.chunks import SEGMENT_S
from backend_stub.encoding.ladder import AudioRung, EncodingLadder, KeyLabel, VideoRung
from backend_stub.encoding.probe import ChapterInfo
from backend_stub.encoding.process import run_tool
from backend_stub.encoding.subtitles import TextRung
from backend_stub.encoding.tiles import TileSheets
from backend_stub.manifests import CHAPTERS
from backend_stub.services.content_keys import KEY_BYTES, PlainKey

DASH_MANIFEST = "manifest.mpd"
HLS_MASTER = "master.m3u8"
SCHEMES = ("cbcs", "cenc")
#: Key systems whose PSSH boxes the packager can add.
SYSTEMS = {"widevine": "Widevine", "playready": "PlayReady"}
#: How good a Representation looks, 0 to 100.
SCORE_PROPERTY = "urn:matinee:score"
_SEGMENT_NAME = "$Number%05d$.m4s"
_UNKNOWN_LANGUAGE = "und"
# RFC 8216bis section 4.4.6.1, and DASH-IF IOP part 7 with the classification of TV-Anytime
_DESCRIBED = (
    "hls_characteristics=public.accessibility.describes-video,dash_roles=description,"
    "dash_accessibilities=urn:tva:metadata:cs:AudioPurposeCS:2007=1,"
)


@dataclass(frozen=True, slots=True)
class EncodedVideo:
    rung: VideoRung
    path: Path


@dataclass(frozen=True, slots=True)
class EncodedAudio:
    rung: AudioRung
    path: Path


@dataclass(frozen=True, slots=True)
class EncodedText:
    rung: TextRung
    path: Path


@dataclass(frozen=True, slots=True)
class Encoded:
    """The renditions as whole files; ``duration_s`` is that of the pictures. ``scores`` say by the rung's name
    how good it looks; ``tiles`` are the sheets in ``tiles_folder``."""

    ladder: EncodingLadder
    video: tuple[EncodedVideo, ...]
    audio: tuple[EncodedAudio, ...]
    duration_s: float
    text: tuple[EncodedText, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    tiles: TileSheets | None = None
    tiles_folder: Path = Path()
    chapters: tuple[ChapterInfo, ...] = ()


def generate_keys(labels: Sequence[KeyLabel]) -> tuple[PlainKey, ...]:
    """Fresh random keys, one per label."""
    return tuple(PlainKey(str(label), uuid.uuid4().bytes, secrets.token_bytes(KEY_BYTES)) for label in labels)


def package(
    encoded: Encoded,
    folder: Path,
    keys: Sequence[PlainKey] = (),
    *,
    scheme: str = "cbcs",
    systems: Sequence[str] = (),
    cancel: threading.Event | None = None,
) -> None:
    """Write ``manifest.mpd``, ``master.m3u8`` and the segments of ``encoded`` into ``folder``, encrypted when
    ``keys`` are given; ``systems`` are names in :data:`SYSTEMS`.

    Raises :class:`ToolFailedError`, :class:`CancelledError`.
    """
    folder.mkdir(parents=True)
    command: list[str | Path] = [
        tools.locate().packager,
        "--quiet",
        # The same renditions give the same files: no time of day in them, and one order of the streams.
        "--use_fake_clock_for_muxer",
        "--single_threaded",
        *(_video_stream(item, folder) for item in encoded.video),
        *(_audio_stream(item, folder) for item in encoded.audio),
        *(_text_stream(item, folder) for item in encoded.text),
        f"--segment_duration={SEGMENT_S}",
        "--generate_static_live_mpd",
        "--generate_sidx_in_media_segments=false",
        *_main_language(encoded),
        f"--mpd_output={DASH_MANIFEST}",
        f"--hls_master_playlist_output={HLS_MASTER}",
    ]
    if keys:
        flags = folder / "keys.flags"  # not on the command line, where every user of the machine could read them
        try:
            flags.touch(mode=0o600)
            flags.write_text(_key_flags(keys, scheme, systems), encoding="ascii")
            run_tool([*command, f"--flagfile={flags.name}"], cwd=folder, cancel=cancel)
        finally:
            flags.unlink(missing_ok=True)
    else:
        run_tool(command, cwd=folder, cancel=cancel)
    _complete_manifests(encoded, folder)


def _complete_manifests(encoded: Encoded, folder: Path) -> None:
    """Add what the packager does not know of: how good the rungs look, and the sheets of small pictures,
    the chapters."""
    master = folder / HLS_MASTER
    text = _with_scores(master.read_text(encoding="utf-8"), encoded)
    mpd = folder / DASH_MANIFEST
    mpd.write_text(_with_properties(mpd.read_text("utf-8"), encoded), encoding="utf-8")
    if encoded.tiles is not None:
        tiles = encoded.tiles
        (folder / sheets.FOLDER).mkdir()
        for number in range(1, tiles.sheets + 1):
            name = sheets.sheet_name(number)
            shutil.copyfile(encoded.tiles_folder / Path(name).name, folder / name)
        playlist = folder / sheets.FOLDER / sheets.PLAYLIST
        playlist.write_text(sheets.image_playlist(tiles), encoding="utf-8")
        text = sheets.add_to_hls(text, tiles)
        mpd.write_text(sheets.add_to_dash(mpd.read_text("utf-8"), tiles), encoding="utf-8")
    if encoded.chapters:
        (folder / CHAPTERS).write_text(_chapters_document(encoded), encoding="utf-8")
        text += f'#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.chapters",URI="{CHAPTERS}"\n'
    master.write_text(text, encoding="utf-8")


def _chapters_document(encoded: Encoded) -> str:
    """Apple, "Providing JavaScript Object Notation (JSON) chapters"."""
    ends = [*(chapter.start_s for chapter in encoded.chapters[1:]), encoded.duration_s]
    chapters = [
        {
            "chapter": number,
            "start-time": chapter.start_s,
            "duration": round(max(0.0, end_s - chapter.start_s), 3),
            "titles": [{"language": "und", "title": chapter.title}],
        }
        for number, (chapter, end_s) in enumerate(zip(encoded.chapters, ends, strict=True), 1)
    ]
    return json.dumps(chapters, ensure_ascii=False, indent=1) + "\n"


def _with_scores(master: str, encoded: Encoded) -> str:
    """SCORE (RFC 8216bis, section 4.4.6.2) for every variant, or for none."""
    places = {_playlist("video", item.rung.name): encoded.scores.get(item.rung.name) for item in encoded.video}
    if None in places.values():
        return master
    lines = master.splitlines()
    for number, line in enumerate(lines[:-1]):
        if line.startswith("#EXT-X-STREAM-INF:") and lines[number + 1] in places:
            lines[number] = f"{line},SCORE={places[lines[number + 1]]:.2f}"
    return "\n".join(lines) + "\n"


def _with_properties(mpd: str, encoded: Encoded) -> str:
    """The same for DASH, which has no such attribute: a property of the Representation."""
    scores = {f"video/{item.rung.name}/init.mp4": encoded.scores.get(item.rung.name) for item in encoded.video}
    if None in scores.values():
        return mpd

    def rated(found: re.Match[str]) -> str:
        score = scores.get(found["init"])
        if score is None:
            return found[0]
        lead = found["lead"]
        return f'{lead}<SupplementalProperty schemeIdUri="{SCORE_PROPERTY}" value="{score:.2f}"/>{found[0]}'

    return re.sub(r'(?P<lead>\s*)<SegmentTemplate [^>]*initialization="(?P<init>[^"]*)"', rated, mpd)


def _video_stream(item: EncodedVideo, folder: Path) -> str:
    return (
        f"in={_input(item.path, folder)},stream=video,drm_label={item.rung.label},"
        f"{_outputs('video', item.rung.name)},iframe_playlist_name=video/{item.rung.name}/iframes.m3u8"
    )


def _audio_stream(item: EncodedAudio, folder: Path) -> str:
    return (
        f"in={_input(item.path, folder)},stream=audio,drm_label={KeyLabel.AUDIO},{_names(item.rung)},"
        f"{_DESCRIBED if item.rung.described else ''}"
        f"{_language('lang=', item.rung.language, ',')}{_outputs('audio', item.rung.name)}"
    )


def _text_stream(item: EncodedText, folder: Path) -> str:
    return (
        f"in={_input(item.path, folder)},stream=text,format=mp4,{_names(item.rung)},"
        f"{_language('lang=', item.rung.language, ',')}{_outputs('text', item.rung.name)}"
    )


def _names(rung: AudioRung | TextRung) -> str:
    """What the track is called. In DASH a second one of a language needs a label: else both would be one track."""
    label = f",dash_label={rung.name}" if rung.name != rung.language else ""
    return f"hls_name={rung.name}{label}"


def _input(path: Path, folder: Path) -> str:
    """``path`` seen from ``folder``: a data folder may have a comma in its name, which the packager cannot take."""
    return os.path.relpath(path, folder)


def _main_language(encoded: Encoded) -> list[str]:
    flag = _language("--default_language=", encoded.audio[0].rung.language) if encoded.audio else ""
    return [flag] if flag else []


def _language(before: str, language: str, after: str = "") -> str:
    """A language where one is known: the packager refuses ``und``."""
    return "" if language == _UNKNOWN_LANGUAGE else f"{before}{language}{after}"


def _outputs(kind: str, name: str) -> str:
    place = f"{kind}/{name}"
    segments = f"init_segment={place}/init.mp4,segment_template={place}/{_SEGMENT_NAME}"
    return f"{segments},playlist_name={_playlist(kind, name)}"


def _playlist(kind: str, name: str) -> str:
    return f"{kind}/{name}/index.m3u8"


def _key_flags(keys: Sequence[PlainKey], scheme: str, systems: Sequence[str]) -> str:
    raw = ",".join(f"label={key.label}:key_id={key.kid.hex()}:key={key.key.hex()}" for key in keys)
    kids = [key.kid for key in keys]
    boxes = b"".join(pssh_box(system, kids) for system in (COMMON_SYSTEM, CLEARKEY_SYSTEM))
    flags = [
        "--enable_raw_key_encryption",
        f"--protection_scheme={scheme}",
        "--clear_lead=0",
        # This names the systems for HLS, the boxes say what DASH and the init segments carry besides.
        "--protection_systems=" + ",".join(["CommonSystem", *(SYSTEMS[name] for name in systems)]),
        f"--keys={raw}",
        f"--pssh={boxes.hex()}",
    ]
    return "\n".join(flags) + "\n"
