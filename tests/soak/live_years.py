"""How much longer a channel of ten years takes to open than one of four hours: ``python -m tests.soak.live_years``.

Its MPD is read, read again two seconds later, and its edge is looked for. Exit code 1 where one form takes more than
1.2 times as long.
"""

from __future__ import annotations

import sys
import time

from player.live.programme import LiveProgramme
from player.manifest import at_time, parse

NEW_S, OLD_S = 4 * 3600.0, 10 * 365.25 * 86_400
_ROUNDS = 100
_ALLOWED = 1.2
_OPEN = '><SegmentTimeline><S t="0" d="2000" r="-1"/></SegmentTimeline></SegmentTemplate>'
FORMS = {
    "$Number$, @duration": ("$Number$", ' duration="2000"/>'),
    "$Number$, open timeline": ("$Number$", _OPEN),
    "$Time$, open timeline": ("$Time$", _OPEN),
}


def mpd(form: str, window_s: int) -> str:
    """A channel that began in 1970, with five rungs of video and two of audio."""
    name, end = FORMS[form]
    sets = "".join(
        f'<AdaptationSet mimeType="{kind}/mp4"><SegmentTemplate timescale="1000" startNumber="1" initialization="i"'
        f' media="$RepresentationID$-{name}"{end}'
        + "".join(f'<Representation id="{kind}{rung}" bandwidth="{rung + 1}00000"/>' for rung in range(rungs))
        + "</AdaptationSet>"
        for kind, rungs in (("video", 5), ("audio", 2))
    )
    return (
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z"'
        f' minimumUpdatePeriod="PT500S" timeShiftBufferDepth="PT{window_s}S"><Period id="0" start="PT0S">{sets}'
        "</Period></MPD>"
    )


def opening_s(text: str, now_s: float) -> float:
    """Seconds of the processor until the edge of every rung is known, twice."""
    begun_s = time.process_time()
    programme = LiveProgramme(parse(text, "https://a.test/a.mpd", now_s=now_s))
    programme.take(at_time(programme.presentation, now_s + 2))
    for rendition in (each for track in programme.periods[0].tracks for each in track.renditions):
        index = programme.index(rendition)
        if index is not None:
            index[index.position_at(now_s - 10)]
    return time.process_time() - begun_s


def main() -> int:
    """See the module."""
    good = True
    for form in FORMS:
        for window_s in (60, 14_400):
            text = mpd(form, window_s)
            pairs = [(opening_s(text, NEW_S), opening_s(text, OLD_S)) for _ in range(_ROUNDS)]
            new_s, old_s = (min(each) for each in zip(*pairs, strict=True))
            good &= old_s <= _ALLOWED * new_s
            print(
                f"{form:24} window {window_s:5} s  new {new_s * 1e3:.2f} ms  old {old_s * 1e3:.2f} ms "
                f" {old_s / new_s:.2f}",
                flush=True,
            )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
