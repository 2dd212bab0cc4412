"""The archive: a folder with its own Python that runs from anywhere; libmpv comes from the system."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from licences import collect
from locked import install, names, requirements, unpack_wheel
from prune import prune
from reproducible import pack, settle
from source import Source

_HERE = Path(__file__).resolve().parent
_TOOL_LOCK = _HERE / "pyinstaller.lock"
_PACKAGES = ("abr", "drm_client", "player", "downloads", "ui")


def build_archive(source: Source, wheel: Path, out: Path, scratch: Path) -> Path:
    """``matinee-VERSION-SYSTEM-MACHINE.tar.xz``. PyInstaller has its own environment, over pruned packages."""
    libraries, tools = scratch / "archive-libraries", scratch / "archive-tools"
    install(requirements(source, names(source, ["app"])), libraries, scratch)
    unpack_wheel(wheel, libraries, _PACKAGES)
    prune(libraries)
    install(_TOOL_LOCK.read_text(encoding="utf-8"), tools, scratch)
    made = _run_pyinstaller(source, libraries, tools, scratch)
    own = (source.folder / "LICENSE").read_text(encoding="utf-8")
    (made / "LICENCES.txt").write_text(collect(libraries, own), encoding="utf-8")
    shutil.copy(_HERE / "archive-README.txt", made / "README.txt")
    shutil.copytree(_HERE / "desktop", made / "desktop", ignore=shutil.ignore_patterns("*.py", "*.metainfo.xml"))
    settle(made, source.epoch_s)
    top = f"matinee-{source.version}-{platform.system().lower()}-{platform.machine()}"
    target = out / f"{top}.tar.xz"
    pack(made, target, top=top, epoch_s=source.epoch_s)
    return target


def _run_pyinstaller(source: Source, libraries: Path, tools: Path, scratch: Path) -> Path:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {
        "PYTHONPATH": os.pathsep.join((str(libraries), str(tools))),
        "PYTHONHASHSEED": "0",  # PyInstaller's own condition for archives that come out the same
        "PYTHONNOUSERSITE": "1",
        "SOURCE_DATE_EPOCH": str(source.epoch_s),
        "MATINEE_LIBRARIES": str(libraries),
    }
    work, dist = scratch / "pyinstaller-work", scratch / "pyinstaller-dist"
    # -S: only what stands in PYTHONPATH, nothing of the environment that builds.
    command = [sys.executable, "-S", "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    command += ["--workpath", str(work), "--distpath", str(dist), str(_HERE / "matinee.spec")]
    subprocess.run(command, env=environment, cwd=scratch, check=True)
    return dist / "matinee"
