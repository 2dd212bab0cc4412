"""Signed licence requests and what comes back, version 2 of the wire format: for streaming and for keeping."""

from __future__ import annotations

import asyncio
import base64
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from drm_client import signed
from drm_client.clearkey import parse_key_set, read_json, wanted_keys
from drm_client.device import DeviceIdentity
from drm_client.errors import DrmError
from drm_client.keys import ContentKey
from drm_client.keysystem import KeyRequest, LicenceGrant, StreamingTerms
from drm_client.licence_store import KeptLicence, Receipt
from drm_client.memory import wipe
from drm_client.policy import LicencePolicy, PolicyType
from drm_client.pssh import parse_pssh
from drm_client.refusals import RefusedError
from drm_client.rights import LicenceFacts, first_play_at
from drm_client.signed import SignedFields, untrusted
from drm_client.signed_policy import Asked, check_answer, parse_policy
from drm_client.trusted_service import TrustedService

MAX_PSSH = 16
MAX_PSSH_BYTES = 48 * 1024
MAX_STATES = 200
STATES_URL = "/api/v1/licences/state"
STALE = "stale_sequence"
RELEASE_REASONS = frozenset({"removed", "evicted", "expired", "signed_out"})


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What a licence request tells of this device. ``hdcp``: ``none``, ``1.4`` or ``2.2``."""

    name: str = "Matinee"
    platform: str = field(default_factory=lambda: f"{platform.system()} {platform.machine()}")
    app_version: str = ""
    hdcp: str = "none"


@dataclass(frozen=True, slots=True)
class LicenceOrder:
    """A licence to ask for at ``url``: ``session_id`` is that of the play session, or the download's ID. ``kids`` is
    empty for a clear title, whose licence carries rights alone. ``pssh`` are whole boxes."""

    url: str = field(repr=False)
    session_id: str
    title_id: str | None
    kids: tuple[bytes, ...]
    type: PolicyType = PolicyType.PERSISTENT
    pssh: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class LicenceState:
    """What the service knows of one licence: ``in_force``, ``revoked``, ``released`` or ``unknown``, its
    ``sequence``, and its first play in seconds since 1970."""

    state: str
    sequence: int
    first_play_at: float | None


@dataclass(frozen=True, slots=True)
class LicenceStates:
    """What the service says of what is kept here. ``restored``: it has seen a later ``generation`` of this vault.
    ``device_revoked``: it takes this device no more."""

    restored: bool
    generation: int
    licences: dict[str, LicenceState]
    device_revoked: bool = False


@dataclass(frozen=True, slots=True)
class IssuedLicence:
    """A licence that was verified: its policy, the signed document that holds it, and the keys."""

    policy: LicencePolicy
    document: str = field(repr=False)
    keys: tuple[ContentKey, ...] = field(repr=False)


class SignedLicences:
    """Asks the service for licences. Methods raise as :class:`TrustedService` does."""

    def __init__(self, service: TrustedService, device: DeviceIdentity, info: DeviceInfo | None = None) -> None:
        self._service = service
        self._device = device
        self.device_id = device.device_id
        self._info = info or DeviceInfo()

    async def request(self, order: LicenceOrder) -> IssuedLicence:
        """A new licence."""
        nonce = ""

        def message(now_s: float) -> dict[str, Any]:
            nonlocal nonce
            nonce = signed.new_nonce()
            return self._signed(
                signed.REQUEST,
                type=order.type,
                session_id=order.session_id,
                kids=[kid.hex() for kid in order.kids],
                pssh=base64.b64encode(b"".join(order.pssh)).decode("ascii") or None,
                nonce=nonce,
                issued_at=now_s,
                info=asdict(self._info),
            )

        answer = await self._service.post(order.url, message)
        asked = Asked(
            order.type, order.session_id, self._device.device_id, nonce, order.title_id, frozenset(order.kids)
        )
        return await self._read(answer, asked)

    async def grant(self, request: KeyRequest) -> LicenceGrant:
        """A licence for the play session of ``request``, from its ``signed_url``."""
        order = LicenceOrder(
            url=request.signed_url or "",
            session_id=request.session_id or "",
            title_id=request.title_id,
            kids=request.kids,
            type=PolicyType.STREAMING,
            pssh=_whole_boxes(box for protection in request.protections for box in protection.pssh),
        )
        issued = await self.request(order)
        policy = issued.policy
        terms = StreamingTerms(
            type=policy.type,
            expires_at=policy.expires_at,
            renew_from_at=None if policy.renewal is None else policy.renewal.from_at,
            grace_s=policy.grace_s,
            withheld=policy.withheld,
        )
        return LicenceGrant(wanted_keys(issued.keys, request), terms)

    async def renew(
        self, rights: LicenceFacts, url: str, kids: Sequence[bytes], is_here: Callable[[], bool] = lambda: False
    ) -> IssuedLicence:
        """Renew the licence at its renewal address. If the answer to an earlier renewal was lost, the service states
        its version, and the request is repeated from there. Not if ``is_here`` says that another program has that
        answer."""
        policy = rights.policy
        try:
            return await self._renew(rights, url, kids, policy.sequence)
        except RefusedError as error:
            sequence = error.document.get("sequence")
            if error.reason != STALE or not isinstance(sequence, int) or sequence <= policy.sequence:
                raise
            if await asyncio.to_thread(is_here):
                raise
        return await self._renew(rights, url, kids, sequence)

    async def _renew(self, rights: LicenceFacts, url: str, kids: Sequence[bytes], sequence: int) -> IssuedLicence:
        policy = rights.policy
        nonce = ""

        def message(now_s: float) -> dict[str, Any]:
            nonlocal nonce
            nonce = signed.new_nonce()
            return self._signed(
                signed.RENEWAL,
                licence_id=policy.licence_id,
                sequence=sequence,
                kids=[kid.hex() for kid in kids],
                nonce=nonce,
                issued_at=now_s,
                first_play_at=first_play_at(rights),
                info=asdict(self._info),
            )

        answer = await self._service.post(url, message)
        asked = Asked(
            policy.type,
            policy.session_id,
            self._device.device_id,
            nonce,
            policy.title_id,
            licence_id=policy.licence_id,
            sequence=sequence,
        )
        return await self._read(answer, asked)

    async def states(
        self, generation: int, before: int, held: Sequence[LicenceFacts], given_back: Sequence[str] = ()
    ) -> LicenceStates:
        """What the service knows of licences that are held, of those that were given back (by their IDs), and of the
        vault's ``generation``; ``before`` is the one that it was told last."""
        nonce = ""

        def message(now_s: float) -> dict[str, Any]:
            nonlocal nonce
            nonce = signed.new_nonce()
            licences = [
                {
                    "licence_id": rights.policy.licence_id,
                    "sequence": rights.policy.sequence,
                    "first_play_at": first_play_at(rights),
                }
                for rights in held
            ]
            licences += [{"licence_id": one, "sequence": 1, "first_play_at": None} for one in given_back]
            return self._signed(
                signed.STATE_REQUEST,
                nonce=nonce,
                issued_at=now_s,
                generation=generation,
                before=before,
                licences=licences,
            )

        answer = await self._service.post(STATES_URL, message)
        members = SignedFields(await self._service.verify(answer.get("state"), signed.STATE))
        if members.text("nonce") != nonce or members.text("device_id") != self._device.device_id:
            raise untrusted("It is an answer to another question.")
        await asyncio.to_thread(self._service.hear, members.number("issued_at"))
        found = {}
        for item in members.items("licences", MAX_STATES):
            one = SignedFields(item if isinstance(item, dict) else {})
            found[one.text("licence_id", 64)] = LicenceState(
                one.text("state", 32), one.count("sequence"), one.number_or_none("first_play_at")
            )
        device_revoked = members.text_or_none("device", 32) == "revoked"  # an older service does not say
        return LicenceStates(members.flag("restored"), members.count("generation"), found, device_revoked)

    def _signed(self, typ: str, **members: object) -> dict[str, Any]:
        return {"request": self._device.sign(typ, {"device_id": self._device.device_id, **members})}

    async def _read(self, answer: dict[str, Any], asked: Asked) -> IssuedLicence:
        document, jwe = answer.get("licence"), answer.get("jwe")
        policy = parse_policy(await self._service.verify(document, signed.LICENCE))
        if jwe is not None and not isinstance(jwe, str):
            raise untrusted("Its keys are of the wrong kind.")
        check_answer(policy, jwe, asked)
        keys = () if jwe is None else await asyncio.to_thread(self._keys, jwe, policy)
        await asyncio.to_thread(self._service.hear, policy.issued_at)
        return IssuedLicence(policy, str(document), keys)

    def _keys(self, jwe: str, policy: LicencePolicy) -> tuple[ContentKey, ...]:
        header, plaintext = self._device.decrypt_jwe(jwe)
        try:
            if header.get("sid") != policy.session_id:
                raise untrusted("Its keys are for another session.")
            keys, _ = parse_key_set(read_json(plaintext))
        finally:
            wipe(plaintext)
        if {key.kid for key in keys} != set(policy.keys):
            raise untrusted("It holds other keys than it names.")
        return keys


def release_receipt(device: DeviceIdentity, licence: KeptLicence, reason: str, now_s: float) -> Receipt | None:
    """The word of ``device`` that its licence was given back; None where the service wants none.

    ``reason``: one of :data:`RELEASE_REASONS`.
    """
    if reason not in RELEASE_REASONS:
        raise ValueError(f"not a reason for a release: {reason}")
    policy = licence.rights.policy
    if policy.release_url is None:
        return None
    statement = device.sign(
        signed.RELEASE,
        {
            "licence_id": policy.licence_id,
            "device_id": device.device_id,
            "sequence": policy.sequence,
            "released_at": now_s,
            "reason": reason,
            "first_play_at": first_play_at(licence.rights),
            "nonce": signed.new_nonce(),
        },
    )
    return Receipt(policy.licence_id, policy.release_url, statement, licence.service)


def _whole_boxes(stated: Iterable[bytes]) -> tuple[bytes, ...]:
    """The PSSH boxes that a manifest states, each once, as many as a request may hold; what is none is left out."""
    boxes: dict[bytes, int] = {}
    for each in stated:
        try:
            count = len(parse_pssh(each))
        except DrmError:
            continue
        size = sum(map(len, boxes)) + len(each)
        if each not in boxes and sum(boxes.values()) + count <= MAX_PSSH and size <= MAX_PSSH_BYTES:
            boxes[each] = count
    return tuple(boxes)
