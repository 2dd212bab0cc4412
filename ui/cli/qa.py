"""``matinee qa``: plans, comparisons and watches for those who test CDNs and streams. Each action has its module."""

from __future__ import annotations

import argparse
import importlib

ACTIONS = {
    "run": ("ui.cli.qa_run", "play what a plan says, judge it, leave a report"),
    "ladder": ("ui.cli.qa_ladder", "look into every rung, segment by segment"),
    "watch": ("ui.cli.qa_watch", "follow a live manifest and name what it breaks"),
    "cdn": ("ui.cli.qa_cdn", "compare CDNs: the same segments from each, in turns"),
    "proxy": ("ui.cli.qa_proxy", "put faults and a link in front of any other player"),
    "picture": ("ui.cli.qa_picture", "judge picture and sound on decoded frames"),
    "conform": ("ui.cli.qa_conform", "hold manifests against the standards, rule by rule"),
    "history": ("ui.cli.qa_history", "show how plans did over time"),
    "soak": ("ui.cli.qa_soak", "play for hours, and stop where memory or handles grow"),
    "check": ("ui.cli.qa_check", "hold a plan against the schema, and say what it would run"),
    "schema": ("ui.cli.qa_schema", "print the JSON schema of plans"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee qa --help``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, (module, text) in ACTIONS.items():
        importlib.import_module(module).add_arguments(actions.add_parser(name, help=text, description=text))


def run(args: argparse.Namespace) -> int:
    """Run the action; its exit code."""
    return int(importlib.import_module(ACTIONS[args.action][0]).run(args))
