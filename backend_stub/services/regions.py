"""From where a call comes: the country of its network address, by a table of the operator's."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence


class Regions:
    """``networks`` are pairs of a network (CIDR) and an ISO 3166-1 alpha-2 code; the narrowest that fits counts.

    Raises ValueError for a network that is none.
    """

    def __init__(self, networks: Sequence[tuple[str, str]]) -> None:
        parsed = [(ipaddress.ip_network(network), country) for network, country in networks]
        self._networks = sorted(parsed, key=lambda pair: -pair[0].prefixlen)

    def country_of(self, host: str | None) -> str | None:
        """The country of a network address; None for one that the table does not know, or that is no address."""
        try:
            address = ipaddress.ip_address(host or "")
        except ValueError:
            return None
        for network, country in self._networks:
            if address.version == network.version and address in network:
                return country
        return None
