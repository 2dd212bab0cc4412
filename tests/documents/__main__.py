"""``make documents``: run each code block of the README and the guides as printed, in a clean place.

The place is a copy of what is committed, with the environment that the developer guide's own block makes. Each page
starts in it again, as root in namespaces without a network, where ``example.org`` is a server of ours. What a page
takes for granted is in ``page.GIVEN``. Exit code 1: a command failed; 3: there are no namespaces here.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.documents.blocks import GUIDES, ROOT, RUN, SHOWN, blocks
from tests.documents.page import NETWORK
from tests.documents.place import Place

_NAMESPACES = ("unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child")


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the code blocks of the README and the guides.")
    parser.add_argument("pages", nargs="*", default=GUIDES, help="all of them without")
    parser.add_argument("--place", type=Path, help="keep the clean place here, and use it again")
    args = parser.parse_args()
    if os.geteuid() != 0 or subprocess.run([*_NAMESPACES, "true"], check=False).returncode != 0:
        print("This needs root, and Linux with namespaces.", file=sys.stderr)
        return 3
    with tempfile.TemporaryDirectory(prefix="matinee-documents-") as scratch:
        place = Place(args.place or Path(scratch))
        print(place.make(), end="", flush=True)
        failed = []
        for page in args.pages:
            found = blocks((place.source / page).read_text(encoding="utf-8"))
            run, shown = (sum(block.language in kinds for block in found) for kinds in ((RUN,), SHOWN))
            print(f"\n{page}: {run} blocks run, {shown} are shown", flush=True)
            words = [*_NAMESPACES, sys.executable, "-m", "tests.documents.page", page, str(place.folder)]
            words.append(str(NETWORK.readlink()))
            if subprocess.run(words, cwd=ROOT, check=False).returncode != 0:
                failed.append(page)
    print("\n" + (f"FAILED: {', '.join(failed)}" if failed else "every command did what its page says"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
