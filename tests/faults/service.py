"""Faults of the service: limits that did not bite, and what stood still at size or after an outage."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    bindparam,
    cast,
    create_engine,
    extract,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from backend_stub import backup, config, master_keys, metrics, server, service_secrets
from backend_stub.admin import pages
from backend_stub.api import account as api_account
from backend_stub.api import auth, deps, edge_check, errors, schemas, system
from backend_stub.api import catalog as api_catalog
from backend_stub.api.no_nul import NoNul
from backend_stub.asgi import App, Scope
from backend_stub.broadcaster import encoder
from backend_stub.context import ServiceContext
from backend_stub.db import database, keyset, migrate, patience, title_changes
from backend_stub.db.models import (
    Account,
    CatalogueState,
    Device,
    DeviceCommand,
    Job,
    Profile,
    Quality,
    QualityHour,
    Title,
    TitleGenre,
    TitleRights,
    ViewerPicks,
)
from backend_stub.edge import nginx, remote, upstream
from backend_stub.edge.app import EdgeApp
from backend_stub.edge.gate import RemoteGate
from backend_stub.edge.source import SourceRequest
from backend_stub.encoding import probe, process, worker
from backend_stub.encoding.errors import StorageError
from backend_stub.http_server import HttpServer
from backend_stub.jobs import store
from backend_stub.problems import ProblemError
from backend_stub.recommending import suggestions
from backend_stub.recommending.feedback import Viewer
from backend_stub.recommending.suggestions import Suggestions
from backend_stub.services import (
    account_care,
    catalog,
    device_commands,
    devices,
    edge_gate,
    licence_issuing,
    newest_titles,
    profiles,
    quality,
    recordings,
    retention,
    search,
    search_index,
    series,
    shared,
    streams,
    telemetry,
    title_credits,
    tokens,
    uploads,
)
from backend_stub.services.account_care import AccountCare
from backend_stub.services.accounts import Accounts
from backend_stub.services.content_keys import KeyVault
from backend_stub.services.device_commands import DeviceCommands
from backend_stub.services.edge_beats import EdgeBeats
from backend_stub.services.edge_gate import EdgeGate
from backend_stub.services.entitlement import Viewing, is_offered
from backend_stub.services.playback_insight import Insight, PlayedSession
from backend_stub.services.quality import Group, QualityOf, QualitySums, aggregate
from backend_stub.services.rate_limit import CountingWindow, SlidingWindow
from backend_stub.services.reports import Outcome
from backend_stub.services.rights import policy, revocation
from backend_stub.services.row_queries import RowQueries
from backend_stub.services.rows import Shown
from backend_stub.services.search_index import SearchIndex
from backend_stub.services.steering import PathwayState, SteeringService
from backend_stub.services.views import RANKED_S, Views
from backend_stub.signing import EdgeGrant, UrlSigner, split_signed_path
from tests.backend_stub import test_handover
from tests.backend_stub.db import test_keyset
from tests.backend_stub.services import test_concurrency
from tests.faults.model import Fault

_SERVER = "tests/backend_stub/test_server.py::"
_TOKENS = "tests/backend_stub/edge/test_tokens.py::"
_AT_ONCE = "tests/backend_stub/services/test_concurrency.py::"
_COMMANDS = "tests/backend_stub/services/test_device_commands.py::"
_NGINX = "tests/backend_stub/edge/test_nginx.py::"
_SEARCH = "tests/backend_stub/api/test_search.py::"
_HELD_UP = _AT_ONCE + "TestPostgresThatIsHeldUp::"


def _title_alone(patch: pytest.MonkeyPatch) -> None:
    """A token opens the whole folder of its title."""
    patch.setattr(EdgeGrant, "covers", lambda grant, path: path.startswith(f"/{grant.title_id}/"))


def _for_good(patch: pytest.MonkeyPatch) -> None:
    """Nothing takes a signed address back."""
    patch.setattr(EdgeGate, "stands", lambda _gate, _grant: True)


def _never_silent(patch: pytest.MonkeyPatch) -> None:
    """Keys are given to sessions that have no place."""
    for module in (streams, licence_issuing):
        patch.setattr(module, "keys_until", lambda _play, now, _licence_s: now + 3 * 3600)


def _any_outputs(patch: pytest.MonkeyPatch) -> None:
    """Keys are given whatever the outputs of the device are."""
    patch.setattr(policy, "_hdcp_rank", lambda _level: 0)


def _holds_no_job(patch: pytest.MonkeyPatch) -> None:
    """Tasks of a job change side by side; a task that needs two waits for ever once they end at the same moment."""
    patch.setattr(store, "_held_job", lambda session, job_id: session.get_one(Job, job_id))


def _endless_patience(patch: pytest.MonkeyPatch) -> None:
    """What another process holds is waited for as long as it does."""
    patch.setattr(patience, "session_settings", lambda: ["SET jit = off", "SET lock_timeout = '2s'"])


def _waits_for_locks(patch: pytest.MonkeyPatch) -> None:
    """No call ends while it waits for what another process holds."""
    patch.setattr(patience, "session_settings", lambda: ["SET idle_in_transaction_session_timeout = '2s'"])


def _tells_each_end(patch: pytest.MonkeyPatch) -> None:
    """A response that the end of the service cuts off is logged as an error of the program."""

    async def closing(server: HttpServer, *call: Any) -> None:
        await server._app(*call)

    patch.setattr(HttpServer, "_closing", closing)


def _holds_no_name(patch: pytest.MonkeyPatch) -> None:
    """What is asked for many times at once is done many times."""
    patch.setattr(store, "hold_name", lambda *_: None)


def _sweeps_bare(patch: pytest.MonkeyPatch) -> None:
    """An error of the database while what is left of jobs is removed ends the worker."""
    patch.setattr(worker, "SQLAlchemyError", StorageError)


def _ends_with_a_full_pool(patch: pytest.MonkeyPatch) -> None:
    """A worker whose connection took too long to come did nothing ever again."""
    from sqlalchemy.exc import DBAPIError

    from backend_stub.jobs import worker as taker

    patch.setattr(taker, "SQLAlchemyError", DBAPIError)


def _open_files(patch: pytest.MonkeyPatch) -> None:
    """The data folder is as the process's mask has it."""
    patch.setattr(config, "_close", lambda _path, _mode: None)


def _token_alone(patch: pytest.MonkeyPatch) -> None:
    """An access token is good until it expires."""
    everybody = select(Account, Profile).outerjoin(Profile, Profile.id == bindparam("profile_id", type_=String))
    patch.setattr(tokens, "_SPEAKS_FOR", everybody.where(Account.id == bindparam("account_id")))


def _no_judge(patch: pytest.MonkeyPatch) -> None:
    """Any password of eight characters will do."""
    patch.setattr(auth, "check_password", lambda *_: None)


def _bare_tools(patch: pytest.MonkeyPatch) -> None:
    """FFmpeg may use what the service may."""
    patch.setattr(process, "_LIMITS", ())


def _an_outage_is_a_fault(patch: pytest.MonkeyPatch) -> None:
    """An error of the database is 500, with a traceback."""
    patch.setattr(errors, "AWAY", ())


def _reads_playbacks(patch: pytest.MonkeyPatch) -> None:
    """Quality is made of every playback each time."""

    def of(sums: QualitySums, since: float, group: Group | None = None, names: object = None) -> list[QualityOf]:
        with sums._database.read() as session:
            rows = session.scalars(select(Quality).where(Quality.started_at >= since)).all()
        parts: dict[str, list[Quality]] = {} if group else {"": []}
        for row in rows:
            parts.setdefault(getattr(row, group) if group else "", []).append(row)
        return [aggregate(name, parts[name]) for name in sorted(parts)]

    patch.setattr(QualitySums, "of", of)


def _all_names(patch: pytest.MonkeyPatch) -> None:
    """The page of titles shows all there are."""
    whole = Insight.titles
    patch.setattr(Insight, "titles", lambda insight, **_: whole(insight, limit=10**9))


def _one_by_one(patch: pytest.MonkeyPatch) -> None:
    """Each session of a page is asked for by itself."""
    page = Insight.sessions

    def each(insight: Insight, **asked: Any) -> list[PlayedSession]:
        return [
            insight.session(one.account_id, one.session_id)[0] for one in page(insight, **{**asked, "limit": 10**4})
        ]

    patch.setattr(Insight, "sessions", each)


def _row_by_row(patch: pytest.MonkeyPatch) -> None:
    """The titles of each genre's row are asked for by themselves."""
    all_rows = RowQueries.genres

    def each(rows: RowQueries, viewing: Viewing) -> Sequence[Shown]:
        made = all_rows(rows, viewing)
        with rows._database.read() as session:
            return [
                Shown(rows._offered(session, viewing, [o.title.id for o in one.titles]), genre=one.genre)
                for one in made
            ]

    patch.setattr(RowQueries, "genres", each)


def _looks_through_all(patch: pytest.MonkeyPatch) -> None:
    """What has genres is looked for in the whole catalogue."""
    every = (
        select(Title.id, TitleGenre.genre).where(is_offered()).outerjoin(TitleGenre, TitleGenre.title_id == Title.id)
    )
    patch.setattr(newest_titles, "_WITH_GENRES", every.order_by(Title.published_at.desc(), TitleGenre.genre))


def _looks_for_addresses(patch: pytest.MonkeyPatch) -> None:
    """The address of each poster is looked for among all routes."""

    def looked_for(request: Request, path: str, **members: str) -> str:
        return str(request.url_for("poster" if path.endswith("jpg") else "artwork", **members))

    patch.setattr(api_catalog, "_address", looked_for)


def _without_index(patch: pytest.MonkeyPatch) -> None:
    """What is played most is found by reading the sums of all hours."""
    sum_up = QualitySums.sum_up

    def dropped(self: QualitySums, *, quickly: bool = False) -> None:
        with self._database.write() as session:
            session.execute(text("DROP INDEX IF EXISTS ix_quality_hours_name"))
        sum_up(self, quickly=quickly)

    patch.setattr(QualitySums, "sum_up", dropped)


def _ranks_each_time(patch: pytest.MonkeyPatch) -> None:
    """What is watched most is worked out for every viewer."""
    patch.setattr(Views, "ranked", Views.rank)


def _ranks_side_by_side(patch: pytest.MonkeyPatch) -> None:
    """Who asks while another looks again for what is watched most does the same, and holds up all rows."""

    def ranked(self: Views) -> object:
        at, found = self._ranked
        return found if 0 <= self._clock.monotonic() - at < RANKED_S else self.rank()

    patch.setattr(Views, "ranked", ranked)


def _indexes_while_asked(patch: pytest.MonkeyPatch) -> None:
    """A search takes in whatever is new first."""
    patch.setattr(search, "_AT_ONCE", 10**9)


def _all_keys_at_once(patch: pytest.MonkeyPatch) -> None:
    rewrap = KeyVault.rewrap
    patch.setattr(KeyVault, "rewrap", lambda vault, session, _at_most: rewrap(vault, session, 10**9))


def _keeps_all(patch: pytest.MonkeyPatch) -> None:
    """Nothing is ever let go."""
    patch.setattr(retention, "KEPT", ())


def _accounts_before_cards(patch: pytest.MonkeyPatch) -> None:
    """A card is forgotten when its account is gone, and then nobody knows of it."""
    delete = AccountCare.delete

    def deleted(care: AccountCare, account_id: str, password: str) -> None:
        with care._database.read() as session:
            cards = account_care._cards(session, account_id)
        with pytest.MonkeyPatch.context() as none:
            none.setattr(account_care, "_cards", lambda *_: set())
            delete(care, account_id, password)
        for card in cards:
            care._provider.forget_card(card)

    patch.setattr(AccountCare, "delete", deleted)


def _looks_past_the_log(patch: pytest.MonkeyPatch) -> None:
    """A folder is empty if the database itself is gone from it."""
    patch.setattr(backup, "_remains", lambda database: {database} if database.exists() else set())


def _own_names(patch: pytest.MonkeyPatch) -> None:
    """Every process calls its edges edge-a, edge-b, ..."""

    def claim(beats: EdgeBeats, names: Iterable[str], _base_url: str) -> str:
        name = next(iter(names))
        beats._own.add(name)
        return name

    patch.setattr(EdgeBeats, "claim", claim)


def _any_host(patch: pytest.MonkeyPatch) -> None:
    """Addresses follow the Host that a client sends."""
    patch.setattr(server, "OwnAddress", lambda app, _base_url, _port: app)


def _any_scheme(patch: pytest.MonkeyPatch) -> None:
    """Addresses have the scheme by which a proxy calls."""

    class OwnScheme(server.OwnAddress):
        def __init__(self, app: App, base_url: str, port: int) -> None:
            super().__init__(app, base_url, port)
            self._known.add(self._base.netloc)

    patch.setattr(server, "OwnAddress", OwnScheme)


def _no_proxy(patch: pytest.MonkeyPatch) -> None:
    """All calls through a proxy come from the proxy."""
    patch.setattr(server, "ProxyHeadersMiddleware", lambda app, _trusted: app)


def _each_for_itself(patch: pytest.MonkeyPatch) -> None:
    """Each process counts attempts and reports by itself."""
    patch.setattr(shared.SharedStore, "ask", lambda _store, _call: None)


def _ahead_for_ever(patch: pytest.MonkeyPatch) -> None:
    """A title may be fetched ahead again and again, and is never played."""
    patch.setattr(streams, "AHEAD_MEMORY_S", 0.0)


def _turns_for_ever(patch: pytest.MonkeyPatch) -> None:
    """Devices take turns, each with keys that outlive its session."""
    patch.setattr(streams, "_check_handovers", lambda *_: None)


def _clones(patch: pytest.MonkeyPatch) -> None:
    """A session goes on for as long as another of its device plays the title."""
    patch.setattr(streams, "GOES_ON_S", 6 * 3600.0)


def _races_fail(patch: pytest.MonkeyPatch) -> None:
    """A row that goes while a call needs it is 500."""
    patch.setattr(errors, "is_race", lambda _error: False)


def _registers_once(patch: pytest.MonkeyPatch) -> None:
    """Of two processes that start on an empty database at once, one ends."""

    def ensure(accounts: Accounts, email: str, name: str, password: str, **given: Any) -> Account:
        return accounts.find(email) or accounts.register(email, name, password, **given)

    patch.setattr(Accounts, "ensure", ensure)


def _inserts(patch: pytest.MonkeyPatch) -> None:
    """What two processes write at once is written by one, and fails in the other."""
    patch.setattr(sqlite.Insert, "on_conflict_do_update", lambda insert, **_: insert)


def _unheard(patch: pytest.MonkeyPatch) -> None:
    """Edges are not told what is over."""
    patch.setattr(EdgeGate, "forget", lambda _gate, _session_id: None)


def _remembers_late(patch: pytest.MonkeyPatch) -> None:
    """An answer from before a session's end is remembered after it."""
    patch.setattr(EdgeGate, "forget", lambda gate, session_id: gate._standing.pop(session_id, None))


def _from_anywhere(patch: pytest.MonkeyPatch) -> None:
    """Addresses that are bound to a network are good in all."""
    patch.setattr(EdgeGrant, "good_from", lambda _grant, _address: True)


def _known_alone(patch: pytest.MonkeyPatch) -> None:
    """While an edge's reports are asked for, they are taken from what was known of others."""
    patch.setattr(shared.SharedReports, "counts", _counts_of_others)


def _counts_of_others(reports: shared.SharedReports, pathways: Sequence[str], now: float) -> dict[str, Any]:
    if reports._asked == (now, frozenset(pathways)):
        return reports._known
    reports._asked = (now, frozenset(pathways))
    reports._store.ask(lambda _redis: None)
    return {}


def _in_a_hurry(patch: pytest.MonkeyPatch) -> None:
    """A service that starts before its database ends."""
    patch.setattr(migrate, "patiently", lambda call, _wait_s: call())


def _ranks_very_many(patch: pytest.MonkeyPatch) -> None:
    """However many titles have the words, each is ranked."""
    best = SearchIndex._best

    def ranked(index: SearchIndex, table: str, match: str, limit: int, years: tuple[int, int]) -> list[str]:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(search_index, "_MOST_RANKED", 10**9)
            return best(index, table, match, limit, years)

    patch.setattr(SearchIndex, "_best", ranked)


def _looks_for_titles_in_all_texts(patch: pytest.MonkeyPatch) -> None:
    """Titles have no index of their own."""
    best = SearchIndex._best

    def found(index: SearchIndex, table: str, match: str, limit: int, years: tuple[int, int]) -> list[str]:
        return best(index, "films", f"title : ({match})" if table == "names" else match, limit, years)

    patch.setattr(SearchIndex, "_best", found)


def _takes_in_what_is_there(patch: pytest.MonkeyPatch) -> None:
    """Who takes a title into the index of titles does not expect it to be there."""
    patch.setattr(search_index, "_remove", lambda *_: None)


def _looks_at_the_newest_each_time(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(newest_titles, "KEPT_S", 0.0)


def _knows_no_narrow_window(patch: pytest.MonkeyPatch) -> None:
    """The plots of the operator's pages are as wide as they were drawn."""
    sheet = pages.FOLDER / "static" / "console.css"

    def wide(path: Path, *, media_type: str, headers: dict[str, str]) -> Response:
        styles = path.read_bytes() + (b".plots { min-width: 40rem }" if path == sheet else b"")
        return Response(styles, media_type=media_type, headers=headers)

    patch.setattr(pages, "FileResponse", wide)


def _takes_secrets_into_the_image(patch: pytest.MonkeyPatch) -> None:
    read = Path.read_text

    def without(path: Path, *given: Any, **more: Any) -> str:
        text = read(path, *given, **more)
        return text.replace("**/.env", "") if path.name.endswith(".dockerignore") else text

    patch.setattr(Path, "read_text", without)


def _by_its_own_port(patch: pytest.MonkeyPatch) -> None:
    """Sockets are handed over by the port that they have, not by the one that was asked for."""

    def listeners(group: server.ServerGroup) -> dict[int, Any]:
        return {one.port: group._servers[one.name].listener for one in (*group.edges, group.api)}

    patch.setattr(server.ServerGroup, "listeners", listeners)


def _sorts_all(patch: pytest.MonkeyPatch) -> None:
    """What is on offer is asked by an outer join, of which PostgreSQL expects one title."""
    none_or_any = or_(TitleRights.title_id.is_(None), TitleRights.countries == "")
    joined = select(Title).outerjoin(TitleRights, TitleRights.title_id == Title.id)
    offered = joined.where(Title.published_at.is_not(None), TitleRights.revoked_at.is_(None), none_or_any)
    newest = offered.order_by(Title.published_at.desc(), Title.id)
    patch.setattr(catalog, "_PAGE", newest.limit(bindparam("limit", type_=Integer)))


def _compiles(patch: pytest.MonkeyPatch) -> None:
    """PostgreSQL compiles queries that take a moment."""
    settings = patience.session_settings
    patch.setattr(patience, "session_settings", lambda: [each for each in settings() if "jit" not in each])


def _as_the_plan_was(patch: pytest.MonkeyPatch) -> None:
    """What was given for a plan or in a window stays good after both."""
    patch.setattr(
        edge_gate, "_still_offered", lambda _session, _account, _kind, row, *_: not (row and row.revoked_at)
    )


def _opens_where_it_fails(patch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong while an edge asks opens the file."""
    patch.setattr(edge_gate, "AWAY", (SQLAlchemyError,))


def _one_for_all(patch: pytest.MonkeyPatch) -> None:
    """What stands for one sign-in of an account stands for all that asked for the same session."""
    patch.setattr(edge_gate, "_given", lambda _grant: ("", None))


def _decodes_twice(patch: pytest.MonkeyPatch) -> None:
    """A cache asks for what a name says when it is decoded again, and keeps it under the name."""
    patch.setattr(upstream, "quote", lambda path: path)


def _asks_by_path(patch: pytest.MonkeyPatch) -> None:
    """An edge elsewhere tells the service the path as the client wrote it, which is no header."""
    request, stands = EdgeApp._request, RemoteGate.stands

    async def asked(app: EdgeApp, scope: Scope, *, head: bool) -> SourceRequest:
        async def by_path(gate: RemoteGate, grant: EdgeGrant, token: str) -> bool:
            return await stands(gate, replace(grant, place=split_signed_path(scope["path"])[1]), token)

        patch.setattr(RemoteGate, "stands", by_path)
        return await request(app, scope, head=head)

    patch.setattr(EdgeApp, "_request", asked)


def _takes_any_name(patch: pytest.MonkeyPatch) -> None:
    """nginx puts whatever a name holds into a header, the end of a line too."""
    patch.setattr(nginx, "_TEMPLATE", nginx._TEMPLATE.replace("[A-Za-z0-9_-][A-Za-z0-9_.-]*", "[^./][^/]*"))


def _shows_parameters(patch: pytest.MonkeyPatch) -> None:
    """Errors of the database repeat the values of their statements."""

    def shown(*given: Any, **more: Any) -> Any:
        return create_engine(*given, **{**more, "hide_parameters": False})

    patch.setattr(database, "create_engine", shown)


def _views_without_index(patch: pytest.MonkeyPatch) -> None:
    """What an account watched is found by reading the views of all."""
    begin = Views.__init__

    def dropped(self: Views, over: database.Database, *given: Any) -> None:
        begin(self, over, *given)
        with over.write() as session:
            session.execute(text("DROP INDEX ix_views_account_id"))

    patch.setattr(Views, "__init__", dropped)


def _looks_through_all_that_lives(patch: pytest.MonkeyPatch) -> None:
    """The collector looks through what lives as long as the process."""
    without = "from backend_stub import cli\ncli.set_aside = lambda: None\n"
    patch.setattr(test_handover, "SERVED_BY_SYSTEMD", without + test_handover.SERVED_BY_SYSTEMD)


def _looks_into_files_unconfined(patch: pytest.MonkeyPatch) -> None:
    """What looks into a stranger's file may use what the service may."""
    patch.setattr(probe, "confined", lambda _parent: None)


def _each_address_by_itself(patch: pytest.MonkeyPatch) -> None:
    """Each of the 2**64 addresses of a line has tries of its own."""
    patch.setattr(auth, "subscriber_of", lambda host: host)


def _any_pathway(patch: pytest.MonkeyPatch) -> None:
    """What players call an edge is kept as one."""

    def report(steering: SteeringService, outcomes: Sequence[Outcome]) -> None:
        steering._reports.add(outcomes, steering._clock.now())

    patch.setattr(SteeringService, "report", report)


def _a_voice_for_each_event(patch: pytest.MonkeyPatch) -> None:
    """Whoever reports most decides which edges fail."""

    def report(steering: SteeringService, outcomes: Sequence[Outcome]) -> None:
        many = [one._replace(account_id=f"{one.account_id} {number}") for number, one in enumerate(outcomes)]
        steering._reports.add(many, steering._clock.now())

    patch.setattr(SteeringService, "report", report)


def _all_try_at_once(patch: pytest.MonkeyPatch) -> None:
    """While one call tries to reach the database the others do too."""
    away_until = property(lambda _: 0.0, lambda _, __: None)
    patch.setattr(database._Connecting, "_away_until", away_until, raising=False)


def _all_edges_may_fail(patch: pytest.MonkeyPatch) -> None:
    """Reports of players take the last edge that is left."""
    failing = property(lambda state: state.silent or state.blamed > 0)
    patch.setattr(PathwayState, "failing", failing)


def _all_cdns_of_a_session(patch: pytest.MonkeyPatch) -> None:
    """However many CDNs are told of in one session, each is kept and looked at."""
    patch.setattr(telemetry, "CDNS_OF_A_SESSION", 10**9)


def _any_account_has_a_voice(patch: pytest.MonkeyPatch) -> None:
    """Who was given no edge marks one as failing."""

    class Everything:
        def __contains__(self, _of: object) -> bool:
            return True

    patch.setattr(telemetry, "_given", lambda *_: Everything())


def _sums_for_each_figure(patch: pytest.MonkeyPatch) -> None:
    """An hour that changed is summed up for each figure that is asked for."""
    sum_up = QualitySums.sum_up

    def forgetful(self: QualitySums, *, quickly: bool = False) -> None:
        self._summed.clear()
        sum_up(self, quickly=quickly)

    patch.setattr(QualitySums, "sum_up", forgetful)


def _health_in_a_thread(patch: pytest.MonkeyPatch) -> None:
    """Whether the process lives is answered after the calls that wait for the database."""

    def health() -> schemas.HealthBody:
        return schemas.HealthBody(status="ok", version="")

    (route,) = [one for one in system.router.routes if isinstance(one, APIRoute) and one.path == "/health"]
    patch.setattr(route, "endpoint", health)


def _asks_in_a_thread_of_the_calls(patch: pytest.MonkeyPatch) -> None:
    """Edges wait until a call has its answer of the database."""

    async def answer(gate: EdgeGate, grant: EdgeGrant) -> bool:
        return await run_in_threadpool(gate.stands, grant)

    patch.setattr(EdgeGate, "answer", answer)


def _layout_file(name: str, was: str, becomes: str) -> Callable[[pytest.MonkeyPatch], None]:
    """A file of the layout says something else."""
    read_text = Path.read_text

    def other(path: Path, *args: Any, **named: Any) -> str:
        text = read_text(path, *args, **named)
        return text.replace(was, becomes) if path.name == name else text

    return lambda patch: patch.setattr(Path, "read_text", other)


def _nginx_without(line: str) -> Callable[[pytest.MonkeyPatch], None]:
    """nginx's configuration lacks something."""

    def put_back(patch: pytest.MonkeyPatch) -> None:
        assert line in nginx._TEMPLATE
        patch.setattr(nginx, "_TEMPLATE", nginx._TEMPLATE.replace(line, ""))

    return put_back


def _poster_after_the_commit(patch: pytest.MonkeyPatch) -> None:
    """A recording is planned before its poster is copied, and what was copied stays."""

    class NothingToUndo(ExitStack):
        def callback(self, *_: object, **__: object) -> Any:
            return None

    patch.setattr(recordings, "ExitStack", NothingToUndo)


def _for_any_age(patch: pytest.MonkeyPatch) -> None:
    """What a title's page says is shown to every profile."""
    found = catalog.published_title

    def of_anybody(session: Session, title_id: str, variant: str | None = None, viewing: object = None) -> Title:
        return found(session, title_id, variant)

    for module in (catalog, series, title_credits):
        patch.setattr(module, "published_title", of_anybody)


def _forgets_the_oldest(patch: pytest.MonkeyPatch) -> None:
    """Who tries many keys pushes out the others."""

    def make_room(window: SlidingWindow, _now: float) -> None:
        del window._attempts[next(iter(window._attempts))]

    patch.setattr(SlidingWindow, "_make_room", make_room)


def _counts_letters(patch: pytest.MonkeyPatch) -> None:
    """Names of files are cut by letters, while file systems count bytes."""
    patch.setattr(uploads, "_MAX_NAME_BYTES", 800)


def _counts_a_page_of_screens(patch: pytest.MonkeyPatch) -> None:
    def gauges(commands: DeviceCommands) -> Iterable[tuple[str, dict[str, str], float]]:
        now = commands._clock.now()
        screens = [one.screen(now) for one in commands.devices(500)]
        for state in device_commands.SCREENS:
            yield "matinee_kiosks", {"state": state}, screens.count(state)
        yield "matinee_commands_waiting", {}, 0

    patch.setattr(DeviceCommands, "gauges", gauges)


def _replaces_as_before(patch: pytest.MonkeyPatch) -> None:
    def replace(path: Path, kept: Path) -> None:
        fresh = path.with_suffix(".next")
        fresh.unlink(missing_ok=True)
        os.link(path, fresh)
        fresh.replace(kept)
        service_secrets.create_secret(fresh)
        fresh.replace(path)

    patch.setattr(service_secrets, "replace_secret", replace)


def _exports_to_children(patch: pytest.MonkeyPatch) -> None:
    """Any profile gets a copy of all that is kept of the household."""
    patch.setattr(api_account, "check_grown_up", lambda _caller: None)


def _any_encoding(patch: pytest.MonkeyPatch) -> None:
    """A database that keeps bytes for text ends workers in a TypeError."""
    patch.setattr(database, "_check_encoding", lambda *_: None)


def _counts_once_it_is_wrong(patch: pytest.MonkeyPatch) -> None:
    """A wrong password counts when it was compared: those that are compared at once are all let through."""
    own = auth.limited

    def limited(window: CountingWindow, context: ServiceContext, key: str) -> None:
        if window is not context.attempts.lockout:
            own(window, context, key)
        elif window.wait(key, context.clock.monotonic()) is not None:
            raise ProblemError(429, "too_many_attempts", "")

    note = Accounts.note_wrong_password
    windows: list[CountingWindow] = []

    def counted(accounts: Accounts, email: str, *, locked: bool) -> None:
        for window in windows:
            window.attempt(email, accounts._clock.monotonic())
        note(accounts, email, locked=locked)

    locking = auth.locking

    def remembered(context: ServiceContext, request: Request, email: str) -> Any:
        windows[:] = [context.attempts.lockout]
        return locking(context, request, email)

    patch.setattr(auth, "limited", limited)
    patch.setattr(auth, "locking", remembered)
    patch.setattr(Accounts, "note_wrong_password", counted)


def _numbered_by_the_begin(patch: pytest.MonkeyPatch) -> None:
    """What is searched goes by when a change began; one that is written after a later one is never taken in."""

    def began(session: Session) -> int:
        at = session.scalar(select(cast(extract("epoch", func.now()) * 10**6, BigInteger))) or 0
        session.execute(update(CatalogueState).values(change=func.greatest(CatalogueState.change, at)))
        return at

    patch.setattr(title_changes, "next_change", began)


def _numbered_in_no_order(patch: pytest.MonkeyPatch) -> None:
    """The number of a change is taken, and the next one too, before the change can be seen."""
    next_change = title_changes.next_change

    def taken(session: Session) -> int:
        with Session(session.get_bind()) as own, own.begin():
            return next_change(own)

    patch.setattr(title_changes, "next_change", taken)


def _writes_on_where_it_was_overtaken(patch: pytest.MonkeyPatch) -> None:
    """A run of suggestions does not notice that a later one took it away."""
    patch.setattr(Suggestions, "_held", lambda made, _run_id: made._database.write())


def _run_and_rows_one_after_the_other(patch: pytest.MonkeyPatch) -> None:
    """Which run is the last is asked first, and then for its rows."""

    def picks_for(session: Session, viewer: Viewer) -> Sequence[str]:
        last = session.scalar(select(suggestions._LAST_RUN))
        row = session.get(ViewerPicks, (last, viewer.account_id, viewer.profile_id))
        return row.title_ids if row is not None else ()

    patch.setattr(test_concurrency, "picks_for", picks_for)


def _goes_on_behind_a_row(patch: pytest.MonkeyPatch) -> None:
    """A list of titles goes on behind a title, and begins again where that is gone."""
    titles = Insight.titles

    def found(insight: Insight, *, after: tuple[str, str] | None = None, **words: Any) -> Sequence[tuple[str, str]]:
        with insight._database.read() as session:
            there = after is not None and session.get(Title, after[0]) is not None
        return titles(insight, after=after if there else None, **words)

    patch.setattr(Insight, "titles", found)


def _no_limit_of_a_network(patch: pytest.MonkeyPatch) -> None:
    """One address tries a password with as many accounts as it likes."""
    own = auth.limited

    def limited(window: CountingWindow, context: ServiceContext, key: str) -> None:
        if window is not context.attempts.network:
            own(window, context, key)

    patch.setattr(auth, "limited", limited)


def _lists_all_episodes(patch: pytest.MonkeyPatch) -> None:
    """However many episodes a series has, all are in one answer."""
    some = series.episodes_on_offer
    patch.setattr(series, "episodes_on_offer", lambda *asked: some(*asked[:-1], 10**6))


def _refuses_within_a_second(patch: pytest.MonkeyPatch) -> None:
    """Whoever comes within a second of a question is refused, though the key is good by now."""
    ask = remote.RemoteEdge._ask_for_keys

    async def seldom(self: remote.RemoteEdge) -> None:
        if self._clock.monotonic() - self._asked_at >= 1.0:
            await ask(self)

    patch.setattr(remote.RemoteEdge, "_ask_for_keys", seldom)


def asking_for_keys_takes_what_is_measured(patch: pytest.MonkeyPatch) -> None:
    beat = remote.RemoteEdge._beat

    def measured(self: remote.RemoteEdge, **_about: bool) -> None:
        beat(self)

    patch.setattr(remote.RemoteEdge, "_beat", measured)


def what_needs_no_pin_forgives_guesses(patch: pytest.MonkeyPatch) -> None:
    guarded, check = profiles.Profiles.guarded, profiles.Profiles.check_pin

    def always(self: profiles.Profiles, *about: Any) -> tuple[profiles.Profile, str]:
        profile, pin_hash = guarded(self, *about)
        return profile, pin_hash or ""

    def check_some(self: profiles.Profiles, pin_hash: str, pin: str | None) -> None:
        if pin_hash:
            check(self, pin_hash, pin)

    patch.setattr(profiles.Profiles, "guarded", always)
    patch.setattr(profiles.Profiles, "check_pin", check_some)


def _zero_is_the_newest(patch: pytest.MonkeyPatch) -> None:
    """Behind a row of the moment 0 a list begins again."""
    read = keyset.Place.read
    patch.setattr(keyset.Place, "read", lambda text: read(text) if float(text.partition(",")[0]) else None)


_KEYSET = "tests/backend_stub/db/test_keyset.py::"
_MORE = "tests/backend_stub/test_more_than_one.py::"
_LIES = "tests/test_attacks.py::test_a_client_that_lies_gets_no_more_than_its_plan"
_SIZE = "tests/backend_stub/services/test_at_size.py::"
_LICENCES = "tests/backend_stub/rights/test_licences.py::"
_KEY_FILES = "tests/backend_stub/test_service_secrets.py::"
_KEYS = "tests/backend_stub/services/test_content_keys.py::"
_LISTS = "tests/backend_stub/admin/test_lists.py::"
_HARD = "tests/backend_stub/test_hardening.py::"
_VANISHING = "tests/backend_stub/api/test_vanishing.py::test_an_account_that_is_deleted_meanwhile_is_refused"
FAULTS = [
    Fault(
        "service-better-plan-outlived",
        _TOKENS + "test_what_plan_and_contract_no_longer_permit_ends_within_seconds[smaller_plan]",
        _as_the_plan_was,
    ),
    Fault(
        "service-closed-window-outlived",
        _LIES + "[a closed window, by a steered player's addresses]",
        _as_the_plan_was,
    ),
    Fault("service-gate-fails-open", _TOKENS + "test_a_question_that_is_wrong_opens_nothing", _opens_where_it_fails),
    Fault(
        "service-sign-in-held-open-by-another",
        _TOKENS + "test_one_sign_in_does_not_hold_open_what_another_was_given",
        _one_for_all,
    ),
    Fault(
        "service-cache-decodes-twice",
        "tests/backend_stub/edge/test_hierarchy.py::test_a_name_that_is_encoded_twice_is_no_other_file",
        _decodes_twice,
    ),
    Fault(
        "service-edge-asks-by-path",
        "tests/backend_stub/edge/test_remote.py::test_an_edge_that_announces_itself_is_one_of_the_services",
        _asks_by_path,
    ),
    Fault(
        "service-nginx-takes-any-name",
        "tests/backend_stub/edge/test_nginx.py::test_no_name_says_more_to_the_service_than_a_name",
        _takes_any_name,
    ),
    Fault(
        "service-errors-show-values",
        _HARD + "test_no_value_of_a_statement_is_in_an_error[postgresql]",
        _shows_parameters,
    ),
    Fault(
        "service-views-without-index",
        _SIZE + "test_what_an_account_watched_is_found_in_an_index",
        _views_without_index,
    ),
    Fault(
        "service-collects-what-lives-as-long",
        "tests/backend_stub/test_handover.py::test_systemd_keeps_the_sockets",
        _looks_through_all_that_lives,
    ),
    Fault(
        "service-looks-into-files-unconfined",
        _HARD + "test_what_looks_into_a_strangers_file_has_them_too",
        _looks_into_files_unconfined,
    ),
    Fault(
        "service-encodes-broadcasts-unconfined",
        _HARD + "test_what_encodes_a_broadcast_has_neither_endless_memory_nor_files",
        lambda patch: patch.setattr(encoder, "confined_live", process.ends_with_parent),
    ),
    Fault(
        "service-tries-by-address",
        "tests/backend_stub/api/test_auth.py::TestLockout::test_the_addresses_of_one_line_count_together",
        _each_address_by_itself,
    ),
    Fault(
        "service-tries-at-once-pass-the-limit",
        "tests/backend_stub/api/test_auth.py::TestLockout::test_tries_at_once_are_no_more_than_the_limit",
        _counts_once_it_is_wrong,
    ),
    Fault(
        "service-one-address-tries-all-accounts",
        "tests/backend_stub/api/test_auth.py::TestNetworkLockout::test_one_address_tries_no_more_of_many_accounts",
        _no_limit_of_a_network,
    ),
    Fault(
        "service-any-name-is-an-edge",
        "tests/backend_stub/api/test_telemetry.py::TestTelemetry::test_names_that_players_make_up_are_no_edges",
        _any_pathway,
    ),
    Fault(
        "service-a-sum-is-larger-than-its-column",
        _AT_ONCE + "test_no_report_makes_a_sum_larger_than_its_column[postgresql]",
        lambda patch: patch.setattr(telemetry, "MOST_COUNTED", 2**63),
    ),
    Fault(
        "service-an-hours-sum-is-larger-than-its-column",
        _AT_ONCE + "test_no_report_makes_a_sum_larger_than_its_column[postgresql]",
        lambda patch: patch.setattr(quality, "MOST_COUNTED", 2**63),
    ),
    Fault(
        "service-a-title-that-is-written-late-is-never-found",
        _AT_ONCE + "test_a_title_that_is_edited_while_another_one_is_found[postgresql]",
        _numbered_by_the_begin,
    ),
    Fault(
        "service-changes-of-titles-in-no-order",
        _AT_ONCE + "test_changes_of_titles_are_numbered_as_they_can_be_seen[postgresql]",
        _numbered_in_no_order,
    ),
    Fault(
        "service-sums-of-quality-are-kept-for-ever",
        _SIZE + "test_the_sums_of_ninety_days_are_kept_to_the_hour",
        lambda patch: patch.setattr(
            retention, "KEPT", tuple(kept for kept in retention.KEPT if kept.at.class_ is not QualityHour)
        ),
    ),
    Fault(
        "service-pictures-of-screens-are-kept-for-ever",
        _COMMANDS + "test_pictures_of_a_screen_go_after_their_time",
        lambda patch: patch.setattr(
            retention, "KEPT", tuple(kept for kept in retention.KEPT if kept.at.class_ is not DeviceCommand)
        ),
    ),
    Fault(
        "service-made-up-names-fill-the-sums",
        _SIZE + "TestQuality::test_names_that_an_account_makes_up_are_few[title_id]",
        lambda patch: patch.setattr(quality, "_beyond", lambda *_: set()),
    ),
    Fault(
        "service-two-runs-of-suggestions-at-once",
        _AT_ONCE + "test_of_two_runs_of_suggestions_the_one_that_began_later_stands[postgresql]",
        _writes_on_where_it_was_overtaken,
    ),
    Fault(
        "service-suggestions-go-while-they-are-read",
        _AT_ONCE + "test_suggestions_are_there_while_a_run_takes_the_place_of_another[postgresql]",
        _run_and_rows_one_after_the_other,
    ),
    Fault(
        "service-titles-begin-again-behind-a-deleted-one",
        "tests/backend_stub/admin/test_titles_in_pages.py"
        "::test_titles_go_on_where_the_last_one_of_a_page_was_deleted",
        _goes_on_behind_a_row,
    ),
    Fault(
        "service-waits-for-a-server-that-stands-still",
        _HARD + "test_a_server_that_stands_still_holds_no_call",
        lambda patch: patch.setattr(patience, "connection_class", lambda: psycopg.Connection),
    ),
    Fault(
        "service-one-account-fails-an-edge",
        "tests/backend_stub/api/test_telemetry.py::TestTelemetry::test_one_account_takes_no_edge_from_the_others",
        _a_voice_for_each_event,
    ),
    Fault(
        "service-titles-for-others-correct-a-search",
        "tests/backend_stub/api/test_search.py::test_what_a_viewer_may_not_see_corrects_nothing",
        lambda patch: patch.setattr("backend_stub.services.search.Search._is_seen", lambda *_: True),
    ),
    Fault(
        "service-four-liars-take-an-edge",
        "tests/backend_stub/services/test_steering.py::test_few_of_those_who_play_take_no_edge_away",
        lambda patch: patch.setattr("backend_stub.services.steering._PLAYING_SHARE", 0.0),
    ),
    Fault(
        "service-players-take-the-last-edge",
        "tests/backend_stub/services/test_steering.py::test_players_never_take_the_last_good_edge_away",
        _all_edges_may_fail,
    ),
    Fault(
        "service-takes-telemetry-without-limit",
        "tests/backend_stub/api/test_telemetry.py::TestTelemetry::test_an_account_sends_so_many_events_at_a_time",
        lambda patch: patch.setattr("backend_stub.api.telemetry.limited", lambda *_: None),
    ),
    Fault(
        "service-old-errors-fail-an-edge",
        "tests/backend_stub/api/test_telemetry.py::TestTelemetry::test_what_was_met_long_ago_is_no_news_of_an_edge",
        lambda patch: patch.setattr(telemetry, "MEMORY_S", float("inf")),
    ),
    Fault(
        "service-who-never-played-fails-an-edge",
        "tests/backend_stub/api/test_telemetry.py::TestTelemetry::test_who_was_given_no_edge_says_nothing_of_one",
        _any_account_has_a_voice,
    ),
    Fault(
        "service-an-account-invents-sessions",
        "tests/backend_stub/api/test_telemetry.py::TestTelemetry::test_an_account_invents_no_sessions_without_end",
        lambda patch: patch.setattr(telemetry._Sessions, "_has_room", lambda _sessions: True),
    ),
    Fault(
        "service-events-of-any-age",
        "tests/backend_stub/api/test_telemetry.py::TestTelemetry::test_events_are_not_of_any_age",
        lambda patch: patch.setattr(telemetry, "MAX_AGE_S", float("inf")),
    ),
    Fault(
        "service-an-hour-is-summed-for-each-figure",
        _SIZE + "TestQuality::test_an_hour_is_summed_up_once_for_all_who_ask",
        _sums_for_each_figure,
    ),
    Fault(
        "service-a-large-hour-is-summed-while-somebody-waits",
        _SIZE + "TestQuality::test_nobody_waits_for_an_hour_of_many_playbacks",
        lambda patch: patch.setattr(quality, "_is_small", lambda *_: True),
    ),
    Fault(
        "service-each-segment-asks-a-database-that-is-away",
        _TOKENS + "test_a_database_that_is_away_is_asked_now_and_then",
        lambda patch: patch.setattr(edge_gate, "AWAY_S", 0.0),
    ),
    Fault(
        "service-what-is-over-opens-without-the-database",
        _TOKENS + "test_without_the_database_what_stood_goes_on_and_nothing_else",
        lambda patch: patch.setattr(EdgeGate, "_without_answer", lambda _gate, _grant: True),
    ),
    Fault(
        "service-steered-addresses-outlive-their-answer",
        _TOKENS + "test_without_the_database_nothing_goes_on_for_longer_than_a_token",
        lambda patch: patch.setattr(edge_gate, "REMEMBERED_S", float("inf")),
    ),
    Fault(
        "service-anything-opens-without-the-service",
        "tests/backend_stub/edge/test_remote.py::test_while_the_service_is_away_what_stood_goes_on_and_nothing_else",
        lambda patch: patch.setattr(RemoteGate, "_without_answer", lambda _gate, _known: True),
    ),
    Fault(
        "service-a-new-connection-is-waited-for",
        _HARD + "test_a_new_connection_is_not_waited_for_longer_than_the_rest",
        lambda patch: patch.setattr(patience, "left_s", lambda most_s: most_s),
    ),
    Fault(
        "service-calls-wait-long-for-a-connection",
        _HARD + "test_a_new_connection_is_not_waited_for_longer_than_the_rest",
        lambda patch: patch.setattr(patience, "REACH_S", patience.CALL_S),
    ),
    Fault(
        "service-all-calls-wait-for-a-silent-server",
        _HARD + "test_after_one_failed_others_are_not_tried_for_a_moment",
        lambda patch: patch.setattr(database, "_AWAY_S", 0.0),
    ),
    Fault(
        "service-all-calls-try-a-server-that-was-away",
        _HARD + "test_a_server_that_was_away_is_tried_by_one_at_a_time",
        _all_try_at_once,
    ),
    Fault(
        "service-health-waits-for-threads",
        _HARD + "test_what_edges_and_supervisors_ask_needs_no_thread_of_the_calls",
        _health_in_a_thread,
    ),
    Fault(
        "service-nginx-answers-500-without-the-service",
        _NGINX + "test_without_the_service_it_says_to_come_again",
        _nginx_without("error_page 500 502 504 =503 /problem/503;"),
    ),
    Fault(
        "service-nginx-waits-a-minute-for-a-silent-api",
        "tests/packaging/test_layout.py::test_an_api_that_says_nothing_is_left_for_the_other",
        _layout_file("nginx.conf", "proxy_read_timeout 6s;", ""),
    ),
    Fault(
        "service-nginx-asks-twice-for-what-may-be-done",
        "tests/packaging/test_layout.py::test_what_may_not_happen_twice_is_asked_of_one_api",
        _layout_file("nginx.conf", "proxy_next_upstream error", "proxy_next_upstream non_idempotent error"),
    ),
    Fault(
        "service-nginx-gives-a-film-as-long-as-a-players-call",
        "tests/packaging/test_layout.py::test_a_film_that_goes_to_the_store_and_a_job_that_is_followed_take_their_time",
        _layout_file("nginx.conf", "proxy_read_timeout 11m;", "proxy_read_timeout 1000ms;"),
    ),
    Fault(
        "service-nginx-says-not-when-to-come-again",
        "tests/packaging/test_layout.py::test_without_any_api_callers_are_told_to_come_again",
        _layout_file("nginx.conf", "error_page 502 504 =503 @away;", ""),
    ),
    Fault(
        "service-edges-of-the-layout-believe-viewers-whence-they-come",
        "tests/packaging/test_layout.py::test_who_is_reached_by_viewers_themselves_believes_no_proxy",
        _layout_file("compose.yaml", 'MATINEE_TRUSTED_PROXIES: ""', "MATINEE_TRUSTED_PROXIES: 10.0.0.0/8"),
    ),
    Fault(
        "service-an-export-fails-with-its-account",
        "tests/backend_stub/api/test_vanishing.py::test_an_account_that_is_deleted_meanwhile_is_refused"
        "[GET /account/export]",
        lambda patch: patch.setattr(Session, "get_one", lambda *_: None),
    ),
    Fault(
        "service-an-export-lacks-what-the-operator-said",
        "tests/backend_stub/api/test_account.py::TestExport::test_it_holds_what_is_the_accounts_and_no_secret",
        lambda patch: patch.setattr("backend_stub.services.account_care._SECRET", ("_hash", "card_token", "kiosks")),
    ),
    Fault(
        "service-a-quarter-fails-an-edge-that-serves-the-others",
        "tests/backend_stub/services/test_steering.py::test_an_edge_that_serves_those_who_play_is_not_failing",
        lambda patch: patch.setattr("backend_stub.services.steering._FAILING_SHARE", 0.25),
    ),
    Fault(
        "service-any-device-counts-as-a-kiosk",
        _COMMANDS + "test_no_device_is_a_kiosk_by_its_own_word",
        lambda patch: patch.setattr(device_commands, "_OF_KIOSKS", select(Device.id)),
    ),
    Fault(
        "service-nginx-stops-with-the-service",
        _NGINX + "test_while_the_service_does_not_answer_what_stood_goes_on_and_nothing_else",
        _nginx_without("proxy_cache checks;"),
    ),
    Fault(
        "service-an-answer-does-not-outlive-the-service",
        _NGINX + "test_the_service_says_for_how_long_its_answer_counts",
        lambda patch: patch.setattr(edge_check, "REMEMBERED_S", edge_gate.KEPT_S),
    ),
    Fault(
        "service-recordings-are-searched-by-all",
        _SEARCH + "test_what_is_never_offered_is_not_in_the_index",
        lambda patch: patch.setattr(search, "_SEARCHED", Title.published_at.is_not(None)),
    ),
    Fault(
        "service-what-an-older-process-renames-is-not-found",
        _SEARCH + "test_what_an_older_process_renames_is_found",
        lambda patch: patch.setattr(search, "DAY_S", 0.0),
    ),
    Fault(
        "service-a-child-reads-of-what-it-may-not-watch",
        "tests/backend_stub/api/test_households.py::TestProfiles::test_a_child_sees_what_it_may",
        _for_any_age,
    ),
    Fault(
        "service-many-keys-push-out-a-limit",
        "tests/backend_stub/services/test_rate_limit.py::test_many_keys_do_not_push_out_one_that_is_near_its_limit",
        _forgets_the_oldest,
    ),
    Fault(
        "service-a-recording-that-failed-leaves-its-poster",
        "tests/backend_stub/broadcast/test_recordings.py::test_a_recording_that_cannot_be_planned_leaves_nothing",
        _poster_after_the_commit,
    ),
    Fault(
        "service-a-new-key-is-refused-for-a-second",
        "tests/backend_stub/edge/test_remote.py::test_who_comes_within_that_second_by_a_new_key_waits_it_out",
        _refuses_within_a_second,
    ),
    Fault(
        "service-edges-wait-for-threads",
        _HARD + "test_what_edges_and_supervisors_ask_needs_no_thread_of_the_calls",
        _asks_in_a_thread_of_the_calls,
    ),
    Fault(
        "service-one-session-hides-others",
        "tests/backend_stub/api/test_telemetry.py::TestTelemetry::test_one_session_does_not_hide_the_others",
        _all_cdns_of_a_session,
    ),
    Fault(
        "service-upload-name-too-long",
        "tests/backend_stub/api/test_jobs.py::test_one_sends_at_a_time_and_names_are_harmless",
        _counts_letters,
    ),
    Fault(
        "service-children-take-care-of-the-account",
        "tests/backend_stub/api/test_account.py::TestExport"
        "::test_a_childs_profile_takes_no_care_of_the_account[POST-/auth/logout-everywhere-body0]",
        lambda patch: patch.setattr(deps, "check_grown_up", lambda _caller: None),
    ),
    Fault(
        "service-lists-all-episodes-at-once",
        "tests/backend_stub/api/test_series.py::TestTheCatalogue::test_its_episodes_come_in_pages",
        _lists_all_episodes,
    ),
    Fault(
        "service-exports-to-children",
        "tests/backend_stub/api/test_account.py::TestExport::test_a_childs_profile_gets_none",
        _exports_to_children,
    ),
    Fault(
        "service-any-encoding",
        "tests/backend_stub/db/test_migrations.py"
        "::test_a_database_that_cannot_keep_all_text_is_refused_with_a_sentence[worker]",
        _any_encoding,
    ),
    Fault("service-vanished-row-is-500", _VANISHING + "[POST /devices/challenge]", _races_fail),
    Fault(
        "service-demo-viewer-made-twice",
        _MORE + "test_of_two_that_start_at_once_one_makes_the_demo_viewer",
        _registers_once,
    ),
    Fault("service-reports-of-a-new-edge", _MORE + "test_an_edge_that_is_new_has_no_reports_yet", _known_alone),
    Fault(
        "service-ends-before-its-database-answers",
        "tests/backend_stub/db/test_migrations.py::test_a_database_that_does_not_answer_yet_is_waited_for",
        _in_a_hurry,
    ),
    Fault(
        "service-search-ranks-very-many",
        "tests/backend_stub/api/test_search.py::test_of_very_many_the_newest_go_first",
        _ranks_very_many,
    ),
    Fault(
        "service-title-taken-in-twice",
        "tests/backend_stub/api/test_search.py::test_two_processes_over_one_folder_take_the_same_title_in",
        _takes_in_what_is_there,
    ),
    Fault(
        "service-looks-for-titles-in-all-texts",
        "tests/backend_stub/api/test_search.py"
        "::test_words_of_titles_are_looked_for_in_titles_alone_while_these_are_enough",
        _looks_for_titles_in_all_texts,
    ),
    Fault(
        "service-looks-at-the-newest-each-time",
        _SIZE + "test_the_genres_of_the_newest_titles_are_looked_at_now_and_then",
        _looks_at_the_newest_each_time,
    ),
    Fault(
        "service-knows-no-narrow-window",
        "tests/backend_stub/admin/test_pages.py::test_the_pages_in_a_browser",
        _knows_no_narrow_window,
    ),
    Fault(
        "service-takes-secrets-into-the-image",
        "tests/packaging/test_layout.py::test_no_secret_goes_into_the_image",
        _takes_secrets_into_the_image,
    ),
    Fault(
        "service-moved-port-not-taken-over",
        "tests/backend_stub/test_handover.py::"
        "test_one_that_took_another_port_is_found_by_the_port_that_it_was_to_have",
        _by_its_own_port,
    ),
    Fault(
        "service-sorts-all-titles",
        _SIZE + "test_postgresql_reads_the_newest_titles_and_sorts_no_others",
        _sorts_all,
    ),
    Fault(
        "service-compiles-queries", _SIZE + "test_postgresql_reads_the_newest_titles_and_sorts_no_others", _compiles
    ),
    Fault("service-written-by-two", _MORE + "test_what_two_write_at_once_is_there_once", _inserts),
    Fault("service-edges-not-told", _TOKENS + "test_what_is_over_is_told_at_once[end]", _unheard),
    Fault("service-told-while-asking", _TOKENS + "test_an_answer_from_before_is_not_remembered", _remembers_late),
    Fault(
        "service-bound-address-anywhere",
        _TOKENS + "test_addresses_may_be_bound_to_the_viewers_network",
        _from_anywhere,
    ),
    Fault("service-edges-of-one-name", _MORE + "test_no_two_edges_have_one_name", _own_names),
    Fault("service-address-of-any-host", _MORE + "test_where_to_sign_in_is_never_what_a_client_says", _any_host),
    Fault(
        "service-address-without-tls",
        _MORE + "test_addresses_are_secure_behind_a_proxy_that_says_nothing_of_tls",
        _any_scheme,
    ),
    Fault("service-trusts-no-proxy", _MORE + "test_only_a_trusted_proxy_says_where_a_call_comes_from", _no_proxy),
    Fault("service-ahead-for-ever", _LIES + "[a session ahead each minute, for an hour]", _ahead_for_ever),
    Fault("service-taking-turns", _LIES + "[two devices that take turns and keep the keys]", _turns_for_ever),
    Fault("service-cloned-device", _LIES + "[two machines with one device's key]", _clones),
    Fault("service-limits-by-process", _MORE + "test_attempts_at_one_api_count_at_the_other", _each_for_itself),
    Fault(
        "service-reports-by-process",
        _MORE + "test_what_players_report_to_one_api_steers_at_the_other",
        _each_for_itself,
    ),
    Fault(
        "service-quality-of-every-playback", _SIZE + "TestQuality::test_asking_reads_no_playback", _reads_playbacks
    ),
    Fault(
        "service-page-of-all-titles",
        _SIZE + "TestQuality::test_a_page_asks_as_much_of_many_as_of_few[/console/titles]",
        _all_names,
    ),
    Fault(
        "service-sessions-one-by-one",
        _SIZE + "TestQuality::test_a_page_asks_as_much_of_many_as_of_few[/console/sessions]",
        _one_by_one,
    ),
    Fault(
        "service-trending-for-each-viewer",
        _SIZE + "TestViews::test_what_is_watched_most_is_looked_for_now_and_then",
        _ranks_each_time,
    ),
    Fault(
        "service-ranks-side-by-side",
        "tests/backend_stub/api/test_views.py::TestTrending::"
        "test_who_asks_while_another_looks_again_has_what_was_found_before",
        _ranks_side_by_side,
    ),
    Fault(
        "service-genres-row-by-row",
        _SIZE + "test_rows_of_many_genres_ask_as_much_as_the_row_of_one",
        _row_by_row,
    ),
    Fault(
        "service-genres-of-all-titles",
        _SIZE + "test_what_has_genres_is_looked_for_among_the_newest_titles",
        _looks_through_all,
    ),
    Fault("service-looks-for-addresses", _SIZE + "test_addresses_are_made_and_not_looked_for", _looks_for_addresses),
    Fault(
        "service-quality-without-index", _SIZE + "test_the_most_played_are_found_in_an_index[2160]", _without_index
    ),
    Fault("service-index-inside-a-search", _SIZE + "test_a_search_waits_for_no_great_load", _indexes_while_asked),
    Fault("service-keeps-everything", _SIZE + "test_what_is_old_is_let_go", _keeps_all),
    Fault(
        "service-keys-without-heartbeats",
        _LICENCES + "TestWithHeartbeats::test_without_heartbeats_they_end",
        _never_silent,
    ),
    Fault(
        "service-keys-ahead-for-hours",
        _LICENCES + "TestWithHeartbeats::test_those_given_ahead_end_in_a_minute",
        _never_silent,
    ),
    Fault(
        "service-more-screens",
        _LICENCES + "TestWithHeartbeats::test_more_screens_than_the_plan_has_get_none_for_long",
        _never_silent,
    ),
    Fault(
        "service-keys-for-any-output",
        _LICENCES + "test_outputs_that_are_not_protected_get_no_high_quality",
        _any_outputs,
    ),
    Fault(
        "service-next-task-waits-for-ever",
        _AT_ONCE + "test_tasks_that_end_at_once_let_the_next_begin[postgresql]",
        _holds_no_job,
    ),
    Fault(
        "service-cancelled-job-goes-on",
        _AT_ONCE + "test_a_job_that_is_cancelled_while_it_begins_stays_so[postgresql]",
        _holds_no_job,
    ),
    Fault(
        "service-one-job-many-times",
        _AT_ONCE + "test_what_is_asked_for_many_times_at_once_is_one_job[postgresql]",
        _holds_no_name,
    ),
    Fault(
        "service-waits-for-a-process-that-stands-still",
        _HELD_UP + "test_a_process_that_stands_still_lets_others_go_on",
        _endless_patience,
    ),
    Fault(
        "service-waits-for-locks-for-ever",
        _HELD_UP + "test_what_is_held_for_long_is_not_waited_for",
        _waits_for_locks,
    ),
    Fault(
        "service-end-is-an-error",
        _SERVER + "test_a_response_that_the_end_cuts_off_is_no_error",
        _tells_each_end,
    ),
    Fault(
        name="service-worker-ends-with-a-full-pool",
        test="tests/backend_stub/jobs/test_worker.py::"
        "test_a_worker_outlives_what_its_table_cannot_answer[claim-full-pool]",
        apply=_ends_with_a_full_pool,
    ),
    Fault(
        "service-a-page-ends-among-rows-of-one-moment",
        _LISTS + "test_each_row_stands_on_one_page[/payments]",
        lambda patch: patch.setattr(keyset.Place, "__str__", lambda place: repr(place.at)),
    ),
    Fault(
        "service-places-of-tiny-moments-are-refused",
        _KEYSET + "test_what_a_place_writes_it_reads",
        lambda patch: patch.setattr(test_keyset, "PATTERN", test_keyset.PATTERN.replace("(e-[0-9]{1,3})?", "")),
    ),
    Fault(
        "service-a-place-at-the-moment-0-is-the-newest",
        _KEYSET + "test_what_a_place_writes_it_reads",
        _zero_is_the_newest,
    ),
    Fault(
        "service-an-edge-learns-new-keys-at-its-beat",
        "tests/backend_stub/edge/test_remote.py::test_an_address_by_a_new_key_is_good_before_the_next_beat",
        lambda patch: patch.setattr(UrlSigner, "knows", lambda *_: True),
    ),
    Fault(
        "service-made-up-addresses-hide-that-an-edge-fails",
        "tests/backend_stub/edge/test_remote.py::test_made_up_addresses_do_not_hide_that_an_edge_fails",
        asking_for_keys_takes_what_is_measured,
    ),
    Fault(
        "service-what-needs-no-pin-forgives-guesses",
        "tests/backend_stub/api/test_opinions.py::TestProfiles::test_what_needs_no_pin_forgives_no_guess",
        what_needs_no_pin_forgives_guesses,
    ),
    Fault(
        "service-made-up-addresses-make-an-edge-ask",
        "tests/backend_stub/edge/test_remote.py::test_made_up_addresses_make_an_edge_ask_once_a_second",
        lambda patch: patch.setattr(remote, "_ASK_EVERY_S", 0.0),
    ),
    Fault(
        "service-kiosks-beyond-a-page-are-lost",
        _LISTS + "test_each_row_stands_on_one_page[/devices]",
        lambda patch: patch.setattr(DeviceCommands, "_is_kiosk", lambda _commands, _id: False),
    ),
    Fault(
        "service-an-export-is-of-several-moments",
        "tests/backend_stub/db/test_database.py::test_what_is_committed_meanwhile_is_not_in_a_snapshot[postgresql]",
        lambda patch: patch.setattr(database.Database, "snapshot", database.Database.read),
    ),
    Fault(
        "service-an-account-lists-all-its-devices",
        "tests/backend_stub/admin/test_devices_of_an_account.py::test_each_device_of_an_account_stands_on_one_page",
        lambda patch: patch.setattr(
            devices, "page", lambda query, at, row, _before, _limit: query.order_by(at.desc(), row.desc())
        ),
    ),
    Fault(
        "service-screens-beyond-a-page-are-not-counted",
        _COMMANDS + "test_as_many_screens_are_counted_as_there_are",
        _counts_a_page_of_screens,
    ),
    Fault(
        "service-an-interrupted-change-of-keys-blocks-all-later-ones",
        _KEY_FILES + "test_a_change_that_is_interrupted_is_made_at_the_next_try[replace]",
        _replaces_as_before,
    ),
    Fault(
        "service-other-processes-keep-their-signing-keys",
        _KEY_FILES + "test_another_process_of_the_folder_takes_new_keys_at_once",
        lambda patch: patch.setattr(service_secrets.WatchedKeys, "changed", lambda _watched: None),
    ),
    Fault(
        "service-all-keys-change-in-one-transaction",
        _KEYS + "test_a_change_of_many_keys_lets_others_write_meanwhile",
        _all_keys_at_once,
    ),
    Fault(
        "service-a-master-key-goes-at-the-second-change",
        _KEYS + "test_what_was_begun_before_two_changes_opens_after_them",
        lambda patch: patch.setattr(master_keys, "KEPT_S", float("-inf")),
    ),
    Fault(
        "service-a-revocation-comes-below-one-that-was-read",
        _AT_ONCE + "test_whoever_has_read_the_revocations_up_to_one_misses_none_below[postgresql]",
        lambda patch: patch.setattr(revocation, "hold_name", lambda *_: None),
    ),
    Fault(
        "service-methods-that-callers-make-up-are-labels",
        "tests/backend_stub/api/test_extreme_words.py::test_methods_that_nobody_knows_are_one",
        lambda patch: patch.setattr(metrics, "_METHODS", {f"X{number}" for number in range(20)}),
    ),
    Fault(
        "service-a-nul-in-an-address-reaches-the-database",
        "tests/backend_stub/api/test_extreme_words.py::test_a_nul_in_an_address[/admin/accounts?email=%00a]",
        lambda patch: patch.setattr(NoNul, "__call__", lambda self, *ask: self._app(*ask)),
    ),
    Fault(
        "service-a-card-outlives-its-account",
        "tests/backend_stub/api/test_account.py::TestDeletion::test_its_cards_go_before_nobody_knows_them",
        _accounts_before_cards,
    ),
    Fault(
        "service-an-old-log-undoes-a-restore",
        "tests/backend_stub/test_backup.py::test_the_log_of_a_database_that_is_gone_is_not_played_into_the_copy",
        _looks_past_the_log,
    ),
    Fault("service-worker-dies-with-database", _HARD + "test_a_worker_outlives_its_database", _sweeps_bare),
    Fault(
        "service-open-data-folder",
        _HARD + "test_others_may_read_no_more_than_published_media[open before]",
        _open_files,
    ),
    Fault("service-access-token-after-sign-out", _HARD + "test_signing_out_ends_the_access_token_too", _token_alone),
    Fault("service-weak-password", _HARD + "test_a_password_that_is_soon_guessed_is_refused[password]", _no_judge),
    Fault("service-tools-without-limits", _HARD + "test_tools_have_limits", _bare_tools),
    Fault("service-outage-is-500", _HARD + "test_without_its_database_it_says_to_come_again", _an_outage_is_a_fault),
    Fault("service-token-opens-whole-title", _TOKENS + "test_a_token_opens_its_variant_alone[basic]", _title_alone),
    Fault(
        "service-token-opens-any-height",
        _TOKENS + "test_a_token_opens_no_more_height_than_the_plan_has[clear]",
        _title_alone,
    ),
    Fault(
        "service-token-outlives-sign-out",
        _TOKENS + "test_what_is_over_opens_nothing_within_seconds[play-sign_out]",
        _for_good,
    ),
    Fault(
        "service-token-outlives-recall",
        _TOKENS + "test_what_is_over_opens_nothing_within_seconds[play-recall]",
        _for_good,
    ),
    Fault("service-token-outlives-session", _TOKENS + "test_a_session_that_ended_opens_nothing", _for_good),
]
