"""The wheel and the source archive."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from reproducible import repack
from source import Source

_BUILD = """
import sys, setuptools.build_meta as backend
print(getattr(backend, sys.argv[1])(sys.argv[2]))
"""


def build_wheel(source: Source, out: Path) -> Path:
    """``matinee-VERSION-py3-none-any.whl``, with the extras ``app`` and ``backend``."""
    return out / _build(source, "build_wheel", out)


def build_sdist(source: Source, out: Path) -> Path:
    """``matinee-VERSION.tar.gz``."""
    made = out / _build(source, "build_sdist", out)
    repack(made, source.epoch_s)
    return made


def _build(source: Source, hook: str, out: Path) -> str:
    environment = dict(os.environ, SOURCE_DATE_EPOCH=str(source.epoch_s), PYTHONHASHSEED="0")
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, hook, str(out)],
        cwd=source.folder,
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    return done.stdout.decode().splitlines()[-1]
