"""Sessions that play and a film that is encoded, while each part of the layout in turn is killed and brought back.

``python -m tests.soak.layout_chaos [--seconds S] [--sessions N] [--seed N]`` prints what happened and what was wrong.
Nothing acknowledged may be lost, no session may stop that had another edge, the film must be finished, and no process
may end by itself or stay dead.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import re
import secrets
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from joserfc.jwk import ECKey
from sqlalchemy import select

from backend_stub.config import Settings
from backend_stub.context import open_context
from backend_stub.db.database import Database
from backend_stub.db.models import JobTask, ProgressEvent, TelemetryEvent
from player.net.model import RequestKind
from player.net.policy import POLICIES
from tests.kit.backend import publish_noise
from tests.kit.encoding import tiny_film
from tests.kit.layout import Layout, Part, running_layout
from tests.kit.waiting import until as wait_until

PATIENCE_S = 30.0  # what a player has in hand
SEGMENT_S, BEAT_S, REPORT_S = 2.0, 15.0, 4.0
_API_S = POLICIES[RequestKind.API].first_byte_s  # a player gives up no sooner
_FILE_S = POLICIES[RequestKind.SEGMENT].first_byte_s
_LOOK_EVERY_S = 0.2
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # one for all: each client that reads certificates takes 30 ms
_ENDS = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception|Timeout)\b.*(?:\n[^\n]+){0,3}", re.MULTILINE)  # of tracebacks


@dataclass
class Outcome:
    """What went on, and what must not have: ``wrong`` is empty where all was well."""

    progress: set[str] = field(default_factory=set)  # ids that were acknowledged
    telemetry: set[str] = field(default_factory=set)
    segments: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    killed: list[str] = field(default_factory=list)  # each with its second
    refusals: Counter[str] = field(default_factory=Counter)
    longest_s: float = 0.0  # without a segment, of any session
    stood_s: float = 0.0  # the longest that this program itself came to nothing: what it says of others is less sure
    wrong: list[str] = field(default_factory=list)


def run(seconds: float, sessions: int, seed: int, folder: Path) -> Outcome:
    """Raises nothing: what is wrong is in the outcome."""
    outcome = Outcome()
    with running_layout(folder) as layout, _environment(layout):
        settings = Settings(layout.data_dir, database_url=layout.database_url)
        title = publish_noise(settings, segment_bytes=20_000)
        accounts = _accounts(settings, sessions)
        job = _ask_for_a_film(layout, folder)
        asyncio.run(_play_on(layout, title, accounts, seconds, seed, outcome))
        _finish(layout, settings, job, outcome)
    return outcome


@contextlib.contextmanager
def _environment(layout: Layout) -> Any:
    """What the layout's programs are told holds here as well."""
    before = {name: os.environ.get(name) for name in layout.environment}
    os.environ.update(layout.environment)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _accounts(settings: Settings, count: int) -> list[str]:
    context = open_context(settings)
    context.accounts._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    tokens = []
    for number in range(count):
        account = context.accounts.register(f"v{number}@matinee.local", "V", "secret", plan="premium")
        tokens.append(context.tokens.issue(account, "chaos").refresh_token)
    context.close()
    return tokens


def _ask_for_a_film(layout: Layout, folder: Path) -> str:
    film = tiny_film(folder / "film.mkv", 40.0, size="640x360", fps=25)
    program = "from ui.cli.main import entry; entry()"
    words = [sys.executable, "-c", program, "publish", str(film), "--later", "--data", str(layout.data_dir)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


async def _play_on(
    layout: Layout, title: str, tokens: Sequence[str], seconds: float, seed: int, outcome: Outcome
) -> None:
    until = time.monotonic() + seconds
    itself = asyncio.create_task(_watch_itself(outcome))
    players = [asyncio.create_task(_player(layout, title, token, until, outcome)) for token in tokens]
    await asyncio.sleep(min(10.0, seconds / 10))
    await _kill_in_turn(layout, until, random.Random(seed), outcome)
    for number, result in enumerate(await asyncio.gather(*players, return_exceptions=True)):
        if isinstance(result, BaseException):
            reasons = result.exceptions if isinstance(result, BaseExceptionGroup) else [result]
            outcome.wrong.append(f"session {number} ended: {'; '.join(map(repr, reasons))}")
    itself.cancel()


async def _watch_itself(outcome: Outcome) -> None:
    while True:
        at = time.monotonic()
        await asyncio.sleep(_LOOK_EVERY_S)
        outcome.stood_s = max(outcome.stood_s, time.monotonic() - at - _LOOK_EVERY_S)


async def _kill_in_turn(layout: Layout, until: float, draw: random.Random, outcome: Outcome) -> None:
    """Until shortly before the end each part is away for some seconds, one after the other."""
    order: list[str] = []
    while time.monotonic() < until - 15.0:
        order = order or draw.sample(sorted(layout.parts), len(layout.parts))
        name = order.pop()
        for other, part in layout.parts.items():
            if not part.alive:
                outcome.wrong.append(f"{other} ended by itself: {layout.said(other)[-500:]}")
                part.start()
        layout.parts[name].kill()
        outcome.kills[name] += 1
        outcome.killed.append(f"{name} {until - time.monotonic():.0f} s before the end")
        await asyncio.sleep(draw.uniform(1.0, 5.0))
        layout.parts[name].start()
        with contextlib.suppress(AssertionError):  # one that ended is found below
            await asyncio.to_thread(until_answers, layout.parts[name])
        await asyncio.sleep(draw.uniform(1.0, 4.0))
    await asyncio.sleep(max(0.0, until - time.monotonic()))


def until_answers(part: Part) -> None:
    """Wait until a part is back, or has ended. Raises AssertionError where it does neither."""
    wait_until(lambda: not part.alive or part.answers(), f"{part.name} does not come back")


class _AwayError(Exception):
    """A call was not answered, or with 5xx."""


async def _player(layout: Layout, title: str, refresh_token: str, until: float, outcome: Outcome) -> None:
    limits = httpx.Limits(max_keepalive_connections=4, keepalive_expiry=5.0)
    async with httpx.AsyncClient(
        base_url=layout.api_url, trust_env=False, verify=_NO_TLS, timeout=_API_S, limits=limits
    ) as client:
        body = await _insisting(client, "/auth/refresh", {"refresh_token": refresh_token}, outcome)
        client.headers["Authorization"] = f"Bearer {body['access_token']}"
        refresh_token, fresh_until = body["refresh_token"], time.monotonic() + 600
        device = {"name": "chaos", "public_key": dict(ECKey.generate_key("P-256").as_dict(private=False))}
        device_id = (await _insisting(client, "/devices", device, outcome))["device_id"]
        play = await _insisting(client, f"/play/{title}", {"device_id": device_id, "variant": "clear"}, outcome)
        manifests = list(play["manifests"])
        async with asyncio.TaskGroup() as both:  # no player waits for a heartbeat before it goes on loading
            both.create_task(_load(client, manifests, until, outcome))
            both.create_task(
                _tell(client, title, device_id, play, manifests, (refresh_token, fresh_until), until, outcome)
            )


async def _load(client: httpx.AsyncClient, manifests: list[dict[str, str]], until: float, outcome: Outcome) -> None:
    """A segment at a time. Raises RuntimeError where none comes for so long that playback stops."""
    got_at = time.monotonic()
    while time.monotonic() < until:
        if await _segment(client, manifests, outcome):
            got_at = time.monotonic()
        without_s = time.monotonic() - got_at
        outcome.longest_s = max(outcome.longest_s, without_s)
        if without_s > PATIENCE_S:
            last = ", ".join(outcome.killed[-2:])
            busy = f"load {os.getloadavg()[0]:.0f}, this program stood for up to {outcome.stood_s:.1f} s"
            left = f"{until - time.monotonic():.0f} s before the end"
            raise RuntimeError(f"no segment for {PATIENCE_S:.0f} s, {left}; killed last: {last}; {busy}")
        await asyncio.sleep(SEGMENT_S)


async def _tell(
    client: httpx.AsyncClient,
    title: str,
    device_id: str,
    play: dict[str, Any],
    manifests: list[dict[str, str]],
    signed_in: tuple[str, float],
    until: float,
    outcome: Outcome,
) -> None:
    """Heartbeats, reports, and new addresses and tokens before the old ones end."""
    refresh_token, fresh_until = signed_in
    beat_at = reported_at = time.monotonic()
    signed_until = beat_at + 420
    while (now := time.monotonic()) < until:
        with contextlib.suppress(_AwayError):
            if now - beat_at >= BEAT_S:
                path = f"/play/{play['session_id']}/heartbeat"
                await _call(client, path, {"position_s": 1.0, "state": "playing"}, outcome)
                beat_at = now
            if now - reported_at >= REPORT_S:
                await _report(client, title, device_id, play["session_id"], outcome)
                reported_at = now
            if now >= signed_until:
                answer = await _call(client, f"/play/{play['session_id']}/addresses", {}, outcome)
                manifests[:], signed_until = answer["manifests"], now + 420
            if now >= fresh_until:
                body = await _call(client, "/auth/refresh", {"refresh_token": refresh_token}, outcome)
                client.headers["Authorization"] = f"Bearer {body['access_token']}"
                refresh_token, fresh_until = body["refresh_token"], now + 600
        await asyncio.sleep(SEGMENT_S)


async def _segment(client: httpx.AsyncClient, manifests: list[dict[str, str]], outcome: Outcome) -> bool:
    """From the first edge that has it; the one that gave it goes to the front."""
    for manifest in list(manifests):
        url = manifest["dash"].rpartition("/")[0] + f"/video/{secrets.randbelow(3) + 1}.m4s"
        try:
            answer = await client.get(url, headers={"Authorization": ""}, timeout=_FILE_S)
        except httpx.HTTPError as error:
            outcome.refusals[f"edge {type(error).__name__}"] += 1
            continue
        if answer.status_code == 200:
            outcome.segments += 1
            if manifest in manifests:  # else there are new addresses by now
                manifests.remove(manifest)
                manifests.insert(0, manifest)
            return True
        outcome.refusals[f"edge {answer.status_code}"] += 1
    return False


async def _report(client: httpx.AsyncClient, title: str, device_id: str, session_id: str, outcome: Outcome) -> None:
    now, event_id = time.time(), secrets.token_hex(8)
    item = {"event_id": event_id, "title_id": title, "device_id": device_id}
    times = {"position_s": 1.0, "duration_s": 12.0, "watched_at": now}
    outcome.progress.update((await _call(client, "/progress", {"items": [{**item, **times}]}, outcome))["accepted"])
    event = {
        "event_id": event_id,
        "session_id": session_id,
        "title_id": title,
        "device_id": device_id,
        "app_version": "1",
        "kind": "beat",
        "at": now,
        "pathway": "edge-a",
        "startup_s": None,
        "error": None,
        "played_s": REPORT_S,
        "stalled_s": 0.0,
        "stalls": 0,
        "bits": 1e6,
    }
    outcome.telemetry.update((await _call(client, "/telemetry", {"items": [event]}, outcome))["accepted"])


async def _call(client: httpx.AsyncClient, path: str, body: object, outcome: Outcome) -> dict[str, Any]:
    try:
        answer = await client.post(path, json=body)
    except httpx.HTTPError as error:
        outcome.refusals[type(error).__name__] += 1
        raise _AwayError from error
    if answer.status_code >= 500:
        outcome.refusals[f"{answer.status_code}"] += 1
        if answer.status_code == 500:
            outcome.wrong.append(f"500 at {path}: {answer.text[:200]}")
        raise _AwayError
    if answer.status_code >= 400:
        raise RuntimeError(f"{answer.status_code} at {path}: {answer.text[:200]}")
    found: dict[str, Any] = answer.json()
    return found


async def _insisting(client: httpx.AsyncClient, path: str, body: object, outcome: Outcome) -> dict[str, Any]:
    while True:
        with contextlib.suppress(_AwayError):
            return await _call(client, path, body, outcome)
        await asyncio.sleep(1.0)


def _finish(layout: Layout, settings: Settings, job: str, outcome: Outcome) -> None:
    """Wait for the film, and compare what was acknowledged with what is there."""
    for name, part in layout.parts.items():
        if not part.alive:
            outcome.wrong.append(f"{name} is dead at the end: {layout.said(name)[-500:]}")
            part.start()
    context = open_context(settings)
    try:
        deadline = time.monotonic() + 240
        while (state := context.jobs.get(job).state) not in ("done", "failed", "cancelled", "parked"):
            if time.monotonic() > deadline:
                break
            time.sleep(2.0)
        if state != "done":
            outcome.wrong.append(f"the film is {state}: {_tasks(context.database, job)}")
        with context.database.read() as session:
            kept = set(session.scalars(select(ProgressEvent.event_id)))
            told = set(session.scalars(select(TelemetryEvent.event_id)))
    finally:
        context.close()
    if any(one.startswith("500 ") for one in outcome.wrong):
        outcome.wrong += sorted(
            {line for name in layout.parts for line in _ENDS.findall(layout.parts[name].whole_log())}
        )
    for name, lost in (("progress", outcome.progress - kept), ("telemetry", outcome.telemetry - told)):
        if lost:
            outcome.wrong.append(f"{len(lost)} acknowledged {name} events are lost")


def _tasks(database: Database, job: str) -> list[tuple[str, str, str]]:
    with database.read() as session:
        rows = session.scalars(select(JobTask).where(JobTask.job_id == job))
        return [(row.kind, row.state, str(getattr(row, "log", ""))[-200:]) for row in rows if row.state != "done"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.layout_chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="matinee-layout-") as folder:
        outcome = run(args.seconds, args.sessions, args.seed, Path(folder))
    print(
        f"{args.sessions} sessions, {args.seconds:.0f} s, seed {args.seed}: {outcome.segments} segments, "
        f"{len(outcome.progress) + len(outcome.telemetry)} acknowledged events, "
        f"longest without a segment {outcome.longest_s:.1f} s, this program stood for up to {outcome.stood_s:.1f} s"
    )
    print("killed:", ", ".join(f"{name} {count}" for name, count in sorted(outcome.kills.items())))
    print("unanswered or refused:", dict(outcome.refusals))
    print("\n".join(["wrong:", *outcome.wrong]) if outcome.wrong else "nothing was wrong")
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
