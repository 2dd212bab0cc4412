"""``matinee qa check PLAN``: whether a plan is well formed, and the runs that it asks for."""

from __future__ import annotations

import argparse
import json

from ui.cli.qa_options import add_plan_arguments, plan_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee qa check --help``."""
    add_plan_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Print the runs. Raises InputError with the line that is wrong."""
    plan = plan_of(args)
    names = [spec.labels.text for spec in plan.runs]
    conditions = [condition.text for condition in plan.thresholds]
    mode = "virtual" if plan.virtual else "real"
    if args.json:
        print(json.dumps({"plan": plan.name, "mode": mode, "runs": names, "thresholds": conditions}, indent=1))
        return 0
    print(f"{plan.name}: {len(names)} runs in {mode} time")
    for name in names:
        print(f"  {name}")
    for condition in conditions:
        print(f"  wants {condition}")
    return 0
