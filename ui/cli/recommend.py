"""``matinee recommend``: the bundled service's suggestions, computed again."""

from __future__ import annotations

import argparse
import json

from ui.cli.backend import add_data_argument, data_folder, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee recommend --help``."""
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")
    add_data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Compute, store and tell; a running service shows the new suggestions at once."""
    made = load("backend_stub.cli").recommend(data_folder(args))
    if args.json:
        print(json.dumps({"method": made.method, "viewers": made.viewers, "titles": made.titles}))
    elif made.method == "genres":
        print(
            "Suggestions go by genre alone: the library for more is not installed (pip install 'matinee[recommend]')."
        )
    else:
        print(f"Suggestions for {made.viewers} viewers, and what is like {made.titles} titles ({made.took_s:.1f} s).")
    return 0
