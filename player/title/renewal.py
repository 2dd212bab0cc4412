"""A new play session in mid-title: for new addresses when an edge refuses the old ones, and for the licence that goes
on where the old one ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit, urlunsplit

from player.addressing import Readdress
from player.licences import LicenceOffer
from player.opening import DeviceId, Source, offer_of, play_session
from player.service import PlaySession, ServiceClient

_SIGNED = "/s/"  # docs/protocol.md: all addresses of one title on one edge share the prefix /s/<token>/


class Renewal:
    """``ask`` gets a new play session for the same title. Give an instance to the loader as its ``refresh``, its
    :meth:`offer` to the licence desk as its ``reoffer``. ``session_id`` is that of the newest play session."""

    def __init__(self, ask: Callable[[], Awaitable[PlaySession]], session_id: str = "") -> None:
        self._ask = ask
        self.session_id = session_id

    async def __call__(self) -> Readdress:
        """Raises what the service says no with."""
        return readdress_to(await self.again())

    async def offer(self) -> LicenceOffer | None:
        """Where the licence of a new play session is had. Raises what the service says no with."""
        return offer_of(await self.again())

    async def again(self) -> PlaySession:
        """A new play session in place of the one before. Raises what the service says no with."""
        session = await self._ask()
        self.session_id = session.session_id
        return session


def renewal_of(
    source: Source, service: ServiceClient | None, device_id: DeviceId | None, session_id: str = ""
) -> Renewal | None:
    """How the play session of a source is renewed, which is ``session_id`` now; None where no service gave one."""
    if source.kept is not None or not source.title_id or service is None or device_id is None:
        return None

    async def ask() -> PlaySession:
        return await play_session(source, service, await device_id())

    return Renewal(ask, session_id)


def readdress_to(session: PlaySession) -> Readdress:
    """What turns an address of any earlier session of this title into the one of ``session`` on the same edge."""
    prefixes: dict[tuple[str, str], str] = {}
    for manifest in session.manifests:
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
