"""What the commands that run the bundled service share: its folder, and a clear word where the extra is missing."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

from player.base.errors import ComponentError, ErrorCode, InputError
from ui.cli.doctor_finding import how_to_install

_CHECKOUT = Path(__file__).resolve().parent.parent.parent


def add_data_argument(parser: argparse.ArgumentParser) -> None:
    """``--data``: where the service keeps everything."""
    parser.add_argument("--data", type=Path, metavar="DIR", help="the service's folder (default: .data, or yours)")


def data_folder(args: argparse.Namespace) -> Path:
    """``--data``; else ``.data`` in a checkout, else the user's own data folder."""
    if args.data is not None:
        return Path(args.data)
    if (_CHECKOUT / "pyproject.toml").is_file():
        return _CHECKOUT / ".data"
    import platformdirs

    return platformdirs.user_data_path("matinee-service")


def add_worker_arguments(parser: argparse.ArgumentParser) -> None:
    """``--wake`` and ``--store``: what the service and its workers on other machines share besides the database."""
    parser.add_argument(
        "--wake",
        default="",
        metavar="URL",
        help="wake workers through redis:// or postgresql:// (default: MATINEE_WAKE_URL, else the data folder)",
    )
    parser.add_argument(
        "--store",
        default="",
        metavar="URL",
        help="share the files of jobs in s3://BUCKET/PREFIX (default: MATINEE_STORE_URL, else the data folder)",
    )


def service_settings(args: argparse.Namespace) -> Any:  # noqa: ANN401 -- its class is loaded by name
    """The ``Settings`` of the bundled service by the options of a command."""
    given = {"wake_url": getattr(args, "wake", ""), "store_url": getattr(args, "store", "")}
    settings = load("backend_stub.config").Settings
    return settings(data_folder(args), **{name: value for name, value in given.items() if value})


def load(name: str) -> ModuleType:
    """A module of the bundled service. Raises ComponentError where the extra is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ComponentError(
            ErrorCode.COMPONENT_BACKEND,
            f"The bundled service is not installed here. {how_to_install('backend')}",
            module=error.name,
        ) from error


def read_text(path: Path | None) -> str | None:
    """The text of a file that an option names. Raises InputError."""
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(ErrorCode.INPUT_FILE, f"{path} cannot be read.") from error
