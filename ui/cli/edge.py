"""``matinee edge``: one more CDN edge of a bundled service, on another machine."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading

from ui.cli.backend import load
from ui.cli.options import countries, port

_TOKEN = "MATINEE_EDGE_TOKEN"  # noqa: S105 -- the name of a variable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee edge --help``."""
    parser.add_argument("--announce", required=True, metavar="URL", help="the service that it belongs to")
    parser.add_argument("--name", required=True, help="its name among the service's edges, such as edge-paris")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=port, default=8450, help="port to listen on (0: any)")
    parser.add_argument("--url", default="", help="how clients reach it (default: made of host and port)")
    parser.add_argument(
        "--origin", default="", metavar="URL", help="where it fetches (default: what the service says)"
    )
    parser.add_argument("--cache-mb", type=int, default=256, metavar="N", help="what it keeps at most (default: 256)")
    parser.add_argument(
        "--near",
        type=countries,
        default=(),
        metavar="DE,AT",
        help="near which countries it stands (default: everywhere)",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    from player.base.errors import ErrorCode, InputError

    remote = load("backend_stub.edge.remote")
    token = os.environ.get(_TOKEN, "")
    if not token:
        raise InputError(ErrorCode.INPUT_USAGE, f"The token of the service's edges must be in {_TOKEN}.")
    options = remote.RemoteEdgeOptions(
        name=args.name,
        api_url=args.announce.rstrip("/").removesuffix("/api/v1") + "/api/v1",
        token=token,
        host=args.host,
        port=args.port,
        public_url=args.url.rstrip("/"),
        origin=args.origin,
        cache_bytes=max(1, args.cache_mb) << 20,
        countries=args.near,
    )
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    previous = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        with remote.RemoteEdge(options) as edge:
            print(f"{args.name}  {edge.url}", flush=True)
            while not stop.wait(1.0):  # a signal that another thread got wakes nobody who waits
                pass
    except (remote.AnnounceError, OSError) as error:
        print(f"matinee: the edge cannot start: {error}", file=sys.stderr)
        return 4
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return 0
