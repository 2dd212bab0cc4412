"""From one phase of a playback to the next: asks, loads, chooses, and puts the parts together. Runs on the engine's
loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from typing import Any

from player.base.errors import ErrorCode, MatineeError, MediaError
from player.manifest.model import Presentation, Segment, TimedEvent
from player.manifest.timed_events import timed_events
from player.mpv.control import MpvControl
from player.mpv.outputs import LOW_LATENCY
from player.net.model import RequestKind
from player.playback.live import LiveActions, LiveParts, LivePlayback
from player.playback.on_demand import RecordedPlayback
from player.playback.parts import PendingStream, PlaybackParts
from player.playback.phases import Loaded, Opening, Playing, Ready, Requested
from player.playback.previews import Previews
from player.playback.progress import PlaybackProgress
from player.playback.quality_control import rate_control
from player.playback.reload import Reloads
from player.playback.steering import steering_of
from player.playback.subtitles import SubtitleTracks
from player.playback.track_switching import TrackSwitch
from player.playback.translation import note_of
from player.reporting.events import MediaBroken, Note, TimedEventsSeen
from player.stream.fetching import SegmentFetcher
from player.stream.shared import StreamingParts
from player.stream.sources import Sources, WholeKeys
from player.stream.store import SegmentStore
from player.stream.streaming import Streaming
from player.title.opening import TitleAddresses, addresses_of, begin_at, load_presentation, pathway_of
from player.title.renewal import renewal_of
from player.tracks.menus import form_of, rung_choices, unsupported_rungs
from player.tracks.selection import Selection, select
from player.tracks.series import series_of_title
from player.transfer.cut_playlists import KIND as CUT_PLAYLIST
from player.transfer.loader import LoadEvent
from player.transfer.retry import retry

OnProperty = Callable[[str, Any], None]
OnEvent = Callable[[str, Mapping[str, Any]], None]
"""Listeners of libmpv's properties and events."""


async def open_title(requested: Requested, on_property: OnProperty, on_event: OnEvent) -> Opening:
    """Find the title's addresses, and make what loads it. libmpv opens its file at once, which takes a while.

    Raises ServiceError, NetError, InputError or MediaError.
    """
    parts = requested.parts
    services, settings, source = parts.services, parts.settings, parts.source
    addresses = services.prepared or await _addresses(parts)
    services.learning.watch(series_of_title(addresses.facts.series))
    if not addresses.manifests:
        raise MediaError(ErrorCode.MEDIA_NO_TRACKS, "The service names no place to play this title from.")
    for kid, key in source.keys:
        parts.keys.add(kid, key)
    parts.keys.update(await asyncio.to_thread(source.kept_keys))
    parts.paths.start_over(tuple(addresses.manifests))
    renewal = renewal_of(source, services.service, services.device_id, addresses.session_id)
    ended = partial(parts.tasks.call_soon, parts.ending.fail)
    control = MpvControl(parts.player, on_property, on_event)
    stream = PendingStream(parts.waiting)
    opening = Opening(
        parts,
        addresses,
        loader=services.loader(
            parts.paths,
            renewal,
            settings.seed,
            lambda: parts.commands.buffer_s,
            partial(_note, parts),
            lambda: parts.controls.paused,
        ),
        licences=services.playback_licences(parts.keys, addresses.offer, renewal, parts.observe, ended),
        heartbeats=services.heartbeats(renewal, lambda: parts.monitor.position, ended),
        control=control,
        reloads=Reloads(control, parts.monitor, parts.clock, parts.observe),
        stream=stream,
        url=parts.player.offer(stream.open),
    )
    opening.licences.prefetch()
    control.post(parts.player.load, opening.url, opening.start_s if opening.start_s > 0 else None)
    return opening


async def load(opening: Opening) -> Loaded:
    """Load the manifest and choose what is played of it. Raises NetError, ManifestError, MediaError or DrmError."""
    parts, services = opening.parts, opening.parts.services
    asked_s = parts.clock.monotonic() if opening.addresses.presentation is None else None
    presentation = await load_presentation(opening.addresses, opening.loader, parts.paths, parts.clock, parts.observe)
    if parts.source.is_address:
        parts.ending.fallbacks = presentation.fallbacks + parts.ending.fallbacks
    await opening.licences.admit(presentation)
    steering = await steering_of(
        presentation,
        parts.paths,
        services.gate,
        parts.clock,
        lambda: parts.throughput.mean_bps(parts.clock.monotonic()),
        parts.observe,
        parts.settings.seed,
    )
    if steering is not None:
        parts.tasks.spawn(steering.run)
    selection = _choose(parts, presentation)
    pathway = parts.paths.current or pathway_of(presentation.url)
    sources = Sources(
        presentation,
        opening.loader,
        parts.keys,
        opening.licences.ensure,
        WholeKeys(opening.loader),
        default_pathway=pathway,
    )
    seen = partial(_events_seen, parts)
    seen(timed_events(presentation))
    sources.on_events = seen
    sources.on_cut = lambda sentence: parts.observe(Note(parts.clock.monotonic(), CUT_PLAYLIST, sentence))
    streaming = _streaming(opening, selection, sources)
    subtitles = SubtitleTracks(
        selection,
        sources,
        streaming.media_offset,
        lambda: parts.playhead.position_s,
        partial(_lose_subtitles, parts),
        partial(_period_end_s, streaming),
    )
    loaded = Loaded(
        **vars(opening),
        presentation=presentation,
        selection=selection,
        sources=sources,
        streaming=streaming,
        tracks=TrackSwitch(parts, selection, streaming, subtitles, opening.control),
        previews=Previews(
            presentation, sources, opening.loader, pathway, parts.monitor, services.learning.preferences
        ),
        asked_s=asked_s,
    )
    loaded.aim_at(parts.controls.rung)
    _publish_choices(loaded)
    parts.tasks.spawn(loaded.tracks.follow)
    return loaded


def _events_seen(parts: PlaybackParts, events: tuple[TimedEvent, ...]) -> None:
    if events:
        parts.observe(TimedEventsSeen(parts.clock.monotonic(), events))


async def find_segments(loaded: Loaded) -> Ready:
    """Load what lists the first segments, and see whether the title is live.

    Raises NetError, MediaError or ManifestError.
    """
    await loaded.streaming.find_segments()
    is_live = loaded.presentation.live or loaded.sources.live_playlists
    title = _live(loaded) if is_live else RecordedPlayback(loaded.presentation.following)
    progress = PlaybackProgress(loaded.parts, loaded.streaming, loaded.licences, loaded.reloads, title)
    return Ready(**vars(loaded), title=title, progress=progress)


async def prepare(ready: Ready) -> Playing:
    """Fetch what playback begins with, and let libmpv read it. Raises NetError, ManifestError, MediaError, DrmError
    or InputError."""
    parts, settings = ready.parts, ready.parts.settings
    if isinstance(ready.title, LivePlayback):
        begin_s = await ready.title.begin(settings.live_start_s, parts.source.begin_at)
        options = {"start": f"{begin_s:.6f}", **(LOW_LATENCY if ready.title.low_latency else {})}
        await _set_for_file(ready, options)
    else:
        begin_s = _recorded_begin_s(ready)
    parts.observe.add(ready.progress.event)
    if settings.play_for_s is not None:
        await _end_at(ready, begin_s + settings.play_for_s)
    await ready.streaming.prepare(begin_s)
    if isinstance(ready.title, LivePlayback):
        await ready.title.enough(begin_s)
    ready.stream.provide(ready.streaming.open)
    return Playing(**vars(ready))


async def _end_at(ready: Ready, end_s: float) -> None:
    """Have libmpv itself end there: at its fastest it plays seconds between two looks."""
    ready.progress.stop_at_s = ready.reloads.end_s = end_s
    await _set_for_file(ready, {"end": f"{end_s:.6f}"})


async def _set_for_file(ready: Ready, options: Mapping[str, str]) -> None:
    await ready.stream.asked()
    for name, value in options.items():
        await ready.control.run(ready.parts.player.set, f"file-local-options/{name}", value)


def _period_end_s(streaming: Streaming, period: int) -> float:
    """By the timeline of that moment."""
    return streaming.timeline.period_end_s(period)


def _lose_subtitles(parts: PlaybackParts, segment: Segment, error: MatineeError) -> None:
    """A segment of the subtitles is not available."""
    now_s, place = parts.clock.monotonic(), (segment.start_s, segment.end_s, segment.number)
    parts.observe(MediaBroken(now_s, "lost", "subtitles", *place, "", str(error.code), ""))


def begin(parts: PlaybackParts, control: MpvControl) -> None:
    """Catch up with what the viewer did meanwhile."""
    for name in ("pause", "volume", "mute", "speed"):
        parts.monitor.handle_property(name, parts.player.latest(name))
    parts.controls.attach(control)


async def _addresses(parts: PlaybackParts) -> TitleAddresses:
    services, rng = parts.services, Random(parts.settings.seed)
    ask = partial(addresses_of, parts.source, services.service, services.device_id, services.resume)
    return await retry(RequestKind.API, ask, parts.clock, rng, report=partial(_note, parts))


def _note(parts: PlaybackParts, event: LoadEvent) -> None:
    parts.observe(note_of(event))


def _choose(parts: PlaybackParts, presentation: Presentation) -> Selection:
    decoders = parts.settings.limits.decoders(parts.player.decoders())
    return select(presentation, parts.services.learning.preferences, decoders)


def _streaming(opening: Opening, selection: Selection, sources: Sources) -> Streaming:
    parts = opening.parts
    rate = rate_control(selection, parts.settings, parts.throughput.estimate, parts.controls.rung)
    store = SegmentStore(parts.settings.memory_bytes)
    return Streaming(
        selection,
        StreamingParts(
            sources,
            SegmentFetcher(opening.loader, sources, store, parts.waiting),
            store,
            parts.waiting,
            rate,
            parts.playhead,
            parts.clock,
            parts.observe,
            parts.services.look,
        ),
        partial(parts.tasks.call_soon, parts.ending.fail_after_buffer),
        opening.reloads.change,
    )


def _publish_choices(loaded: Loaded) -> None:
    parts, addresses, selection = loaded.parts, loaded.addresses, loaded.selection
    parts.monitor.update(
        title=addresses.name or parts.monitor.state.title,
        facts=addresses.facts,
        form=form_of(loaded.presentation, selection),
        rungs=rung_choices(selection.main),
        rungs_unsupported=unsupported_rungs(selection),
        rung_manual=parts.controls.rung,
    )
    loaded.tracks.publish()


def _live(loaded: Loaded) -> LivePlayback:
    parts = loaded.parts
    return LivePlayback(
        loaded.presentation,
        partial(_choose, parts),
        LiveParts(
            loaded.sources,
            loaded.streaming,
            loaded.loader,
            parts.monitor,
            parts.observe,
            loaded.addresses.manifests,
            loaded.asked_s,
        ),
        parts.services,
        LiveActions(
            parts.commands.seek, partial(parts.controls.set, "speed"), parts.ending.fail, loaded.tracks.select
        ),
    )


def _recorded_begin_s(ready: Ready) -> float:
    parts, end_s = ready.parts, ready.streaming.timeline.end_s
    begin_s = begin_at(ready.start_s, end_s, asked_for=parts.settings.start_s is not None)
    if begin_s != ready.start_s and parts.controls.early_seek_s is None:
        parts.controls.early_seek_s = begin_s  # libmpv has been told another place
    parts.monitor.update(duration_s=end_s)
    return begin_s
