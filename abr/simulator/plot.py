"""A session drawn as SVG: rung, buffer and throughput over time. No drawing library needed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from abr.simulator.formats import Ladder, Trace
from abr.simulator.session import SimulatedRequest, SimulatedSession

WIDTH, PANEL, GAP, LEFT, TOP = 960, 150, 34, 60, 44
INK, GRID, LINES = "#222", "#ddd", ("#1565c0", "#2e7d32", "#c62828")

Points = Sequence[tuple[float, float]]


def session_svg(session: SimulatedSession, ladder: Ladder, trace: Trace, *, start_s: float = 0.0) -> str:
    """The session as one SVG document: three panels over the same seconds, stalls shaded."""
    end_s = session.requests[-1].end_s if session.requests else 1.0
    done = [request for request in session.requests if not request.aborted]
    bitrates = [(request.start_s, ladder.mbps[request.rung]) for request in done]
    buffers = [point for each in session.requests for point in _buffer_points(each, ladder.segment_s)]
    steps = 400
    link = [(end_s * i / steps, trace.bps(start_s + end_s * i / steps) / 1e6) for i in range(steps + 1)]
    height = TOP + 3 * (PANEL + GAP)
    body = [
        _panel(0, "Rung, Mbit/s", _stairs(bitrates, end_s), end_s, ladder.mbps[-1], LINES[0]),
        _panel(1, "Buffer, s", buffers, end_s, max((y for _, y in buffers), default=1.0), LINES[1]),
        _panel(2, "Link, Mbit/s", link, end_s, max(y for _, y in link), LINES[2]),
    ]
    shade = "".join(
        f'<rect x="{_x(at, end_s):.1f}" y="{TOP}" width="{max(_x(at + length, end_s) - _x(at, end_s), 1):.1f}"'
        f' height="{height - TOP - GAP}" fill="#c62828" opacity="0.15"/>'
        for at, length in session.stalls
    )
    title = escape(f"{session.policy} on {session.trace}, {session.ladder}")
    box = f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12"'
    head = f'<title>{title}</title><rect width="{WIDTH}" height="{height}" fill="white"/>'
    heading = f'<text x="{LEFT}" y="22" font-size="15" fill="{INK}">{title}</text>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{head}{heading}{shade}{"".join(body)}</svg>'


def sessions_html(drawings: Sequence[str], title: str) -> str:
    """A page of drawings."""
    figures = "".join(f"<figure>{drawing}</figure>" for drawing in drawings)
    head = f"<meta charset=utf-8><title>{escape(title)}</title>"
    return f"<!doctype html><html lang=en><head>{head}</head><body>{figures}</body></html>"


def _buffer_points(request: SimulatedRequest, segment_s: float) -> list[tuple[float, float]]:
    """The buffer is played while a request runs, until it is empty or the segment is there."""
    before_s, after_s = request.buffer_before_s, request.buffer_after_s
    left_s = after_s if request.aborted else max(after_s - segment_s, 0.0)
    played_s = min(max(before_s - left_s, 0.0), request.end_s - request.start_s)
    arrival = [(request.end_s, left_s), (request.end_s, after_s)]
    return [(request.start_s, before_s), (request.start_s + played_s, left_s), *arrival]


def _stairs(points: Points, end_s: float) -> list[tuple[float, float]]:
    """Each value held until the next."""
    stairs: list[tuple[float, float]] = []
    for index, (at, value) in enumerate(points):
        until = points[index + 1][0] if index + 1 < len(points) else end_s
        stairs += [(at, value), (until, value)]
    return stairs


def _x(at_s: float, end_s: float) -> float:
    return LEFT + at_s / max(end_s, 1e-9) * (WIDTH - LEFT - 20)


def _panel(number: int, name: str, points: Points, end_s: float, top: float, colour: str) -> str:
    base = TOP + number * (PANEL + GAP) + PANEL
    scale = PANEL / max(top, 1e-9)
    line = " ".join(f"{_x(at, end_s):.1f},{base - value * scale:.1f}" for at, value in points)
    marks = "".join(_mark(base - PANEL * part, top * part) for part in (0.0, 0.5, 1.0))
    ticks = "".join(_tick(_x(end_s * part, end_s), base + 14, end_s * part) for part in (0.0, 0.25, 0.5, 0.75, 1.0))
    caption = f'<text x="{LEFT}" y="{base - PANEL - 6}" fill="{INK}">{escape(name)}</text>'
    return f'{marks}{ticks}{caption}<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def _mark(y: float, value: float) -> str:
    line = f'<line x1="{LEFT}" x2="{WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
    return f'{line}<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="{INK}">{value:.3g}</text>'


def _tick(x: float, y: float, at_s: float) -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="middle" fill="{INK}">{at_s:.0f} s</text>'
