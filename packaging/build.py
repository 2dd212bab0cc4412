#!/usr/bin/env python3
"""``make package``: wheel, source archive, Debian packages and the archive, out of the last commit, into ``dist``.

Two runs over one commit give the same bytes: ``--check`` makes everything twice and compares.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from artefact_archive import build_archive
from artefact_deb import build_debs
from artefact_wheel import build_sdist, build_wheel
from source import ROOT, commit_of, has_changes, unpack

KINDS = ("wheel", "deb", "archive")


def build(kinds: list[str], out: Path, ref: str) -> list[Path]:
    """Make these artefacts; the files, the wheel always among them since the others carry it."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="matinee-package-") as folder:
        scratch = Path(folder)
        source = unpack(scratch / "source", ref)
        _say(f"version {source.version}, build {source.commit}")
        wheel = build_wheel(source, out)
        made = [wheel, build_sdist(source, out)]
        if "deb" in kinds:
            made += build_debs(source, wheel, out, scratch)
        if "archive" in kinds:
            made.append(build_archive(source, wheel, out, scratch))
    return made


def digest(path: Path) -> str:
    """SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def differing(first: list[Path], second: list[Path]) -> list[str]:
    """The names of artefacts that came out otherwise the second time."""
    digests = {path.name: digest(path) for path in second}
    return [path.name for path in first if digests.get(path.name) != digest(path)]


def _say(text: str) -> None:
    print("package: " + text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--only", action="append", choices=KINDS, help="these kinds alone")
    parser.add_argument("--ref", default="HEAD", help="the commit to package")
    parser.add_argument("--check", action="store_true", help="make everything twice and compare")
    arguments = parser.parse_args()
    os.umask(0o022)
    if has_changes():
        _say("changes that are not committed are left out")
    kinds = arguments.only or list(KINDS)
    sums = arguments.out / "SHA256SUMS"
    sums.unlink(missing_ok=True)
    try:
        commit = commit_of(arguments.ref)
        made = build(kinds, arguments.out, commit)
        if arguments.check:
            with tempfile.TemporaryDirectory() as again:
                other = differing(made, build(kinds, Path(again), commit))
            if other:
                _say("not the same twice: " + ", ".join(other))
                return 1
            _say("both builds are the same")
    except (RuntimeError, LookupError, OSError, subprocess.CalledProcessError) as error:
        _say(str(error))
        return 1
    sums.write_text("".join(f"{digest(path)}  {path.name}\n" for path in made), encoding="utf-8")
    for path in made:
        _say(f"{path.name}  {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
