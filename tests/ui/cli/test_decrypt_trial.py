"""``matinee decrypt`` of SAMPLE-AES with several keys that nothing tells apart."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from backend_stub.encoding import tools
from tests.kit import media
from ui.cli.main import main

KEYS = {"video": "1a1b2c3d4e5f60718293a4b5c6d7e8f9", "audio": "0f0e0d0c0b0a09080706050403020100"}
IV = "00112233445566778899aabbccddeeff"
GIVEN = [word for number, key in enumerate(KEYS.values()) for word in ("--key", f"{number:032x}:{key}")]


@pytest.fixture(scope="module", params=[("v0.mp4", "video", "ts"), ("en.m4a", "audio", "aac")], ids=["TS", "AAC"])
def packaged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with the same segments ``clear`` and ``encrypted``, and playlists; and the suffix of the segments."""
    name, stream, suffix = request.param
    folder = tmp_path_factory.mktemp(stream)
    for kind in ("clear", "encrypted"):
        (folder / kind).mkdir()
        output = f"segment_template={kind}/$Number$.{suffix},playlist_name={kind}/media.m3u8,drm_label=X"
        source = media.elementary(8) / name
        command = [tools.locate().packager, "--quiet", f"in={source},stream={stream},{output}"]
        command += ["--segment_duration", "4", "--hls_master_playlist_output", f"{kind}.m3u8"]
        if kind == "encrypted":
            command += ["--enable_raw_key_encryption", "--keys", f"label=X:key_id={'5' * 32}:key={KEYS[stream]}"]
            command += ["--iv", IV, "--protection_scheme", "cbcs", "--clear_lead", "0"]
        subprocess.run([str(word) for word in command], cwd=folder, check=True, capture_output=True)
    return folder, suffix


def check(folder: Path, clear: Path, tmp_path: Path) -> None:
    """``clear`` is what one key alone gives."""
    stream = "video" if clear.suffix == ".ts" else "audio"
    alone = tmp_path / f"alone{clear.suffix}"
    segments = [str(path) for path in sorted((folder / "encrypted").glob(f"*{clear.suffix}"))]
    assert main(["decrypt", *segments, "--key", KEYS[stream], "--iv", IV, "-o", str(alone)]) == 0
    assert clear.read_bytes() == alone.read_bytes()


def test_the_key_that_fits_is_found_by_decoding(packaged: tuple[Path, str], tmp_path: Path) -> None:
    folder, suffix = packaged
    playlist = folder / "encrypted" / "media.m3u8"
    told = playlist.read_text()
    assert "SAMPLE-AES" in told
    clear = tmp_path / f"clear.{suffix}"
    assert main(["decrypt", str(playlist), *GIVEN, "-o", str(clear)]) == 0
    check(folder, clear, tmp_path)
    playlist.rename(tmp_path / "away")
    try:
        segments = [str(path) for path in sorted((folder / "encrypted").iterdir())]
        clear.unlink()
        assert main(["decrypt", *segments, *GIVEN, "--iv", IV, "-o", str(clear)]) == 0
        check(folder, clear, tmp_path)
    finally:
        (tmp_path / "away").rename(playlist)


def test_where_no_key_fits_the_right_one_is_asked_for(
    packaged: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, suffix = packaged
    segment = str(folder / "encrypted" / f"1.{suffix}")
    wrong = ["--key", "00" * 16, "--key", "11" * 16]
    assert main(["decrypt", segment, *wrong, "--iv", IV, "-o", str(tmp_path / "clear")]) == 2
    assert "give exactly one key" in capsys.readouterr().err
