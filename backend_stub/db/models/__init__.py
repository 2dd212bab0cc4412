"""The tables, one module per concern."""

from backend_stub.db.models.accounts import Account, Device, DeviceChallenge, RefreshToken, Subscription
from backend_stub.db.models.activity import AuditEntry, PlaySession, Progress, ProgressEvent
from backend_stub.db.models.base import Base
from backend_stub.db.models.catalogue import ContentKey, KeyEnvelope, Title, TitleRights
from backend_stub.db.models.rights import Download, IssuedLicence, Revocation, SpentNonce

__all__ = [
    "Account",
    "AuditEntry",
    "Base",
    "ContentKey",
    "Device",
    "DeviceChallenge",
    "Download",
    "IssuedLicence",
    "KeyEnvelope",
    "PlaySession",
    "Progress",
    "ProgressEvent",
    "RefreshToken",
    "Revocation",
    "SpentNonce",
    "Subscription",
    "Title",
    "TitleRights",
]
