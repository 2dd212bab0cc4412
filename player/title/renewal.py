"""A new play session in mid-title: for new addresses when an edge refuses the old ones, and for the licence that goes
on where the old one ends."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit, urlunsplit

from player.base.errors import ServiceError
from player.licensing.licences import LicenceOffer
from player.service.client import ServiceClient
from player.service.model import ManifestAddresses, PlaySession
from player.title.opening import DeviceId, PlaybackSource, offer_of, play_session
from player.transfer.addressing import Readdress

AskAddresses = Callable[[str], Awaitable[Sequence[ManifestAddresses]]]
_SIGNED = "/s/"  # docs/protocol.md: all addresses of one title on one edge share the prefix /s/<token>/


class Renewal:
    """``ask`` gets a new play session for the same title, ``addresses`` new addresses of this one. Give an
    instance to the loader as its ``refresh``, its :meth:`offer` to the playback's licences as its ``reoffer``.
    ``session_id`` is that of the newest play session."""

    def __init__(
        self, ask: Callable[[], Awaitable[PlaySession]], session_id: str = "", addresses: AskAddresses | None = None
    ) -> None:
        self._ask = ask
        self._addresses = addresses
        self.session_id = session_id

    async def __call__(self) -> Readdress:
        """Raises what the service says no with."""
        if self._addresses is not None and self.session_id:
            with contextlib.suppress(ServiceError):  # it is over, or the service has none but those of a new one
                return readdress_to(await self._addresses(self.session_id))
        return readdress_to((await self.renew()).manifests)

    async def offer(self) -> LicenceOffer | None:
        """Where the licence of a new play session is fetched. Raises the error with which the service refuses."""
        return offer_of(await self.renew())

    async def renew(self) -> PlaySession:
        """A new play session in place of the one before. Raises what the service says no with."""
        session = await self._ask()
        self.session_id = session.session_id
        return session


def renewal_of(
    source: PlaybackSource, service: ServiceClient | None, device_id: DeviceId | None, session_id: str = ""
) -> Renewal | None:
    """How the play session of a source is renewed, which is ``session_id`` now; None where no service gave one."""
    if source.kept is not None or not source.title_id or service is None or device_id is None:
        return None

    async def ask() -> PlaySession:
        return await play_session(source, service, await device_id())

    return Renewal(ask, session_id, service.addresses)


def readdress_to(manifests: Sequence[ManifestAddresses]) -> Readdress:
    """What turns any earlier address of a title into the one signed as ``manifests`` are, on the same edge."""
    prefixes: dict[tuple[str, str], str] = {}
    for manifest in manifests:
        for url in (manifest.dash, manifest.hls):
            if url:
                parts = urlsplit(url)
                prefixes[parts.scheme, parts.netloc] = _prefix(parts.path)

    def readdress(url: str) -> str:
        try:
            parts = urlsplit(url)
        except ValueError:
            return url  # whoever asks there says why that cannot be
        prefix = prefixes.get((parts.scheme, parts.netloc))
        if prefix is None or not parts.path.startswith(_SIGNED):
            return url
        rest = parts.path[len(_prefix(parts.path)) :]
        return urlunsplit(parts._replace(path=prefix + rest))

    return readdress


def _prefix(path: str) -> str:
    """``/s/<token>/`` of a signed path."""
    return path[: path.find("/", len(_SIGNED)) + 1]
