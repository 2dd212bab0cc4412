"""``matinee devices``: which machines may play what the account has, and taking one away."""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ui.cli.account_session import service_of
from ui.cli.options import add_profile_arguments, add_service_argument

if TYPE_CHECKING:
    from player.service.model import DeviceList


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee devices --help``."""
    add_service_argument(parser)
    add_profile_arguments(parser)
    parser.add_argument("--remove", metavar="ID", help="take a device away: it plays nothing of the account any more")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace) -> int:
    """List the account's devices, after removing one if that is asked for."""
    devices, own_id = asyncio.run(_devices(args))
    print(_as_json(devices, own_id) if args.json else _as_text(devices, own_id))
    return 0


async def _devices(args: argparse.Namespace) -> tuple[DeviceList, str | None]:
    """All of the account, and which of them this machine is."""
    from drm_client.device import ENTRY, DeviceIdentity

    async with service_of(args) as (service, keys):
        if args.remove is not None:
            await service.remove_device(args.remove)
        own_id = None if keys.get(ENTRY) is None else DeviceIdentity.load_or_create(keys).device_id
        return await service.devices(), own_id


def _as_json(devices: DeviceList, own_id: str | None) -> str:
    items = [
        {
            "id": device.id,
            "name": device.name,
            "registered_at": device.registered_at,
            "last_seen_at": device.last_seen_at,
            "this_one": device.id == own_id,
        }
        for device in devices.items
    ]
    return json.dumps({"devices": items, "limit": devices.limit}, indent=2)


def _as_text(devices: DeviceList, own_id: str | None) -> str:
    allowed = "" if devices.limit is None else f" of {devices.limit}"
    lines = [f"{len(devices.items)}{allowed} devices"]
    for device in devices.items:
        seen = datetime.fromtimestamp(device.last_seen_at, UTC)
        mark = "  (this one)" if device.id == own_id else ""
        lines.append(f"{device.id}  last seen {seen:%Y-%m-%d %H:%M} UTC  {device.name}{mark}")
    return "\n".join(lines)
