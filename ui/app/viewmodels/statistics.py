"""The statistics overlay: three graphs over the last two minutes, and what the rate adaptation last decided."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Property, QObject, Signal

from player.reporting.startup import BUDGET_S, Startup
from player.reporting.state import FileFacts, PlaybackState, RungChoice, StatSample
from ui.app.viewmodels.binding import RecordModel, shown
from ui.app.viewmodels.text import bitrate, byte_words, decimal, tr

SPAN_S = 120.0
_NOTHING = -1.0  # a gap in a graph


class GraphViewModel(QObject):
    """One graph. ``points`` is a flat list x0, y0, x1, y1... with x and y in 0..1 and y = -1 for a gap."""

    changed = Signal()

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._points: list[float] = []
        self._value = ""
        self._top = ""

    name = shown(str, "_name", changed)
    points = shown(list, "_points", changed)
    value = shown(str, "_value", changed)
    top = shown(str, "_top", changed)

    def show(
        self,
        history: Sequence[StatSample],
        value_of: Callable[[StatSample], float | None],
        words: Callable[[float], str],
        least_top: float,
    ) -> None:
        """Draw ``value_of`` each sample; the scale reaches over the largest value and at least to ``least_top``."""
        values = [value_of(sample) for sample in history]
        top = _round_up(max([least_top, *(value for value in values if value is not None)]))
        end = history[-1].time_s if history else 0.0
        self._points = [
            part
            for sample, value in zip(history, values, strict=True)
            if sample.time_s >= end - SPAN_S
            for part in (1 - (end - sample.time_s) / SPAN_S, _NOTHING if value is None else value / top)
        ]
        last = values[-1] if values else None
        self._value = words(last) if last is not None else "–"
        self._top = words(top)
        self.changed.emit()


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the table under the graphs."""

    name: str
    value: str
    bad: bool = False  # worse than it ought to be


class FactModel(RecordModel[Fact]):
    record = Fact


class StatisticsViewModel(QObject):
    """Fed with every state of the session, it redraws only when the history or the decisions changed."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._buffer = GraphViewModel(tr("Buffer"), self)
        self._throughput = GraphViewModel(tr("Throughput"), self)
        self._rung = GraphViewModel(tr("Bitrate"), self)
        self._decision = ""
        self._reason = ""
        self._facts = FactModel(self)
        self._start = FactModel(self)
        self._of_file = False
        self._shown: PlaybackState | None = None

    decision = shown(str, "_decision", changed)
    ofFile = shown(bool, "_of_file", changed)  # of a file that libmpv plays by itself: nothing is chosen for it
    reason = shown(str, "_reason", changed)

    @Property(list, constant=True)
    def graphs(self) -> list[QObject]:
        return [self._buffer, self._throughput, self._rung]

    @Property(QObject, constant=True)
    def facts(self) -> FactModel:
        return self._facts

    @Property(QObject, constant=True)
    def start(self) -> FactModel:
        """The parts of the start, each beside its budget."""
        return self._start

    def show(self, state: PlaybackState) -> None:
        before = self._shown
        self._shown = state
        if before is None or state.history[-1:] != before.history[-1:]:
            self._draw(state.history)
        if before is None or state.decisions[-1:] != before.decisions[-1:]:
            last = state.decisions[-1] if state.decisions else None
            self._decision = last.sentence if last else ""
            self._reason = "  ·  ".join(filter(None, (str(last.reason), last.policy))) if last else ""
            self.changed.emit()
        if self._of_file is not (state.media is not None):
            self._of_file = state.media is not None
            self.changed.emit()
        self._facts.replace(_facts(state))
        self._start.replace([] if state.startup is None or self._of_file else _parts(state.startup))

    def _draw(self, history: Sequence[StatSample]) -> None:
        self._buffer.show(history, lambda s: s.buffer_s, lambda v: f"{v:.1f} s", 10.0)
        self._throughput.show(history, lambda s: s.throughput_bps, bitrate, 1e6)
        self._rung.show(history, lambda s: s.bitrate_bps, bitrate, 1e6)


def _round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 5, 8, 10 times a power of ten that leaves some air above ``value``."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 8, 10, 15) if step * power >= value * 1.05)


def _facts(state: PlaybackState) -> list[Fact]:
    if state.media is not None:
        return _file_facts(state, state.media)
    return [
        Fact(tr("Playing"), _rung_words(state.rungs, state.rung_playing)),
        Fact(tr("Loading"), _rung_words(state.rungs, state.rung_loading)),
        Fact(tr("CDN"), state.pathway or "–"),
        Fact(tr("Dropped frames"), str(state.dropped_frames)),
        *([] if state.startup is None else [_first_picture(state.startup)]),
    ]


def _file_facts(state: PlaybackState, media: FileFacts) -> list[Fact]:
    """What libmpv tells of a file that it plays by itself."""
    size = byte_words(media.size) if media.size else ""
    mean = bitrate(8 * media.size / state.duration_s) if media.size and state.duration_s else ""
    frame = f"{media.width}×{media.height}" if media.width else ""
    rate = tr("{fps} frames/s").format(fps=decimal(media.fps, 2)) if media.fps else ""
    hdr = {"pq": "HDR (PQ)", "hlg": "HDR (HLG)"}.get(media.transfer, "")
    hertz = f"{decimal(media.sample_rate / 1000, 1)} kHz" if media.sample_rate else ""
    channels = tr("{count} channels").format(count=media.channels) if media.channels else ""
    ahead = state.history[-1].buffer_s if state.history else 0.0
    names = media.container.split(",")  # FFmpeg names all that its demuxer reads
    facts = [Fact(tr("File"), _joined("mp4" if "mp4" in names else names[0], size, mean))]
    if media.video:
        facts.append(Fact(tr("Video"), _joined(media.video, frame, rate)))
        facts.append(Fact(tr("Pixels"), _joined(media.pixels, hdr)))
        facts.append(Fact(tr("Decoder"), media.decoder or tr("software")))
    if media.audio:
        facts.append(Fact(tr("Audio"), _joined(media.audio, channels, hertz)))
    facts.append(Fact(tr("Read ahead"), f"{decimal(ahead, 1)} s"))
    if media.video:
        facts.append(Fact(tr("Dropped frames"), str(state.dropped_frames)))
    if state.startup is not None:
        facts.append(_first_picture(state.startup))
    return facts


def _joined(*words: str) -> str:
    return ", ".join(filter(None, words)) or "–"


def _first_picture(startup: Startup) -> Fact:
    whole = tr("{seconds} of {budget} s").format(seconds=f"{startup.first_frame_s:.2f}", budget=f"{BUDGET_S:.0f}")
    return Fact(tr("First picture"), whole, startup.over)


def _parts(startup: Startup) -> list[Fact]:
    names = {
        "api": tr("Service"),
        "cdn": tr("CDN choice"),
        "manifest": tr("Manifest"),
        "licence": tr("Licence"),
        "segment": tr("First segment"),
    }
    return [
        Fact(
            names[part.name],
            tr("{ms} of {budget} ms").format(ms=round(part.seconds * 1e3), budget=round(part.budget_s * 1e3)),
            part.over,
        )
        for part in startup.parts
    ]


def _rung_words(rungs: Sequence[RungChoice], index: int | None) -> str:
    rung = next((rung for rung in rungs if rung.index == index), None)
    return f"{rung.label}, {bitrate(rung.bitrate_bps)}" if rung else "–"
