"""What earlier playbacks learned of the networks that this machine was in, for the first rung of the next one.

One small file of the profile, ``networks.json``. It names neither networks nor CDNs: both are in it as keyed hashes,
and the key is the file's own. It is a convenience: where it cannot be read or written, playback begins as on a new
network.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from abr.ledger import memory_from_dict, memory_to_dict
from abr.model import NetworkMemory
from player.base.files import is_newer, kept_json, write_whole

_log = logging.getLogger(__name__)

UNKNOWN = "unknown"
_VERSION = 1
_MOST = 64  # pairs of network and CDN; the oldest go first
_MAX_BYTES = 64 * 1024
_FORGOTTEN_S = 60 * 86400.0
_ROUTES, _NEIGHBOURS = Path("/proc/net/route"), Path("/proc/net/arp")
_GATEWAY_FLAG = 2  # RTF_GATEWAY of route(8)


def network_id(routes: Path = _ROUTES, neighbours: Path = _NEIGHBOURS) -> str:
    """A name for the network that this machine is in: the interface of the default route, its gateway and the
    gateway's hardware address. ``unknown`` where the system does not say (anything but Linux, or no IPv4)."""
    try:
        table = [line.split() for line in routes.read_text("ascii").splitlines()[1:]]
        known = [line.split() for line in neighbours.read_text("ascii").splitlines()[1:]]
        ways = [
            (int(row[6]), row[0], int(row[2], 16))
            for row in table
            if row[1] == "0" * 8 and int(row[3]) & _GATEWAY_FLAG
        ]
    except (OSError, ValueError, IndexError):
        return UNKNOWN
    if not ways:
        return UNKNOWN
    _, interface, gateway = min(ways)
    address = ".".join(str(part) for part in gateway.to_bytes(4, "little"))
    hardware = next((row[3] for row in known if len(row) > 3 and row[0] == address), "")
    return f"{interface}/{address}/{hardware}"


class NetworkStore:
    """The file at ``path``; ``wall`` gives seconds since 1970, ``where`` names the present network."""

    def __init__(self, path: Path, wall: Callable[[], float], where: Callable[[], str] = network_id) -> None:
        self._path = path
        self._wall = wall
        self.where = where
        self._lock = threading.Lock()

    def current(self) -> CurrentNetwork:
        """The present network, for one playback. Reads the file: a few kilobytes."""
        with self._lock:
            return CurrentNetwork(self, self.where(), *_known(kept_json(self._path, _MAX_BYTES)))

    def keep(self, network: str, learned: Mapping[str, NetworkMemory]) -> None:
        """Write what was learned of each CDN in place of what was known. Blocks for the disk."""
        with self._lock:
            content = kept_json(self._path, _MAX_BYTES)  # another program may have written meanwhile
            if is_newer(content, _VERSION):
                _log.warning("what was learned of the network is not kept: a newer version of Matinee wrote the file")
                return
            salt, entries = _known(content)
            now_s = self._wall()
            for cdn, memory in learned.items():
                entries[_key(salt, network, cdn)] = {"at_s": now_s, **memory_to_dict(memory)}
            newest = sorted(entries.items(), key=lambda item: _at_s(item[1]), reverse=True)[:_MOST]
            document = {"version": _VERSION, "salt": salt, "networks": dict(newest)}
            try:
                write_whole(self._path, json.dumps(document, indent=1).encode())
            except OSError as error:
                _log.warning("what was learned of the network is not kept: %s", error.strerror)

    def parse_entry(self, entry: object) -> NetworkMemory | None:
        """An entry of the file as a memory with its age; None for one that is damaged or too old."""
        if not isinstance(entry, dict):
            return None
        age_s = max(self._wall() - _at_s(entry), 0.0)  # a clock that was set back makes it look new
        try:
            return memory_from_dict(entry, age_s) if age_s <= _FORGOTTEN_S else None
        except ValueError:
            return None


def _known(content: object) -> tuple[str, dict[str, Any]]:
    """The key of the hashes and the entries; new ones where the file gives none."""
    if isinstance(content, dict) and content.get("version") == _VERSION:
        salt, entries = content.get("salt"), content.get("networks")
        if isinstance(salt, str) and 16 <= len(salt) <= 64 and isinstance(entries, dict):
            return salt, entries
    return secrets.token_hex(16), {}


class CurrentNetwork:
    """One playback's view of the memory: what was known of this network when it began."""

    def __init__(self, networks: NetworkStore, network: str, salt: str, entries: Mapping[str, Any]) -> None:
        self._networks = networks
        self._network = network
        self._salt = salt
        self._entries = entries

    def recall(self, cdn: str) -> NetworkMemory | None:
        """What is remembered of a CDN as seen from this network."""
        return self._networks.parse_entry(self._entries.get(_key(self._salt, self._network, cdn)))

    def keep(self, learned: Mapping[str, NetworkMemory]) -> None:
        """Remember what the playback learned; nothing if the machine is in another network by now. Blocks."""
        if learned and self._networks.where() == self._network:
            self._networks.keep(self._network, learned)


def _key(salt: str, network: str, cdn: str) -> str:
    named = f"{network}\n{cdn}".encode()
    return hashlib.blake2b(named, key=salt.encode(), digest_size=12).hexdigest()


def _at_s(entry: object) -> float:
    at_s = entry.get("at_s") if isinstance(entry, dict) else None
    return float(at_s) if isinstance(at_s, int | float) and at_s == at_s else 0.0
