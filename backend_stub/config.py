"""Settings of the service. All state lives under one data folder: database, secrets, media, staging."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most ``attempts`` in any window of ``window_s`` seconds."""

    attempts: int
    window_s: float


def _database_url() -> str:
    return os.environ.get("MATINEE_DATABASE_URL", "")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the service keeps its state and how long what it gives out is good. Times are seconds.

    ``database_url`` is an SQLAlchemy URL, by default that in ``MATINEE_DATABASE_URL``; without one it is an SQLite
    file in the data folder.
    ``wake_url`` is the Redis or PostgreSQL that wakes encoding workers, by default that in ``MATINEE_WAKE_URL``;
    without one a file in the data folder does. ``store_url`` (``s3://BUCKET/PREFIX``, by default that in
    ``MATINEE_STORE_URL``) is where workers have the files of jobs; without one they share the staging folder.
    ``networks`` say which country a network (CIDR) is in; a call from elsewhere counts as from the account's own.
    """

    data_dir: Path
    database_url: str = field(default_factory=_database_url, repr=False)
    access_token_s: float = 15 * 60
    refresh_token_s: float = 30 * 86400
    play_session_s: float = 6 * 3600
    streaming_licence_s: float = 3 * 3600
    wake_url: str = field(default_factory=lambda: os.environ.get("MATINEE_WAKE_URL", ""), repr=False)
    store_url: str = field(default_factory=lambda: os.environ.get("MATINEE_STORE_URL", ""), repr=False)
    networks: tuple[tuple[str, str], ...] = ()
    login_limit: RateLimit = RateLimit(attempts=10, window_s=60)
    lockout: RateLimit = RateLimit(attempts=20, window_s=15 * 60)  # wrong passwords of an account, from wherever
    register_limit: RateLimit = RateLimit(attempts=30, window_s=600)
    pin_limit: RateLimit = RateLimit(attempts=5, window_s=300)
    payment_limit: RateLimit = RateLimit(attempts=10, window_s=600)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'matinee.db'}"

    @property
    def media_dir(self) -> Path:
        """Published titles: ``<title id>/encrypted``, ``<title id>/clear``, ``<title id>/poster.jpg``."""
        return self.data_dir / "media"

    @property
    def staging_dir(self) -> Path:
        """Unfinished titles; on the same file system as :attr:`media_dir`, so that publishing is one rename."""
        return self.data_dir / "staging"

    @property
    def uploads_dir(self) -> Path:
        """Source files that were sent to be made into titles."""
        return self.data_dir / "uploads"

    @property
    def secrets_dir(self) -> Path:
        return self.data_dir / "secrets"

    def make_folders(self) -> None:
        """Create the data folder and its parts; only the owner may enter the secrets."""
        for folder in (self.data_dir, self.media_dir, self.staging_dir):
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets_dir.mkdir(mode=0o700, exist_ok=True)
