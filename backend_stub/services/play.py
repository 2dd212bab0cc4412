"""Play sessions: who plays what on which device."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import and_, bindparam, select

from backend_stub.broadcast.journal import is_broadcast
from backend_stub.clock import Clock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.models import Account, Device, PlaySession
from backend_stub.manifests import make_limited
from backend_stub.problems import ProblemError
from backend_stub.services import audit
from backend_stub.services.addresses import ManifestUrls, SignedAddresses
from backend_stub.services.catalog import WatchedTitle, watched, whole
from backend_stub.services.content_keys import entitled_kids, is_encrypted
from backend_stub.services.devices import usable_device
from backend_stub.services.edge_gate import EdgeGate
from backend_stub.services.entitlement import Entitled, Viewing, entitled_title
from backend_stub.services.resume import FROM_THE_BEGIN, Resume
from backend_stub.services.steering_rules import ANYBODY, Audience
from backend_stub.services.streams import hold_streams, make_room, make_room_ahead, play_session
from backend_stub.services.title_structure import next_episode
from backend_stub.services.title_versions import qualities_of
from backend_stub.signing import EdgeGrant
from backend_stub.titles import CLEAR, LIVE, RECORDING, place_of, shown_place

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
    grant: EdgeGrant  # for all of it
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
        addresses: SignedAddresses,
        gate: EdgeGate,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._addresses = addresses
        self._gate = gate

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
            entitled = entitled_title(session, viewing, title_id, now, variant)
            device = usable_device(session, account_id, device_id)
            audience = Audience(viewing.country, device.name)
            if ahead:
                make_room_ahead(session, account_id, device_id, title_id, now)
            else:
                make_room(session, account_id, device_id, entitled.plan, now)
            shown = whole(session, viewing, entitled.title)
            following = next_episode(session, viewing, title_id, now) if shown.place is not None else None
            after = watched(session, viewing, [following]) if following is not None else []
            kids = entitled_kids(session, entitled) if is_encrypted(entitled.title, variant) else []
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
        grant = self._grant(viewing, play, entitled)
        short = replace(grant, expires_at=min(play.expires_at, now + self._settings.edge_token_s))
        return StartedPlay(
            session=play,
            grant=grant,
            watched=shown,
            manifests=self._addresses.of(short, self._limit(grant), audience),
            kids=kids,
            resume=FROM_THE_BEGIN if variant == LIVE and entitled.title.kind != RECORDING else shown.resume,
            qualities=qualities,
            next_episode=next(iter(after), None),
        )

    def addresses(self, viewing: Viewing, session_id: str) -> list[ManifestUrls]:
        """New addresses for a session that goes on.

        Raises :class:`ProblemError` as :func:`entitled_title`, 404 ``session_not_found``, 403 ``session_expired`` for
        one that is over, or has lost its place.
        """
        now = self._clock.now()
        with self._database.read() as session:
            play = play_session(session, viewing.account_id, session_id)
            entitled = entitled_title(session, viewing, play.title_id, now)
            device = usable_device(session, viewing.account_id, play.device_id)
        grant = self._grant(viewing, play, entitled)
        if play.expires_at <= now or not self._gate.stands(grant):
            raise ProblemError(403, "session_expired", "The play session has expired.")
        short = replace(grant, expires_at=min(play.expires_at, now + self._settings.edge_token_s))
        return self._addresses.of(short, self._limit(grant), Audience(viewing.country, device.name))

    def _grant(self, viewing: Viewing, play: PlaySession, entitled: Entitled) -> EdgeGrant:
        place = place_of(play.variant, entitled.title.version)
        height, family, network = entitled.max_height, viewing.family, viewing.network
        return EdgeGrant(play.title_id, play.id, play.expires_at, place, height, family, network)

    def for_steered(self, grant: EdgeGrant, country: str | None) -> tuple[Sequence[ManifestUrls], int | None]:
        """Addresses for the rest of a session, for players that are told of no new ones, and the limit of their
        manifests."""
        limit = self._limit(grant)
        return self._addresses.of(grant, limit, self.audience(grant.session_id, country)), limit

    def _limit(self, grant: EdgeGrant) -> int | None:
        if grant.place == LIVE and is_broadcast(self._settings.media_dir, grant.title_id):
            return grant.max_height
        home = self._settings.media_dir / grant.title_id
        return make_limited(
            home / (shown_place(home, CLEAR) if grant.place == LIVE else grant.place), grant.max_height
        )

    def audience(self, session_id: str, country: str | None) -> Audience:
        """Whom a session is for; ``country`` is that of the network, where it is known."""
        with self._database.read() as session:
            found = session.execute(_AUDIENCE, {"session_id": session_id}).first()
        if found is None:
            return ANYBODY
        residence, device_name = found
        return Audience(country if country is not None else residence, device_name)
