"""``matinee login``: sign this machine in at a service, by password or by a code that is approved elsewhere."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys
from typing import TYPE_CHECKING

from ui.cli.account_session import add_account_arguments, service_of

if TYPE_CHECKING:
    from player.service.client import ServiceClient
    from player.service.model import Account


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee login --help``."""
    add_account_arguments(parser)
    parser.add_argument(
        "email", nargs="?", help="the account; its password is asked for, or taken from MATINEE_PASSWORD"
    )
    parser.add_argument("--code", action="store_true", help="show a code to approve on another device instead")


def run(args: argparse.Namespace) -> int:
    """Sign in, and keep the sign-in in the key store."""
    from player.base.errors import ErrorCode, InputError

    if bool(args.email) == args.code:
        raise InputError(ErrorCode.INPUT_USAGE, "Name an account (matinee login EMAIL), or ask for a code (--code).")
    asyncio.run(_sign_in(args))
    return 0


async def _sign_in(args: argparse.Namespace) -> None:
    async with service_of(args) as (service, _):
        account = await (_by_code(service) if args.code else service.login(args.email, _password()))
        print(f"Signed in at {service.host} as {account.email}.")


async def _by_code(service: ServiceClient) -> Account:
    code = await service.begin_device_sign_in()
    print(f"Open {code.verification_uri} and enter {code.user_code}", file=sys.stderr, flush=True)
    return await service.await_device_sign_in(code)


def _password() -> str:
    """Never from the arguments, which every program on the machine can read. Raises InputError where nobody can be
    asked."""
    from player.base.errors import ErrorCode, InputError

    password = os.environ.get("MATINEE_PASSWORD")
    if password:
        return password
    if not sys.stdin.isatty():
        raise InputError(ErrorCode.INPUT_USAGE, "There is no terminal to ask for the password: set MATINEE_PASSWORD.")
    return getpass.getpass()
