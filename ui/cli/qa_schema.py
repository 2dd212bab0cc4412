"""``matinee qa schema``: the JSON schema of plans, for editors and other tools."""

from __future__ import annotations

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Print the schema."""
    del args
    from player.qa.schema import PLAN

    print(json.dumps(PLAN, indent=1))
    return 0
