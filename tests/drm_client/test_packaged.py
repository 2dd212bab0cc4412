"""Material that Shaka Packager and FFmpeg encrypted, decrypted by us, against the same material made clear."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from backend_stub.encoding import tools
from drm_client.files import FileDecryptor, FileKind, SegmentKey, file_kind
from drm_client.keys import KeyRing
from tests.kit import media

KID, KEY, IV = (
    "50000000000000000000000000000002",
    "1a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "00112233445566778899aabbccddeeff",
)
SECONDS = 8
SCHEMES = ("cenc", "cens", "cbc1", "cbcs")


def ring() -> KeyRing:
    keys = KeyRing()
    keys.add(bytes.fromhex(KID), bytes.fromhex(KEY))
    return keys


def packets(path: Path) -> list[tuple[str, int | None, bytes]]:
    """(stream type, presentation time, payload) of everything in a file."""
    with av.open(str(path)) as container:
        return [(packet.stream.type, packet.pts, bytes(packet)) for packet in container.demux() if packet.size]


def package(folder: Path, source: Path, output: str, scheme: str | None, stream: str, *options: str) -> Path:
    command = [tools.locate().packager, "--quiet", f"in={source},stream={stream},output={output},drm_label=X"]
    if scheme is not None:
        command += ["--enable_raw_key_encryption", "--keys", f"label=X:key_id={KID}:key={KEY}", "--clear_lead", "0"]
        command += ["--protection_scheme", scheme, "--iv", IV[: 32 if scheme in ("cbc1", "cbcs") else 16]]
    subprocess.run([str(word) for word in [*command, *options]], cwd=folder, check=True, capture_output=True)
    return folder / output


def decrypted(path: Path, key: SegmentKey | None = None) -> Path:
    clear = FileDecryptor(ring()).decrypt(bytearray(path.read_bytes()), key)
    result = path.with_name(f"decrypted-{path.name}")
    result.write_bytes(clear)
    return result


def source(name: str) -> Path:
    if name in ("v0.mp4", "en.m4a"):
        return media.elementary(SECONDS) / name
    folder = media.other_codec(name, SECONDS).folder
    joined = folder.with_name(f"{folder.name}-joined.mp4")  # by the recipe; another process may ask for it as well
    if not joined.exists():
        parts = [folder / "init-0.mp4", *sorted(folder.glob("seg-0-*.m4s"))]
        staging = joined.with_suffix(f".{os.getpid()}")
        staging.write_bytes(b"".join(part.read_bytes() for part in parts))
        staging.replace(joined)
    return joined


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("name", "stream"),
    [("v0.mp4", "video"), ("en.m4a", "audio"), ("hevc", "video"), ("vp9", "video"), ("av1", "video")],
)
def test_mp4_of_every_scheme_and_codec(tmp_path: Path, name: str, stream: str, scheme: str) -> None:
    clear = package(tmp_path, source(name), "clear.mp4", None, stream)
    encrypted = package(tmp_path, source(name), "encrypted.mp4", scheme, stream)
    result = decrypted(encrypted)
    assert packets(result) == packets(clear)
    assert packets(encrypted) != packets(clear)
    assert result.stat().st_size == clear.stat().st_size


@pytest.mark.parametrize("scheme", ["cens", "cbcs"])
@pytest.mark.parametrize("pattern", ["5:5", "10:0", "2:3"])
def test_mp4_of_other_patterns(tmp_path: Path, scheme: str, pattern: str) -> None:
    crypt, skip = pattern.split(":")
    options = ("--crypt_byte_block", crypt, "--skip_byte_block", skip)
    clear = package(tmp_path, source("v0.mp4"), "clear.mp4", None, "video")
    encrypted = package(tmp_path, source("v0.mp4"), "encrypted.mp4", scheme, "video", *options)
    assert packets(decrypted(encrypted)) == packets(clear)


@pytest.mark.parametrize("subsamples", ["true", "false"])
def test_webm(tmp_path: Path, subsamples: str) -> None:
    clear = package(tmp_path, source("vp9"), "clear.webm", None, "video")
    options = (f"--vp9_subsample_encryption={subsamples}",)
    result = decrypted(package(tmp_path, source("vp9"), "encrypted.webm", "cenc", "video", *options))
    assert packets(result) == packets(clear)
    assert result.stat().st_size == clear.stat().st_size
    with av.open(str(result)) as container:
        container.seek(5_000_000)
        assert next(container.demux()).pts == 4000  # the cue points lead to the keyframe


@pytest.mark.parametrize(("codec", "stream_type"), [("ac3", "ac-3"), ("eac3", "ec-3")])
@pytest.mark.parametrize("form", ["mp4", "ts", "packed"])
def test_dolby_sound(tmp_path: Path, codec: str, stream_type: str, form: str) -> None:
    sound = tmp_path / "sound.mp4"
    command = [tools.locate().ffmpeg, "-v", "error", "-i", source("en.m4a"), "-c:a", codec, "-b:a", "96k", sound]
    subprocess.run([str(word) for word in command], check=True)
    if form == "mp4":
        clear = package(tmp_path, sound, "clear.mp4", None, "audio")
        assert packets(decrypted(package(tmp_path, sound, "encrypted.mp4", "cbcs", "audio"))) == packets(clear)
        return
    _check_segments(tmp_path, sound, "audio", "ts" if form == "ts" else {"ac-3": "ac3", "ec-3": "ec3"}[stream_type])


@pytest.mark.parametrize(("name", "stream", "suffix"), [("v0.mp4", "video", "ts"), ("en.m4a", "audio", "ts")])
def test_sample_aes_transport_streams(tmp_path: Path, name: str, stream: str, suffix: str) -> None:
    _check_segments(tmp_path, source(name), stream, suffix)


def test_sample_aes_packed_aac(tmp_path: Path) -> None:
    _check_segments(tmp_path, source("en.m4a"), "audio", "aac")


def _check_segments(folder: Path, name: Path, stream: str, suffix: str) -> None:
    for kind, scheme in (("clear", None), ("encrypted", "cbcs")):
        options = ("--segment_duration", "4", "--hls_master_playlist_output", f"{kind}.m3u8")
        (folder / kind).mkdir()
        template = f"segment_template={kind}/$Number$.{suffix},playlist_name={kind}-media.m3u8"
        command = [tools.locate().packager, "--quiet", f"in={name},stream={stream},{template},drm_label=X", *options]
        if scheme:
            command += ["--enable_raw_key_encryption", "--keys", f"label=X:key_id={KID}:key={KEY}", "--iv", IV]
            command += ["--protection_scheme", scheme, "--clear_lead", "0"]
        subprocess.run([str(word) for word in command], cwd=folder, check=True, capture_output=True)
    key = SegmentKey("SAMPLE-AES", bytes.fromhex(KEY), bytes.fromhex(IV))
    segments = sorted((folder / "encrypted").iterdir())
    assert len(segments) == SECONDS // 4
    for segment in segments:
        clear = folder / "clear" / segment.name
        assert segment.read_bytes() != clear.read_bytes()
        result = decrypted(segment, key)
        assert file_kind(bytearray(result.read_bytes())) in (FileKind.TRANSPORT_STREAM, FileKind.PACKED_AUDIO)
        assert packets(result) == packets(clear)
        assert result.stat().st_size == clear.stat().st_size


@pytest.mark.parametrize(
    ("flags", "sound"),
    [("faststart", "copy"), ("frag_keyframe+empty_moov+default_base_moof", "copy"), ("faststart", "eac3")],
)
def test_files_that_ffmpeg_encrypted(tmp_path: Path, flags: str, sound: str) -> None:
    """FFmpeg marks E-AC-3 as encrypted without encrypting it: an empty list of samples says so."""
    both = tmp_path / "both.mp4"
    ffmpeg = [tools.locate().ffmpeg, "-v", "error", "-i", source("v0.mp4"), "-i", source("en.m4a"), "-c:v", "copy"]
    ffmpeg += ["-c:a", sound]
    encryption = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", KEY, "-encryption_kid", KID]
    for output, options in ((both, []), (tmp_path / "encrypted.mp4", encryption)):
        words = [*ffmpeg, "-map", "0", "-map", "1", "-movflags", flags, *options, output]
        subprocess.run([str(word) for word in words], check=True)
    assert packets(decrypted(tmp_path / "encrypted.mp4")) == packets(both)


@pytest.mark.parametrize("make", [media.packager_cenc, media.packager_cbcs])
def test_segments_of_a_packaged_title(make: Callable[[], media.TestMedia]) -> None:
    encrypted, clear = make(), media.packager_clear()
    keys = KeyRing()
    for kid, key in encrypted.keys.values():
        keys.add(bytes.fromhex(kid), bytes.fromhex(key))
    for name in ("video-2", "audio-fr"):
        decryptor = FileDecryptor(keys)
        for segment in ("init.mp4", "1.m4s", "2.m4s"):
            result = decryptor.decrypt(bytearray((encrypted.folder / name / segment).read_bytes()))
            expected = (clear.folder / name / segment).read_bytes()
            if segment != "init.mp4":  # which has the time it was made at
                assert result == expected
            assert len(result) == len(expected)
