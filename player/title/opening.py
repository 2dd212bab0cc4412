"""From what a viewer asked for to a parsed presentation: the play session, the manifest and the loader behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from drm_client.keys import ContentKey
from player.base.clock import Clock
from player.base.errors import ANY_ERROR, ErrorCode, InputError, ManifestError, MatineeError, ServiceError, unexpected
from player.licensing.licences import LicenceOffer
from player.manifest import attach_playlist, parse, remote_links, with_mirrors
from player.manifest.edit import iter_renditions
from player.manifest.model import PlaylistRef, Presentation, Rendition, Segment, init_of
from player.manifest.sniff import decode, sniff
from player.manifest.urls import split_url
from player.manifest.values import ByteRange
from player.media import ts
from player.net.model import RequestKind
from player.reporting.events import Note, Observer, PhaseReached
from player.reporting.state import NO_FACTS, NextEpisode, PlaybackFailure, TitleFacts
from player.resume.merge import Resume
from player.resume.sync import ResumeSync
from player.service.client import ServiceClient
from player.service.model import PlaySession
from player.title.media_file import MediaFile, is_media_address, is_media_name
from player.tracks.codec_probe import facts_of, start_of, wanted, with_facts, with_kind
from player.tracks.selection import select
from player.transfer import cut_playlists
from player.transfer.loader import Loader, LoadResult, Resource
from player.transfer.pathways import Pathways

ENCRYPTED = "encrypted"
LIVE = "live"
"""The variant of a title that is a channel: there is no place in it to come back to."""
_MOST_PROBES = 8
_PROBE_TIMEOUT_S = 5.0
_MOST_FALLBACKS = 4
_SNIFFED = 4096
_MANIFEST_SUFFIXES = frozenset({".m3u8", ".m3u", ".mpd"})
_REMOTE_TIMEOUT_S = 10.0  # an advertising server that is slow must not keep the film from starting


@dataclass(frozen=True, slots=True)
class PlaybackSource:
    """What to play, in one of five forms.

    - ``url``: the address of a manifest.
    - ``title_id``: a title of the service. Beside ``kept`` it says which title that is.
    - ``kept``: a presentation that exists already, such as a download, whose addresses lead to this machine.
    - ``manifests``: the addresses of one manifest by CDN, the preferred one first.
    - ``media``: a media file that libmpv opens itself. ``subtitles`` are files that are shown with it, the last one
      at first.

    ``variant`` is the form of a title: encrypted, clear or live. Empty means what the title has, encrypted if
    possible. ``keys`` are (key ID, key) pairs for material whose keys are known. ``kept_keys`` reads those of a
    download, on a worker thread and again for each playback (raises DownloadError). ``licence_url`` is a ClearKey
    server, ``licence_id`` a licence that is kept on this device. ``folder`` holds the local manifest at ``url`` and
    all its media: ``file:`` addresses are loaded from in there only, and without it not at all. A live programme
    begins at the date ``begin_at`` (seconds since 1970, by the source's clock), as far back as it goes.
    """

    url: str = field(default="", repr=False)
    title_id: str = ""
    name: str = ""
    variant: str = ENCRYPTED
    keys: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    kept_keys: Callable[[], tuple[ContentKey, ...]] = field(default=tuple, repr=False, compare=False)
    licence_url: str | None = field(default=None, repr=False)
    kept: Presentation | None = field(default=None, repr=False)
    licence_id: str | None = None
    manifests: Mapping[str, str] = field(default_factory=dict, repr=False)
    facts: TitleFacts = NO_FACTS  # of what is kept
    cdns: tuple[str, ...] = ()  # no others than these, in this order; empty: as the service and the manifest say
    folder: Path | None = field(default=None, repr=False)
    media: MediaFile | None = None
    subtitles: tuple[Path, ...] = ()
    begin_at: float | None = None

    @classmethod
    def of_file(cls, path: Path) -> PlaybackSource:
        """A manifest or a media file on this machine, which the viewer chose. Looks where links lead. Raises
        InputError where it cannot be read."""
        path = path.resolve()
        if is_manifest_file(path):
            return cls(url=path.as_uri(), folder=path.parent)
        media = MediaFile(path)
        return cls(media=media, name=media.stem)

    @classmethod
    def of_address(cls, url: str) -> PlaybackSource:
        """A manifest or a media file of a web server."""
        if is_media_address(url):
            file = MediaFile(url=url)
            return cls(media=file, name=file.stem)
        return cls(url=url)

    @property
    def is_address(self) -> bool:
        """Whether it is a manifest that may lead on to others; a title of the service is what the service says."""
        return bool(self.url or self.manifests)

    def __post_init__(self) -> None:
        title = None if self.kept else self.title_id
        if sum(map(bool, (self.url, title, self.kept, self.manifests, self.media))) != 1:
            raise InputError(ErrorCode.INPUT_USAGE, "Name either an address or a title.")
        try:
            urlsplit(self.url)
        except ValueError:
            raise InputError(ErrorCode.INPUT_USAGE, "This address cannot be read.") from None

    @property
    def shown_name(self) -> str:
        """A name for people, without anything secret."""
        if self.name:
            return self.name
        if self.media is not None:
            return self.media.stem
        return self.title_id or (
            urlsplit(self.url).path.rsplit("/", 1)[-1] or urlsplit(self.url).hostname or "Stream"
        )


def is_manifest_file(path: Path) -> bool:
    """Whether a local file holds a manifest and is called like one. A manifest under the name of a film is none: who
    opens a film expects that nothing else is opened. Raises InputError where it cannot be read."""
    if is_media_name(path.name):
        return False
    try:
        with path.open("rb") as file:
            head = file.read(_SNIFFED)
    except OSError as error:
        raise InputError(ErrorCode.INPUT_FILE, f"{path.name}: {error.strerror or 'it cannot be read'}.") from error
    try:
        sniff(decode(head))
    except ManifestError as error:
        return path.suffix.casefold() in _MANIFEST_SUFFIXES or error.code is ErrorCode.MANIFEST_UNSUPPORTED
    return True


@dataclass(frozen=True, slots=True)
class TitleAddresses:
    """Where the manifest is: an address for each pathway, the preferred one first, and what came with them."""

    manifests: Mapping[str, str] = field(repr=False)
    offer: LicenceOffer | None = None
    resume_s: float = 0.0
    name: str = ""
    facts: TitleFacts = NO_FACTS
    presentation: Presentation | None = field(default=None, repr=False)  # nothing is to be loaded
    cdns: tuple[str, ...] = ()  # those that the viewer wants, see PlaybackSource
    session_id: str = field(default="", repr=False)  # of the play session that gave them


DeviceId = Callable[[], Awaitable[str | None]]
"""Gives the id under which the service knows this device."""


async def addresses_of(
    source: PlaybackSource,
    service: ServiceClient | None,
    device_id: DeviceId | None,
    resume: ResumeSync | None = None,
    *,
    ahead: bool = False,
) -> TitleAddresses:
    """The manifest's addresses; asks the service for a play session where the source is a title. ``resume`` knows of
    positions that the service does not have yet. ``ahead``: the title may be played soon, and does not play yet.

    Raises ServiceError, NetError or InputError.
    """
    if source.kept is not None:
        url = source.kept.url
        offer = None if source.licence_id is None else LicenceOffer(kept_id=source.licence_id)
        kept = source.kept
        return TitleAddresses(
            {pathway_of(url): url}, offer, name=source.shown_name, facts=source.facts, presentation=kept
        )
    if source.manifests:
        return TitleAddresses(_wanted_first(source.manifests, source.cdns), name=source.name, cdns=source.cdns)
    if source.url:
        offer = None if source.licence_url is None else LicenceOffer(source.licence_url)
        return TitleAddresses({pathway_of(source.url): source.url}, offer, name=source.shown_name, cdns=source.cdns)
    if service is None:
        raise InputError(ErrorCode.INPUT_USAGE, "To play a title by its name, name the service too (--service).")
    device = None if device_id is None else await device_id()
    session = await play_session(source, service, device, ahead=ahead)
    place = Resume(session.resume_s) if resume is None else await resume.resume_of(session)
    found = _from_session(session, place)
    return replace(found, manifests=_wanted_first(found.manifests, source.cdns), cdns=source.cdns)


async def play_session(
    source: PlaybackSource, service: ServiceClient, device_id: str | None, *, ahead: bool = False
) -> PlaySession:
    """Start a play session of the title of ``source``. Where no variant is named, only a title that has none
    encrypted costs further requests. Raises ServiceError or NetError."""
    try:
        return await service.play(source.title_id, device_id, source.variant or ENCRYPTED, ahead=ahead)
    except ServiceError as error:
        if source.variant or error.fields.get("problem") != "variant_not_found":
            raise
        others = [variant for variant in (await service.title(source.title_id)).variants if variant != ENCRYPTED]
        if not others:
            raise
    return await service.play(source.title_id, device_id, others[0], ahead=ahead)


def _wanted_first(manifests: Mapping[str, str], cdns: Sequence[str]) -> Mapping[str, str]:
    """The manifests with those on the CDNs that are wanted first: they are all needed to know what mirrors what."""
    return {name: manifests[name] for name in cdns if name in manifests} | dict(manifests)


def offer_of(session: PlaySession) -> LicenceOffer | None:
    """Where the licence of a play session is fetched; None for a clear title."""
    licence = session.licence
    if licence is None:
        return None
    return LicenceOffer(
        url=licence.url,
        system=licence.system,
        session_id=session.session_id,
        kids=licence.kids,
        title_id=session.title.id,
        signed_url=licence.signed_url,
    )


def _from_session(session: PlaySession, place: Resume) -> TitleAddresses:
    addresses = ((manifest.pathway, manifest.dash or manifest.hls) for manifest in session.manifests)
    manifests = {pathway: url for pathway, url in addresses if url is not None}
    return TitleAddresses(
        manifests,
        offer_of(session),
        place.position_s,
        session.title.title,
        facts_of_title(session),
        session_id=session.session_id,
    )


def facts_of_title(session: PlaySession) -> TitleFacts:
    """What a play session tells of its title, and of the one after it."""
    title, following = session.title, session.next_episode
    after = None
    if following is not None and following.episode is not None:
        place = following.episode
        after = NextEpisode(following.id, following.title, (place.season, place.number), following.poster_url)
    return TitleFacts(
        intro=title.markers.intro,
        credits_s=title.markers.credits_s,
        series=title.episode.series_title if title.episode else "",
        place=(title.episode.season, title.episode.number) if title.episode else None,
        next_episode=after,
        poster_url=title.poster_url,
    )


def pathway_of(url: str) -> str:
    """What a CDN is called when nobody named it: its host and port."""
    return (split_url(url)[1] or "").rpartition("@")[2] or "file"


async def with_remotes(body: bytes, url: str, wall_s: float, loader: Loader) -> Presentation:
    """The manifest with its remote elements (xlink:href) and the MPDs that it imports or leads on to. One that is
    not available is left as it is."""
    remotes: dict[str, bytes | None] = {}
    presentation = parse(body, url, now_s=wall_s)
    while wanted := remote_links(presentation, remotes):
        remotes |= await load_remotes(wanted, loader)
        presentation = parse(body, url, now_s=wall_s, remotes=remotes)
    return presentation


async def load_remotes(addresses: Iterable[str], loader: Loader) -> dict[str, bytes | None]:
    """What is at each address; None where that is not available in time."""
    found: dict[str, bytes | None] = {}
    for address in addresses:
        resource = Resource(RequestKind.MANIFEST, {pathway_of(address): address})
        try:
            async with asyncio.timeout(_REMOTE_TIMEOUT_S):
                found[address] = await loader.load_bytes(resource)
        except (MatineeError, TimeoutError):
            found[address] = None
    return found


async def with_fallback(
    presentation: Presentation, body: bytes, wall_s: float, loader: Loader
) -> tuple[Presentation, bytes]:
    """Return ``presentation`` and its text. If nothing of it can be played, return the first of its fallbacks
    (ISO/IEC 23009-1 5.11.3) that can be played. If none can, return the original, whose error explains why."""
    tried, own = {presentation.url}, body
    waiting = list(presentation.fallbacks) if not _is_playable(presentation) else []
    while waiting and len(tried) <= _MOST_FALLBACKS:
        url = waiting.pop(0)
        if url in tried:
            continue
        tried.add(url)
        try:
            body, result = await loader.load_whole(Resource(RequestKind.MANIFEST, {pathway_of(url): url}))
            other = await with_remotes(body, result.url, wall_s, loader)
        except MatineeError:
            continue
        if _is_playable(other):
            return replace(other, locations=other.locations or (other.url,)), other.resolved.encode() or body
        waiting += other.fallbacks
    return presentation, presentation.resolved.encode() or own


def _is_playable(presentation: Presentation) -> bool:
    try:
        select(presentation)
    except MatineeError:
        return False
    return True


async def _with_known_codecs(presentation: Presentation, loader: Loader) -> Presentation:
    """The presentation with what the media say where the manifest names no codecs: a rung that cannot be decoded must
    not be chosen, and Auto must not cross codec families. What cannot be found out is left to the playback."""
    for rendition in wanted(presentation)[:_MOST_PROBES]:
        try:
            async with asyncio.timeout(_PROBE_TIMEOUT_S):
                presentation = await _probed(presentation, rendition, loader)
        except (MatineeError, TimeoutError):
            continue
    return presentation


async def _probed(presentation: Presentation, rendition: Rendition, loader: Loader) -> Presentation:
    if isinstance(rendition.segments, PlaylistRef):
        url = rendition.segments.url
        body, result = await loader.load_whole(Resource(RequestKind.MANIFEST, {pathway_of(url): url}))
        presentation = attach_playlist(presentation, rendition, body, result.url)
        found = (item for _, _, item in iter_renditions(presentation) if item.id == rendition.id)
        rendition = next(found, rendition)
    init = init_of(rendition)
    if init is None:
        start = start_of(rendition)
        return presentation if start is None else await _with_start(presentation, rendition, start, loader)
    resource = Resource(RequestKind.INIT, {pathway_of(init.url): init.url}, byte_range=init.byte_range)
    return with_facts(presentation, rendition, facts_of(await loader.load_bytes(resource)))


async def _with_start(
    presentation: Presentation, rendition: Rendition, segment: Segment, loader: Loader
) -> Presentation:
    whole = segment.byte_range or ByteRange(0)
    length = ts.START_BYTES if whole.length is None else min(ts.START_BYTES, whole.length)
    resource = Resource(
        RequestKind.SEGMENT, {pathway_of(segment.url): segment.url}, byte_range=ByteRange(whole.start, length)
    )
    return with_kind(presentation, rendition, await loader.load_bytes(resource))


async def load_presentation(
    addresses: TitleAddresses, loader: Loader, paths: Pathways, clock: Clock, observe: Observer
) -> Presentation:
    """Load and parse the manifest, and tell ``paths`` of every CDN that it names.

    Raises NetError, ManifestError or MediaError.
    """
    if addresses.presentation is not None:
        observe(PhaseReached(clock.monotonic(), "manifest"))
        return addresses.presentation

    async def read(body: bytes, result: LoadResult) -> tuple[Presentation, LoadResult]:
        presentation = await with_remotes(body, result.url, clock.wall(), loader)
        return (await with_fallback(presentation, body, clock.wall(), loader))[0], result

    def is_cut_off(found: tuple[Presentation, LoadResult]) -> bool:
        playlists = (item.playlist for _, _, item in iter_renditions(found[0]))
        return any(playlist is not None and playlist.is_cut_off for playlist in playlists)

    def told(sentence: str) -> None:
        observe(Note(clock.monotonic(), cut_playlists.KIND, sentence))

    resource = Resource(RequestKind.MANIFEST, addresses.manifests)
    presentation, result = await cut_playlists.load_uncut(loader, resource, read, is_cut_off, told)
    presentation = await _with_known_codecs(presentation, loader)
    if len(addresses.manifests) > 1:
        first = [(result.pathway, result.url)]
        others = [(name, url) for name, url in addresses.manifests.items() if name != result.pathway]
        presentation = with_mirrors(presentation, [*first, *others])
    media = _media_pathways(presentation, result.pathway)
    if media and result.pathway not in media:
        paths.start_over(_chosen(media, addresses.cdns))  # the manifest came from a server of its own
    else:
        named = list(dict.fromkeys((*addresses.manifests, result.pathway, *media)))
        paths.set_order(_chosen(named, addresses.cdns), clock.monotonic())
    observe(PhaseReached(clock.monotonic(), "manifest"))
    return presentation


def _chosen(named: list[str], cdns: Sequence[str]) -> list[str]:
    """The CDNs that are wanted of those that there are. Raises InputError where there is none of them."""
    found = [name for name in cdns if name in named]
    if cdns and not found:
        raise InputError(ErrorCode.INPUT_USAGE, f"No CDN is called {cdns[0]}; there are {', '.join(named)}.")
    return found or named


def _media_pathways(presentation: Presentation, used: str) -> list[str]:
    """The pathways that the manifest names, in its own order; "." is HLS's name for the one it came from."""
    named = {
        used if location.pathway == "." else location.pathway: None
        for period in presentation.periods
        for track in period.tracks
        for rendition in track.renditions
        for location in rendition.locations
    }
    return list(named)


def begin_at(start_s: float, end_s: float, *, asked_for: bool) -> float:
    """Where playback begins in a title that ends at ``end_s``.

    A remembered position past the end (the title has changed) means the start. Raises InputError when the
    viewer asked for a place that the title does not have.
    """
    if start_s < end_s:
        return start_s
    if asked_for:
        raise InputError(
            ErrorCode.INPUT_USAGE, f"This title is {end_s:.0f} s long; it cannot begin at {start_s:.0f} s."
        )
    return 0.0


def failure_of(error: BaseException) -> PlaybackFailure:
    """Anything that ended a playback, as the viewer is told of it."""
    return PlaybackFailure.of(error if isinstance(error, ANY_ERROR) else unexpected())
