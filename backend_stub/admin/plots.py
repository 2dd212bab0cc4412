"""Which plots the pages have, and of what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from markupsafe import Markup

from backend_stub.admin import words
from backend_stub.admin.charts import WIDE, Axis, Band, ChartLine, bars, plot
from backend_stub.clock import DAY_S
from backend_stub.db.models import TelemetryEvent
from backend_stub.services.playback_insight import QualityInterval

_CLASSES = ("a", "b", "c", "d")  # of curves, in the style sheet
_LANE = 110  # the height of one curve of a timeline


def quality_plots(moments: Sequence[QualityInterval], now: float) -> list[tuple[str, Markup]]:
    """Playbacks, startup, rebuffering and bit rate over time, each with its heading."""
    length_s = moments[0].length_s
    form = "%H:%M" if length_s * len(moments) <= DAY_S else "%d %b"
    begin = moments[0].at
    labels = [
        (at, datetime.fromtimestamp(at, UTC).strftime(form))
        for at in (begin + (now - begin) * part / 4 for part in range(5))
    ]
    middles = [one.at + one.length_s / 2 for one in moments]
    qualities = [one.quality for one in moments]
    startup = [
        ChartLine("p50", "a", list(zip(middles, (one.startup_p50_s for one in qualities), strict=True))),
        ChartLine("p95", "b", list(zip(middles, (one.startup_p95_s for one in qualities), strict=True))),
    ]
    stalled = [ChartLine("", "b", list(zip(middles, (one.rebuffer_ratio for one in qualities), strict=True)))]
    rate = [ChartLine("", "a", list(zip(middles, (one.bitrate_bps for one in qualities), strict=True)))]
    counted = [(one.at, float(one.quality.playbacks)) for one in moments]

    def axis(value: Callable[[float], str]) -> Axis:
        return Axis(begin, now, labels, value)

    return [
        ("Playbacks", bars("Playbacks over time", counted, length_s, axis("{:g}".format))),
        ("Startup", plot("Startup over time", startup, axis("{:g} s".format))),
        ("Rebuffer ratio", plot("Rebuffer ratio over time", stalled, axis(lambda value: f"{100 * value:.3g} %"))),
        ("Bit rate", plot("Bit rate over time", rate, axis(_megabits))),
    ]


def pathway_plots(pathways: Mapping[str, Sequence[QualityInterval]], now: float) -> list[tuple[str, Markup]]:
    """Playbacks and errors of each CDN over the last day."""
    labels = [
        (at, datetime.fromtimestamp(at, UTC).strftime("%H:%M"))
        for at in (now - DAY_S * (4 - n) / 4 for n in range(5))
    ]
    axis = Axis(now - DAY_S, now, labels, "{:g}".format)

    def drawn(title: str, value: Callable[[QualityInterval], float]) -> tuple[str, Markup]:
        lines = [
            ChartLine(name, cls, [(one.at + one.length_s / 2, value(one)) for one in hours])
            for cls, (name, hours) in zip(_CLASSES, pathways.items(), strict=False)
        ]
        return title, plot(f"{title} by the hour", lines, axis)

    return [
        drawn("Playbacks by CDN", lambda hour: float(hour.quality.playbacks)),
        drawn("Errors by CDN", lambda hour: float(hour.quality.errors)),
    ]


def by_day(title: str, counts: Sequence[tuple[int, int]], now: float) -> list[tuple[str, Markup]]:
    """How many on each day; days are counted from 1970 (UTC), the last is today."""
    begin, end = counts[0][0] * DAY_S, max(now, (counts[-1][0] + 1) * DAY_S)
    marked = sorted({counts[round((len(counts) - 1) * part / 6)][0] for part in range(7)})
    labels = [((day + 0.5) * DAY_S, datetime.fromtimestamp(day * DAY_S, UTC).strftime("%d %b")) for day in marked]
    points = [(day * DAY_S, float(count)) for day, count in counts]
    return [(title, bars(f"{title} by day", points, DAY_S, Axis(begin, end, labels, "{:g}".format), wide=True))]


def timeline(events: Sequence[TelemetryEvent], started_at: float) -> list[tuple[str, Markup]]:
    """What one session went through: the picture's height, media in hand, what was received; stalls and errors are
    marked in each."""
    told = [event for event in events if event.at is not None]
    if not told:
        return []
    end = max(60.0, *((event.at or 0.0) - started_at for event in told))
    labels = [(end * part / 6, words.duration(end * part / 6)) for part in range(7)]
    bands = _bands(told, started_at)
    beats = [event for event in told if event.kind in ("beat", "end")]

    def line(name: str, cls: str, values: Sequence[float | None], *, stepped: bool = False) -> list[ChartLine]:
        points = [((event.at or 0.0) - started_at, value) for event, value in zip(beats, values, strict=True)]
        return [ChartLine(name, cls, points, stepped)]

    rates = [(event.bits or 0.0) / event.played_s if event.played_s else None for event in beats]
    rungs = line("rung", "a", [event.height for event in beats], stepped=True)
    buffers = line("buffer", "c", [event.buffer_s for event in beats])
    received = line("received", "b", rates)

    def axis(value: Callable[[float], str]) -> Axis:
        return Axis(0.0, end, labels, value)

    return [
        ("Rung", plot("Height of the picture", rungs, axis("{:g}p".format), bands, _LANE, WIDE)),
        ("Buffer", plot("Media in hand", buffers, axis("{:g} s".format), bands, _LANE, WIDE)),
        ("Received", plot("Bits received for each second played", received, axis(_megabits), bands, _LANE, WIDE)),
    ]


def _megabits(value: float) -> str:
    return f"{value / 1e6:.3g} M"


def _bands(events: Sequence[TelemetryEvent], started_at: float) -> list[Band]:
    """Stalls, as long as they were, before the event that told of them; errors where they were."""
    bands = []
    for event in events:
        at = (event.at or 0.0) - started_at
        if event.stalled_s:
            bands.append(Band(at - event.stalled_s, at, "stall", f"stalled for {words.seconds(event.stalled_s)}"))
        if event.kind == "error":
            bands.append(Band(at, at, "error", event.error or "error"))
    return bands
