"""``matinee decrypt``: test material with known keys, to clear files.

Takes MP4 (complete, or an init segment and its media segments), WebM, MPEG-TS, packed audio, and segments encrypted
as a whole. Also takes local manifests (HLS playlists, MPDs), which name the method and the initialisation vectors.
"""

from __future__ import annotations

import argparse
import base64
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from drm_client.errors import DrmError, DrmErrorCode
from drm_client.files import FileDecryptor, FileKind, SegmentKey, file_kind
from drm_client.keys import KEY_LENGTHS, KID_LENGTH
from drm_client.sample_aes import is_described_as_encrypted
from player.base.errors import ErrorCode, ExitCode, InputError
from ui.cli.decrypt_inputs import KnownKeys, is_playlist, key_beside, playlist_parts, rendition_playlists
from ui.cli.decrypt_mpd import LocalRendition, is_mpd, mpd_key_beside, mpd_renditions
from ui.cli.decrypt_order import begins_presentation, files_of, in_order, output_names
from ui.cli.decrypt_trial import find_sample_key, find_segment_key, likely_ivs

_METHODS = ("AES-128", "AES-256", "AES-256-CTR", "AES-256-GCM", "SAMPLE-AES")
_SEGMENT_SUFFIXES = (".m4s", ".cmfv", ".cmfa", ".m4f")
_MARKUP = re.compile(rb"(\xef\xbb\xbf)?\s*<[?!A-Za-z][\t\n\r -~]{14}")  # no ciphertext begins like that


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``matinee decrypt``."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="media files, HLS playlists, MPDs, folders"
    )
    parser.add_argument(
        "--key",
        action="append",
        required=True,
        metavar="KID:KEY",
        help="a key ID and its key, hexadecimal or Base64; KEY alone fits any key ID; may be repeated",
    )
    parser.add_argument("--iv", metavar="HEX", help="initialisation vector, for files that do not carry it")
    parser.add_argument("--method", choices=_METHODS, help="how files without a playlist are encrypted as a whole")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="the clear file (parts one behind the other), or a folder (with / at its end) for one file each",
    )


def run(args: argparse.Namespace) -> int:
    """Decrypt; raises :class:`player.base.errors.InputError` or :class:`drm_client.errors.DrmError`."""
    keys = parse_keys(args.key)
    iv = None if args.iv is None else _bytes_of(args.iv, "--iv", (8, 12, 16))
    target = Target(Path(args.output), args.output.endswith("/") or Path(args.output).is_dir())
    files = [file for path in args.files for file in files_of(path)]
    if not files:
        raise InputError(ErrorCode.INPUT_FILE, "There are no files in it.")
    manifests = [path for path in files if is_playlist(path) or is_mpd(path)]
    media = [path for path in files if path not in manifests]
    try:
        if manifests:
            written = _decrypt_manifests(manifests, media, keys, target)
        else:
            written = _decrypt_files(media, keys, iv, args.method, target)
    except DrmError as error:
        if error.code is DrmErrorCode.NO_KEY:
            kid = error.fields["kid"]
            sentence = f"No key was given for the key ID {kid}: add --key {kid}:KEY."
            raise DrmError(DrmErrorCode.NO_KEY, sentence, kid=kid) from error
        raise
    for path in written:
        print(f"matinee: wrote {path}", file=sys.stderr)
    return int(ExitCode.GOOD)


def parse_keys(texts: Iterable[str]) -> KnownKeys:
    """The keys of ``KID:KEY`` and ``KEY`` texts. Raises :class:`InputError` without repeating a key."""
    keys = KnownKeys()
    for number, text in enumerate(texts, 1):
        kid, separator, value = text.rpartition(":")
        key = _bytes_of(value, f"Key {number}", KEY_LENGTHS)
        if separator:
            keys.add(_kid(kid, f"The key ID of key {number}"), key)
        else:
            keys.add(None, key)
    return keys


def _kid(text: str, what: str) -> bytes:
    """A key ID, also in the form of a UUID."""
    is_uuid = len(text.strip()) == 36
    return _bytes_of(text.replace("-", "") if is_uuid else text, what, (KID_LENGTH,))


def _bytes_of(text: str, what: str, lengths: Sequence[int]) -> bytes:
    """Hexadecimal digits, or Base64 as JSON Web Keys have it."""
    given = text.strip()
    for read in (_hexadecimal, _base64):
        value = read(given)
        if len(value) in lengths:
            return value
    allowed = " or ".join(str(2 * length) for length in lengths)
    raise InputError(ErrorCode.INPUT_USAGE, f"{what} should be {allowed} hexadecimal digits.")


def _hexadecimal(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return b""


def _base64(text: str) -> bytes:
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    try:
        return base64.b64decode(padded, b"-_" if {"-", "_"} & set(padded) else None, validate=True)
    except ValueError:
        return b""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the output goes: one file, or a folder."""

    path: Path
    is_folder: bool

    def for_several(self, what: str) -> Target:
        """A folder for several files that cannot be one. Raises :class:`InputError` where a file was meant."""
        if self.is_folder or (not self.path.suffix and not self.path.exists()):
            return Target(self.path, is_folder=True)
        raise InputError(
            ErrorCode.INPUT_USAGE,
            f"These are {what}, which cannot be one file: name a folder as output, with / at its end.",
        )


def _decrypt_manifests(
    manifests: Sequence[Path], media: Sequence[Path], keys: KnownKeys, target: Target
) -> list[Path]:
    """Each rendition becomes one file, however many manifests name it; several of them a folder."""
    renditions: list[LocalRendition] = []
    for path in manifests:
        if is_mpd(path):
            renditions += mpd_renditions(path, keys, only=media)
        else:
            for playlist in rendition_playlists(path):
                renditions.append(LocalRendition(playlist.stem, tuple(playlist_parts(playlist, keys, only=media))))
    renditions = _each_once(renditions)
    if not renditions:
        raise InputError(ErrorCode.INPUT_FILE, f"{manifests[0].name} lists nothing but keyframes of other playlists.")
    if len(renditions) > 1:
        target = target.for_several("several renditions")
    written = []
    for rendition in renditions:
        decryptor = FileDecryptor(keys.ring)
        clear = bytearray()
        suffix = ""
        for part in rendition.parts:
            suffix = part.path.suffix if part.is_media else suffix
            clear += decryptor.decrypt(part.read(), part.key)
        name = rendition.name.replace("/", "_") + (".mp4" if suffix in _SEGMENT_SUFFIXES else suffix)
        path = target.path / name if target.is_folder else target.path
        written.append(_write(path, clear, [*manifests, *media, *(part.path for part in rendition.parts)]))
    return written


def _each_once(renditions: Iterable[LocalRendition]) -> list[LocalRendition]:
    """Those that are made of other media than any before them."""
    found: dict[tuple[object, ...], LocalRendition] = {}
    for rendition in renditions:
        media = tuple((part.path.resolve(), part.byte_range) for part in rendition.parts if part.is_media)
        found.setdefault(media, rendition)
    return list(found.values())


def _decrypt_files(
    files: Sequence[Path], keys: KnownKeys, iv: bytes | None, method: str | None, target: Target
) -> list[Path]:
    """Files into one file or into a folder. Of packed audio, some of which says that it is encrypted, the rest is the
    clear begin of the title."""
    contents = in_order([(path, read_file(path)) for path in files])
    if sum(begins_presentation(data) for _, data in contents) > 1:
        target = target.for_several("several complete files")
    names = output_names([path for path, _ in contents])
    told = any(is_described_as_encrypted(data) for _, data in contents)
    decryptor = FileDecryptor(keys.ring)
    written = []
    joined = bytearray()
    for name, (path, data) in zip(names, contents, strict=True):
        is_clear = told and file_kind(data) is FileKind.PACKED_AUDIO and not is_described_as_encrypted(data)
        key = None if is_clear else _segment_key(data, path, keys, iv, method)
        clear = decryptor.decrypt(data, key)
        if target.is_folder:
            written.append(_write(target.path / name, clear, files))
        else:
            joined += clear
    return written or [_write(target.path, joined, files)]


def _segment_key(
    data: bytearray, path: Path, keys: KnownKeys, iv: bytes | None, method: str | None
) -> SegmentKey | None:
    """What is known of a file's encryption where no playlist tells; None where the file itself does."""
    kind = file_kind(data)
    if method is None and kind in (FileKind.MP4, FileKind.WEBM):
        return None
    if method is None and iv is None and (beside := key_beside(path, keys) or mpd_key_beside(path, keys)) is not None:
        return beside
    if kind in (FileKind.TRANSPORT_STREAM, FileKind.PACKED_AUDIO) and method in (None, "SAMPLE-AES"):
        if iv is None:
            return None
        found = find_sample_key(data, keys.values(), iv) if keys.are_several else None
        return found or SegmentKey("SAMPLE-AES", keys.only(), iv)
    if method is not None and (iv is not None or method == "AES-256-GCM"):
        return SegmentKey(method, keys.only(), iv)
    ivs = likely_ivs(path, keys.kids()) if iv is None else [iv]
    found = find_segment_key(data, keys.values(), ivs, method)
    if found is not None:
        return found
    if iv is not None and len(keys.only()) == 16:
        return SegmentKey("AES-128", keys.only(), iv)  # not media that is known here, but it was said how
    raise InputError(
        ErrorCode.INPUT_USAGE,
        f"{path.name} is encrypted as a whole and its initialisation vector is not known: give --iv or its manifest.",
    )


def read_file(path: Path) -> bytearray:
    """The bytes of a local file. Raises :class:`InputError`."""
    try:
        data = bytearray(path.read_bytes())
    except OSError as error:
        raise InputError(
            ErrorCode.INPUT_FILE, f"{path} cannot be read: {error.strerror or 'it is no file'}."
        ) from error
    if not data:
        raise InputError(ErrorCode.INPUT_FILE, f"{path} is empty.")
    if _MARKUP.match(data):
        raise InputError(ErrorCode.INPUT_FILE, f"{path} is XML or HTML, not media: give the media files themselves.")
    return data


def _write(target: Path, content: bytearray, inputs: Iterable[Path]) -> Path:
    """Write a whole file at once; never over one of the inputs."""
    if any(target.resolve() == path.resolve() for path in inputs):
        raise InputError(ErrorCode.INPUT_USAGE, f"{target} is one of the inputs; it is not written over.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            file.write(content)
        Path(file.name).replace(target)
        target.chmod(0o644)
    except OSError as error:
        raise InputError(
            ErrorCode.INPUT_FILE, f"{target} cannot be written: {error.strerror or 'no room or no right'}."
        ) from error
    return target
