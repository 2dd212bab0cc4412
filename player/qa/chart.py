"""A run as one SVG drawing: quality, buffer, throughput and CDN over the seconds of the run. Pure.

Each decision is a dot. Pointing at the time until the next one shows what was decided and why. Stalls and requests
show theirs likewise. This works by CSS, without scripts. Colours are CSS variables, so that the page may be light or
dark.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from player.qa.explanations import label_of, why_stalls

WIDTH = 960
_LEFT, _RIGHT, _TOP, _GAP = 92, 16, 8, 30
_QUALITY, _PANEL, _STRIP = 130, 96, 16
_TIP_WIDTH, _TIP_HEIGHT = 400, 150
_PATH_COLOURS = 6
_MOST_TICKS = 10
_LABEL_GAP = 13  # between the names of two rungs, so that both can be read
Report = Mapping[str, Any]
Point = tuple[float, float]


def chart(report: Report) -> str:
    """The drawing. Its colours come from the classes that :data:`STYLE` defines."""
    return _Chart(report).svg()


STYLE = """
svg.run { width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg.run text { fill: var(--soft); } svg.run .caption { fill: var(--ink); font-weight: 600; }
svg.run .grid { stroke: var(--line); } svg.run .quality { stroke: var(--blue); fill: none; stroke-width: 2; }
svg.run .screen { stroke: var(--orange); fill: none; stroke-width: 1.5; stroke-dasharray: 5 3; }
svg.run .dot { fill: var(--blue); stroke: var(--page); stroke-width: 1.5; }
svg.run .hit { fill: var(--ink); fill-opacity: 0; } svg.run .tip { display: none; pointer-events: none; }
svg.run g.why:hover .hit { fill-opacity: .07; } svg.run g.why:hover .tip { display: block; }
svg.run g.why:hover .dot { fill: var(--ink); }
svg.run .tip div { background: var(--page); color: var(--ink); border: 1px solid var(--soft); border-radius: 6px;
  padding: 6px 9px; font: 12px/1.4 system-ui, sans-serif; } svg.run .tip b { display: block; }
svg.run .buffer { stroke: var(--green); fill: var(--green); fill-opacity: .16; stroke-width: 1.5; }
svg.run .rate { stroke: var(--violet); fill: none; stroke-width: 1.5; }
svg.run .asked { stroke: var(--blue); fill: none; stroke-dasharray: 4 3; }
svg.run .stall, svg.run g.why .stall.hit { fill: var(--red); fill-opacity: .2; }
svg.run .fault { stroke: var(--red); stroke-width: 2; }
svg.run .seek { stroke: var(--soft); stroke-dasharray: 2 3; }
svg.run .p0 { fill: var(--blue); } svg.run .p1 { fill: var(--orange); } svg.run .p2 { fill: var(--green); }
svg.run .p3 { fill: var(--violet); } svg.run .p4 { fill: var(--red); } svg.run .p5 { fill: var(--soft); }
"""


class _Chart:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._end_s = max(_last_s(report), 1.0)
        self._y = _TOP
        self._parts: list[str] = []

    def svg(self) -> str:
        self._quality()
        self._buffer()
        self._throughput()
        plots = self._y - _GAP
        self._paths()
        height = self._y + 22
        seeks = self._seeks(self._y - _GAP + 8)
        axis = "".join(self._tick(at_s, self._y - 10) for at_s in even(self._end_s, _MOST_TICKS))
        label = escape(f"Quality, buffer, throughput and CDN of {self._report['title']} over time")
        head = f'<svg class="run" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">'
        return f"{head}{seeks}{''.join(self._parts)}{axis}{self._decisions(plots)}{self._stalls(plots)}</svg>"

    # --- the panels

    def _quality(self) -> None:
        report, rungs = self._report, self._report["rungs"]
        self._panel("Quality fetched (dashed: on the screen)", _QUALITY)
        label_y = math.inf
        for rung in rungs:
            y = self._rung_y(rung["index"])
            readable = label_y - y >= _LABEL_GAP
            label_y = y if readable else label_y
            self._guide(y, escape(str(rung["label"])) if readable else "")
        decided = [(each["at_s"], float(each["rung"])) for each in report["decisions"] if each["rung"] is not None]
        seen = [(each["at_s"], float(each["rung"])) for each in report["buffer"] if each["rung"] is not None]
        self._line("quality", _stairs(decided, self._end_s), self._rung_y)
        self._line("screen", _stairs(seen, seen[-1][0] if seen else 0.0), self._rung_y)

    def _rung_y(self, rung: float) -> float:
        most = max(len(self._report["rungs"]) - 1, 1)
        return _TOP + _QUALITY - rung / most * (_QUALITY - 28) - 6

    def _buffer(self) -> None:
        points = [(each["at_s"], each["buffer_s"]) for each in self._report["buffer"]]
        base = self._panel("Buffer, s", _PANEL)
        height = self._scaled(base, max((value for _, value in points), default=0.0))
        if points:
            around = [(points[0][0], 0.0), *points, (points[-1][0], 0.0)]
            self._line("buffer", around, height)

    def _throughput(self) -> None:
        report = self._report
        rates = [(each["at_s"], each["throughput_bps"] / 1e6) for each in report["buffer"] if each["throughput_bps"]]
        bitrates = {rung["index"]: rung["bitrate_bps"] / 1e6 for rung in report["rungs"]}
        asked = [(each["at_s"], bitrates[each["rung"]]) for each in report["decisions"] if each["rung"] in bitrates]
        base = self._panel("Throughput, Mbit/s (dashed: bitrate asked for)", _PANEL)
        top = max((value for _, value in [*rates, *asked]), default=0.0)
        height = self._scaled(base, top)
        self._line("asked", _stairs(asked, self._end_s), height)
        self._line("rate", rates, height)

    def _paths(self) -> None:
        report = self._report
        names = list(dict.fromkeys(each["pathway"] for each in report["segments"]))
        base = self._panel("CDN", _STRIP + 18)
        place = float(_LEFT + 40)
        for number, name in enumerate(names):
            kind = f"p{number % _PATH_COLOURS}"
            self._parts.append(
                f'<rect class="{kind}" x="{place:.0f}" y="{base - _STRIP - 17}" width="10" height="10"/>'
            )
            self._parts.append(f'<text x="{place + 14:.0f}" y="{base - _STRIP - 8}">{escape(name)}</text>')
            place += 34 + 7 * len(name)
        for request in report["requests"]:
            if request["kind"] == "segment" and request["seconds"] is not None:
                self._request(request, names, base)

    def _request(self, request: Mapping[str, Any], names: Sequence[str], base: float) -> None:
        left, right = self._x(request["at_s"]), self._x(request["at_s"] + request["seconds"])
        kind = f"p{names.index(request['pathway']) % _PATH_COLOURS}" if request["pathway"] in names else "p5"
        words = f"{request['at_s']:.1f} s, {request['pathway']}: "
        words += f"{request['bytes'] / 1e3:.0f} kB in {request['seconds']:.2f} s"
        failed = request["error"]
        title = escape(words + (f", {failed}" if failed else ""))
        self._parts.append(
            f'<rect class="{kind}" x="{left:.1f}" y="{base - _STRIP}" width="{max(right - left, 1.5):.1f}"'
            f' height="{_STRIP}" opacity=".75"><title>{title}</title></rect>'
        )
        if failed:
            middle = base - _STRIP / 2
            self._parts.append(
                f'<path class="fault" d="M{right - 5:.1f} {middle - 5:.1f}l10 10m0 -10l-10 10">'
                f"<title>{title}</title></path>"
            )

    # --- what is told on hover

    def _decisions(self, bottom: float) -> str:
        """A dot for each decision, and a field for the time in which it was in force."""
        report = self._report
        decided = [each for each in report["decisions"] if each["rung"] is not None]
        ends = [each["at_s"] for each in decided[1:]] + [self._end_s] * bool(decided)
        parts = []
        for each, until_s in zip(decided, ends, strict=True):
            head = f"{each['at_s']:.1f} s, segment {each['position'] + 1}: {label_of(report, each['rung'])}"
            text = f"{each['sentence']}{_inputs(each)}"
            dot = (
                f'<circle class="dot" cx="{self._x(each["at_s"]):.1f}" cy="{self._rung_y(each["rung"]):.1f}" r="4"/>'
            )
            parts.append(self._told("hit", each["at_s"], until_s, bottom, head, text, dot))
        return "".join(parts)

    def _stalls(self, bottom: float) -> str:
        parts = []
        for stall, sentence in zip(self._report["stalls"], why_stalls(self._report), strict=True):
            until_s = self._end_s if stall["duration_s"] is None else stall["at_s"] + stall["duration_s"]
            parts.append(self._told("hit stall", stall["at_s"], until_s, bottom, "A stall", sentence, ""))
        return "".join(parts)

    def _told(self, kind: str, from_s: float, until_s: float, bottom: float, head: str, text: str, mark: str) -> str:
        """A field that says something when it is pointed at."""
        left = self._x(from_s)
        width = max(self._x(until_s) - left, 2.0)
        tip_x = left + width + 6 if left + width + 6 + _TIP_WIDTH < WIDTH else max(left - _TIP_WIDTH - 6, 0.0)
        return (
            f'<g class="why"><rect class="{kind}" x="{left:.1f}" y="{_TOP}" width="{width:.1f}"'
            f' height="{bottom - _TOP:.0f}"/>{mark}'
            f'<foreignObject class="tip" x="{tip_x:.0f}" y="{_TOP + 16}" width="{_TIP_WIDTH}" height="{_TIP_HEIGHT}">'
            f"<div><b>{escape(head)}</b>{escape(text)}</div></foreignObject></g>"
        )

    def _seeks(self, bottom: float) -> str:
        """Jumps, over the whole height."""
        parts = []
        for seek in self._report["seeks"]:
            x = self._x(seek["at_s"])
            words = escape(f"{seek['at_s']:.1f} s: a jump from {seek['from_s']:.1f} s to {seek['to_s']:.1f} s")
            parts.append(
                f'<line class="seek" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom:.0f}">'
                f"<title>{words}</title></line>"
            )
        return "".join(parts)

    # --- the pieces

    def _panel(self, caption: str, height: int) -> float:
        """Begin a panel; the y of its base."""
        self._parts.append(f'<text class="caption" x="{_LEFT}" y="{self._y + 10}">{escape(caption)}</text>')
        base = self._y + height
        self._parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>')
        self._y = base + _GAP
        return float(base)

    def _scaled(self, base: float, top: float) -> Callable[[float], float]:
        """From a value to its y, with guides at even values."""
        guides = even(top, 5)
        most = max(top, guides[-1]) or 1.0
        room = _PANEL - 20

        def height(value: float) -> float:
            return base - value / most * room

        for value in guides:
            self._guide(height(value), f"{value:g}")
        return height

    def _guide(self, y: float, label: str) -> None:
        self._parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        self._parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')

    def _line(self, kind: str, points: Sequence[Point], height: Callable[[float], float]) -> None:
        if points:
            places = " ".join(f"{self._x(at_s):.1f},{height(value):.1f}" for at_s, value in points)
            self._parts.append(f'<polyline class="{kind}" points="{places}"/>')

    def _tick(self, at_s: float, y: float) -> str:
        return f'<text x="{self._x(at_s):.1f}" y="{y + 14:.0f}" text-anchor="middle">{at_s:g} s</text>'

    def _x(self, at_s: float) -> float:
        return _LEFT + min(at_s / self._end_s, 1.0) * (WIDTH - _LEFT - _RIGHT)


def _inputs(decision: Mapping[str, Any]) -> str:
    """The numbers that a decision went by."""
    found = decision.get("inputs", {})
    estimate = found.get("estimate") or {}
    told = [f"{found['buffer_s']:.1f} s buffered"] if "buffer_s" in found else []
    if estimate.get("mean_bps"):
        told.append(f"{estimate['mean_bps'] / 1e6:.2f} Mbit/s expected, {estimate['low_bps'] / 1e6:.2f} at the least")
    return f" ({'; '.join(told)})" if told else ""


def even(top: float, most: int) -> list[float]:
    """Values from 0 to ``top`` for an axis: at most ``most`` of them, at steps of 1, 2 or 5 times a power of ten."""
    if top <= 0:
        return [0.0]
    rough = top / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [round(number * step, 9) for number in range(int(top / step + 1e-9) + 1)]


def _last_s(report: Report) -> float:
    times = [each["at_s"] for name in ("buffer", "decisions", "statuses", "errors") for each in report[name]]
    return max(times, default=0.0)


def _stairs(points: Sequence[Point], end_s: float) -> list[Point]:
    """Each value held until the next."""
    stairs: list[Point] = []
    ends = [at_s for at_s, _ in points[1:]] + [end_s] * bool(points)
    for (at_s, value), until_s in zip(points, ends, strict=True):
        stairs += [(at_s, value), (until_s, value)]
    return stairs
