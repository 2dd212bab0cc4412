"""One playback with null outputs: ``python -m tests.bench.own_playback ADDRESS RUNG`` prints the processor time
from the first frame to the end (s) and the most memory that the process held (MB), as JSON."""

from __future__ import annotations

import gc
import json
import resource
import sys
import tempfile
from pathlib import Path

from player.engine import Engine, EngineSettings
from player.mpv.player import MpvPlayer, OutputOptions
from player.playback.settings import PlaybackSettings
from player.reporting.state import PlaybackState, PlaybackStatus
from player.title.opening import PlaybackSource


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(url: str, rung: int) -> None:
    """Play it and print what it took."""
    started_s: list[float] = []

    def see(state: PlaybackState) -> None:
        if state.status is PlaybackStatus.PLAYING and not started_s:
            started_s.append(_cpu_s())

    with tempfile.TemporaryDirectory() as profile:
        engine = Engine(EngineSettings(profile=Path(profile), key_store="file"))
        player = MpvPlayer(OutputOptions(video="null", audio="null"))
        gc.freeze()
        session = engine.open(PlaybackSource(url=url), player, see, PlaybackSettings(rung=rung))
        engine.wait(session)
        spent_s = _cpu_s() - started_s[0]
        assert session.state.status is PlaybackStatus.ENDED, session.state.failure
        print(json.dumps([spent_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
        engine.close()
        player.terminate()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
