"""``matinee logout``: end this machine's sign-in at a service."""

from __future__ import annotations

import argparse
import asyncio

from ui.cli.account_session import add_account_arguments, service_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee logout --help``."""
    add_account_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Forget the sign-in here, and end it at the service. Raises NetError where that cannot be reached."""
    asyncio.run(_sign_out(args))
    return 0


async def _sign_out(args: argparse.Namespace) -> None:
    async with service_of(args) as (service, _):
        account = await service.logout()
        print("Nobody was signed in." if account is None else f"Signed out {account.email} at {service.host}.")
