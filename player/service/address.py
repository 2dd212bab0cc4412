"""Which addresses of services are taken: HTTPS, and plain HTTP on this machine or to hosts that the viewer named."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from player.base.errors import ErrorCode, InputError
from player.net.local_network import is_loopback

PLAIN_HTTP = "MATINEE_PLAIN_HTTP"
"""The environment variable with hosts, commas between, to which services may be spoken without TLS."""


def service_address(url: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return ``url`` without a slash at its end. Raises InputError if it is no address of a service, or has no TLS:
    others on the network could read the sign-in and forge the service's signing keys."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # one that is none raises
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not host:
        raise InputError(ErrorCode.INPUT_USAGE, "The address of the service must begin with http:// or https://.")
    if parts.scheme == "http" and not is_loopback(host) and host not in _named(environment):
        raise InputError(
            ErrorCode.INPUT_USAGE,
            f"The way to {host} is not protected: use https://, or name the host (--plain-http {host}) if you trust "
            "everybody on the network to it.",
        )
    return url.rstrip("/")


def _named(environment: Mapping[str, str]) -> frozenset[str]:
    return frozenset(host.strip().lower() for host in environment.get(PLAIN_HTTP, "").split(",") if host.strip())
