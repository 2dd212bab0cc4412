"""Play sessions: who plays what on which device."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, select

from backend_stub.clock import Clock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.models import Account, Device, PlaySession, Title
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.addresses import Addresses, ManifestUrls
from backend_stub.services.catalog import WatchedTitle, watched, whole
from backend_stub.services.content_keys import entitled_kids
from backend_stub.services.devices import usable_device
from backend_stub.services.entitlement import Viewing, entitled_title
from backend_stub.services.resume import FROM_THE_BEGIN, Resume
from backend_stub.services.steering_rules import ANYBODY, Audience
from backend_stub.services.streams import hold_streams, make_room
from backend_stub.services.structure import next_episode
from backend_stub.services.title_versions import qualities_of
from backend_stub.titles import CLEAR, ENCRYPTED, LIVE, place_of

_AUDIENCE = (
    select(Account.country, Device.name)
    .join(PlaySession, PlaySession.account_id == Account.id)
    .join(Device, and_(Device.account_id == PlaySession.account_id, Device.id == PlaySession.device_id))
    .where(PlaySession.id == bindparam("session_id"))
)


@dataclass(frozen=True, slots=True)
class StartedPlay:
    """``kids`` are hex and empty for a clear variant; ``resume`` says where to begin, ``next_episode`` what comes
    after it in its series.

    ``qualities`` tell of each rung how good it looks.
    """

    session: PlaySession
    watched: WatchedTitle
    manifests: Sequence[ManifestUrls]
    kids: Sequence[str]
    resume: Resume
    qualities: Sequence[Mapping[str, Any]] = ()
    next_episode: WatchedTitle | None = None


class PlayService:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        addresses: Addresses,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._addresses = addresses

    def start(
        self, viewing: Viewing, title_id: str, device_id: str, variant: str, *, ahead: bool = False
    ) -> StartedPlay:
        """Begin a session; the one that this device had before ends. One that is only fetched ahead ends none and
        takes no place before its first heartbeat.

        Raises :class:`ProblemError` as :func:`entitled_title`, 403 ``device_unknown``, ``device_revoked`` or
        ``stream_limit``.
        """
        now = self._clock.now()
        account_id = viewing.account_id
        with self._database.write() as session:
            hold_streams(session, account_id)
            entitled = entitled_title(session, viewing, title_id, now, CLEAR if variant == LIVE else variant)
            device = usable_device(session, account_id, device_id)
            audience = Audience(viewing.country, device.name)
            if not ahead:
                make_room(session, account_id, device_id, entitled.plan, now)
            shown = whole(session, viewing, entitled.title)
            following = next_episode(session, viewing, title_id, now) if shown.place is not None else None
            after = watched(session, viewing, [following]) if following is not None else []
            kids = entitled_kids(session, entitled) if variant == ENCRYPTED else []
            qualities = qualities_of(session, entitled.title)
            device.last_seen_at = now
            play = PlaySession(
                id=secrets.token_hex(16),
                account_id=account_id,
                device_id=device_id,
                title_id=title_id,
                variant=variant,
                created_at=now,
                beat_at=0.0 if ahead else now,
                expires_at=entitled.end(now + self._settings.play_session_s),
            )
            session.add(play)
            action = "play.prepared" if ahead else "play.started"
            audit.record(session, now, action, account_id=account_id, subject=play.id, title=title_id)
        place = place_of(variant, entitled.title.version)
        return StartedPlay(
            session=play,
            watched=shown,
            manifests=self._addresses.of(title_id, place, play.id, play.expires_at, audience),
            kids=kids,
            resume=FROM_THE_BEGIN if variant == LIVE else shown.resume,
            qualities=qualities,
            next_episode=next(iter(after), None),
        )

    def manifests(self, session_id: str, country: str | None) -> tuple[str, str, list[ManifestUrls]]:
        """The title of a session that goes on, the place of its files, and their addresses on each edge.

        Raises :class:`ProblemError` 404 ``session_not_found``, for channels as well.
        """
        with self._database.read() as session:
            found = session.get(PlaySession, session_id)
            title = session.get(Title, found.title_id) if found is not None else None
        if found is None or title is None or found.variant == LIVE:
            raise ProblemError(404, "session_not_found", "There is no such session.")
        place = place_of(found.variant, title.version)
        audience = self.audience(session_id, country)
        return title.id, place, self._addresses.of(title.id, place, session_id, found.expires_at, audience)

    def audience(self, session_id: str, country: str | None) -> Audience:
        """Whom a session is for; ``country`` is that of the network, where it is known."""
        with self._database.read() as session:
            found = session.execute(_AUDIENCE, {"session_id": session_id}).first()
        if found is None:
            return ANYBODY
        residence, device_name = found
        return Audience(country if country is not None else residence, device_name)
