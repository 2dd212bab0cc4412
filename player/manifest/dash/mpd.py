"""The MPD as a whole (ISO/IEC 23009-1 5.3.1): a :class:`Presentation` from its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from player.base.errors import ErrorCode, ManifestError
from player.manifest.dash import descriptors
from player.manifest.dash.baseurl import BaseUrl, extend
from player.manifest.dash.context import MpdContext
from player.manifest.dash.cut import cut, put_back
from player.manifest.dash.imports import CHAINING, FALLBACK, chained_address, fallback_addresses
from player.manifest.dash.initialization import groups, initialization_sets
from player.manifest.dash.live import client_data_reporting, duration_attribute, live_info, operating, steering
from player.manifest.dash.patch import apply_patch
from player.manifest.dash.periods import PeriodSpan, read_period, spans
from player.manifest.dash.protection import collect_references
from player.manifest.dash.query import Queries
from player.manifest.dash.reference import with_reference
from player.manifest.dash.remote import Remotes, resolve_remotes
from player.manifest.dash.schema import note_schemes, note_unused
from player.manifest.dash.timeline import KnownTimelines
from player.manifest.dash.xml import (
    Element,
    attributes,
    child,
    children,
    decimal,
    line_of,
    local,
    parse_xml,
    text_of,
    to_text,
)
from player.manifest.limits import MAX_TIMELINE_S, limit_error
from player.manifest.model import LiveInfo, ManifestProtocol, Period, Presentation, loaded_segments
from player.manifest.parser_notes import Notes
from player.manifest.urls import resolve


def parse_mpd(
    text: str | bytes, url: str, *, now_s: float | None = None, remotes: Remotes = MappingProxyType({})
) -> Presentation:
    """Read an MPD. ``now_s`` is the server's clock in seconds since 1970, for the segments available now; without
    it a dynamic MPD is read as of its @publishTime. ``remotes`` are the remote elements that were loaded.

    Raises :class:`ManifestError` for text that is not an MPD or goes past a bound.
    """
    root, forgiven, timelines = _parsed(text, whole=bool(remotes))
    if local(root) == "Patch":
        raise ManifestError(
            ErrorCode.MANIFEST_UNSUPPORTED, "This is an MPD patch; it can only be applied to the MPD it belongs to."
        )
    if local(root) != "MPD":
        raise ManifestError(
            ErrorCode.MANIFEST_NOT_RECOGNISED, f"The XML document is not an MPD but “{local(root)[:60]}”.", line=1
        )
    presentation = read_mpd(root, url, now_s=now_s, forgiven=forgiven, remotes=remotes, timelines=timelines)
    if not presentation.live and not presentation.patch_locations:
        return presentation
    if remotes and not presentation.patch_locations:  # as the document is with what was loaded
        return replace(presentation, source=to_text(root))
    return replace(presentation, source=text if isinstance(text, str) else text.decode("utf-8", "replace"))


def _parsed(text: str | bytes, *, whole: bool) -> tuple[Element, bool, KnownTimelines]:
    """The document, whether undeclared prefixes were forgiven, and the timelines that are read from the text alone:
    none where the tree is needed ``whole``, to be written out again."""
    if isinstance(text, str) and not whole:
        rest, taken = cut(text.encode("utf-8", "replace"))
        if taken:
            root, forgiven = parse_xml(rest, encoding="utf-8")
            timelines = put_back(root, taken)
            if timelines is not None:
                return root, forgiven, KnownTimelines(timelines)
    return *parse_xml(text), KnownTimelines()


def patch_mpd(old: Presentation, text: str | bytes, *, now_s: float | None = None) -> Presentation:
    """``old`` after an MPD patch (5.15). Raises :class:`ManifestError` when the patch does not fit it."""
    if not old.source:
        raise ManifestError(
            ErrorCode.MANIFEST_SYNTAX, "An MPD patch came for an MPD that names no place for patches (PatchLocation)."
        )
    root = apply_patch(parse_xml(old.source)[0], parse_xml(text)[0])
    source = to_text(root)  # before what is loaded from elsewhere is put in: later patches do not know of that
    presentation = read_mpd(root, old.url, now_s=now_s, remotes=old.remotes)
    return replace(presentation, source=source)


def read_mpd(
    root: Element,
    url: str,
    *,
    now_s: float | None,
    forgiven: bool = False,
    remotes: Remotes = MappingProxyType({}),
    timelines: KnownTimelines | None = None,
) -> Presentation:
    """As :func:`parse_mpd`, from the parsed document (which a patch may have changed). ``timelines`` are those whose
    contents are not in it."""
    notes = Notes()
    note_schemes(root, notes)
    links = resolve_remotes(root, url, remotes, notes, now_s=now_s)
    if forgiven:
        notes.warn("dash.undeclared_prefix", "The MPD uses a namespace prefix that it does not declare.")
    dynamic = _is_dynamic(root, notes)
    bases = extend((BaseUrl(url),), root, notes, "/MPD")
    info = live_info(root, bases[0].url, notes)
    context = MpdContext(
        url=url,
        dynamic=dynamic,
        now_s=now_s if now_s is not None else info.publish_time_s,
        availability_start_s=info.availability_start_s or 0.0,
        availability_end_s=info.availability_end_s,
        window_depth_s=info.window_depth_s,
        references=collect_references(root),
        queries=Queries(url).extend(root),
        notes=notes,
        refused=[],
        initialization_sets=initialization_sets(root),
        timelines=timelines or KnownTimelines(),
    )
    _check_availability(context, info)
    _note_essential(root, notes)
    total = _declared_duration(root, notes)
    found, total = _spans(context, root, total)
    info = with_reference(info, root, found, notes)
    periods = _periods(context, found, bases)
    note_unused(root, notes)
    queries = context.queries
    refreshed_at = _addresses(root, "Location", url, notes)
    patched_at = _addresses(root, "PatchLocation", url, notes)
    return Presentation(
        protocol=ManifestProtocol.DASH,
        kind="mpd",
        url=url,
        periods=periods,
        live=dynamic,
        duration_s=_total(periods, total, dynamic=dynamic),
        version=root.get("profiles"),
        live_info=replace(info, next_segment_s=context.next_due_s(), part_target_s=context.part_target_s())
        if dynamic or info.target_latency_s is not None or info.utc_timings
        else None,
        steering=steering(root, bases[0].url, queries),
        locations=tuple(queries.put("mpd", place) for place, _ in refreshed_at),
        patch_locations=tuple(
            (queries.put("mpdpatch", place), decimal(item.get("ttl"))) for place, item in patched_at
        ),
        update_query=queries.query("mpd", url),
        remote_links=links,
        unused=notes.unused_names,
        warnings=notes.warnings,
        operating=operating(root),
        initialization_sets=tuple(context.initialization_sets.values()),
        fallbacks=fallback_addresses(root, url, queries),
        following=_following(root, url, queries, links),
        remotes=remotes,
        resolved=to_text(root) if remotes else "",
        extra=_extra(root),
    )


def _following(root: Element, url: str, queries: Queries, missing: Sequence[str]) -> str:
    """Where the presentation is that follows this one and could not be put behind it (5.11.2)."""
    address = chained_address(root, url, queries)
    return "" if address is None or address in missing else address


def _is_dynamic(root: Element, notes: Notes) -> bool:
    kind = (root.get("type") or "static").strip().lower()
    if kind not in ("static", "dynamic", "list"):  # 8.14: a list is static, its periods are imported
        notes.warn("dash.bad_type", "MPD@type is none of static, dynamic and list.", line=line_of(root), path="/MPD")
    return kind == "dynamic"


def _note_essential(root: Element, notes: Notes) -> None:
    """Report what the MPD or a period asks for and is not understood (5.8.4.8); it is played as well as it goes."""
    for place in (root, *children(root, "Period")):
        for item in descriptors.misunderstood(descriptors.named((place,), "EssentialProperty")):
            if item.known not in CHAINING | FALLBACK:
                sentence = f"An EssentialProperty “{item.shown()}” of the {local(place)} is not understood."
                notes.warn("dash.essential_property", f"{sentence} It may not play as it should.", line=item.line)


def _check_availability(context: MpdContext, info: LiveInfo) -> None:
    """A dynamic MPD says since when it is there (5.3.1.2), and may say until when."""
    if not context.dynamic:
        return
    notes, ended_s = context.notes, context.availability_end_s
    if info.availability_start_s is None:
        notes.warn("dash.no_availability_start", "A dynamic MPD must have @availabilityStartTime.", path="/MPD")
    if ended_s is not None and context.now_s is not None and context.now_s > ended_s:
        notes.warn("dash.no_longer_available", "MPD@availabilityEndTime has passed.", path="/MPD")


def _declared_duration(root: Element, notes: Notes) -> float | None:
    total = duration_attribute(root, "mediaPresentationDuration", notes)
    if total is not None and total > MAX_TIMELINE_S:
        raise limit_error("MPD@mediaPresentationDuration is too long", MAX_TIMELINE_S, path="/MPD")
    return total


def _spans(context: MpdContext, root: Element, total: float | None) -> tuple[list[PeriodSpan], float | None]:
    """Where the periods lie, and how long the presentation is as far as the MPD is right about that."""
    found, total = spans(context, root, total)
    if not found:
        raise ManifestError(ErrorCode.MANIFEST_SYNTAX, "The MPD has no period that can be presented.", path="/MPD")
    return found, total


def _periods(context: MpdContext, found: Sequence[PeriodSpan], bases: Sequence[BaseUrl]) -> tuple[Period, ...]:
    periods = tuple(read_period(context, span, position, bases) for position, span in enumerate(found))
    if context.refused and not any(track.renditions for period in periods for track in period.tracks):
        raise context.refused[0]
    return periods if context.dynamic else _with_known_end(periods)


def _with_known_end(periods: tuple[Period, ...]) -> tuple[Period, ...]:
    """The last period of a static MPD without a duration ends where its segments end."""
    last = periods[-1]
    if last.duration_s is not None:
        return periods
    indexes = [loaded_segments(rendition.segments) for track in last.tracks for rendition in track.renditions]
    end = max((index[-1].end_s for index in indexes if index), default=last.start_s)
    if end <= last.start_s:
        return periods
    return (*periods[:-1], replace(last, duration_s=end - last.start_s))


def _total(periods: tuple[Period, ...], declared: float | None, *, dynamic: bool) -> float | None:
    if declared is not None or dynamic:
        return declared
    return periods[-1].end_s


def _addresses(root: Element, name: str, url: str, notes: Notes) -> list[tuple[str, Element]]:
    """The addresses that the elements called ``name`` hold, each with its element."""
    found: list[tuple[str, Element]] = []
    for item in children(root, name):
        if text := text_of(item):
            found.append((resolve(url, text), item))
            notes.check_url(found[-1][0], url, line=line_of(item), path=f"/MPD/{name}")
    return found


def _extra(root: Element) -> dict[str, object]:
    """Details that only ``inspect`` shows."""
    extra: dict[str, object] = {}
    for name in ("id", "profiles", "minBufferTime", "maxSegmentDuration", "availabilityEndTime"):
        value = root.get(name)
        if value is not None:
            extra[name] = value
    program = child(root, "ProgramInformation")
    if program is not None:
        extra["program"] = {**dict(attributes(program)), **{local(item): text_of(item) for item in program}}
    preselections = [
        dict(item.attrib.items()) for period in children(root, "Period") for item in children(period, "Preselection")
    ]
    reporting = client_data_reporting(root)
    combinations = groups(root)
    if combinations:
        extra["initialization"] = combinations
    if reporting:
        extra["client_data_reporting"] = reporting
    if preselections:
        extra["preselections"] = preselections
    return extra
