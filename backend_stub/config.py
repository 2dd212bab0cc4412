"""Settings of the service. All state lives under one data folder: database, secrets, media, staging."""

from __future__ import annotations

import os
import re
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path

_NETWORK_TRIES = "100"  # the mistakes of many households, where a network has one address for them all
START_WAIT_S = 60.0  # a machine that starts as a whole has its database up by then


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
    file in the data folder. At the start it is waited for, ``database_wait_s`` at most.
    ``wake_url`` is the Redis or PostgreSQL that wakes encoding workers, by default that in ``MATINEE_WAKE_URL``;
    without one a file in the data folder does. ``store_url`` (``s3://BUCKET/PREFIX``, by default that in
    ``MATINEE_STORE_URL``) is where workers have the files of jobs; without one they share the staging folder.
    ``shared_url`` (``redis://``, by default that in ``MATINEE_SHARED_URL``) is where several API processes count
    attempts and reports of edges together; without one each counts its own.
    ``public_url`` is how clients reach the API (``https://films.example``), by default that in
    ``MATINEE_PUBLIC_URL``; ``trusted_proxies`` are networks (``MATINEE_TRUSTED_PROXIES``, with spaces between) whose
    word counts for where a call comes from.
    With ``bind_network`` (``MATINEE_BIND_NETWORK=1``) addresses of a play session are good in the network alone
    that they were asked for from.
    ``mail_url`` (``smtp://`` or ``smtps://``, by default that in ``MATINEE_MAIL_URL``) is the server that takes mail,
    from ``mail_from`` (``MATINEE_MAIL_FROM``); without one mail goes into ``mail_dir``.
    ``network_tries`` (``MATINEE_NETWORK_TRIES``) is how many wrong passwords may come from a network address (of IPv6
    a /64) in 15 minutes, of all accounts together; empty for 100.
    ``recordings_bytes`` is how much the recordings of an account may take.
    ``networks`` say which country a network (CIDR) is in; a call from elsewhere counts as from the account's own.
    """

    data_dir: Path
    database_url: str = field(default_factory=_database_url, repr=False)
    database_wait_s: float = 0.0
    access_token_s: float = 15 * 60
    refresh_token_s: float = 30 * 86400
    play_session_s: float = 6 * 3600
    edge_token_s: float = 600
    streaming_licence_s: float = 90  # three heartbeats
    wake_url: str = field(default_factory=lambda: os.environ.get("MATINEE_WAKE_URL", ""), repr=False)
    store_url: str = field(default_factory=lambda: os.environ.get("MATINEE_STORE_URL", ""), repr=False)
    shared_url: str = field(default_factory=lambda: os.environ.get("MATINEE_SHARED_URL", ""), repr=False)
    recordings_bytes: int = 20_000_000_000
    networks: tuple[tuple[str, str], ...] = ()
    public_url: str = field(default_factory=lambda: os.environ.get("MATINEE_PUBLIC_URL", ""))
    trusted_proxies: tuple[str, ...] = field(
        default_factory=lambda: tuple(os.environ.get("MATINEE_TRUSTED_PROXIES", "").split())
    )
    bind_network: bool = field(default_factory=lambda: os.environ.get("MATINEE_BIND_NETWORK", "") == "1")
    mail_url: str = field(default_factory=lambda: os.environ.get("MATINEE_MAIL_URL", ""), repr=False)
    mail_from: str = field(default_factory=lambda: os.environ.get("MATINEE_MAIL_FROM", "Matinee <matinee@localhost>"))
    login_limit: RateLimit = RateLimit(attempts=10, window_s=60)
    lockout: RateLimit = RateLimit(attempts=20, window_s=15 * 60)  # wrong passwords of an account, from wherever
    network_tries: str = field(default_factory=lambda: os.environ.get("MATINEE_NETWORK_TRIES", ""))
    register_limit: RateLimit = RateLimit(attempts=30, window_s=600)
    pin_limit: RateLimit = RateLimit(attempts=5, window_s=300)
    payment_limit: RateLimit = RateLimit(attempts=10, window_s=600)
    care_limit: RateLimit = RateLimit(attempts=5, window_s=15 * 60)  # mails to an address, copies of an account
    telemetry_limit: RateLimit = RateLimit(attempts=2000, window_s=600)  # events of an account: 100 playbacks at once

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'matinee.db'}"

    @property
    def network_lockout(self) -> RateLimit:
        """Raises ValueError with a sentence where the setting is no such number."""
        tries = self.network_tries or _NETWORK_TRIES
        if re.fullmatch("[1-9][0-9]{0,5}", tries) is None:
            raise ValueError("MATINEE_NETWORK_TRIES must be a whole number from 1 to 999999.")
        return RateLimit(attempts=int(tries), window_s=15 * 60)

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
    def mail_dir(self) -> Path:
        """Mail that was written, where no server takes it."""
        return self.data_dir / "mail"

    @property
    def secrets_dir(self) -> Path:
        return self.data_dir / "secrets"

    def make_folders(self) -> None:
        """Create the data folder and its parts, and close to others what was open: they may read published media,
        for which they pass through the data folder, and nothing else."""
        for folder, mode in (
            (self.data_dir, 0o711),
            (self.media_dir, 0o755),
            (self.staging_dir, 0o700),
            (self.uploads_dir, 0o700),
            (self.mail_dir, 0o700),
            (self.secrets_dir, 0o700),
        ):
            folder.mkdir(mode=mode, parents=True, exist_ok=True)
            _close(folder, mode)
        for name in ("matinee.db", "search.db", "wake.db"):
            (self.data_dir / name).touch(0o600)  # what the databases lay beside takes its mode over
        for file in self.data_dir.iterdir():
            if file.is_file():
                _close(file, 0o600)


def _close(path: Path, mode: int) -> None:
    """Take from a file or folder what is beyond ``mode``, where it is ours."""
    found = path.stat()
    if sys.platform != "win32" and stat.S_IMODE(found.st_mode) & ~mode and found.st_uid == os.geteuid():
        path.chmod(stat.S_IMODE(found.st_mode) & mode)
