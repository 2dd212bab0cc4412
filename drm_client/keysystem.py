"""Key systems behind one interface: recognise a title, form a licence request, read the response.

ClearKey, the device-bound ClearKey and HLS identity keys are here. Widevine, PlayReady, FairPlay and others are
recognised by name. A licence for them needs their vendor's content decryption module. It plugs in as an entry point
of the group ``matinee.cdm``: a callable without arguments that returns a :class:`KeySystem`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Protocol

from drm_client import systems
from drm_client.errors import DrmError, DrmErrorCode
from drm_client.keys import ContentKey
from drm_client.scheme import SampleProtection

ENTRY_POINT_GROUP = "matinee.cdm"


class TitleProtection(Protocol):
    """What a manifest or an init segment says about one protection; the player's model has this shape."""

    @property
    def system_id(self) -> str | None: ...

    @property
    def default_kids(self) -> tuple[bytes, ...]: ...

    @property
    def pssh(self) -> tuple[bytes, ...]: ...

    @property
    def licence_urls(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """Keys that a playback needs.

    ``kids`` are 16 bytes each. ``licence_url`` is where the service says to ask; else each system looks into
    ``protections``. ``system`` names the system to use where the service says it (``matinee.clearkey``).
    ``session_id`` is the play session that a device-bound licence must be for, ``title_id`` its title.
    ``signed_url`` is where the service takes signed requests, which are preferred. ``initiator`` is the address of
    the manifest that ``protections`` come from.
    """

    kids: tuple[bytes, ...]
    protections: tuple[TitleProtection, ...] = field(default=(), repr=False)
    licence_url: str | None = field(default=None, repr=False)
    system: str | None = None
    session_id: str | None = None
    title_id: str | None = None
    signed_url: str | None = field(default=None, repr=False)
    initiator: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class LicenceCall:
    """One HTTP exchange that the caller makes. A ``body`` of None means GET. ``initiator`` is the manifest that names
    ``url``; empty where somebody else does."""

    url: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    initiator: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class StreamingTerms:
    """``type`` is ``streaming`` (kept in memory until ``expires_at``, seconds since 1970) or ``temporary`` (this
    playback alone). A running playback may outlive ``expires_at`` by ``grace_s``; from ``renew_from_at`` on another
    licence should be asked for. ``withheld`` tells why a key was not given, by key ID."""

    type: str = "temporary"
    expires_at: float | None = None
    renew_from_at: float | None = None
    grace_s: float = 0.0
    withheld: Mapping[bytes, str] = field(default_factory=dict)


class Decryptor(Protocol):
    """What a vendor's module may bring instead of keys; :class:`drm_client.cenc.SampleDecryptor` has this shape."""

    def decrypt(self, data: bytearray | memoryview | bytes, protection: SampleProtection) -> bytearray: ...


@dataclass(frozen=True, slots=True)
class LicenceGrant:
    """A licence that was read: keys, or a ``decryptor`` that keeps them to itself."""

    keys: tuple[ContentKey, ...] = ()
    policy: StreamingTerms = StreamingTerms()
    decryptor: Decryptor | None = None


class KeySystem(Protocol):
    """One key system. Methods are quick and do no input or output; the caller makes the exchange."""

    @property
    def name(self) -> str:
        """A reversed domain name, such as ``org.w3.clearkey``."""
        ...

    def recognises(self, request: KeyRequest) -> bool:
        """Whether this system can get these keys, as far as the title tells."""
        ...

    def form_request(self, request: KeyRequest) -> LicenceCall: ...

    def read_response(self, request: KeyRequest, body: bytes) -> LicenceGrant:
        """Raises :class:`DrmError` ``drm.licence_malformed`` or ``drm.licence_refused``."""
        ...


def vendor_systems() -> tuple[KeySystem, ...]:
    """The vendor modules that are installed. One that cannot be loaded raises :class:`DrmError`."""
    found: list[KeySystem] = []
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        try:
            found.append(entry.load()())
        except Exception as error:
            raise DrmError(
                DrmErrorCode.KEY_SYSTEM_UNSUPPORTED,
                f"The content decryption module {entry.name} is installed but does not start.",
                module=entry.name,
            ) from error
    return tuple(found)


def choose_system(available: Sequence[KeySystem], request: KeyRequest) -> KeySystem:
    """The first of ``available`` that recognises the request.

    Raises :class:`DrmError` ``drm.key_system_unsupported`` with a sentence that names what the title needs.
    """
    for system in available:
        if system.recognises(request):
            return system
    needed = needed_systems(request.protections)
    if needed:
        sentence = f"This title needs {_or(needed)}, for which no content decryption module is installed."
    else:
        sentence = "This title is encrypted, but neither it nor the service says where its keys are."
    raise DrmError(DrmErrorCode.KEY_SYSTEM_UNSUPPORTED, sentence, systems=", ".join(needed))


def needed_systems(protections: Iterable[TitleProtection]) -> tuple[str, ...]:
    """The names of the key systems that can open a title, each once, in its own order; those that only name keys
    (the common ID) are left out."""
    ids = [protection.system_id for protection in protections if protection.system_id]
    return tuple(dict.fromkeys(systems.system_name(id_) for id_ in ids if id_ != systems.W3C_COMMON))


def licence_url(request: KeyRequest, system_ids: Iterable[str]) -> str | None:
    """Where to ask: what the service said, else the first address that the title gives for one of ``system_ids``."""
    if request.licence_url:
        return request.licence_url
    wanted = frozenset(system_ids)
    for protection in request.protections:
        if protection.system_id in wanted and protection.licence_urls:
            return protection.licence_urls[0]
    return None


def _or(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
