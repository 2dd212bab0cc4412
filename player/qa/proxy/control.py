"""The control page of the proxy: what came through, which faults are in force. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from player.qa.html_report import POLICY, STYLE
from player.qa.recording.archive import Exchange

_SHOWN = 60

NO_REPORT: Mapping[str, Any] = {
    "title": "proxy",
    "startup": {"first_frame_s": None},
    "buffer": [],
    "segments": [],
    "decisions": [],
}
"""What a HAR takes of a report, where no playback of ours has made one."""

_HELP = """<p class=soft>Other faults: <code>curl -X PUT --data @faults.json ADDRESS/-/faults</code>; none:
<code>curl -X DELETE ADDRESS/-/faults</code>. <a href="/-/har">HAR</a>, <a href="/-/cmcd">CMCD</a>,
<a href="/-/state">figures</a>.</p>"""


def page(state: Mapping[str, Any], seen: Sequence[Exchange]) -> str:
    """The page; it loads itself again every three seconds."""
    figures = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in state.items()
    )
    rows = "".join(_row(each) for each in reversed(seen[-_SHOWN:]))
    titles = ("kind", "server", "file", "status", "kB", "s")
    head = "<tr>" + "".join(f"<th>{title}</th>" for title in titles) + "</tr>"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="3">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><title>Matinee proxy</title>'
        f"<style>{STYLE}</style></head><body><h1>Matinee proxy</h1>{_HELP}<table>{figures}</table>"
        f"<h2>What came through</h2><table>{head}{rows}</table></body></html>\n"
    )


def _row(each: Exchange) -> str:
    told = each.error or str(each.status)
    name = each.url.partition("?")[0].rpartition("/")[2]
    bad = bool(each.error) or (each.status or 0) >= 400
    cells = (each.kind, each.pathway, name)
    return (
        "<tr>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + f"<td class={'bad' if bad else 'ok'}>{escape(told)}</td><td class=number>{each.size / 1000:.1f}</td>"
        f"<td class=number>{each.seconds:.2f}</td></tr>"
    )
