"""The composition of the service: every part made once, from settings, and handed to the routers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend_stub.broadcast.guide import Programme
from backend_stub.clock import Clock, SystemClock
from backend_stub.config import Settings
from backend_stub.db.database import AWAY, Database
from backend_stub.db.migrate import upgrade
from backend_stub.db.models import Title
from backend_stub.encoding.storage import Storage, open_storage
from backend_stub.jobs.store import Jobs
from backend_stub.jobs.wake_up_signal import WakeUpSignal
from backend_stub.live.faults import LivePlans
from backend_stub.live.guide import channel_guide
from backend_stub.mail import open_mailer
from backend_stub.master_keys import MasterKeys
from backend_stub.metrics import Metrics
from backend_stub.payments.local import LocalProvider
from backend_stub.periodic_tasks import ServiceUpkeep, UpkeepTask
from backend_stub.recommending.suggestions import Suggestions
from backend_stub.service_secrets import (
    ServiceSecrets,
    load_or_create,
    url_signing_keys,
    watched_licence_keys,
    watched_url_keys,
)
from backend_stub.services.account_care import AccountCare
from backend_stub.services.accounts import Accounts
from backend_stub.services.addresses import Edge, SignedAddresses
from backend_stub.services.artwork import ArtworkFiles
from backend_stub.services.audit import AuditLog
from backend_stub.services.billing import Billing
from backend_stub.services.catalog import Catalog
from backend_stub.services.content_keys import KeyVault
from backend_stub.services.device_commands import DeviceCommands
from backend_stub.services.device_grants import DeviceGrants
from backend_stub.services.devices import DeviceRegistry
from backend_stub.services.downloads import Downloads
from backend_stub.services.edge_beats import EdgeBeats
from backend_stub.services.edge_gate import EdgeGate
from backend_stub.services.editing import Editing
from backend_stub.services.licence_issuing import RightsService
from backend_stub.services.licences import Licences
from backend_stub.services.mail_codes import MailCodes
from backend_stub.services.master_key_rotation import KeyCare
from backend_stub.services.my_list import ViewerLists
from backend_stub.services.operator_settings import OperatorSettings
from backend_stub.services.opinions import Opinions
from backend_stub.services.payment_events import PaymentEvents
from backend_stub.services.plans import Subscriptions
from backend_stub.services.play import PlayService
from backend_stub.services.playback_insight import Insight
from backend_stub.services.profiles import Profiles
from backend_stub.services.progress import ProgressLog
from backend_stub.services.quality import QualitySums
from backend_stub.services.rate_limit import CountingWindow
from backend_stub.services.recorder import Recorder
from backend_stub.services.recordings import Recordings
from backend_stub.services.regions import Regions
from backend_stub.services.retention import Retention
from backend_stub.services.rights.messages import ReplayGuard
from backend_stub.services.rights.release import Releases
from backend_stub.services.rights.revocation import Revocations
from backend_stub.services.rights.signatures import ServiceSigner
from backend_stub.services.rights.state import LicenceStateAnswers
from backend_stub.services.rights.time_guard import TimeGuard, read_boot_clock
from backend_stub.services.row_queries import RowQueries
from backend_stub.services.rows import Rows
from backend_stub.services.search import Search
from backend_stub.services.search_index import SearchIndex
from backend_stub.services.series import SeriesCatalog
from backend_stub.services.shared import SharedStore, open_reports, open_windows
from backend_stub.services.signing_keys import SigningKeys
from backend_stub.services.steering import SteeringService
from backend_stub.services.streams import Streams
from backend_stub.services.telemetry import TelemetryIntake
from backend_stub.services.title_credits import TitleCredits
from backend_stub.services.title_relations import TitleBelongings
from backend_stub.services.title_rights import TitleContracts
from backend_stub.services.title_versions import TitleVersions
from backend_stub.services.tokens import TokenIssuer
from backend_stub.services.uploads import Uploads
from backend_stub.services.views import Views
from backend_stub.signing import UrlSigner

_SUMS_S = 60.0
_SEARCH_S = 5.0
_RETENTION_S = 3600.0
_RENEWALS_S = 60.0
_EVENTS_S = 5.0
_MAIL_S = 2.0
_CLOCK_S = 60.0
_RECORDINGS_S = 10.0
_FIRST_SUGGESTIONS_S, _SUGGESTIONS_S = 300.0, 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often what can be guessed, or costs something, may be tried."""

    login: CountingWindow
    lockout: CountingWindow
    network: CountingWindow
    registration: CountingWindow
    code: CountingWindow
    pin: CountingWindow
    payment: CountingWindow
    care: CountingWindow
    telemetry: CountingWindow


@dataclass(frozen=True, slots=True)
class Money:
    """Plans, and what is paid for them."""

    subscriptions: Subscriptions
    provider: LocalProvider
    billing: Billing
    events: PaymentEvents


@dataclass(frozen=True, slots=True)
class RightsParts:
    """Who may watch what for how long, the keys for it, and what was taken back."""

    contracts: TitleContracts
    licences: Licences
    issuing: RightsService
    releases: Releases
    revocations: Revocations
    states: LicenceStateAnswers
    time_guard: TimeGuard
    signer: ServiceSigner
    key_care: KeyCare


@dataclass(frozen=True, slots=True)
class Titles:
    """What is published, what is said of it, and the ways to find it."""

    catalog: Catalog
    credits: TitleCredits
    editing: Editing
    artwork: ArtworkFiles
    series: SeriesCatalog
    belongings: TitleBelongings
    versions: TitleVersions
    views: Views
    suggestions: Suggestions
    rows: Rows
    search: Search

    def close(self) -> None:
        self.rows.close()
        self.views.close()
        self.search.close()


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """Every part of the service; those that belong together are in groups."""

    settings: Settings
    secrets: ServiceSecrets
    url_signer: UrlSigner
    signing_keys: SigningKeys
    clock: Clock
    database: Database
    shared: SharedStore | None
    attempts: Attempts
    money: Money
    rights: RightsParts
    titles: Titles
    accounts: Accounts
    mail_codes: MailCodes
    care: AccountCare
    tokens: TokenIssuer
    devices: DeviceRegistry
    device_grants: DeviceGrants
    device_commands: DeviceCommands
    profiles: Profiles
    my_list: ViewerLists
    recordings: Recordings
    opinions: Opinions
    play: PlayService
    progress: ProgressLog
    streams: Streams
    downloads: Downloads
    regions: Regions
    live_plans: LivePlans
    edge_beats: EdgeBeats
    edge_gate: EdgeGate
    own_edges: Callable[[], Sequence[Edge]]
    steering: SteeringService
    telemetry: TelemetryIntake
    insight: Insight
    quality: QualitySums
    metrics: Metrics
    audit_log: AuditLog
    jobs: Jobs
    wake_up: WakeUpSignal
    storage: Storage
    uploads: Uploads
    upkeep: ServiceUpkeep

    def close(self) -> None:
        self.upkeep.stop()
        self.titles.close()
        self.edge_gate.close()
        self.wake_up.close()
        if self.shared is not None:
            self.shared.close()
        self.database.close()


def open_context(
    settings: Settings,
    edges: Callable[[], Sequence[Edge]] = tuple,
    clock: Clock | None = None,
) -> ServiceContext:
    """Open the data folder (made when missing), bring the database up to date and build the services."""
    settings.make_folders()
    clock = clock or SystemClock()
    shared = SharedStore(settings.shared_url) if settings.shared_url else None
    attempts = _attempts(settings, shared)  # a setting that is wrong is told before anything is opened
    secrets = load_or_create(settings.secrets_dir)
    database = Database(settings.database)
    upgrade(database, settings.database_wait_s)
    url_signer = UrlSigner(url_signing_keys(settings.secrets_dir), watched_url_keys(settings.secrets_dir).changed)
    edge_beats = EdgeBeats(database, clock)
    edge_gate = EdgeGate(database, clock)
    settled = OperatorSettings(database, clock)
    my_list = ViewerLists(database, clock)
    titles = _titles(database, clock, settings, my_list)
    streams = Streams(database, clock, titles.views)
    steering = SteeringService(
        url_signer,
        clock,
        lambda: [*edges(), *edge_beats.announced()],
        edge_beats.latest,
        settled,
        open_reports(shared),
        streams.running,
    )
    addresses = SignedAddresses(url_signer, steering.edges_for)
    telemetry = TelemetryIntake(database, clock, steering)
    quality = QualitySums(database, clock, settled)
    money = _money(database, clock, secrets)
    rights = _rights(database, clock, settings, secrets)
    recorder = Recorder(database, clock, settings, KeyVault(MasterKeys(settings.secrets_dir)))

    def programmes_of(title: Title, now: float) -> Sequence[Programme]:
        guide = channel_guide(settings.media_dir, title, now)
        return guide.programmes if guide is not None else ()

    accounts = Accounts(database, clock)
    mailer = open_mailer(settings.mail_url, settings.mail_from, settings.mail_dir)
    codes = MailCodes(database, clock, mailer, secrets.token_signing)
    return ServiceContext(
        settings=settings,
        secrets=secrets,
        url_signer=url_signer,
        signing_keys=SigningKeys(database, clock, settings.secrets_dir),
        clock=clock,
        database=database,
        attempts=attempts,
        shared=shared,
        money=money,
        rights=rights,
        titles=titles,
        accounts=accounts,
        mail_codes=codes,
        care=AccountCare(database, clock, accounts, codes, money.billing, money.provider),
        tokens=TokenIssuer(database, clock, settings, secrets.token_signing, rights.time_guard.check),
        devices=DeviceRegistry(database, clock),
        device_grants=DeviceGrants(database, clock),
        device_commands=DeviceCommands(database, clock, ReplayGuard(database, rights.signer)),
        profiles=Profiles(database, clock),
        my_list=my_list,
        recordings=Recordings(database, clock, settings, recorder, programmes_of),
        opinions=Opinions(database, clock),
        play=PlayService(database, clock, settings, addresses, edge_gate),
        progress=ProgressLog(database, clock),
        streams=streams,
        downloads=Downloads(database, clock, settings, addresses),
        regions=Regions(settings.networks),
        live_plans=LivePlans(settled),
        edge_beats=edge_beats,
        edge_gate=edge_gate,
        own_edges=edges,
        steering=steering,
        telemetry=telemetry,
        insight=Insight(database, clock, quality),
        quality=quality,
        metrics=Metrics(),
        audit_log=AuditLog(database),
        jobs=Jobs(database, clock),
        wake_up=WakeUpSignal(settings.data_dir, settings.wake_url),
        storage=open_storage(settings),
        uploads=Uploads(settings.uploads_dir, clock),
        upkeep=ServiceUpkeep(
            [
                UpkeepTask("recordings", _RECORDINGS_S, recorder.keep_up),
                *_upkeep_tasks(money, rights, titles, quality, codes, Retention(database, clock)),
            ],
            clock,
            AWAY,
        ),
    )


def _attempts(settings: Settings, store: SharedStore | None) -> Attempts:
    window = open_windows(store)
    return Attempts(
        login=window("login", settings.login_limit),
        lockout=window("lockout", settings.lockout),
        network=window("network", settings.network_lockout),
        registration=window("registration", settings.register_limit),
        code=window("code", settings.login_limit),
        pin=window("pin", settings.pin_limit),
        payment=window("payment", settings.payment_limit),
        care=window("care", settings.care_limit),
        telemetry=window("telemetry", settings.telemetry_limit),
    )


def _money(database: Database, clock: Clock, secrets: ServiceSecrets) -> Money:
    provider = LocalProvider(database, clock, secrets.payment_events)
    billing = Billing(database, clock, provider)
    return Money(
        subscriptions=Subscriptions(database, clock),
        provider=provider,
        billing=billing,
        events=PaymentEvents(database, clock, provider, billing),
    )


def _rights(database: Database, clock: Clock, settings: Settings, secrets: ServiceSecrets) -> RightsParts:
    masters = MasterKeys(settings.secrets_dir)
    vault = KeyVault(masters)
    guard = TimeGuard(database, clock, read_boot_clock if isinstance(clock, SystemClock) else None)
    signer = ServiceSigner(secrets.licence_signing, guard.check, watched_licence_keys(settings.secrets_dir).changed)
    return RightsParts(
        contracts=TitleContracts(database, clock),
        licences=Licences(database, clock, vault),
        issuing=RightsService(database, clock, settings, vault, signer),
        releases=Releases(database, clock),
        revocations=Revocations(database, clock, signer),
        states=LicenceStateAnswers(database, clock, signer),
        time_guard=guard,
        signer=signer,
        key_care=KeyCare(database, clock, masters),
    )


def _titles(database: Database, clock: Clock, settings: Settings, my_list: ViewerLists) -> Titles:
    catalog, views = Catalog(database, clock), Views(database, clock)
    return Titles(
        catalog=catalog,
        credits=TitleCredits(database, clock),
        editing=Editing(database, clock),
        artwork=ArtworkFiles(database, clock, settings.media_dir),
        series=SeriesCatalog(database, clock),
        belongings=TitleBelongings(database, clock, settings.media_dir),
        versions=TitleVersions(database, clock, settings),
        views=views,
        suggestions=Suggestions(database, clock),
        rows=Rows(RowQueries(database, clock, catalog, my_list, views).makers(), clock),
        search=Search(database, clock, SearchIndex(settings.data_dir / "search.db")),
    )


def _upkeep_tasks(
    money: Money, rights: RightsParts, titles: Titles, quality: QualitySums, codes: MailCodes, retention: Retention
) -> list[UpkeepTask]:
    when_sure = rights.time_guard.when_sure
    return [
        UpkeepTask("renewals", _RENEWALS_S, when_sure(money.billing.renew_due)),
        UpkeepTask("clock", _CLOCK_S, rights.time_guard.mark),
        UpkeepTask("suggestions", _SUGGESTIONS_S, titles.suggestions.make, first_s=_FIRST_SUGGESTIONS_S),
        UpkeepTask("quality", _SUMS_S, when_sure(quality.sum_up)),
        UpkeepTask("trending", _SUMS_S, titles.views.rank),
        UpkeepTask("search index", _SEARCH_S, titles.search.keep_in_step),
        UpkeepTask("retention", _RETENTION_S, when_sure(retention.let_go), first_s=_RETENTION_S),
        UpkeepTask("mail", _MAIL_S, codes.send_due),
        UpkeepTask("payment events", _EVENTS_S, lambda: money.provider.deliver(money.events.receive)),
    ]
