"""Shaka Packager: CMAF segments of 4 s, one HLS and one DASH manifest over the same files, encrypted or clear.

Encryption is CENC ``cbcs`` (ISO/IEC 23001-7, pattern 1:9 for video) with one key per label. Each init segment and
the MPD carry two version 1 PSSH boxes that list the title's key ids: the W3C common system, by which any ClearKey
player knows its keys, and DASH-IF's ClearKey system. HLS playlists name the key id in a ``data:`` URI.
"""

from __future__ import annotations

import os
import secrets
import struct
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path

from backend_stub.encoding import tools
from backend_stub.encoding.encode import SEGMENT_S, Encoded, EncodedAudio, EncodedVideo
from backend_stub.encoding.ladder import KeyLabel
from backend_stub.encoding.process import run_tool
from backend_stub.services.content_keys import KEY_BYTES, PlainKey

COMMON_SYSTEM = uuid.UUID("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")  # W3C "cenc" initialization data
CLEARKEY_SYSTEM = uuid.UUID("e2719d58-a985-b3c9-781a-b030af78d30e")  # DASH-IF ClearKey
DASH_MANIFEST = "manifest.mpd"
HLS_MASTER = "master.m3u8"
_SEGMENT_NAME = "$Number%05d$.m4s"
_UNKNOWN_LANGUAGE = "und"


def generate_keys(labels: Sequence[KeyLabel]) -> tuple[PlainKey, ...]:
    """Fresh random keys, one per label."""
    return tuple(PlainKey(str(label), uuid.uuid4().bytes, secrets.token_bytes(KEY_BYTES)) for label in labels)


def package(
    encoded: Encoded,
    folder: Path,
    keys: Sequence[PlainKey] = (),
    *,
    cancel: threading.Event | None = None,
) -> None:
    """Write ``manifest.mpd``, ``master.m3u8`` and the segments of ``encoded`` into ``folder``, encrypted when
    ``keys`` are given.

    Raises :class:`ToolFailedError`, :class:`CancelledError`.
    """
    folder.mkdir(parents=True)
    command: list[str | Path] = [
        tools.locate().packager,
        "--quiet",
        *(_video_stream(item, folder) for item in encoded.video),
        *(_audio_stream(item, folder) for item in encoded.audio),
        f"--segment_duration={SEGMENT_S}",
        "--generate_static_live_mpd",
        "--generate_sidx_in_media_segments=false",
        *_main_language(encoded),
        f"--mpd_output={DASH_MANIFEST}",
        f"--hls_master_playlist_output={HLS_MASTER}",
    ]
    if not keys:
        run_tool(command, cwd=folder, cancel=cancel)
        return
    flags = folder / "keys.flags"  # not on the command line, where every user of the machine could read them
    try:
        flags.touch(mode=0o600)
        flags.write_text(_key_flags(keys), encoding="ascii")
        run_tool([*command, f"--flagfile={flags.name}"], cwd=folder, cancel=cancel)
    finally:
        flags.unlink(missing_ok=True)


def _video_stream(item: EncodedVideo, folder: Path) -> str:
    return (
        f"in={_input(item.path, folder)},stream=video,drm_label={item.rung.label},{_outputs('video', item.rung.name)}"
    )


def _audio_stream(item: EncodedAudio, folder: Path) -> str:
    return (
        f"in={_input(item.path, folder)},stream=audio,drm_label={KeyLabel.AUDIO},hls_name={item.rung.name},"
        f"{_language('lang=', item.rung.language, ',')}{_outputs('audio', item.rung.name)}"
    )


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
    return f"init_segment={place}/init.mp4,segment_template={place}/{_SEGMENT_NAME},playlist_name={place}/index.m3u8"


def _key_flags(keys: Sequence[PlainKey]) -> str:
    raw = ",".join(f"label={key.label}:key_id={key.kid.hex()}:key={key.key.hex()}" for key in keys)
    kids = [key.kid for key in keys]
    boxes = b"".join(pssh_box(system, kids) for system in (COMMON_SYSTEM, CLEARKEY_SYSTEM))
    flags = [
        "--enable_raw_key_encryption",
        "--protection_scheme=cbcs",
        "--clear_lead=0",
        # This names the systems for HLS, the boxes say what DASH and the init segments carry.
        "--protection_systems=CommonSystem",
        f"--keys={raw}",
        f"--pssh={boxes.hex()}",
    ]
    return "\n".join(flags) + "\n"


def pssh_box(system: uuid.UUID, kids: Sequence[bytes]) -> bytes:
    """A version 1 ``pssh`` box without data (ISO/IEC 23001-7 section 8.1)."""
    body = system.bytes + struct.pack(">I", len(kids)) + b"".join(kids) + struct.pack(">I", 0)
    return struct.pack(">I4sI", len(body) + 12, b"pssh", 1 << 24) + body
