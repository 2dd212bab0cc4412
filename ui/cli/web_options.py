"""Arguments that say how HTTP is to be spoken on a test bench, and what they make of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ui.cli.options import add_ca_file_argument

if TYPE_CHECKING:
    from player.net.model import Transport
    from player.net.web_options import WebOptions
    from player.qa.thresholds import Condition
    from player.reporting.cmcd import CmcdSettings


def add_connection_arguments(parser: argparse.ArgumentParser) -> None:
    """What a command takes that goes to any server: whom to trust, how HTTP is spoken, what CDNs are told."""
    add_ca_file_argument(parser)
    add_web_arguments(parser)
    add_cmcd_arguments(parser)


def add_web_arguments(parser: argparse.ArgumentParser) -> None:
    """Headers, cookies, addresses, proxies, the version of HTTP."""
    group = parser.add_argument_group("how HTTP is spoken (not to the service of titles: headers and cookies)")
    group.add_argument("--header", action="append", default=[], metavar="'NAME: VALUE'", help="send this header too")
    group.add_argument("--cookie", action="append", default=[], metavar="NAME=VALUE", help="send this cookie")
    group.add_argument("--user-agent", metavar="TEXT", help="send this in place of our own User-Agent")
    group.add_argument(
        "--resolve", action="append", default=[], metavar="HOST:ADDRESS", help="where a host (or HOST:PORT) is"
    )
    group.add_argument("--interface", metavar="ADDRESS|NAME", help="send from this address or interface")
    group.add_argument("--proxy", metavar="URL", help="http://HOST:PORT; the environment's proxies are not used")
    group.add_argument("--http", choices=["1.1", "2"], default="2", help="the newest version to offer (over TLS)")


def add_cmcd_arguments(parser: argparse.ArgumentParser) -> None:
    """Client data for the CDNs."""
    parser.add_argument(
        "--cmcd", choices=["off", "query", "headers"], help="send client data (CTA-5004) to all CDNs (default: off)"
    )
    parser.add_argument("--cmcd-version", type=int, choices=[1, 2], default=1, help="of the client data (default: 1)")


def web_of(args: argparse.Namespace) -> WebOptions:
    """What :func:`add_web_arguments` was told. Raises InputError."""
    from player.net import web_options
    from player.net.model import USER_AGENT

    headers = [web_options.header_of(text) for text in args.header]
    if args.cookie:
        headers.append(web_options.cookie_header(args.cookie))
    return web_options.WebOptions(
        http2=args.http == "2",
        user_agent=USER_AGENT
        if args.user_agent is None
        else web_options.header_of(f"User-Agent: {args.user_agent}")[1],
        headers=tuple(headers),
        resolve=tuple(web_options.resolve_of(text) for text in args.resolve),
        interface=web_options.interface_of(args.interface) if args.interface else "",
        proxy=web_options.proxy_of(args.proxy) if args.proxy else "",
    )


def connect_of(args: argparse.Namespace) -> Callable[[], Transport]:
    """Makes the transport to the web that the arguments want. Raises InputError."""
    options = web_of(args)

    def connect() -> Transport:
        from player.net.http import HttpTransport

        return marked(HttpTransport(ca_file=args.ca_file, web=options), args)

    return connect


def marked(transport: Transport, args: argparse.Namespace) -> Transport:
    """The transport with client data on each request, where they are wanted."""
    settings = cmcd_of(args)
    if settings is None:
        return transport
    from player.reporting.cmcd.transport import MarkingTransport

    return MarkingTransport(transport, settings)


def cmcd_of(args: argparse.Namespace) -> CmcdSettings | None:
    """What :func:`add_cmcd_arguments` was told; None where nothing is sent."""
    if args.cmcd in (None, "off"):
        return None
    from player.reporting.cmcd import CmcdSettings, Mode

    return CmcdSettings(Mode(args.cmcd), args.cmcd_version, third_parties=True)


def conditions_of(args: argparse.Namespace, known: Mapping[str, str] | None = None) -> list[Condition]:
    """What must hold, out of ``--fail-on``. Raises InputError."""
    from player.base.errors import ErrorCode, InputError
    from player.qa.thresholds import fails_on

    try:
        return [fails_on(text, known) for text in args.fail_on]
    except ValueError as error:
        raise InputError(ErrorCode.INPUT_USAGE, f"--fail-on: {error}.") from error
