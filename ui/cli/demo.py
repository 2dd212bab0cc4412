"""``matinee demo``: the bundled service with sample titles, and the app signed in; headless without a display."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ui.cli.backend import add_data_argument, data_folder, load
from ui.cli.options import port

_HEADLESS_S = 30.0
_LOOK_S = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee demo --help``."""
    add_data_argument(parser)
    parser.add_argument("--headless", action="store_true", help="play one title without a window, print the report")
    parser.add_argument("--tv", action="store_true", help="larger, for a screen across the room")
    parser.add_argument("--rest", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=port, default=8400, help="of the service's API")


def run(args: argparse.Namespace) -> int:
    """Everything on this machine; what was made by an earlier run is used again."""
    service = load("backend_stub.cli")
    accounts = load("backend_stub.services.accounts")
    programme = load("backend_stub.encoding.programme")
    data = data_folder(args)
    if args.rest:
        return _make_rest(data, programme.PROGRAMME)
    first, rest = programme.PROGRAMME[: programme.FIRST], programme.PROGRAMME[programme.FIRST :]
    missing = _missing(data, first)
    if missing:
        _say(f"drawing {len(missing)} sample titles (only the first time)")
        code = int(load("backend_stub.encoding.cli").features_command(data, missing))
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
            with _made_meanwhile(data, _missing(data, rest)):
                return _window(args, group, data, *viewer)
        _say(f"{reason}: playing a title without a window")
        return _headless(group, data, *viewer)


def _missing(data: Path, features: Sequence[Any]) -> tuple[Any, ...]:
    settings = load("backend_stub.config").Settings(data)
    return tuple(load("backend_stub.encoding.features").missing_features(settings, features))


@contextmanager
def _made_meanwhile(data: Path, missing: Sequence[Any]) -> Iterator[None]:
    """While the window is open another process makes the other titles, with what the machine has to spare."""
    if not missing:
        yield
        return
    from ui.kiosk.process import own_command, own_environment

    _say(f"{len(missing)} more titles are drawn while you watch")
    words = [*own_command(), "demo", "--rest", "--data", str(data)]
    with subprocess.Popen(
        words, env=own_environment(), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.terminate()


def _make_rest(data: Path, features: Sequence[Any]) -> int:
    """The titles that are missing, one after the other; none is begun while something plays."""
    from downloads.presence import somebody_plays

    def wait() -> None:
        while somebody_plays(data / "viewer" / "downloads"):
            time.sleep(_LOOK_S)

    if hasattr(os, "nice"):
        os.nice(15)
    return int(load("backend_stub.encoding.cli").features_command(data, features, wait))


def _no_display() -> str | None:
    """Why no window can be shown, or None."""
    from player.base.errors import ComponentError
    from ui.app.system.display import check_display

    try:
        check_display(os.environ)
    except ComponentError as error:
        return error.sentence.split(".")[0]
    return None


def _window(args: argparse.Namespace, group: Any, data: Path, email: str, password: str) -> int:  # noqa: ANN401
    from ui.app.composition import AppOptions, run_app
    from ui.cli.doctor import part_reports

    profile = data / "viewer"
    return run_app(
        AppOptions(
            profile=profile,
            service_url=group.api.url,
            email=email,
            password=password,
            tv=args.tv,
            key_store="file",
            examine=lambda: part_reports(profile, "file"),
        )
    )


def _headless(group: Any, data: Path, email: str, password: str) -> int:  # noqa: ANN401
    from ui.cli import play

    parser = argparse.ArgumentParser()
    play.add_arguments(parser)
    title_id = load("backend_stub.titles").slug(load("backend_stub.encoding.programme").PROGRAMME[0].title)
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
