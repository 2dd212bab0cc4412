"""Downloads over an engine of the player: its service, its licences, its network."""

from __future__ import annotations

from random import Random

from downloads import planning
from downloads.model import DownloadPlan
from downloads.request import DownloadRequest
from downloads.service import KeptLicences, ServiceAccess
from drm_client.keysystem import LicenceCall
from drm_client.offline import OfflineLicences
from player.engine import Engine
from player.net.model import Request, RequestKind
from player.transfer.loader import Loader
from player.transfer.model import Patience
from player.transfer.pathways import Pathways


async def plan_of(engine: Engine, wanted: DownloadRequest) -> DownloadPlan:
    """The plan of a download that is not made; for the engine's loop."""
    access = access_of(engine)
    addresses = await access.addresses(wanted.origin)
    loader = Loader(
        engine.gate.led_by(wanted.origin.url),
        Pathways(tuple(addresses.manifests)),
        engine.clock,
        Random(0),
        access.renewal(wanted.origin),
        patience=Patience(may_skip=False),
    )
    choice = access.permitted(wanted.origin, wanted.choice)
    return (await planning.draft(wanted.origin, addresses, loader, choice, engine.clock.wall())).plan


def access_of(engine: Engine) -> ServiceAccess:
    """The engine's service, as downloads ask it."""

    async def ask(call: LicenceCall) -> bytes:
        wanted = Request(RequestKind.LICENCE, call.url, method="POST", headers=call.headers, body=call.body)
        return (await engine.gate.fetch(wanted)).body

    return ServiceAccess(engine.service, engine.device_id, licences_of(engine), ask)


def licences_of(engine: Engine) -> KeptLicences:
    """The licences that are kept on this device, opened at first use."""

    async def kept() -> OfflineLicences | None:
        rights = await engine.rights()
        return None if rights is None else rights.licences

    return kept
