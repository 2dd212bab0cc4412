"""The tables, one module per concern."""

from backend_stub.db.models.accounts import (
    Account,
    Device,
    DeviceChallenge,
    DeviceGrant,
    Profile,
    RefreshToken,
    Subscription,
)
from backend_stub.db.models.activity import (
    AuditEntry,
    DeviceProgress,
    ListEntry,
    PlaySession,
    Progress,
    ProgressEvent,
    Quality,
    TelemetryEvent,
    View,
)
from backend_stub.db.models.base import Base
from backend_stub.db.models.billing import LedgerCard, LedgerCharge, LedgerEvent, Membership, Payment
from backend_stub.db.models.catalogue import (
    ContentKey,
    Episode,
    KeyEnvelope,
    SeasonName,
    Title,
    TitleGenre,
    TitleMarkers,
    TitlePerson,
    TitleRights,
    TitleVersion,
    Trailer,
)
from backend_stub.db.models.edges import EdgeBeat
from backend_stub.db.models.jobs import Job, JobTask
from backend_stub.db.models.kiosks import DeviceCommand, KioskReport
from backend_stub.db.models.operation import OperatorSetting
from backend_stub.db.models.recommending import RecommendationRun, SimilarTitles, ViewerPicks
from backend_stub.db.models.rights import Download, IssuedLicence, Revocation, SpentNonce

__all__ = [
    "Account",
    "AuditEntry",
    "Base",
    "ContentKey",
    "Device",
    "DeviceChallenge",
    "DeviceCommand",
    "DeviceGrant",
    "DeviceProgress",
    "Download",
    "EdgeBeat",
    "Episode",
    "IssuedLicence",
    "Job",
    "JobTask",
    "KeyEnvelope",
    "KioskReport",
    "LedgerCard",
    "LedgerCharge",
    "LedgerEvent",
    "ListEntry",
    "Membership",
    "OperatorSetting",
    "Payment",
    "PlaySession",
    "Profile",
    "Progress",
    "ProgressEvent",
    "Quality",
    "RecommendationRun",
    "RefreshToken",
    "Revocation",
    "SeasonName",
    "SimilarTitles",
    "SpentNonce",
    "Subscription",
    "TelemetryEvent",
    "Title",
    "TitleGenre",
    "TitleMarkers",
    "TitlePerson",
    "TitleRights",
    "TitleVersion",
    "Trailer",
    "View",
    "ViewerPicks",
]
