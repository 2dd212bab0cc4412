"""Rights against the running service: signed licences for streaming and keeping, renewed, withdrawn, given back."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from backend_stub.server import ServerGroup
from drm_client import systems
from drm_client.device import DeviceIdentity
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import KeyRing
from drm_client.keystore import FileKeyStore
from drm_client.keysystem import KeyRequest
from drm_client.pssh import build_pssh
from drm_client.rights import LicenceFacts, RightsState
from drm_client.signed_licences import LicenceOrder
from player.base.errors import ServiceError
from player.engine import Engine
from player.licensing.device_rights import DeviceRights
from player.manifest.model import Protection
from player.title.opening import offer_of
from tests.kit.backend import KEYS, publish_noise, running_backend
from tests.kit.playback import signed_in_engine

T = TypeVar("T")
KIDS = tuple(key.kid for key in KEYS)
PLAIN = {key.kid: key.key for key in KEYS}


class Client:
    """An engine at a running service with one title, and its rights."""

    def __init__(self, group: ServerGroup, engine: Engine) -> None:
        self.group = group
        self.engine = engine
        self.title_id = publish_noise(group.context.settings)
        rights = self.do(engine.rights())
        assert rights is not None
        self.rights: DeviceRights = rights
        assert engine.service is not None
        self.service = engine.service

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.engine.submit(work).result(30)

    async def order(self) -> LicenceOrder:
        device_id = await self.engine._registered_device()
        body = {"device_id": device_id, "variant": "encrypted", "max_height": None}
        grant = json.loads((await self.service._call(f"/download/{self.title_id}", body)).body)
        kids = tuple(bytes.fromhex(kid) for kid in grant["licence"]["kids"])
        return LicenceOrder(grant["licence"]["url"], grant["download_id"], self.title_id, kids)

    async def kept(self) -> str:
        return (await self.rights.licences.acquire(await self.order())).licence_id


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with (
        running_backend(tmp_path / "service", edges=1) as group,
        signed_in_engine(tmp_path / "profile", group) as engine,
    ):
        yield Client(group, engine)


def test_a_play_session_gets_a_signed_licence(client: Client) -> None:
    async def play() -> tuple[KeyRing, Any]:
        session = await client.service.play(client.title_id, await client.engine._registered_device())
        offer = offer_of(session)
        assert offer is not None
        assert offer.signed_url is not None
        ring = KeyRing()
        request = KeyRequest(
            offer.kids, (), offer.url, offer.system, offer.session_id, offer.title_id, offer.signed_url
        )
        first = await client.engine._licences.acquire(request, ring)
        # The second request comes when the manifest is known, and carries what it says.
        boxes = [build_pssh(systems.W3C_COMMON, [kid]) for kid in KIDS]
        stated = tuple(
            Protection(None, "", pssh=(box,)) for box in (*boxes, *boxes, b"no box", build_pssh(systems.MARLIN))
        )
        again = await client.engine._licences.acquire(replace(request, protections=stated), ring, fresh=True)
        alien = Protection(None, "", pssh=(build_pssh(systems.W3C_COMMON, [bytes(16)]),))
        with pytest.raises(DrmError, match="another title"):
            await client.engine._licences.acquire(replace(request, protections=(alien,)), ring, fresh=True)
        assert again.policy.expires_at is not None
        assert first.policy.expires_at is not None
        assert again.policy.expires_at >= first.policy.expires_at
        return ring, first

    ring, licence = client.do(play())
    assert {kid: bytes(ring.get(kid).value) for kid in licence.kids} == {kid: PLAIN[kid] for kid in licence.kids}
    assert licence.policy.type == "streaming"
    assert licence.policy.grace_s > 0
    assert client.rights.clock.heard_at() is not None  # the service's time came with it, signed


def test_a_download_keeps_its_licence_renews_it_and_gives_it_back(client: Client) -> None:
    licence_id = client.do(client.kept())
    licences = client.rights.licences
    ring = KeyRing()
    assert licences.open(licence_id, ring).standing.may_play
    assert ring.get(KIDS[1]).value == PLAIN[KIDS[1]]
    before = licences.store.get(licence_id).rights.policy
    client.do(licences.renew(licence_id))
    after = licences.store.get(licence_id).rights.policy
    assert (after.sequence, after.licence_id) == (before.sequence + 1, before.licence_id)
    assert client.do(client.kept()) == licence_id  # requested again, the service goes on with the same licence
    licences.remove(licence_id)
    assert client.do(licences.send_receipts()) == 1
    assert licences.store.receipts() == ()
    with pytest.raises(DrmError):
        client.do(client.rights.signed.renew(LicenceFacts(after), f"/api/v1/licences/{licence_id}/renewal", KIDS))


def test_a_withdrawn_licence_plays_no_more_once_the_service_was_heard(client: Client) -> None:
    licence_id = client.do(client.kept())
    licences = client.rights.licences
    assert client.do(licences.check_revocations()) == ()
    client.group.context.rights.revocations.revoke_licence(licence_id, "test", by="a" * 32)
    assert client.do(licences.check_revocations()) == (licence_id,)
    assert licences.standing(licence_id).state is RightsState.REVOKED
    with pytest.raises(DrmError) as caught:
        licences.open(licence_id, KeyRing())
    assert caught.value.code is DrmErrorCode.LICENCE_REVOKED


def test_the_services_signed_time_is_taken(client: Client) -> None:
    now = client.do(client.rights.service.ask_time())
    assert now.at_s == now.certain_s
    assert now.at_s == pytest.approx(client.group.context.clock.now(), abs=30)


def test_a_second_run_has_the_licence_without_the_service(tmp_path: Path) -> None:
    with (
        running_backend(tmp_path / "service", edges=1) as group,
        signed_in_engine(tmp_path / "profile", group) as engine,
    ):
        client = Client(group, engine)
        licence_id = client.do(client.kept())
        settings = engine._settings
    later = Engine(settings)
    try:
        rights = later.submit(later.rights()).result(30)
        assert rights is not None
        ring = KeyRing()
        assert rights.licences.open(licence_id, ring).standing.may_start
        assert ring.get(KIDS[0]).value == PLAIN[KIDS[0]]
    finally:
        later.close()


@pytest.mark.parametrize("of_0_1_0", [False, True], ids=["new profile", "one key for all"])
def test_a_device_that_one_service_removed_is_another_one_there_and_the_same_elsewhere(
    tmp_path: Path, of_0_1_0: bool
) -> None:
    """Nothing of the other service is lost, and the title of the first comes back with a new licence."""
    profile = tmp_path / "profile"
    if of_0_1_0:
        profile.mkdir()
        DeviceIdentity.load_or_create(FileKeyStore(profile))
    with (
        running_backend(tmp_path / "other", edges=1) as other,
        running_backend(tmp_path / "service", edges=1) as group,
    ):
        with signed_in_engine(profile, other) as engine:
            elsewhere = Client(other, engine)
            kept_elsewhere = elsewhere.do(elsewhere.kept())
            same = engine.own_device_id
        with signed_in_engine(profile, group) as engine:
            client = Client(group, engine)
            kept = client.do(client.kept())
            removed = client.do(engine._registered_device())
            assert (removed == same) is of_0_1_0
            client.group.context.devices.forbid(removed, "test", by="a" * 32)
            engine._device_id = None
            with pytest.raises(ServiceError, match="removed"):
                client.do(engine._registered_device())
        with signed_in_engine(profile, group) as engine:
            client = Client(group, engine)
            assert client.do(engine._registered_device()) not in (None, removed)
            licences = client.rights.licences
            assert licences.standing(kept).state is RightsState.WRONG_DEVICE
            assert licences.standing(kept_elsewhere).may_start
            assert licences.standing(client.do(client.kept())).may_start
            licences.remove(kept)  # no word of this device gives it back
            licences.remove(kept_elsewhere)
            (receipt,) = licences.store.receipts()
            assert receipt.service == other.api.url
        with signed_in_engine(profile, other) as engine:
            elsewhere = Client(other, engine)
            assert elsewhere.do(engine._registered_device()) == same
            assert elsewhere.do(elsewhere.rights.licences.send_receipts()) == 1
            answer = elsewhere.do(elsewhere.service.downloads())
            assert answer.items == ()
