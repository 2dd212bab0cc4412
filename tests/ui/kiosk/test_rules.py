"""The network rules before the network."""

from __future__ import annotations

import pytest

from player.errors import ErrorCode, NetError
from player.net.model import Request, RequestKind
from ui.kiosk.provisioning import NetworkRules
from ui.kiosk.rules import RuledTransport


class Inner:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = False

    def open(self, request: Request) -> str:
        self.asked.append(request.url)
        return "body"

    async def close(self) -> None:
        self.closed = True


async def test_only_named_hosts_are_asked() -> None:
    inner = Inner()
    transport = RuledTransport(inner, NetworkRules(("a.test",)))
    for url in ("https://a.test/x", "matinee-kept://1/2"):
        assert transport.open(Request(RequestKind.SEGMENT, url)) == "body"
    for url in ("https://b.test/x?token=hunter2", "https://a.test.b.test/", "http:///x"):
        with pytest.raises(NetError) as refused:
            transport.open(Request(RequestKind.SEGMENT, url))
        assert refused.value.code == ErrorCode.NET_FORBIDDEN_URL
        assert "hunter2" not in refused.value.sentence
    await transport.close()
    assert inner.closed
    assert len(inner.asked) == 2
