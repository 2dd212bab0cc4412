"""What the command line calls: plain functions that return when they are done. Nothing here prints."""

from __future__ import annotations

import gc
import queue
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from backend_stub.config import START_WAIT_S, Settings
from backend_stub.context import open_context
from backend_stub.db.database import patiently
from backend_stub.faults.document import parse_faults
from backend_stub.handover import GivesAway, TakenSockets, socket_path, sockets_of_systemd
from backend_stub.jobs.wake_up_signal import WakeUpSignal
from backend_stub.jobs.worker_pool import Hiring, WorkerPool
from backend_stub.recommending.suggestions import Made
from backend_stub.server import ServerGroup, ServerOptions

DEFAULT_API_PORT = 8400
DEFAULT_EDGES = 2
_LAST_PORT = 65535
_LINGER_S, _DRAIN_S = 2.0, 20.0


def default_options(
    edges: int = DEFAULT_EDGES,
    port: int = DEFAULT_API_PORT,
    host: str = "127.0.0.1",
    *,
    shield: bool = False,
    edge_countries: Sequence[tuple[str, ...]] = (),
    public_host: str | None = None,
    role: str = "all",
) -> ServerOptions:
    """The API on ``port`` and the edges on the ports after it; port 0 takes any free ones. ``role`` is ``api`` or
    ``edge`` for one of these alone."""
    ports = tuple(port + 1 + index if 0 < port < _LAST_PORT - index else 0 for index in range(edges))
    return ServerOptions(
        host=host,
        api_port=None if role == "edge" else port,
        edge_ports=() if role == "api" else ports,
        public_host=public_host,
        shield=shield,
        edge_countries=edge_countries,
    )


@contextmanager
def running(
    settings: Settings, options: ServerOptions | None = None, faults: str | None = None, *, demo_viewer: bool = True
) -> Iterator[ServerGroup]:
    """The running service, as ``matinee demo`` needs it.

    ``faults`` is the text of a fault document. Raises ValueError with a sentence when it is not one, OSError when the
    host cannot be bound.
    """
    if faults is not None:
        parse_faults(faults)  # before anything is started
    with ServerGroup(settings, options or default_options()) as group:
        if demo_viewer:
            patiently(group.context.accounts.ensure_demo_viewer, settings.database_wait_s)
        if faults is not None:
            group.faults.set(faults)
        yield group


def serve(
    settings: Settings,
    options: ServerOptions | None = None,
    faults: str | None = None,
    announce: Callable[[ServerGroup], None] | None = None,
    hiring: Hiring | None = None,
    *,
    take_over: bool = False,
) -> None:
    """Run the service until SIGINT or SIGTERM, in the main thread; ``announce`` is called once it serves. With
    ``hiring`` it has workers on this machine while there is something to encode.

    SIGTERM lets running responses end, SIGINT cuts them off. With ``take_over`` it gets the sockets of the service
    that runs on the same port, which then ends as after SIGTERM. Raises as :func:`running` does.
    """
    ends: queue.SimpleQueue[str] = queue.SimpleQueue()
    words: dict[int, str] = {signal.SIGINT: "now", signal.SIGTERM: "drained"}
    previous = {number: signal.signal(number, lambda got, _: ends.put(words[got])) for number in words}
    options = options or default_options()
    settings = replace(settings, database_wait_s=START_WAIT_S)
    port = options.api_port if options.api_port is not None else next(iter(options.edge_ports), 0)
    try:
        taken = TakenSockets(socket_path(settings.data_dir, port)) if take_over else None
        inherited = taken.listeners if taken is not None else sockets_of_systemd()
        options = replace(options, inherited=inherited)
        with running(settings, options, faults) as group, _crew(settings, group, hiring):
            set_aside()
            if announce is not None:
                announce(group)
            path = socket_path(settings.data_dir, port)
            with GivesAway(path, group.listeners(), lambda: ends.put("handed over")):
                if taken is not None:
                    taken.ready()
                end = _first(ends)
            if end != "now":
                handed_over = end == "handed over"
                group.drain(_LINGER_S if handed_over else 0.0, _DRAIN_S, handed_over=handed_over)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def set_aside() -> None:
    """Take what lives as long as this process out of the collector's sight: whenever it looked through all that,
    answers came a quarter of a second late."""
    gc.collect()
    gc.freeze()


def _first(ends: queue.SimpleQueue[str]) -> str:
    """Wait, a little at a time: a signal that another thread got wakes nobody who waits."""
    while True:
        with suppress(queue.Empty):
            return ends.get(timeout=1.0)


@contextmanager
def _crew(settings: Settings, group: ServerGroup, hiring: Hiring | None) -> Iterator[None]:
    if hiring is None or not hiring.most:
        yield
        return
    wake_up = WakeUpSignal(settings.data_dir, settings.wake_url)
    pool = WorkerPool(group.context.jobs, wake_up, hiring.most, hiring.hire)
    pool.start()
    try:
        yield
    finally:
        pool.stop()


def ensure_admin(group: ServerGroup, email: str, password: str) -> None:
    """An account with the role ``admin``: made with this password, or the role given to the one there is."""
    accounts = group.context.accounts
    account = accounts.ensure(email, email.partition("@")[0], password, role="admin")
    if account.role != "admin":
        accounts.change(account.id, by=None, role="admin")


def confirm_clock(group: ServerGroup) -> None:
    """The operator's word that this machine's clock is right."""
    group.context.rights.time_guard.confirm()


def describe(group: ServerGroup) -> list[str]:
    """One line for each server, and one for each port that was taken."""
    apis = [group.api] if group.options.api_port is not None else []
    lines = [
        *(f"API     {group.api_url}" for _ in apis),
        *(f"{one.name:<6}  {one.url}" for one in (*group.edges, *group.above)),
    ]
    lines += [
        f"Port {endpoint.wanted_port} was in use; {endpoint.name} took {endpoint.port} instead."
        for endpoint in (*apis, *group.edges)
        if endpoint.wanted_port is not None
    ]
    return lines


def register(data_dir: Path, email: str, name: str, password: str) -> str:
    """Add an account and return its id. Raises EmailTakenError."""
    context = open_context(Settings(data_dir))
    try:
        return context.accounts.register(email, name, password).id
    finally:
        context.close()


def recommend(data_dir: Path) -> Made:
    """Compute the suggestions again; a service may run over the same folder meanwhile."""
    context = open_context(Settings(data_dir))
    try:
        return context.titles.suggestions.make()
    finally:
        context.close()
