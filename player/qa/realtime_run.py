"""A run at real speed on libmpv, with null outputs: the same engine as ``matinee play --headless``."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from player.base.clock import Clock
from player.engine import Engine, EngineSettings
from player.mpv.player import MpvPlayer, OutputOptions
from player.net.faults import FaultyTransport
from player.net.model import Transport
from player.net.shaping import ShapedTransport
from player.qa.recording.recorder import SessionRecorder
from player.qa.run_spec import Bench, RunSpec
from player.qa.script import follow
from player.qa.simulation.run import shown
from player.reporting.report import Recorder

_POLL_S = 0.1


def play(spec: RunSpec, bench: Bench, should_stop: Callable[[], bool] = lambda: False) -> dict[str, Any]:
    """The report of ``spec``; ``should_stop`` ends it early.

    Raises ComponentError without libmpv, ServiceError where the account is refused.
    """
    player = MpvPlayer(OutputOptions(video="null", audio="null"))
    recorder = Recorder()
    tape = None if spec.record is None else SessionRecorder(spec.record)
    engine = Engine(
        EngineSettings(
            profile=bench.profile,
            service_url=bench.service_url,
            key_store=bench.key_store,
            ca_file=bench.ca_file,
            web=bench.web,
            local_folder=bench.local_folder,
            wrap=(*_wraps(spec), *((tape.wrap,) if tape is not None else ())),
        )
    )
    try:
        if engine.service is not None and bench.email is not None:
            engine.submit(engine.service.login(bench.email, bench.password)).result()
        session = engine.open(spec.source, player, recorder.see, spec.settings, recorder)
        acting = engine.submit(follow(spec.script, session, engine.clock))
        until = time.monotonic() + spec.limit_s
        while not engine.wait(session, _POLL_S):
            if time.monotonic() > until or should_stop():
                session.stop()
        acting.cancel()
        version = str(player.read("mpv-version", ""))
    finally:
        engine.close()
        player.terminate()
    report = recorder.report(
        source=shown(spec), policy=spec.settings.policy, libmpv=version, decode_errors=player.decode_errors
    )
    if tape is not None:
        tape.finish(report, spec.settings, recorder.begin_s)
    return report


def _wraps(spec: RunSpec) -> tuple[Callable[[Transport, Clock], Transport], ...]:
    wraps: list[Callable[[Transport, Clock], Transport]] = []
    network, faults = spec.network, spec.faults
    if network is not None:
        wraps.append(lambda transport, clock: ShapedTransport(transport, clock, network))
    if faults is not None:
        wraps.append(lambda transport, clock: FaultyTransport(transport, clock, faults))
    return tuple(wraps)
