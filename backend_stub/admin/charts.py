"""Plots as SVG, drawn on the server: pure functions from numbers to markup. Colours come from the style sheet, by
class, so that nothing needs an inline style."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

Point = tuple[float, float | None]
WIDE = 1320  # of a plot that has its row of the page to itself
_WIDTH, _HEIGHT, _LOW = 640, 180, 150
_LEGEND = 16  # so much room is above the curves where they are named
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 26, 10, 24
_BAR = Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}" rx="2"><title>{}</title></rect>')
_LEAST = 1e-9
_STEPS = (1, 1.2, 1.6, 2, 2.5, 3, 4, 5, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A curve; ``cls`` is its class in the style sheet. Where there is no number the curve is broken."""

    name: str
    cls: str
    points: Sequence[Point]
    stepped: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the time axis that is marked from top to bottom."""

    begin: float
    end: float
    cls: str
    name: str


@dataclass(frozen=True, slots=True)
class Axis:
    """From where to where a plot reaches, what is written below it, and how its values are written."""

    begin: float
    end: float
    labels: Sequence[tuple[float, str]]
    value: Callable[[float], str]


@dataclass(frozen=True, slots=True)
class PlotArea:
    """Where numbers lie in the picture, in pixels of it; curves stay below ``top``."""

    x_from: float
    x_to: float
    y_to: float
    height: int = _HEIGHT
    width: int = _WIDTH
    top: int = _TOP

    def x(self, value: float) -> float:
        share = (value - self.x_from) / ((self.x_to - self.x_from) or 1.0)
        return round(_LEFT + min(max(share, 0.0), 1.0) * (self.width - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        share = min(max(value / self.y_to, 0.0), 1.0)
        return round(self.height - _BOTTOM - share * (self.height - self.top - _BOTTOM), 1)


def ceiling(value: float) -> float:
    """A round number that is at least ``value``, and 1 for nothing, or as good as nothing."""
    if not _LEAST <= value < math.inf:
        return 1.0
    decade = float(10 ** math.floor(math.log10(value)))
    return next(step * decade for step in (*_STEPS, 20) if step * decade >= value * 0.9999)


def plot(
    title: str,
    lines: Sequence[ChartLine],
    axis: Axis,
    bands: Sequence[Band] = (),
    height: int = _HEIGHT,
    width: int = _WIDTH,
) -> Markup:
    """Curves over a common axis that begins at 0, with a legend where there is more than one."""
    values = [value for line in lines for _, value in line.points if value is not None]
    top = _TOP + (_LEGEND if len(lines) > 1 else 0)
    frame = PlotArea(axis.begin, axis.end, ceiling(max(values, default=0.0)), height, width, top)
    body = [_band(frame, band) for band in bands] + [_axis(frame, axis)] + [_curve(frame, line) for line in lines]
    if len(lines) > 1:
        body.append(_legend(lines))
    if not values:
        body.append(_nothing(frame))
    return _svg(title, frame, Markup("").join(body))


def bars(
    title: str, points: Sequence[tuple[float, float]], width: float, axis: Axis, *, wide: bool = False
) -> Markup:
    """One bar for each ``(at, value)``, each ``width`` of the axis wide; ``wide`` over the whole page."""
    size = (_LOW, WIDE) if wide else (_HEIGHT, _WIDTH)
    frame = PlotArea(axis.begin, axis.end, ceiling(max((value for _, value in points), default=0.0)), *size)
    body = [_axis(frame, axis)]
    for at, value in points:
        left, right, top = frame.x(at), frame.x(at + width), frame.y(value)
        area = max(1.0, round(right - left - 2, 1)), round(frame.y(0) - top, 1)
        if value > 0:
            body.append(_BAR.format(round(left + 1, 1), top, *area, axis.value(value)))
    if not any(value for _, value in points):
        body.append(_nothing(frame))
    return _svg(title, frame, Markup("").join(body))


def share_bar(share: float, cls: str = "") -> Markup:
    """A small bar for a table: ``share`` of it, from 0 to 1."""
    filled = round(100 * min(max(share, 0.0), 1.0), 1)
    return Markup(
        '<svg class="share {}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rest" width="100" height="6" rx="3"/><rect class="filled" width="{}" height="6" rx="3"/></svg>'
    ).format(cls, filled)


def _svg(title: str, frame: PlotArea, body: Markup) -> Markup:
    return Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        frame.width, frame.height, title, body
    )


def _axis(frame: PlotArea, axis: Axis) -> Markup:
    made = Markup("")
    for share in (0.0, 0.5, 1.0):
        value = share * frame.y_to
        y = frame.y(value)
        made += Markup(
            '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
            '<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>'
        ).format(_LEFT, frame.width - _RIGHT, y, y, _LEFT - 6, y + 4, axis.value(value))
    for at, label in axis.labels:
        last = at >= axis.end  # it would be cut at the edge
        made += Markup('<text class="tick" x="{}" y="{}" text-anchor="{}">{}</text>').format(
            frame.width - 2 if last else frame.x(at), frame.height - 6, "end" if last else "middle", label
        )
    return made


def _nothing(frame: PlotArea) -> Markup:
    return Markup('<text class="none" x="{}" y="{}" text-anchor="middle">nothing yet</text>').format(
        frame.width / 2, frame.height / 2
    )


def _band(frame: PlotArea, band: Band) -> Markup:
    left, right = frame.x(band.begin), frame.x(band.end)
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>').format(
        band.cls, left, _TOP, max(2.0, round(right - left, 1)), frame.height - _TOP - _BOTTOM, band.name
    )


def _curve(frame: PlotArea, line: ChartLine) -> Markup:
    parts: list[str] = []
    before: tuple[float, float] | None = None
    dots: list[Markup] = []
    for at, value in line.points:
        if value is None:
            before = None
            continue
        x, y = frame.x(at), frame.y(value)
        if before is None:
            parts.append(f"M{x} {y}")
        else:
            parts.append(f"H{x}V{y}" if line.stepped else f"L{x} {y}")
        before = x, y
        dots.append(Markup('<circle class="{}" cx="{}" cy="{}" r="2.2"/>').format(line.cls, x, y))
    path = Markup('<path class="curve {}" d="{}"/>').format(line.cls, " ".join(parts)) if parts else Markup("")
    return path + Markup("").join(dots if len(dots) <= 60 else [])


def _legend(lines: Sequence[ChartLine]) -> Markup:
    made, x = Markup(""), _LEFT + 4
    for line in lines:
        made += Markup(
            '<line class="curve {}" x1="{}" x2="{}" y1="{}" y2="{}"/><text class="tick" x="{}" y="{}">{}</text>'
        ).format(line.cls, x, x + 14, _TOP + 4, _TOP + 4, x + 18, _TOP + 8, line.name)
        x += 30 + 7 * len(line.name)
    return made
