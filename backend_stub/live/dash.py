"""The channel as DASH (ISO/IEC 23009-1, section 5.3.2): a Period for each loop, written with ``mpegdash``."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

from mpegdash.nodes import Descriptor, S
from mpegdash.parser import MPEGDASHParser

from backend_stub.live.schedule import Airing, Channel

_UPDATE_S = 2
_DELAY_S = 12


def manifest(vod: str, back: str, channel: Channel, now: float) -> str:
    """The MPD at ``now``, from the title's own, which has one Period; ``back`` leads to the title's files."""
    source = MPEGDASHParser.parse(vod)
    mpd = copy.copy(source)
    mpd.type = "dynamic"
    mpd.media_presentation_duration = None
    mpd.availability_start_time = "1970-01-01T00:00:00Z"
    mpd.publish_time = _moment(now)
    mpd.minimum_update_period = f"PT{_UPDATE_S}S"
    mpd.time_shift_buffer_depth = f"PT{channel.window_s:g}S"
    mpd.suggested_presentation_delay = f"PT{_DELAY_S}S"
    # The clock that this was computed from, so that no player depends on its own.
    clock = Descriptor()
    clock.scheme_id_uri, clock.value = "urn:mpeg:dash:utc:direct:2014", _moment(now)
    mpd.utc_timings = [clock]
    loops = range(channel.loop_at(max(0.0, now - channel.window_s)), channel.loop_at(now) + 1)
    periods = [_period(source.periods[0], back, channel, loop, now) for loop in loops]
    mpd.periods = [period for period in periods if period is not None]
    text: str = MPEGDASHParser.get_as_doc(mpd).toxml()
    return text


def _period(source: Any, back: str, channel: Channel, loop: int, now: float) -> Any | None:  # noqa: ANN401 -- untyped
    """One loop, or None while one of its renditions has nothing on air."""
    period = copy.deepcopy(source)
    period.id = f"loop-{loop}"
    period.start = f"PT{channel.loop_begins(loop):.3f}S"
    period.duration = None
    # A channel has no subtitles, which end with their last cue, and no small pictures.
    period.adaptation_sets = [one for one in period.adaptation_sets if one.content_type not in ("text", "image")]
    for adaptation in period.adaptation_sets:
        for representation in adaptation.representations:
            template = _template(representation)
            airings = [one for one in channel.on_air(_durations(template), now) if one.loop == loop]
            if not airings:
                return None
            _narrow(template, airings)
            template.media, template.initialization = back + template.media, back + template.initialization
    return period


def _template(representation: Any) -> Any:  # noqa: ANN401 -- mpegdash has no types
    """Its own template, as the packager writes it. Raises ValueError where it has none."""
    if not representation.segment_templates or not representation.segment_templates[0].segment_timelines:
        raise ValueError("a Representation has no SegmentTemplate with a timeline")
    return representation.segment_templates[0]


def _durations(template: Any) -> list[float]:  # noqa: ANN401 -- mpegdash has no types
    return [entry.d / int(template.timescale) for entry in _entries(template)]


def _entries(template: Any) -> list[Any]:  # noqa: ANN401 -- mpegdash has no types
    return [entry for entry in template.segment_timelines[0].Ss for _ in range(int(entry.r or 0) + 1)]


def _narrow(template: Any, airings: list[Airing]) -> None:  # noqa: ANN401 -- mpegdash has no types
    """Leave what is on air, which is one run: the timeline and the first number follow."""
    entries = _entries(template)
    first, last = airings[0].index, airings[-1].index
    begins = int(entries[0].t or 0) + sum(entry.d for entry in entries[:first])
    narrowed: list[S] = []
    for entry in entries[first : last + 1]:
        one = S()
        one.t, one.d, one.r = (begins if not narrowed else None), entry.d, None
        narrowed.append(one)
    template.segment_timelines[0].Ss = narrowed
    template.start_number = int(template.start_number or 1) + first


def _moment(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
