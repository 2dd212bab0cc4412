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
from player.qa.delivery import delivery
from player.qa.limit import is_unfinished, note_untried
from player.qa.picture.judged import Around, Opener, judged
from player.qa.recording.recorder import SessionRecorder
from player.qa.run_spec import Bench, RunSpec
from player.qa.script import ScriptStep, follow
from player.qa.simulation.run import reference, shown
from player.reporting.report import Recorder

_POLL_S = 0.1


def play(spec: RunSpec, bench: Bench, should_stop: Callable[[], bool] = lambda: False) -> dict[str, Any]:
    """The report of ``spec``; ``should_stop`` ends it early.

    Raises ComponentError without libmpv, ServiceError where the account is refused.
    """
    if spec.media is None:
        return _play(spec, bench, should_stop, lambda opener: opener)

    def own(each: RunSpec, around: Around) -> dict[str, Any]:
        return _play(each, bench, should_stop, around)

    def undisturbed(each: RunSpec, around: Around) -> dict[str, Any]:
        return reference(each, bench, around)

    return judged(spec, spec.media, own, undisturbed)


class _TapedPlayer(MpvPlayer):
    """libmpv, with something around what opens its streams."""

    def __init__(self, around: Around) -> None:
        super().__init__(OutputOptions(video="null", audio="null"))
        self._around = around

    def offer(self, open_stream: Opener) -> str:
        return super().offer(self._around(open_stream))


def _play(spec: RunSpec, bench: Bench, should_stop: Callable[[], bool], around: Around) -> dict[str, Any]:
    player = _TapedPlayer(around)
    recorder = Recorder()
    tape = SessionRecorder(spec.record, media=spec.record is not None)
    tried: set[int] = set()
    done: list[ScriptStep] = []
    engine = Engine(
        EngineSettings(
            profile=bench.profile,
            service_url=bench.service_url,
            key_store=bench.key_store,
            ca_file=bench.ca_file,
            web=bench.web,
            local_folder=bench.local_folder,
            wrap=(*_wraps(spec, tried), tape.wrap),
        )
    )
    try:
        if engine.service is not None and bench.email is not None:
            engine.submit(engine.service.login(bench.email, bench.password)).result()
        session = engine.open(spec.source, player, recorder.see, spec.settings, recorder)
        acting = engine.submit(follow(spec.script, session, engine.clock, done))
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
    report["result"]["unfinished"] = is_unfinished(report, spec)
    report["delivery"] = delivery(tape.exchanges)
    if spec.record is not None:
        tape.finish(report, spec.settings, recorder.begin_s)
    note_untried(report, spec, tried, done)
    return report


def _wraps(spec: RunSpec, tried: set[int]) -> tuple[Callable[[Transport, Clock], Transport], ...]:
    wraps: list[Callable[[Transport, Clock], Transport]] = []
    network, faults = spec.network, spec.faults
    if network is not None:
        wraps.append(lambda transport, clock: ShapedTransport(transport, clock, network))
    if faults is not None:
        wraps.append(lambda transport, clock: FaultyTransport(transport, clock, faults, tried))
    return tuple(wraps)
