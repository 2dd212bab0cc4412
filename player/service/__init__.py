"""The client's side of the service: sign-in, catalogue, play sessions, licences, progress (``docs/protocol.md``)."""

from player.service.client import ServiceClient
from player.service.model import (
    Account,
    CatalogPage,
    Channel,
    ChannelGuide,
    DeviceCode,
    EpisodePlace,
    LicencePointer,
    ManifestAddresses,
    Markers,
    PlaySession,
    Profile,
    Programme,
    Progress,
    ProgressItem,
    SearchPage,
    Season,
    Title,
    TitleRow,
)
from player.service.tokens import TokenStore

__all__ = [
    "Account",
    "CatalogPage",
    "Channel",
    "ChannelGuide",
    "DeviceCode",
    "EpisodePlace",
    "LicencePointer",
    "ManifestAddresses",
    "Markers",
    "PlaySession",
    "Profile",
    "Programme",
    "Progress",
    "ProgressItem",
    "SearchPage",
    "Season",
    "ServiceClient",
    "Title",
    "TitleRow",
    "TokenStore",
]
