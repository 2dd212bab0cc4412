"""Arguments that the actions of ``matinee qa`` share, and what they make of them."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.options import add_service_arguments
from ui.cli.web_options import add_connection_arguments, web_of

if TYPE_CHECKING:
    from player.qa.plan import QaPlan
    from player.qa.run_spec import Bench


def add_plan_arguments(parser: argparse.ArgumentParser) -> None:
    """The plan, and what it leaves open."""
    parser.add_argument("plan", metavar="PLAN", type=Path, help="a plan in YAML (docs/guide-qa.md)")
    parser.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="what ${NAME} in the plan stands for"
    )


def add_bench_arguments(parser: argparse.ArgumentParser) -> None:
    """Service, account, profile and trust."""
    add_service_arguments(parser)
    add_connection_arguments(parser)


def plan_of(args: argparse.Namespace) -> QaPlan:
    """The plan. Raises InputError with the line that is wrong."""
    from player.base.errors import ErrorCode, InputError
    from player.qa.plan import load_plan

    values: dict[str, str] = {}
    for text in args.set:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(ErrorCode.INPUT_USAGE, "--set takes NAME=VALUE.")
        values[name] = value
    return load_plan(args.plan, values)


@contextmanager
def bench_of(args: argparse.Namespace, account: str | None = None) -> Iterator[Bench]:
    """Where runs take place. Without ``--profile-dir`` the profile is thrown away at the end."""
    from player.qa.run_spec import Bench

    bench = Bench(
        profile=Path(),
        service_url=args.service,
        email=args.email or account,
        password=os.environ.get("MATINEE_PASSWORD", ""),
        key_store="file" if args.profile_dir is None else args.key_store,
        ca_file=args.ca_file,
        web=web_of(args),
        local_folder=args.plan.resolve().parent if hasattr(args, "plan") else None,
    )
    if args.profile_dir is not None:
        args.profile_dir.mkdir(parents=True, exist_ok=True)
        yield replace(bench, profile=args.profile_dir)
        return
    with tempfile.TemporaryDirectory(prefix="matinee-qa-", ignore_cleanup_errors=True) as folder:
        yield replace(bench, profile=Path(folder))
