"""``matinee demo``: the bundled service with sample titles, and the app signed in; headless without a display."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from ui.cli.backend import add_data_argument, data_folder, load
from ui.cli.options import port

_HEADLESS_S = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee demo --help``."""
    add_data_argument(parser)
    parser.add_argument("--headless", action="store_true", help="play one title without a window, print the report")
    parser.add_argument("--tv", action="store_true", help="larger, for a screen across the room")
    parser.add_argument("--port", type=port, default=8400, help="of the service's API")


def run(args: argparse.Namespace) -> int:
    """Everything on this machine; what was made by an earlier run is used again."""
    service = load("backend_stub.cli")
    accounts = load("backend_stub.services.accounts")
    data = data_folder(args)
    missing = _missing_samples(data)
    if missing:
        _say(f"making {len(missing)} sample titles (only the first time)")
        code = int(load("backend_stub.encoding.cli").samples_command(data, missing, out=sys.stderr))
        if code:
            return code
    with service.running(
        load("backend_stub.config").Settings(data), service.default_options(port=args.port)
    ) as group:
        for line in service.describe(group):
            _say(line)
        viewer = accounts.DEMO_EMAIL, accounts.DEMO_PASSWORD
        reason = "as you asked" if args.headless else _no_display()
        if reason is None:
            return _window(args, group, data, *viewer)
        _say(f"{reason}: playing a title without a window")
        return _headless(group, data, *viewer)


def _missing_samples(data: Path) -> tuple[Any, ...]:
    settings = load("backend_stub.config").Settings(data)
    return tuple(load("backend_stub.encoding.samples").missing_samples(settings))


def _no_display() -> str | None:
    """Why no window can be shown, or None."""
    from player.errors import ComponentError
    from ui.display import check_display

    try:
        check_display(os.environ)
    except ComponentError as error:
        return error.sentence.split(".")[0]
    return None


def _window(args: argparse.Namespace, group: Any, data: Path, email: str, password: str) -> int:  # noqa: ANN401
    from ui.app import AppOptions, run_app

    return run_app(
        AppOptions(
            profile=data / "viewer",
            service_url=group.api.url,
            email=email,
            password=password,
            tv=args.tv,
            key_store="file",
        )
    )


def _headless(group: Any, data: Path, email: str, password: str) -> int:  # noqa: ANN401
    from ui.cli import play

    parser = argparse.ArgumentParser()
    play.add_arguments(parser)
    title_id = load("backend_stub.services.publishing").slug(load("backend_stub.encoding.samples").SAMPLES[0].title)
    os.environ["MATINEE_PASSWORD"] = password
    words = [title_id, "--headless", "--json", "--service", group.api.url, "--email", email]
    words += [
        "--profile-dir",
        str(data / "viewer"),
        "--key-store",
        "file",
        "--start",
        "0",
        "--duration",
        str(_HEADLESS_S),
    ]
    return play.run(parser.parse_args(words))


def _say(line: str) -> None:
    print(f"matinee: {line}", file=sys.stderr, flush=True)
