"""Reading the policy out of a signed licence, and holding it against what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drm_client import signed
from drm_client.base64url import sha256_base64url
from drm_client.policy import KeyTerms, LicencePolicy, OutputTerms, PlanTerms, PolicyType, RenewalTerms
from drm_client.signed import SignedFields, untrusted

_KID_HEX = 32
_HDCP = frozenset({"none", "1.4", "2.2"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asked for, to compare the answer with. ``licence_id`` and ``sequence`` are those of the licence
    that is renewed; None and 0 for a new one."""

    type: PolicyType
    session_id: str
    device_id: str
    nonce: str
    title_id: str | None = None
    kids: frozenset[bytes] = frozenset()
    licence_id: str | None = None
    sequence: int = 0


def read_policy(document: str) -> LicencePolicy:
    """The policy in a signed licence that was verified when it came. Raises ``drm.licence_untrusted``."""
    return parse_policy(signed.unverified(document))


def parse_policy(payload: Mapping[str, Any]) -> LicencePolicy:
    """The policy in the payload of a ``matinee-licence+jws``. Raises ``drm.licence_untrusted``."""
    members = SignedFields(payload)
    kind = members.text("type")
    if kind not in frozenset(PolicyType):
        raise untrusted("It is a licence of a kind that this player does not know.")
    return LicencePolicy(
        licence_id=_plain_id(members.text("licence_id", 64)),
        sequence=members.count("sequence"),
        type=PolicyType(kind),
        session_id=members.text("session_id", 256),
        device_id=members.text("device_id", 128),
        nonce=members.text("nonce", 128),
        account_id=members.text("account_id", 256),
        title_id=members.text("title_id", 256),
        variant=members.text("variant", 64),
        issued_at=members.number("issued_at"),
        expires_at=members.number_or_none("expires_at"),
        play_s=members.number_or_none("play_s"),
        first_play_at=members.number_or_none("first_play_at"),
        grace_s=members.number_or_none("grace_s") or 0.0,
        renewal=_renewal(members.inner("renewal")),
        release_url=members.text_or_none("release_url"),
        rental=members.flag("rental"),
        keys={_kid(kid): _key_terms(terms) for kid, terms in members.mapping("keys", 64).items()},
        withheld={_kid(kid): str(reason)[:64] for kid, reason in members.mapping("withheld", 64).items()},
        output=_output(members.inner("output")),
        plan=_plan(members.inner("plan")),
        jwe_sha256=members.text_or_none("jwe_sha256", 64),
    )


def check_answer(policy: LicencePolicy, jwe: str | None, asked: Asked) -> None:
    """Refuse a licence that is another's: of another device, title, request, session or licence, an earlier one, one
    whose keys are not those that it was signed with. Raises ``drm.licence_untrusted``."""
    flaws = {
        "device": policy.device_id != asked.device_id,
        "session": policy.session_id != asked.session_id,
        "nonce": policy.nonce != asked.nonce,
        "kind": policy.type is not asked.type,
        "title": asked.title_id is not None and policy.title_id != asked.title_id,
        "licence": asked.licence_id is not None and policy.licence_id != asked.licence_id,
        "sequence": policy.sequence <= asked.sequence,
        "key IDs": bool(asked.kids) and not asked.kids >= policy.keys.keys(),
        "keys": policy.jwe_sha256 != (None if jwe is None else sha256_base64url(jwe)),
    }
    for name, wrong in flaws.items():
        if wrong:
            raise untrusted(f"It has another {name} than was asked for.")


def _plain_id(text: str) -> str:
    if not text or not text.isascii() or not text.isalnum():
        raise untrusted("Its ID is odd.")
    return text


def _kid(text: object) -> bytes:
    try:
        if isinstance(text, str) and len(text) == _KID_HEX:
            return bytes.fromhex(text)
    except ValueError:
        pass
    raise untrusted("It names an odd key ID.")


def _key_terms(terms: object) -> KeyTerms:
    if not isinstance(terms, dict):
        raise untrusted("Its terms for a key are odd.")
    members = SignedFields(terms)
    return KeyTerms(members.text("label", 32), members.count("max_height"), _hdcp(members))


def _hdcp(members: SignedFields) -> str:
    value = members.text("hdcp", 16)
    if value not in _HDCP:
        raise untrusted("It asks for an output protection that this player does not know.")
    return value


def _renewal(members: SignedFields | None) -> RenewalTerms | None:
    if members is None:
        return None
    return RenewalTerms(members.text("url"), members.number("from_at"), members.number("until_at"))


def _output(members: SignedFields | None) -> OutputTerms:
    if members is None:
        return OutputTerms()
    return OutputTerms(_hdcp(members), members.flag("analogue"), members.flag("mirror"))


def _plan(members: SignedFields | None) -> PlanTerms | None:
    if members is None:
        return None
    return PlanTerms(
        name=members.text("name", 256),
        max_height=members.count_or_none("max_height"),
        streams=members.count_or_none("streams"),
        download_devices=members.count_or_none("download_devices"),
        download_titles=members.count_or_none("download_titles"),
    )
