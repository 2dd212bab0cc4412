#!/usr/bin/env python3
"""Build the documentation as a site, into ``build/website/site``: ``make docs``.

The pages are those of the repository. They are laid out as they lie there, so that each link works on both. A link
that leads nowhere, or to a heading that does not exist, fails the build. Links to source files lead to a copy.

Exit code 0 when the site is built, else that of Sphinx.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
WORK = ROOT / "build" / "website"
TOOLS = ROOT / ".cache" / "website"
LOCK = HERE / "requirements.lock"
_LINK = re.compile(r"\]\(([^)\s#]+)(#[^)]*)?\)")

# The side bar: what the site is read for, in this order. A page that stands nowhere here comes under "More".
CHAPTERS = {
    "Guides": ["guide-viewer", "guide-offline", "guide-qa", "guide-operator", "guide-kiosk", "guide-developer"],
    "How it works": ["architecture", "abr", "live", "security", "backend", "resume", "ownership", "decisions/README"],
    "Reference": [
        "glossary",
        "commands",
        "protocol",
        "qa-plans",
        "settings",
        "metrics",
        "errors",
        "error-matrix",
        "faults",
        "report",
        "telemetry",
        "inspect-schema",
        "tolerance",
        "formats",
        "recording",
        "dependencies",
    ],
    "Measurements": ["measurements"],
    "For maintainers": ["release"],
}


def pages() -> list[str]:
    """Return the Markdown files of the repository, by their place in it."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        stdout=subprocess.PIPE,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return sorted(name for name in names if name and not name.startswith(".") and (ROOT / name).is_file())


def lay_out(names: list[str]) -> None:
    """Copy the pages, and every file that one of them links to, into the folder that Sphinx reads."""
    target = WORK / "pages"
    shutil.rmtree(WORK, ignore_errors=True)
    for name in names:
        text = (ROOT / name).read_text(encoding="utf-8")
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_with_pages_for_folders(name, text), encoding="utf-8")
        for link, _ in _LINK.findall(text):
            linked = ((ROOT / name).parent / unquote(link)).resolve()
            if "://" not in link and linked.suffix != ".md" and linked.is_file() and linked.is_relative_to(ROOT):
                copy = target / linked.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(linked, copy)
    with (target / "README.md").open("a", encoding="utf-8") as front:
        front.write(side_bar(names))
    for name in ("conf.py",):
        shutil.copyfile(HERE / name, target / name)


def _with_pages_for_folders(name: str, text: str) -> str:
    """Return the page with a link to a folder leading to the README in it, where there is one."""

    def changed(found: re.Match[str]) -> str:
        link, heading = found.groups()
        folder = (ROOT / name).parent / unquote(link)
        if "://" not in link and folder.is_dir() and (folder / "README.md").is_file():
            return f"]({link.rstrip('/')}/README.md{heading or ''})"
        return found.group(0)

    return _LINK.sub(changed, text)


def side_bar(names: list[str]) -> str:
    """Return the lists of pages, as MyST has them, that stand unseen at the end of the front page."""
    chapters = {title: [f"docs/{page}" for page in listed] for title, listed in CHAPTERS.items()}
    named = {page for listed in chapters.values() for page in listed} | {"README", "CHANGELOG"}
    rest = [name.removesuffix(".md") for name in names if name.removesuffix(".md") not in named]
    chapters["How it works"] += [page for page in rest if page.startswith("docs/decisions/")]
    chapters["Measurements"] += [page for page in rest if page.startswith("docs/measurements/")]
    chapters["Changes"] = ["CHANGELOG"]
    chapters["More"] = [page for page in rest if not page.startswith(("docs/decisions/", "docs/measurements/"))]
    return "".join(
        f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n" + "\n".join(listed) + "\n```\n"
        for title, listed in chapters.items()
        if listed
    )


def tools() -> Path:
    """Return the Python that has Sphinx, made from the lock file where it is not there yet."""
    python = TOOLS / "bin" / "python"
    stamp = TOOLS / "stamp"
    wanted = LOCK.read_text(encoding="utf-8")
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        venv.create(TOOLS, with_pip=True, clear=True)
        install = [python, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", LOCK]
        subprocess.run(install, check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return python


def main() -> int:
    python = tools()
    lay_out(pages())
    command = [python, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", WORK / "pages", WORK / "site"]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
