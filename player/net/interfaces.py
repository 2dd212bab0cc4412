"""The address of this machine that requests leave by, where one is stated."""

from __future__ import annotations

import socket

from player.base.errors import ErrorCode, InputError
from player.net.web_options import is_address

_SIOCGIFADDR = 0x8915


def local_address(interface: str) -> str | None:
    """The address of this machine to leave by; that of an interface named so (netdevice(7): its IPv4 address).

    Raises InputError where there is none.
    """
    if not interface or is_address(interface):
        return interface or None
    try:
        import fcntl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            answer = fcntl.ioctl(probe, _SIOCGIFADDR, interface.encode().ljust(256, b"\0"))
        return socket.inet_ntoa(answer[20:24])
    except (ImportError, OSError):
        raise InputError(ErrorCode.INPUT_USAGE, f"There is no interface {interface} with an address.") from None
