"""``matinee qa history DIR``: the trends of the outcomes that ``qa run --history DIR`` has kept."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee qa history --help``."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="what qa run --history named")
    parser.add_argument("--plan", metavar="NAME", help="of this plan only")
    parser.add_argument("--site", metavar="DIR", type=Path, help="write one static page of it here: index.html")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Print the trends. Raises InputError."""
    from player.qa.history.kept import load_all
    from player.qa.history.trends import histories, lines, page

    found = histories(load_all(args.folder, args.plan))
    if args.site is not None:
        args.site.mkdir(parents=True, exist_ok=True)
        (args.site / "index.html").write_text(page(found), encoding="utf-8")
    if args.json:
        print(json.dumps([asdict(each) for each in found], indent=1))
        return 0
    for each in found:
        print("\n".join(lines(each)))
    if not found:
        print("Nothing is kept here yet.")
    return 0
