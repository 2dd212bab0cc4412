"""What ``matinee doctor`` finds out about the network: a way out, the service, its clock, and addresses of CDNs.
Every byte goes through the gate, as in a playback."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.doctor_finding import PartFinding

if TYPE_CHECKING:
    from player.engine import Engine
    from player.service.client import ServiceClient

_ROUTES = (Path("/proc/net/route"), Path("/proc/net/ipv6_route"))
_SKEW_S = 120.0


def way_out(routes: Sequence[Path] = _ROUTES) -> PartFinding:
    """Whether the machine has a default route; asks nobody."""
    found = [family for family, path in zip(("IPv4", "IPv6"), routes, strict=True) if _has_default(path)]
    remedy = "Connect the machine: ip route, nmcli device connect NAME."
    detail = f"a way out by {' and '.join(found)}" if found else "no default route"
    return PartFinding("network", bool(found), detail, "streaming", required=False, remedy=remedy)


def _has_default(path: Path) -> bool:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    rows = [line.split() for line in lines]
    if path.name == "route":  # Iface Destination Gateway Flags RefCnt Use Metric Mask...
        return any(len(row) > 7 and row[1] == row[7] == "00000000" for row in rows)
    return any(len(row) > 9 and set(row[0]) == {"0"} and row[1] == "00" and row[9] != "lo" for row in rows)


def reach(service_url: str | None, addresses: Sequence[str], ca_file: Path | None) -> list[PartFinding]:
    """Ask the service for its time, and each address for what is there."""
    if service_url is None and not addresses:
        return []
    from player.engine import Engine, EngineSettings

    found = []
    with tempfile.TemporaryDirectory(prefix="matinee-doctor-") as folder:
        engine = Engine(
            EngineSettings(profile=Path(folder), service_url=service_url, key_store="file", ca_file=ca_file)
        )
        try:
            if engine.service is not None:
                found += [_service(engine, engine.service)]
            found += [_address(engine, url) for url in addresses]
        finally:
            engine.close()
    return found


def _service(engine: Engine, service: ServiceClient) -> PartFinding:
    from player.base.errors import ANY_ERROR

    host = service.host
    began = time.monotonic()
    try:
        theirs = engine.submit(service.time()).result()
    except ANY_ERROR as error:
        remedy = "Is the address right, and is the service running?"
        return PartFinding("service", False, f"{host}: {error.sentence} ({error.code})", "its titles", False, remedy)
    took_ms = (time.monotonic() - began) * 1000
    off_s = time.time() - theirs
    if abs(off_s) > _SKEW_S:
        remedy = "Set the clock: timedatectl set-ntp true."
        detail = f"{host}: this machine's clock is {abs(off_s):.0f} s {'fast' if off_s > 0 else 'slow'}"
        return PartFinding("service", False, detail, "licences and live", False, remedy)
    return PartFinding("service", True, f"{host} answers in {took_ms:.0f} ms", "its titles", required=False)


def _address(engine: Engine, url: str) -> PartFinding:
    from player.base.errors import ANY_ERROR
    from player.net.model import Request, RequestKind
    from player.net.redact import host_of

    host = host_of(url)
    began = time.monotonic()
    try:
        response = engine.submit(engine.gate.fetch(Request(RequestKind.MANIFEST, url), check_status=False)).result()
    except ANY_ERROR as error:
        remedy = f"Does {host} resolve (getent hosts {host}), and does a proxy or firewall let it through?"
        return PartFinding(
            "CDN", False, f"{host}: {error.sentence} ({error.code})", "streams from there", False, remedy
        )
    took_ms = (time.monotonic() - began) * 1000
    good = response.status < 500
    detail = f"{host} answers {response.status} in {took_ms:.0f} ms"
    return PartFinding("CDN", good, detail, "streams from there", False, "It is reached, and has trouble of its own.")
