"""Plays sources on the real libmpv in tests: an engine with its own profile, and what came of a run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend_stub.server import ServerGroup
from backend_stub.services.accounts import DEMO_EMAIL, DEMO_PASSWORD
from backend_stub.services.publishing import PlainKey, PublishedTitle, publish
from player.engine import Engine, EngineSettings
from player.mpv.player import MpvPlayer, OutputOptions
from player.playback.session import Session
from player.playback.settings import PlaybackSettings
from player.reporting.report import Recorder
from player.title.opening import PlaybackSource
from tests.kit.fileserver import FileServer
from tests.kit.media import TestMedia
from tests.kit.waiting import PATIENCE_S


@contextmanager
def engine(profile: Path, **settings: Any) -> Iterator[Engine]:
    """An engine that is closed at the end."""
    made = Engine(EngineSettings(profile=profile, key_store="file", **settings))
    try:
        yield made
    finally:
        made.close()


@contextmanager
def signed_in_engine(profile: Path, group: ServerGroup, **settings: Any) -> Iterator[Engine]:
    """An engine at a running service, signed in as the demo viewer."""
    with engine(profile, service_url=group.api.url, **settings) as made:
        assert made.service is not None
        made.submit(made.service.login(DEMO_EMAIL, DEMO_PASSWORD)).result(PATIENCE_S)
        yield made


@dataclass
class Run:
    """A finished playback."""

    report: dict[str, Any]
    finished: bool
    log: tuple[tuple[str, str], ...] = field(default=())

    @property
    def status(self) -> str:
        return str(self.report["result"]["status"])


def play(
    made: Engine,
    source: PlaybackSource,
    player: MpvPlayer,
    settings: PlaybackSettings | None = None,
    timeout_s: float = 60.0,
) -> Run:
    """Play to the end, an error, or the time limit."""
    recorder = Recorder()
    session = made.open(source, player, recorder.see, settings or PlaybackSettings(), recorder)
    finished = made.wait(session, timeout_s)
    if not finished:
        session.stop()
        made.wait(session, PATIENCE_S)
    return Run(recorder.report(source=source.shown_name, policy="test"), finished, player.recent_log)


@contextmanager
def opened(
    made: Engine,
    folder: Path,
    manifest: str,
    player: MpvPlayer,
    keys: Sequence[tuple[bytes, bytes]] = (),
    **settings: Any,
) -> Iterator[tuple[Session, Recorder]]:
    """A playback of a title from a plain file server, stopped at the end. ``settings`` are PlaybackSettings."""
    with FileServer(folder) as server:
        recorder = Recorder()
        source = PlaybackSource(url=server.url(manifest), keys=tuple(keys))
        session = made.open(source, player, recorder.see, PlaybackSettings(**settings), recorder)
        try:
            yield session, recorder
        finally:
            session.stop()
            assert made.wait(session, PATIENCE_S)


@contextmanager
def null_player(*, untimed: bool = False) -> Iterator[MpvPlayer]:
    """libmpv with null outputs, at real speed or as fast as it decodes."""
    player = MpvPlayer(OutputOptions(video="null", audio="null", untimed=untimed))
    try:
        yield player
    finally:
        player.terminate()


def publish_media(group: ServerGroup, media: TestMedia, title: str, *, clear: TestMedia | None = None) -> str:
    """Publish packaged test media as a title of a running service, without encoding anything; its id."""
    settings = group.context.settings
    settings.make_folders()
    staged = settings.staging_dir / title
    for variant, found in (("encrypted", media), ("clear", clear)):
        if found is not None:
            shutil.copytree(found.folder, staged / variant)
    (staged / "poster.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    keys = [PlainKey(label, bytes.fromhex(kid), bytes.fromhex(key)) for label, (kid, key) in media.keys.items()]
    return publish(
        settings,
        PublishedTitle(
            title=title,
            folder=staged,
            duration_s=float(media.seconds),
            heights=tuple(rung.height for rung in media.rungs),
            keys=keys,
        ),
    )
