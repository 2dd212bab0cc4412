"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path

_UNITS = {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}


def add_service_arguments(parser: argparse.ArgumentParser) -> None:
    """Which service, which account, and where the client keeps what it must remember."""
    add_service_argument(parser)
    parser.add_argument("--email", metavar="ADDRESS", help="sign in with this account (password: MATINEE_PASSWORD)")
    add_profile_arguments(parser)


def add_service_argument(parser: argparse.ArgumentParser) -> None:
    """Which service."""
    parser.add_argument(
        "--service",
        metavar="URL",
        type=_service_root,
        default=os.environ.get("MATINEE_SERVICE"),
        help="a Matinee service, with or without /api/v1 (default: MATINEE_SERVICE)",
    )
    parser.add_argument(
        "--plain-http",
        action=_PlainHttp,
        metavar="HOST",
        help="speak to a service on this host without TLS, too (default: MATINEE_PLAIN_HTTP, with commas between)",
    )


class _PlainHttp(argparse.Action):
    """Names a host for this process and those that it starts."""

    def __call__(
        self, _parser: argparse.ArgumentParser, _namespace: object, host: object, _option: str | None = None
    ) -> None:
        named = os.environ.get("MATINEE_PLAIN_HTTP", "")
        os.environ["MATINEE_PLAIN_HTTP"] = f"{named},{str(host).lower()}"


def add_profile_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the client keeps what it must remember."""
    parser.add_argument("--profile-dir", type=Path, metavar="DIR", help="keep identity and settings here")
    parser.add_argument(
        "--key-store", default="auto", choices=["auto", "system", "file"], help="where the device's key is kept"
    )


def add_ca_file_argument(parser: argparse.ArgumentParser) -> None:
    """Further certificate authorities, read at once: an address may turn out to need them only later."""
    parser.add_argument(
        "--ca-file", type=_certificates, metavar="PEM", help="further certificate authorities to trust"
    )


def add_fail_on_argument(parser: argparse.ArgumentParser) -> None:
    """Conditions that make the exit code 1."""
    parser.add_argument(
        "--fail-on",
        action="append",
        default=[],
        metavar="CONDITION",
        help="exit code 1 where this holds, such as 'stalls>0' (docs/guide-qa.md)",
    )


STILLS_HINT = "If pictures are to stand (slides): --stills."


def add_stills_argument(parser: argparse.ArgumentParser) -> None:
    """Slides are as they should be."""
    parser.add_argument(
        "--stills",
        action="store_true",
        help="pictures may stand for long, as slides do (default: exit code 1, for those between may have been lost)",
    )


def add_store_arguments(parser: argparse.ArgumentParser) -> None:
    """Where downloads are kept."""
    parser.add_argument(
        "--store",
        type=Path,
        metavar="DIR",
        default=os.environ.get("MATINEE_DOWNLOADS"),
        help="the folder with the downloads (default: MATINEE_DOWNLOADS, else in the profile)",
    )


def countries(text: str) -> tuple[str, ...]:
    """An argument that lists countries by their two letters (ISO 3166-1), with commas between."""
    codes = tuple(code.strip().upper() for code in text.split(",") if code.strip())
    if not all(len(code) == 2 and code.isascii() and code.isalpha() for code in codes):
        raise argparse.ArgumentTypeError(f"{text} does not list countries by two letters each")
    return codes


def seconds(text: str) -> float:
    """An argument that is a length of time or a position: finite, not negative."""
    value = _number(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than nothing")
    return value


def parsed_bytes(text: str) -> int:
    """Bytes: ``500M``, ``1.5G``, or plain bytes."""
    unit = _UNITS.get(text[-1:].lower())
    return int(positive(text if unit is None else text[:-1]) * (unit or 1))


def positive(text: str) -> float:
    """An argument that is a finite number above nothing."""
    value = _number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above nothing")
    return value


def whole_number(text: str) -> int:
    """An argument that counts from 0."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def port(text: str) -> int:
    """An argument that is a port; 0 means any."""
    value = whole_number(text)
    if value > 65535:
        raise argparse.ArgumentTypeError("ports go up to 65535")
    return value


def _certificates(text: str) -> Path:
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(text)
    except ssl.SSLError as error:
        raise argparse.ArgumentTypeError(f"{text} holds no certificates") from error
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error.strerror}") from error
    return Path(text)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def _service_root(url: str) -> str:
    """``matinee serve`` prints the address of the API; the client adds that part itself."""
    return url.rstrip("/").removesuffix("/api/v1")


def profile_folder(args: argparse.Namespace) -> Path:
    """The client's own folder."""
    if args.profile_dir is not None:
        return Path(args.profile_dir)
    import platformdirs

    return platformdirs.user_data_path("matinee")


def picture_folder(args: argparse.Namespace) -> Path:
    """Where small pictures of the viewer's own films are kept: what can be made again."""
    if args.profile_dir is not None:
        return Path(args.profile_dir) / "pictures"
    import platformdirs

    return platformdirs.user_cache_path("matinee") / "pictures"
