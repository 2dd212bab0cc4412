"""What ``matinee broadcast`` does: a channel is made, shown in the catalogue and ended. Returns an exit code."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from backend_stub.broadcast.channel import JournalError
from backend_stub.broadcast.guide import Programme, write_programmes
from backend_stub.broadcast.ownership import alone
from backend_stub.broadcaster.encoder import SEGMENT_S, TEST, EncoderInput, tracks_of
from backend_stub.broadcaster.loop import Broadcaster, EndedError, open_channel
from backend_stub.broadcaster.rotation import RotatingKeys
from backend_stub.config import Settings
from backend_stub.encoding.cli import BAD_INPUT, FAILED, GOOD, MISSING_COMPONENT
from backend_stub.encoding.errors import BadInputError, ToolFailedError, ToolMissingError
from backend_stub.encoding.poster import plain_poster
from backend_stub.services.broadcasts import CataloguedBroadcast
from backend_stub.services.publishing import PublishError
from backend_stub.titles import slug

_BACKDROP = (24, 34, 52)


@dataclass(frozen=True, slots=True)
class BroadcastOptions:
    """``heights`` are the rungs', in lines; ``window_s`` is how far back viewers can go (0: to the start).
    After ``for_s`` seconds the event ends by itself. With ``keys_s`` it is encrypted, by new keys after each so many
    seconds."""

    source: EncoderInput
    title: str = ""
    title_id: str = ""
    heights: Sequence[int] = (240, 480, 720)
    fps: int = 30
    window_s: float = 3600.0
    for_s: float | None = None
    programmes: Sequence[Programme] = ()
    keys_s: float | None = None


def broadcast_command(
    settings: Settings, options: BroadcastOptions, *, out: TextIO | None = None, err: TextIO | None = None
) -> int:
    """Broadcast until the input ends, SIGINT (which ends the event) or SIGTERM (a later call goes on with it)."""
    out, err = out or sys.stdout, err or sys.stderr
    name = options.title or ("Test broadcast" if options.source.name == TEST else Path(options.source.name).stem)
    title_id = options.title_id or slug(name)
    catalogued = CataloguedBroadcast(settings, title_id)
    try:
        options.source.program()
        catalogued.check()
        with _alone(catalogued.folder):
            _run(catalogued, name, title_id, options, out)
    except (BadInputError, PublishError, EndedError, JournalError) as error:
        err.write(f"{error}\n")
        return BAD_INPUT
    except ToolMissingError as error:
        err.write(f"{error}\n")
        return MISSING_COMPONENT
    except ToolFailedError as error:
        err.write(f"{error}\n")
        return FAILED
    except OSError as error:
        err.write(f"The broadcast could not be stored: {error.strerror or error}.\n")
        return FAILED
    finally:
        catalogued.close()
    return GOOD


def _run(catalogued: CataloguedBroadcast, name: str, title_id: str, options: BroadcastOptions, out: TextIO) -> None:
    tracks = tracks_of(options.heights, options.fps, audio=options.source.audio)
    channel = open_channel(catalogued.folder, tracks, options.window_s, time.time(), _epoch(options.keys_s))
    write_programmes(catalogued.folder, options.programmes)
    if not catalogued.poster.exists():
        plain_poster(name, _BACKDROP, catalogued.poster)
    catalogued.on_air(name, options.heights)
    stock = RotatingKeys(catalogued, channel) if channel.epoch_segments else None
    broadcaster = Broadcaster(catalogued.folder, channel, options.source, stock=stock)
    out.write(f"{title_id}\n")
    out.flush()
    ended: list[int] = []

    def end(number: int, _frame: object = None) -> None:
        ended.append(number)
        broadcaster.stop()

    timer = threading.Timer(options.for_s, end, (signal.SIGINT,)) if options.for_s is not None else None
    previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        if timer is not None:
            timer.start()
        broadcaster.run(ends_event=lambda: signal.SIGINT in ended)
    finally:
        if timer is not None:
            timer.cancel()
        for number, handler in previous.items():
            signal.signal(number, handler)
        if not channel.watchable:
            catalogued.off()
    if channel.watchable and channel.ended_at is not None:
        catalogued.over(channel.length_s)


def _epoch(keys_s: float | None) -> int:
    """In segments."""
    return 0 if keys_s is None else max(1, round(keys_s / SEGMENT_S))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One broadcaster at a time. Raises :class:`PublishError`."""
    with alone(folder) as mine:
        if not mine:
            raise PublishError("Somebody broadcasts to this channel already.")
        yield
