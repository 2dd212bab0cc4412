"""A body that stands around another one."""

from __future__ import annotations

from collections.abc import Mapping

from player.net.model import Body, ConnectionTiming


class BodyAround:
    """Says of itself what ``body`` says; whoever derives from it adds ``chunks`` and what differs (see
    :class:`~player.net.model.Body`)."""

    def __init__(self, body: Body) -> None:
        self._body = body

    @property
    def status(self) -> int:
        return self._body.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Keys in lower case."""
        return self._body.headers

    @property
    def url(self) -> str:
        """The address after redirects. It may hold secrets."""
        return self._body.url

    @property
    def total(self) -> int | None:
        """Length in bytes of what ``chunks`` will give, where it is known."""
        return self._body.total

    @property
    def http_version(self) -> str:
        return self._body.http_version

    @property
    def new_connection(self) -> bool:
        return self._body.new_connection

    @property
    def connection(self) -> ConnectionTiming | None:
        return self._body.connection
