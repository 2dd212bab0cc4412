"""``matinee qa proxy ORIGIN``: faults and a link in front of any other player or device."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.options import whole_number
from ui.cli.web_options import add_connection_arguments, connect_of

if TYPE_CHECKING:
    from player.qa.proxy.server import Proxy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee qa proxy --help``."""
    parser.add_argument("origin", metavar="ORIGIN", help="the address of a manifest, or of a folder of them")
    parser.add_argument("--faults", metavar="FILE", type=Path, help="what goes wrong (docs/faults.md)")
    parser.add_argument("--trace", metavar="FILE", type=Path, help="the link, as a JSON list of periods")
    parser.add_argument("--har", metavar="FILE", type=Path, help="write what came through here, at the end")
    parser.add_argument(
        "--host", default="127.0.0.1", help="where to listen (default: this machine only; 0.0.0.0 for a TV)"
    )
    parser.add_argument("--port", type=whole_number, default=8480, metavar="N", help="default 8480")
    parser.add_argument("--seconds", type=float, default=None, metavar="S", help="end by itself")
    add_connection_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Stand in front of the origin until Ctrl-C. Raises InputError."""
    from player.base.errors import ErrorCode, InputError
    from player.net.faults import load_faults
    from player.net.shaping import load_trace
    from player.qa.proxy.server import Proxy

    if not args.origin.startswith(("http://", "https://")):
        raise InputError(ErrorCode.INPUT_USAGE, "ORIGIN is an address that begins with http:// or https://.")
    proxy = Proxy(
        args.origin,
        connect_of(args)(),
        faults=None if args.faults is None else load_faults(args.faults),
        trace=None if args.trace is None else load_trace(args.trace),
    )
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(proxy, args))
    except OSError as error:
        raise InputError(
            ErrorCode.INPUT_USAGE, f"{args.host}:{args.port} cannot be used: {error.strerror}."
        ) from error
    if args.har is not None:
        args.har.write_text(json.dumps(proxy.log(), indent=1) + "\n", encoding="utf-8")
    return 0


async def _serve(proxy: Proxy, args: argparse.Namespace) -> None:
    from player.qa.proxy.server import running

    over = asyncio.Event()
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    async with running(proxy, args.host, args.port) as address:
        print(address, flush=True)
        print(f"control page: {proxy.address}/-/", file=sys.stderr, flush=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), args.seconds)
