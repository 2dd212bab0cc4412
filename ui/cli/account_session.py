"""What the commands about an account share: the service without a player."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ui.cli.options import add_ca_file_argument, add_profile_arguments, add_service_argument, profile_folder

if TYPE_CHECKING:
    from drm_client.keystore import KeyStore
    from player.service.client import ServiceClient


def add_account_arguments(parser: argparse.ArgumentParser) -> None:
    """Which service, whom to trust on the way to it, and where its sign-in is kept."""
    add_service_argument(parser)
    add_ca_file_argument(parser)
    add_profile_arguments(parser)


@asynccontextmanager
async def service_of(args: argparse.Namespace) -> AsyncIterator[tuple[ServiceClient, KeyStore]]:
    """The service that the arguments name, and the store in which the sign-in is kept. Raises InputError where they
    name none."""
    from drm_client.keystore import open_key_store
    from player.base.clock import SystemClock
    from player.base.errors import ErrorCode, InputError
    from player.net.gate import Gate
    from player.net.routing import RoutingTransport
    from player.service.client import ServiceClient
    from player.service.tokens import TokenStore

    if args.service is None:
        raise InputError(ErrorCode.INPUT_USAGE, "Name the service (--service URL, or MATINEE_SERVICE).")
    keys = open_key_store(profile_folder(args), args.key_store)
    gate = Gate(RoutingTransport(ca_file=args.ca_file), SystemClock())
    try:
        yield ServiceClient(gate, args.service, TokenStore(keys)), keys
    finally:
        await gate.close()
