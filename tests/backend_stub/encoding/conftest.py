"""Small real sources for the encoding tests, made once."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from backend_stub.config import Settings
from backend_stub.encoding import tools
from backend_stub.encoding.pipeline import TitleOptions, publish_file
from backend_stub.services.publishing import PublishedTitle
from tests.kit import media


def ffmpeg(*arguments: object) -> None:
    command = [str(tools.locate().ffmpeg), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="session")
def barcoded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """8 s of 640x360 at 25 fps with barcodes and two sound tracks (English, French)."""
    parts = media.elementary(8)
    film = tmp_path_factory.mktemp("source") / "barcoded.mp4"
    inputs = ["-i", parts / "v1.mp4", "-i", parts / "en.m4a", "-i", parts / "fr.m4a"]
    languages = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=fra"]
    ffmpeg(*inputs, "-map", 0, "-map", 1, "-map", 2, "-c", "copy", *languages, "-movflags", "+faststart", film)
    return film


@pytest.fixture(scope="session")
def short(barcoded: Path) -> Path:
    """The first half of it, for what does not depend on the film."""
    film = barcoded.with_name("short.mp4")
    ffmpeg("-i", barcoded, "-t", 4, "-map", 0, "-c", "copy", "-movflags", "+faststart", film)
    return film


@pytest.fixture(scope="session")
def finished(barcoded: Path, tmp_path_factory: pytest.TempPathFactory) -> PublishedTitle:
    """The barcoded film encoded, packaged and checked, kept where the catalogue would take it."""
    kept = tmp_path_factory.mktemp("finished") / "title"
    taken: list[PublishedTitle] = []

    def keep(_settings: Settings, title: PublishedTitle) -> str:
        title.folder.rename(kept)
        taken.append(title)
        return "kept"

    settings = Settings(tmp_path_factory.mktemp("data"))
    publish_file(settings, barcoded, TitleOptions(title="Kept", preset="ultrafast", clear=True), publisher=keep)
    title = taken[0]
    return replace(title, folder=kept)
