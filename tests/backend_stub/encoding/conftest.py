"""Small real sources for the encoding tests, made once."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from backend_stub.config import Settings
from backend_stub.encoding import tools
from backend_stub.encoding.pipeline import TitleOptions, publish_file
from backend_stub.services.publishing import PublishedTitle, publish
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


@dataclass(frozen=True)
class Publication:
    """The barcoded film as it was published: ``steps`` are what was told meanwhile, ``title`` what the catalogue
    took, with the folder where it is now."""

    settings: Settings
    title_id: str
    steps: list[tuple[str, float]]
    title: PublishedTitle


@pytest.fixture(scope="session")
def publication(barcoded: Path, tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """Encoded, packaged, checked and published."""
    taken: list[PublishedTitle] = []
    steps: list[tuple[str, float]] = []

    def take(settings: Settings, title: PublishedTitle) -> str:
        taken.append(title)
        return publish(settings, title)

    settings = Settings(tmp_path_factory.mktemp("published") / "data, with a comma")
    options = TitleOptions(title="The Film", preset="ultrafast", clear=True)
    tell = lambda stage, done: steps.append((stage, done))  # noqa: E731
    title_id = publish_file(settings, barcoded, options, progress=tell, publisher=take)
    return Publication(settings, title_id, steps, replace(taken[0], folder=settings.media_dir / title_id))


@pytest.fixture(scope="session")
def finished(publication: Publication) -> PublishedTitle:
    return publication.title
