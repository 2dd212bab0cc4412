"""The composition of the service: every part made once, from settings, and handed to the routers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend_stub.clock import Clock, SystemClock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.migrate import upgrade
from backend_stub.service_secrets import ServiceSecrets, load_or_create
from backend_stub.services.accounts import Accounts
from backend_stub.services.catalog import Catalog
from backend_stub.services.content_keys import KeyVault
from backend_stub.services.devices import Devices
from backend_stub.services.licences import Licences
from backend_stub.services.play import Edge, PlayService
from backend_stub.services.progress import ProgressLog
from backend_stub.services.rate_limit import SlidingWindow
from backend_stub.services.tokens import Tokens
from backend_stub.signing import UrlSigner


@dataclass(frozen=True, slots=True)
class ServiceContext:
    settings: Settings
    secrets: ServiceSecrets
    clock: Clock
    database: Database
    accounts: Accounts
    tokens: Tokens
    devices: Devices
    catalog: Catalog
    play: PlayService
    licences: Licences
    progress: ProgressLog
    login_window: SlidingWindow

    def close(self) -> None:
        self.database.close()


def open_context(
    settings: Settings,
    edges: Callable[[], Sequence[Edge]] = tuple,
    clock: Clock | None = None,
) -> ServiceContext:
    """Open the data folder (made when missing), bring the database up to date and build the services."""
    settings.make_folders()
    clock = clock or SystemClock()
    secrets = load_or_create(settings.secrets_dir)
    database = Database(settings.database)
    upgrade(database)
    return ServiceContext(
        settings=settings,
        secrets=secrets,
        clock=clock,
        database=database,
        accounts=Accounts(database, clock),
        tokens=Tokens(database, clock, settings, secrets.token_signing),
        devices=Devices(database, clock),
        catalog=Catalog(database),
        play=PlayService(database, clock, settings, UrlSigner([secrets.url_signing]), edges),
        licences=Licences(database, clock, KeyVault(secrets.master)),
        progress=ProgressLog(database, clock),
        login_window=SlidingWindow(settings.login_limit),
    )
