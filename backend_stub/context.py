"""The composition of the service: every part made once, from settings, and handed to the routers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend_stub.clock import Clock, SystemClock
from backend_stub.config import Settings
from backend_stub.db.database import Database
from backend_stub.db.migrate import upgrade
from backend_stub.encoding.storage import Storage, open_storage
from backend_stub.jobs.store import Jobs
from backend_stub.jobs.waking import Bell
from backend_stub.live.faults import LivePlans
from backend_stub.master_keys import MasterKeys
from backend_stub.metrics import Metrics
from backend_stub.payments.local import LocalProvider
from backend_stub.payments.provider import PaymentProvider
from backend_stub.recommending.suggestions import Suggestions
from backend_stub.service_secrets import ServiceSecrets, load_or_create, url_signing_keys
from backend_stub.services.accounts import Accounts
from backend_stub.services.addresses import Addresses, Edge
from backend_stub.services.artwork import Artwork
from backend_stub.services.audit import AuditLog
from backend_stub.services.belonging import TitleBelongings
from backend_stub.services.billing import Billing
from backend_stub.services.catalog import Catalog
from backend_stub.services.content_keys import KeyVault
from backend_stub.services.device_commands import DeviceCommands
from backend_stub.services.device_grants import DeviceGrants
from backend_stub.services.devices import Devices
from backend_stub.services.downloads import Downloads
from backend_stub.services.edge_beats import EdgeBeats
from backend_stub.services.editing import Editing
from backend_stub.services.insight import Insight
from backend_stub.services.key_care import KeyCare
from backend_stub.services.licences import Licences
from backend_stub.services.my_list import MyList
from backend_stub.services.operator_settings import OperatorSettings
from backend_stub.services.payment_events import PaymentEvents
from backend_stub.services.plans import Subscriptions
from backend_stub.services.play import PlayService
from backend_stub.services.profiles import Profiles
from backend_stub.services.progress import ProgressLog
from backend_stub.services.rate_limit import SlidingWindow
from backend_stub.services.regions import Regions
from backend_stub.services.rights.issuing import RightsService
from backend_stub.services.rights.messages import ReplayGuard
from backend_stub.services.rights.release import Releases
from backend_stub.services.rights.revocation import Revocations
from backend_stub.services.rights.signatures import ServiceSigner
from backend_stub.services.row_queries import RowQueries
from backend_stub.services.rows import Rows
from backend_stub.services.search import Search
from backend_stub.services.search_index import SearchIndex
from backend_stub.services.series import SeriesCatalog
from backend_stub.services.steering import Steering
from backend_stub.services.streams import Streams
from backend_stub.services.telemetry import Telemetry
from backend_stub.services.title_credits import TitleCredits
from backend_stub.services.title_rights import TitleContracts
from backend_stub.services.title_versions import TitleVersions
from backend_stub.services.tokens import Tokens
from backend_stub.services.uploads import Uploads
from backend_stub.services.url_keys import UrlKeys
from backend_stub.services.views import Views
from backend_stub.signing import UrlSigner
from backend_stub.upkeep import Task, Upkeep

_TELEMETRY_S = 6 * 3600.0
_RENEWALS_S = 60.0
_EVENTS_S = 5.0
_FIRST_SUGGESTIONS_S, _SUGGESTIONS_S = 300.0, 6 * 3600.0


@dataclass(frozen=True, slots=True)
class ServiceContext:
    settings: Settings
    secrets: ServiceSecrets
    url_signer: UrlSigner
    url_keys: UrlKeys
    clock: Clock
    database: Database
    accounts: Accounts
    tokens: Tokens
    devices: Devices
    catalog: Catalog
    play: PlayService
    licences: Licences
    progress: ProgressLog
    streams: Streams
    downloads: Downloads
    subscriptions: Subscriptions
    provider: PaymentProvider
    billing: Billing
    payment_events: PaymentEvents
    contracts: TitleContracts
    signer: ServiceSigner
    rights: RightsService
    releases: Releases
    revocations: Revocations
    audit_log: AuditLog
    key_care: KeyCare
    regions: Regions
    login_window: SlidingWindow
    lockout: SlidingWindow
    register_window: SlidingWindow
    code_window: SlidingWindow
    pin_window: SlidingWindow
    payment_window: SlidingWindow
    profiles: Profiles
    my_list: MyList
    title_credits: TitleCredits
    editing: Editing
    artwork: Artwork
    series: SeriesCatalog
    belongings: TitleBelongings
    views: Views
    suggestions: Suggestions
    rows: Rows
    search: Search
    live_plans: LivePlans
    edge_beats: EdgeBeats
    own_edges: Callable[[], Sequence[Edge]]
    steering: Steering
    telemetry: Telemetry
    insight: Insight
    metrics: Metrics
    device_grants: DeviceGrants
    jobs: Jobs
    bell: Bell
    storage: Storage
    uploads: Uploads
    title_versions: TitleVersions
    device_commands: DeviceCommands

    upkeep: Upkeep

    def close(self) -> None:
        self.upkeep.stop()
        self.rows.close()
        self.views.close()
        self.search.close()
        self.bell.close()
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
    masters = MasterKeys(settings.secrets_dir)
    vault = KeyVault(masters)
    signer = ServiceSigner(secrets.licence_signing)
    url_signer = UrlSigner(url_signing_keys(settings.secrets_dir))
    edge_beats = EdgeBeats(database, clock)
    settled = OperatorSettings(database, clock)

    def all_edges() -> list[Edge]:
        return [*edges(), *edge_beats.announced()]

    steering = Steering(url_signer, clock, all_edges, edge_beats.latest, settled)
    catalog, my_list, views = Catalog(database, clock), MyList(database, clock), Views(database, clock)
    addresses = Addresses(url_signer, steering.edges_for)
    provider = LocalProvider(database, clock, secrets.payment_events)
    billing = Billing(database, clock, provider)
    suggestions = Suggestions(database, clock)
    payment_events = PaymentEvents(database, clock, provider, billing)
    telemetry = Telemetry(database, clock, steering)
    return ServiceContext(
        settings=settings,
        secrets=secrets,
        url_signer=url_signer,
        url_keys=UrlKeys(database, clock, settings.secrets_dir, url_signer),
        clock=clock,
        database=database,
        accounts=Accounts(database, clock),
        tokens=Tokens(database, clock, settings, secrets.token_signing),
        devices=Devices(database, clock),
        catalog=catalog,
        play=PlayService(database, clock, settings, addresses),
        licences=Licences(database, clock, vault),
        progress=ProgressLog(database, clock),
        streams=Streams(database, clock, views),
        downloads=Downloads(database, clock, settings, addresses),
        subscriptions=Subscriptions(database, clock),
        provider=provider,
        billing=billing,
        payment_events=payment_events,
        contracts=TitleContracts(database, clock),
        signer=signer,
        rights=RightsService(database, clock, settings, vault, signer),
        releases=Releases(database, clock),
        revocations=Revocations(database, clock, signer),
        audit_log=AuditLog(database),
        key_care=KeyCare(database, clock, masters),
        regions=Regions(settings.networks),
        login_window=SlidingWindow(settings.login_limit),
        lockout=SlidingWindow(settings.lockout),
        register_window=SlidingWindow(settings.register_limit),
        code_window=SlidingWindow(settings.login_limit),
        pin_window=SlidingWindow(settings.pin_limit),
        payment_window=SlidingWindow(settings.payment_limit),
        profiles=Profiles(database, clock),
        my_list=my_list,
        title_credits=TitleCredits(database, clock),
        editing=Editing(database, clock),
        artwork=Artwork(database, clock, settings.media_dir),
        series=SeriesCatalog(database, clock),
        belongings=TitleBelongings(database, clock, settings.media_dir),
        views=views,
        suggestions=suggestions,
        rows=Rows(RowQueries(database, clock, catalog, my_list, views).makers(), clock),
        search=Search(database, clock, SearchIndex(settings.data_dir / "search.db")),
        live_plans=LivePlans(settled),
        edge_beats=edge_beats,
        own_edges=edges,
        steering=steering,
        telemetry=telemetry,
        insight=Insight(database, clock),
        metrics=Metrics(),
        device_grants=DeviceGrants(database, clock),
        jobs=Jobs(database, clock),
        bell=Bell(settings.data_dir, settings.wake_url),
        storage=open_storage(settings),
        uploads=Uploads(settings.uploads_dir, clock),
        title_versions=TitleVersions(database, clock, settings),
        device_commands=DeviceCommands(database, clock, ReplayGuard(database, signer)),
        upkeep=Upkeep(
            [
                Task("renewals", _RENEWALS_S, billing.renew_due),
                Task("suggestions", _SUGGESTIONS_S, suggestions.make, first_s=_FIRST_SUGGESTIONS_S),
                Task("old telemetry", _TELEMETRY_S, telemetry.forget_old, first_s=_TELEMETRY_S),
                Task("payment events", _EVENTS_S, lambda: provider.deliver(payment_events.receive)),
            ],
            clock,
        ),
    )
