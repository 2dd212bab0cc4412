"""The source that packages are made from: one commit, unpacked, with the build written into it."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from description import description

ROOT = Path(__file__).resolve().parent.parent
LOCK = "requirements.lock"
_BUILD_FILE = Path("ui/app/assets/build.txt")


@dataclass(frozen=True, slots=True)
class Source:
    """An unpacked commit. ``epoch_s`` is when it was committed, in seconds since 1970: every file of a package is
    dated so."""

    folder: Path
    commit: str
    epoch_s: int
    version: str

    @property
    def project(self) -> dict[str, object]:
        """The ``[project]`` table."""
        table = tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert isinstance(table, dict)
        return table


def unpack(folder: Path, ref: str = "HEAD") -> Source:
    """Unpack a commit of this repository into ``folder``. Raises CalledProcessError where git cannot."""
    folder.mkdir(parents=True)
    archive = _git("archive", "--format=tar", ref)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    commit = _git("rev-parse", "--short=12", ref).decode().strip()
    epoch_s = int(_git("show", "-s", "--format=%ct", ref))
    (folder / _BUILD_FILE).write_text(commit + "\n", encoding="utf-8")
    readme = folder / "README.md"
    readme.write_text(description(readme.read_text(encoding="utf-8")), encoding="utf-8")
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Source(folder, commit, epoch_s, str(project["version"]))


def commit_of(ref: str) -> str:
    """The full name of a commit, so that whoever builds twice builds the same one."""
    return _git("rev-parse", "--verify", f"{ref}^{{commit}}").decode().strip()


def has_changes() -> bool:
    """Whether the working tree differs from the commit that would be packaged."""
    return bool(_git("status", "--porcelain", "--untracked-files=no").strip())


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], stdout=subprocess.PIPE, check=True).stdout
