"""The network rules of a kiosk as a transport: hosts that are not named are not asked."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit

from player.errors import ErrorCode, NetError
from player.net.model import Body, Request, Transport
from ui.kiosk.provisioning import NetworkRules

_WEB = ("http", "https")


class RuledTransport:
    """Another transport with the rules before it. What is kept on this machine has no host."""

    def __init__(self, inner: Transport, rules: NetworkRules) -> None:
        self._inner = inner
        self._rules = rules

    def open(self, request: Request) -> AbstractAsyncContextManager[Body]:
        """As :class:`player.net.model.Transport`. Raises NetError ``net.forbidden_url``."""
        parts = urlsplit(request.url)
        if parts.scheme in _WEB and not self._rules.allows(parts.hostname or ""):
            raise NetError(
                ErrorCode.NET_FORBIDDEN_URL,
                f"This screen may not ask {parts.hostname}: see [network] in its provisioning file.",
                host=parts.hostname,
            )
        return self._inner.open(request)

    async def close(self) -> None:
        await self._inner.close()
