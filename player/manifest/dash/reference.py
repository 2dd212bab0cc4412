"""Latency measured against the producer's clock (ISO/IEC 23009-1 5.12 ProducerReferenceTime, K.4.2.2
Latency@referenceId; ETSI TS 103 285 10.20.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from player.manifest.dash.inherit import merge
from player.manifest.dash.live import latency_reference
from player.manifest.dash.periods import PeriodSpan
from player.manifest.dash.xml import Element, children, decimal, line_of
from player.manifest.dates import parse_date
from player.manifest.limits import MAX_WARNINGS
from player.manifest.model import LiveInfo
from player.manifest.parser_notes import Notes


def with_reference(info: LiveInfo, root: Element, spans: Sequence[PeriodSpan], notes: Notes) -> LiveInfo:
    """``info`` with its latencies as they are against the presentation timeline.

    The service counts from when the producer took the media in, playback counts from @availabilityStartTime. The
    difference is what the producer's wall clock says of the same media time. Where no reference has the id that
    Latency names, the only one there is counts, as DVB has it.
    """
    wanted = latency_reference(root)
    if wanted is None or info.availability_start_s is None:
        return info
    found = list(_references(spans, notes))
    offset_s = next((offset for identity, offset in found if identity == wanted), None)
    if offset_s is None and len({offset for _, offset in found}) == 1:
        offset_s = found[0][1]
    if offset_s is None:
        sentence = "Latency@referenceId names no ProducerReferenceTime; the latency counts from the timeline."
        notes.warn("dash.latency_reference", sentence, line=line_of(root), path="/MPD")
        return info
    shift_s = offset_s - info.availability_start_s
    return replace(
        info,
        target_latency_s=_shifted(info.target_latency_s, shift_s),
        min_latency_s=_shifted(info.min_latency_s, shift_s),
        max_latency_s=_shifted(info.max_latency_s, shift_s),
    )


def _shifted(latency_s: float | None, shift_s: float) -> float | None:
    return None if latency_s is None else max(latency_s + shift_s, 0.0)


def _references(spans: Sequence[PeriodSpan], notes: Notes) -> Iterator[tuple[str, float]]:
    """Each ProducerReferenceTime as its id and the date of the presentation's start by the producer's clock."""
    count = 0
    for span in spans:
        for adaptation in children(span.element, "AdaptationSet"):
            for level in (adaptation, *children(adaptation, "Representation")):
                for item in children(level, "ProducerReferenceTime"):
                    count += 1
                    date_s = parse_date(item.get("wallClockTime") or "")
                    ticks = decimal(item.get("presentationTime"))
                    if date_s is None or ticks is None or count > MAX_WARNINGS:
                        notes.warn(
                            "dash.reference_time",
                            "A ProducerReferenceTime has no usable date or time.",
                            line=line_of(item),
                            path=span.path,
                        )
                        continue
                    levels = (level, adaptation, span.element) if level is not adaptation else (level, span.element)
                    if level is adaptation:  # the timescale may stand with the Representation
                        levels = (*children(adaptation, "Representation")[:1], *levels)
                    addressing = merge(levels)
                    scale = 1 if addressing is None else addressing.timescale
                    offset = 0 if addressing is None else addressing.presentation_time_offset
                    yield item.get("id") or "", date_s - span.start_s - (ticks - offset) / scale
