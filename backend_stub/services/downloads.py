"""Download grants: entitlement, the plan's limits, signed addresses and what the licence will permit."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from backend_stub.clock import Clock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.models import Account, Device, Download, IssuedLicence, Title, WatchedPosition
from backend_stub.manifests import make_limited
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.addresses import ManifestUrls, SignedAddresses
from backend_stub.services.catalog import WatchedTitle
from backend_stub.services.content_keys import entitled_kids
from backend_stub.services.devices import MOST_LISTED, proven_device, shown_devices
from backend_stub.services.entitlement import Entitled, Viewing, entitled_title
from backend_stub.services.plans import Plan, plan_at
from backend_stub.services.rights.policy import Terms, download_terms
from backend_stub.services.rights.revocation import close_downloads, revoke_licences
from backend_stub.services.steering_rules import Audience
from backend_stub.signing import EdgeGrant
from backend_stub.titles import ENCRYPTED, place_of

UNLICENSED_S = 7200.0
"""So long a download that has no licence yet counts against the plan; its licence says how long it counts then."""


@dataclass(frozen=True, slots=True)
class DownloadGrant:
    """``terms`` are those a licence would have now; ``kids`` (hex) are empty for a clear variant.

    ``max_height`` in lines is the least of the plan's and the wanted one, None for no limit.
    """

    download: Download
    watched: WatchedTitle
    manifests: Sequence[ManifestUrls]
    urls_expire_at: float
    kids: Sequence[str]
    terms: Terms
    licence_s: float
    max_height: int | None


@dataclass(frozen=True, slots=True)
class KeptDownload:
    """A download that counts against the plan: which title, and the name of the device that keeps it."""

    download: Download
    title: str
    device: str


class Downloads:
    def __init__(self, database: Database, clock: Clock, settings: Settings, addresses: SignedAddresses) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._addresses = addresses

    def grant(
        self, viewing: Viewing, title_id: str, device_id: str, variant: str, max_height: int | None
    ) -> DownloadGrant:
        """Grant a download, or new addresses for one that is there already.

        Raises :class:`ProblemError` as :func:`entitled_title` and :func:`proven_device`, 403
        ``download_not_allowed``, ``download_title_limit`` or ``download_device_limit``.
        """
        now = self._clock.now()
        with self._database.write() as session:
            session.get_one(Account, viewing.account_id, with_for_update=True)  # downloads are counted
            entitled = entitled_title(session, viewing, title_id, now, variant)
            device = proven_device(session, viewing.account_id, device_id)
            device.last_seen_at = now
            audience = Audience(viewing.country, device.name)
            _check_allowed(entitled)
            open_downloads = _open(session, viewing.account_id, now)
            download = _same(open_downloads, device_id, title_id, variant)
            if download is None:
                _check_limits(session, entitled, open_downloads, device)
                download = _new(device, title_id, variant, now)
                session.add(download)
                audit.record(
                    session,
                    now,
                    "download.granted",
                    account_id=viewing.account_id,
                    subject=download.id,
                    title=title_id,
                )
            download.holds_until = max(download.holds_until, now + UNLICENSED_S)
            download.max_height = max_height
            kids = entitled_kids(session, entitled, max_height) if variant == ENCRYPTED else []
            progress = session.get(WatchedPosition, (viewing.account_id, viewing.profile_id, title_id))
        expires_at = entitled.end(now + self._settings.edge_token_s)
        place = place_of(variant, entitled.title.version)
        heights = [one for one in (max_height, entitled.max_height) if one is not None]
        folder = self._settings.media_dir / title_id / place
        grant = EdgeGrant(title_id, download.id, expires_at, place, min(heights, default=None), viewing.family)
        return DownloadGrant(
            download=download,
            watched=WatchedTitle(entitled.title, progress),
            manifests=self._addresses.of(grant, make_limited(folder, entitled.max_height), audience),
            urls_expire_at=expires_at,
            kids=kids,
            terms=download_terms(entitled, now),
            licence_s=entitled.rights.licence_s,
            max_height=min(heights, default=None),
        )

    def of_account(self, account_id: str) -> tuple[Sequence[KeptDownload], Plan]:
        """What the account's devices keep, the newest :data:`MOST_LISTED` first, and the plan that limits it."""
        now = self._clock.now()
        with self._database.read() as session:
            query = (
                select(Download, Title.title, Device.name)
                .join(Title, Title.id == Download.title_id)
                .join(Device, and_(Device.account_id == Download.account_id, Device.id == Download.device_id))
                .where(Download.account_id == account_id, Download.closed_at.is_(None), Download.holds_until > now)
                .order_by(Download.created_at.desc(), Download.id)
                .limit(MOST_LISTED)
            )
            found = [KeptDownload(download, title, device) for download, title, device in session.execute(query)]
            return found, plan_at(session, account_id, now)[0]

    def give_back(self, account_id: str, download_id: str) -> None:
        """End a download from any device of the account: its place in the plan is free, and the device that keeps it
        learns so at its next contact. Raises LookupError for none of the account's."""
        now = self._clock.now()
        with self._database.write() as session:
            download = session.get(Download, download_id, with_for_update=True)
            if download is None or download.account_id != account_id:
                raise LookupError(download_id)
            if download.closed_at is not None:
                return
            revoke_licences(session, IssuedLicence.session_id == download_id, now, "given back")
            close_downloads(session, Download.id == download_id, now)
            audit.record(
                session,
                now,
                "download.given_back",
                account_id=account_id,
                subject=download_id,
                title=download.title_id,
                device=download.device_id,
            )


def _check_allowed(entitled: Entitled) -> None:
    if not entitled.rights.download or 0 in (entitled.plan.download_titles, entitled.plan.download_devices):
        raise ProblemError(403, "download_not_allowed", "This title cannot be downloaded with your plan.")


def _check_limits(session: Session, entitled: Entitled, taken: Sequence[Download], device: Device) -> None:
    plan = entitled.plan
    here = [one for one in taken if one.device_id == device.id]
    if plan.download_titles is not None and len(here) >= plan.download_titles:
        raise ProblemError(
            403,
            "download_title_limit",
            "This device holds as many downloads as your plan has; remove one first.",
            members={"limit": plan.download_titles},
        )
    others = sorted({one.device_id for one in taken} - {device.id})
    if not here and plan.download_devices is not None and len(others) >= plan.download_devices:
        query = select(Device).where(Device.account_id == device.account_id, Device.id.in_(others))
        devices = session.scalars(query.order_by(Device.id)).all()
        raise ProblemError(
            403,
            "download_device_limit",
            "Your plan has downloads on as many devices as it allows; remove those of one first.",
            members={"limit": plan.download_devices, "devices": shown_devices(devices)},
        )


def _open(session: Session, account_id: str, now: float) -> Sequence[Download]:
    query = select(Download).where(
        Download.account_id == account_id, Download.closed_at.is_(None), Download.holds_until > now
    )
    return session.scalars(query).all()


def _same(downloads: Sequence[Download], device_id: str, title_id: str, variant: str) -> Download | None:
    wanted = (device_id, title_id, variant)
    return next((one for one in downloads if (one.device_id, one.title_id, one.variant) == wanted), None)


def _new(device: Device, title_id: str, variant: str, now: float) -> Download:
    return Download(
        id=secrets.token_hex(16),
        account_id=device.account_id,
        device_id=device.id,
        title_id=title_id,
        variant=variant,
        created_at=now,
        holds_until=now + UNLICENSED_S,
    )
