"""Play sessions: who plays what on which device, and the signed addresses that come with it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backend_stub.clock import Clock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.models import PlaySession, Progress
from backend_stub.services import audit
from backend_stub.services.catalog import WatchedTitle
from backend_stub.services.content_keys import kids_of_title
from backend_stub.services.devices import usable_device
from backend_stub.services.entitlement import playable_title
from backend_stub.signing import PREFIX, Grant, UrlSigner
from backend_stub.titles import ENCRYPTED

_WATCHED_SHARE = 0.95  # beyond this a title counts as seen and starts again


@dataclass(frozen=True, slots=True)
class Edge:
    """A running edge: the pathway's name and its address, such as ``http://127.0.0.1:8081``."""

    pathway: str
    base_url: str


@dataclass(frozen=True, slots=True)
class ManifestUrls:
    pathway: str
    dash: str = field(repr=False)
    hls: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StartedPlay:
    """``kids`` are hex and empty for a clear variant; ``resume_s`` is where to begin."""

    session: PlaySession
    watched: WatchedTitle
    manifests: Sequence[ManifestUrls]
    kids: Sequence[str]
    resume_s: float


class PlayService:
    """``edges`` answers with the edges in ranked order, the preferred one first."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        signer: UrlSigner,
        edges: Callable[[], Sequence[Edge]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._signer = signer
        self._edges = edges

    def start(self, account_id: str, title_id: str, device_id: str, variant: str) -> StartedPlay:
        """Begin a session. Raises :class:`ProblemError` 404 ``title_not_found`` or ``variant_not_found``, 403
        ``device_unknown`` or ``device_revoked``."""
        now = self._clock.now()
        with self._database.write() as session:
            title = playable_title(session, title_id, variant)
            usable_device(session, account_id, device_id)
            progress = session.get(Progress, (account_id, title_id))
            kids = kids_of_title(session, title_id) if variant == ENCRYPTED else []
            play = PlaySession(
                id=secrets.token_hex(16),
                account_id=account_id,
                device_id=device_id,
                title_id=title_id,
                variant=variant,
                created_at=now,
                expires_at=now + self._settings.play_session_s,
            )
            session.add(play)
            audit.record(session, now, "play.started", account_id=account_id, subject=play.id, title=title_id)
        return StartedPlay(
            session=play,
            watched=WatchedTitle(title, progress),
            manifests=self._manifests(play),
            kids=kids,
            resume_s=resume_position(progress),
        )

    def _manifests(self, play: PlaySession) -> list[ManifestUrls]:
        token = self._signer.sign(Grant(play.title_id, play.id, play.expires_at))
        path = f"{PREFIX}{token}/{play.title_id}/{play.variant}"
        return [
            ManifestUrls(
                pathway=edge.pathway,
                dash=f"{edge.base_url}{path}/manifest.mpd",
                hls=f"{edge.base_url}{path}/master.m3u8",
            )
            for edge in self._edges()
        ]


def resume_position(progress: Progress | None) -> float:
    """Where to go on watching, in seconds: 0 for a title not begun or as good as seen."""
    if progress is None or progress.position_s >= _WATCHED_SHARE * progress.duration_s:
        return 0.0
    return progress.position_s
