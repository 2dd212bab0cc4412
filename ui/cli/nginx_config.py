"""``matinee nginx-config``: nginx as one more CDN edge of the bundled service."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path

from ui.cli.backend import add_data_argument, data_folder, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee nginx-config --help``."""
    add_data_argument(parser)
    parser.add_argument("--listen", default="127.0.0.1:8410", metavar="ADDRESS:PORT", help="where nginx listens")
    parser.add_argument(
        "--api",
        default="http://127.0.0.1:8400",
        metavar="URL",
        help="the running service, which knows the signatures",
    )
    parser.add_argument(
        "--edge", default="http://127.0.0.1:8401", metavar="URL", help="an edge of it, where channels come from"
    )
    parser.add_argument("--name", default="edge-nginx", help="the edge's name in its answers")
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="nginx's own folder, which takes nginx.conf (default: in the data)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the file and say how nginx is started. Raises InputError."""
    from player.base.errors import ErrorCode, InputError

    nginx = load("backend_stub.edge.nginx")
    settings = load("backend_stub.config").Settings(data_folder(args))
    state: Path = args.state if args.state is not None else settings.data_dir / "nginx"
    edge = nginx.NginxEdge(
        media_dir=settings.media_dir,
        state_dir=state,
        listen=args.listen,
        api_url=args.api.rstrip("/").removesuffix("/api/v1") + "/api/v1",
        edge_url=args.edge.rstrip("/"),
        name=args.name,
        user=getpass.getuser() if hasattr(os, "geteuid") and os.geteuid() == 0 else None,
    )
    try:
        text = nginx.configuration(edge)
        state.mkdir(parents=True, exist_ok=True)
        (state / "nginx.conf").write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(ErrorCode.INPUT_FILE, str(error)) from error
    print(f"nginx -p {state.resolve()} -c {state.resolve() / 'nginx.conf'}")
    if not settings.media_dir.is_dir():
        print(f"matinee: nothing is published in {settings.media_dir} yet", file=sys.stderr)
    return 0
