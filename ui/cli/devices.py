"""``matinee devices``: which machines may play what the account has, and taking one away."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from player.base.errors import ErrorCode, InputError
from ui.cli.account_session import add_account_arguments, service_of

if TYPE_CHECKING:
    from player.service.model import AccountDownloads, DeviceList


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee devices --help``."""
    add_account_arguments(parser)
    parser.add_argument("--remove", metavar="ID", help="take a device away: it plays nothing of the account any more")
    parser.add_argument("--downloads", action="store_true", help="also what each of them keeps")
    parser.add_argument("--give-back", metavar="ID", help="give a download back, from whatever device keeps it")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace) -> int:
    """List the account's devices, after removing one, or giving a download back, if that is asked for."""
    found = asyncio.run(_found(args))
    print(_as_json(found) if args.json else _as_text(found))
    return 0


@dataclass(frozen=True, slots=True)
class _AccountDevices:
    """All devices of the account, which of them this machine is, and what they keep where that was asked for."""

    devices: DeviceList
    own_id: str | None
    downloads: AccountDownloads | None


async def _found(args: argparse.Namespace) -> _AccountDevices:
    from drm_client.device import DeviceIdentities

    async with service_of(args) as (service, keys):
        if args.remove is not None:
            _known(args.remove, [one.id for one in (await service.devices()).items], "device")
            await service.remove_device(args.remove)
        if args.give_back is not None:
            _known(args.give_back, [one.id for one in (await service.downloads()).items], "download")
            await service.give_back_download(args.give_back)
        own = DeviceIdentities(keys).find(service.address)
        own_id = None if own is None else own.device_id
        wanted = args.downloads or args.give_back is not None
        return _AccountDevices(await service.devices(), own_id, await service.downloads() if wanted else None)


def _known(given: str, ids: Collection[str], what: str) -> None:
    """Raises InputError where the account has nothing of this ID."""
    if given not in ids:
        sentence = f"The account has no {what} with this ID. `matinee devices --downloads` lists what it has."
        raise InputError(ErrorCode.INPUT_USAGE, sentence)


def _as_json(found: _AccountDevices) -> str:
    items = [
        {
            "id": device.id,
            "name": device.name,
            "registered_at": device.registered_at,
            "last_seen_at": device.last_seen_at,
            "this_one": device.id == found.own_id,
        }
        for device in found.devices.items
    ]
    document: dict[str, object] = {"devices": items, "limit": found.devices.limit}
    if found.downloads is not None:
        document["downloads"] = asdict(found.downloads)
    return json.dumps(document, indent=2)


def _as_text(found: _AccountDevices) -> str:
    lines = [_of(len(found.devices.items), found.devices.limit, "device")]
    for device in found.devices.items:
        seen = datetime.fromtimestamp(device.last_seen_at, UTC)
        mark = "  (this one)" if device.id == found.own_id else ""
        lines.append(f"{device.id}  last seen {seen:%Y-%m-%d %H:%M} UTC  {device.name}{mark}")
    kept = found.downloads
    if kept is not None:
        lines.append(f"Downloads on {_of(kept.devices, kept.device_limit, 'device')}")
        for device in found.devices.items:
            here = [item for item in kept.items if item.device_id == device.id]
            if here:
                lines.append(f"{device.name}: {_of(len(here), kept.title_limit, 'title')}")
                lines += [f"    {item.id}  {item.title}" for item in here]
    return "\n".join(lines)


def _of(count: int, limit: int | None, what: str) -> str:
    """``1 device``, ``2 of 5 devices``."""
    counted = str(count) if limit is None else f"{count} of {limit}"
    return f"{counted} {what}{'' if (count if limit is None else limit) == 1 else 's'}"
