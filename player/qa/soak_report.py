"""The curves of a long run as one HTML page that needs nothing else. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

from player.qa.chart import even
from player.qa.html_report import POLICY, STYLE
from player.qa.soak import SoakPlayback, SoakSample

_WIDTH, _HEIGHT, _LEFT = 960, 160, 92


def soak_page(
    title: str, samples: Sequence[SoakSample], verdict: str, told: Iterable[SoakPlayback] = (), *, good: bool
) -> str:
    """The document; ``told`` are the playbacks that there is something to say of."""
    name = "passed" if good else "failed"
    body = f'<h1>{escape(title)} <span class="verdict {name}">{name}</span></h1><p class=soft>{escape(verdict)}</p>'
    curves: tuple[tuple[str, Callable[[SoakSample], float]], ...] = (
        ("Memory, MiB", lambda each: each.usage.memory_bytes / 2**20),
        ("Handles", lambda each: float(each.usage.handles or 0)),
        ("Threads", lambda each: float(each.usage.threads)),
    )
    for caption, read in curves:
        body += f"<h2>{caption}</h2>{_curve(caption, [(each.at_s, read(each)) for each in samples])}"
    body += "".join(_playback(each) for each in told)
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    head += f"<title>{escape(title)}</title><style>{STYLE}{_STYLE}</style>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>\n'


_STYLE = """
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: var(--soft); }
svg line { stroke: var(--line); } svg polyline { stroke: var(--blue); fill: none; stroke-width: 2; }
"""


def _playback(playback: SoakPlayback) -> str:
    sentences = "".join(f"<li>{escape(each)}</li>" for each in playback.why)
    return f"<details><summary>Playback {playback.round}: what happened</summary><ul>{sentences}</ul></details>"


def _curve(caption: str, points: Sequence[tuple[float, float]]) -> str:
    top = max((value for _, value in points), default=0.0) * 1.1 or 1.0
    end_s = max((at_s for at_s, _ in points), default=0.0) or 1.0
    room = _WIDTH - _LEFT - 16

    def y(value: float) -> float:
        return _HEIGHT - 24 - value / top * (_HEIGHT - 40)

    places = " ".join(f"{_LEFT + at_s / end_s * room:.1f},{y(value):.1f}" for at_s, value in points)
    guides = "".join(
        f'<line x1="{_LEFT}" x2="{_WIDTH - 16}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        f'<text x="{_LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>'
        for value in even(top, 5)
    )
    axis = [(_LEFT + at_s / end_s * room, at_s) for at_s in even(end_s, 8)]
    ticks = "".join(f'<text x="{x:.0f}" y="{_HEIGHT - 6}" text-anchor="middle">{at_s:g} s</text>' for x, at_s in axis)
    label = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(caption)}">'
    return f'{label}{guides}{ticks}<polyline points="{places}"/></svg>'
