"""The client's side of the service: sign-in, catalogue, play sessions, licences, progress (``docs/protocol.md``)."""

from player.service.client import ServiceClient
from player.service.model import (
    Account,
    CatalogPage,
    LicencePointer,
    ManifestAddresses,
    PlaySession,
    Progress,
    ProgressItem,
    Title,
)
from player.service.tokens import TokenStore

__all__ = [
    "Account",
    "CatalogPage",
    "LicencePointer",
    "ManifestAddresses",
    "PlaySession",
    "Progress",
    "ProgressItem",
    "ServiceClient",
    "Title",
    "TokenStore",
]
