"""Gets the manifest for ``matinee inspect``, and what belongs to it: playlists of a multivariant one, media indexes.

A local manifest's neighbours are read from its own folder and nowhere else; only a manifest that came over the
network leads to further requests.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from player.base.errors import ErrorCode, InputError, ManifestError, MatineeError, MediaError
from player.manifest import attach_index, attach_playlist, compare, index_ranges, parse, refresh, remote_links
from player.manifest.changes import Changes
from player.manifest.edit import iter_renditions
from player.manifest.limits import MAX_TEXT_BYTES
from player.manifest.model import (
    ByteRange,
    Container,
    IndexRef,
    ManifestWarning,
    PlaylistRef,
    Presentation,
    Rendition,
    Segment,
    TimedEvent,
    TrackType,
    init_of,
    loaded_segments,
)
from player.manifest.timed_events import identity, in_order
from player.manifest.urls import WEB_SCHEMES, folder_of, scheme_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from player.net.model import Transport

MAX_CHILDREN = 500
MAX_PROBES = 64
MAX_LOOKED_INTO = 200  # segments of a track whose events are looked for
WEBM_HEADER_BYTES = 64 * 1024

Fetched = tuple[bytes, str]  # the bytes, and the address after redirects
Wanted = tuple[str, ByteRange | None]
Read = Callable[[str, ByteRange | None], Fetched]
Connect = Callable[[], "Transport"]


class Unavailable(Exception):  # noqa: N818  (not an error of its own: it becomes a warning)
    """A playlist or index that is not available; ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def load(
    source: str, *, base: str | None, now_s: float, connect: Connect | None = None, looked_into: int = 0
) -> Presentation:
    """The presentation of a URL, a file, or standard input (``-``), with its children where they are available, and
    with the events in the first ``looked_into`` segments of each track."""
    if scheme_of(source) in WEB_SCHEMES:
        import asyncio

        return asyncio.run(_load_web(source, base, now_s, connect, looked_into))
    if source == "-":
        body = sys.stdin.buffer.read(MAX_TEXT_BYTES + 1)
        return _with_children(_whole(body, base or "", now_s, _nothing), _nothing)
    path = _path(source)
    url = base or path.resolve().as_uri()
    read = _neighbours(path, url)
    return _with_children(_whole(_read_file(path), url, now_s, read), read, looked_into)


def _whole(body: bytes, url: str, now_s: float, read: Read) -> Presentation:
    """The manifest with its remote elements (xlink:href) where these are available."""
    remotes: dict[str, bytes | None] = {}
    presentation = parse(body, url, now_s=now_s)
    while wanted := remote_links(presentation, remotes):
        for address in wanted:
            try:
                remotes[address] = read(address, None)[0]
            except Unavailable:
                remotes[address] = None
        presentation = parse(body, url, now_s=now_s, remotes=remotes)
    return presentation


def load_later(
    older: Presentation, source: str, *, base: str | None, now_s: float, connect: Connect | None = None
) -> Changes:
    """What changed from ``older`` to a later refresh; delta updates and MPD patches are understood."""
    if older.kind == "multivariant":
        return compare(older, load(source, base=base or older.url, now_s=now_s, connect=connect))
    if scheme_of(source) in WEB_SCHEMES:
        import asyncio

        body = asyncio.run(_body(source, connect))
    elif source == "-":
        body = sys.stdin.buffer.read(MAX_TEXT_BYTES + 1)
    else:
        body = _read_file(_path(source))
    return refresh(older, body, base or older.url, now_s)[1]


async def _body(source: str, connect: Connect | None) -> bytes:
    async with _web(connect) as read:
        return (await read(source, None))[0]


def _path(source: str) -> Path:
    if scheme_of(source) == "file":
        return Path(unquote(urlsplit(source).path))
    return Path(source)


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_TEXT_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise InputError(ErrorCode.INPUT_FILE, f"{path.name}: {reason}.") from None


def _nothing(_url: str, _range: ByteRange | None) -> Fetched:
    raise Unavailable("A manifest from standard input has no neighbours to load.")


def _neighbours(path: Path, url: str) -> Read:
    """Reads files of the manifest's own folder, by the URLs that they have beside it."""
    folder, prefix = path.resolve().parent, folder_of(url)

    def read(wanted: str, range_: ByteRange | None) -> Fetched:
        if not wanted.startswith(prefix):
            raise Unavailable("It is not in the manifest's own folder.")
        name = unquote(wanted[len(prefix) :].partition("#")[0].partition("?")[0])
        target = (folder / name).resolve()
        if not target.is_relative_to(folder) or not target.is_file():
            raise Unavailable(f"There is no file {name[:120]} beside the manifest.")
        with target.open("rb") as file:
            file.seek(range_.start if range_ else 0)
            length = range_.length if range_ else None
            return file.read(min(length or MAX_TEXT_BYTES, MAX_TEXT_BYTES)), wanted

    return read


# -- children ------------------------------------------------------------------------------------------------------


class ChildManifest:
    """A playlist or index that belongs to a rendition; ``pathway`` is set for a redundant variant's."""

    def __init__(self, rendition: Rendition, reference: PlaylistRef | IndexRef, pathway: str | None = None) -> None:
        self.rendition = rendition
        self.reference = reference
        self.pathway = pathway

    def requests(self) -> list[Wanted]:
        """What must be read: the playlist or index, and for WebM cues the beginning of the file."""
        if isinstance(self.reference, PlaylistRef):
            return [(self.reference.url, None)]
        wanted: list[Wanted] = [(self.reference.url, self.reference.byte_range)]
        if self.reference.container is Container.WEBM:
            init = self.reference.init
            start = init.byte_range if init and init.byte_range else ByteRange(0, WEBM_HEADER_BYTES)
            wanted.append((init.url if init else self.reference.url, start))
        return wanted

    def further(self, answers: Sequence[Fetched], pieces: Sequence[tuple[int, bytes]]) -> list[Wanted]:
        """What a hierarchical index still needs, after its first answers and the ``pieces`` that followed."""
        if isinstance(self.reference, PlaylistRef):
            return []
        return [(self.reference.url, part) for part in index_ranges(self.rendition, answers[0][0], pieces)]

    def put(
        self, presentation: Presentation, answers: Sequence[Fetched], pieces: Sequence[tuple[int, bytes]]
    ) -> Presentation:
        """``presentation`` with the child's segments."""
        body, url = answers[0]
        if isinstance(self.reference, PlaylistRef):
            return attach_playlist(presentation, self.rendition, body, url, pathway=self.pathway)
        header = answers[1][0] if len(answers) > 1 else b""
        return attach_index(presentation, self.rendition, body, header=header, more=pieces)


def _children(presentation: Presentation) -> list[ChildManifest]:
    children: list[ChildManifest] = []
    for _, _, rendition in iter_renditions(presentation):
        if isinstance(rendition.segments, PlaylistRef | IndexRef):
            children.append(ChildManifest(rendition, rendition.segments))
        children += [
            ChildManifest(rendition, location.segments, location.pathway)
            for location in rendition.locations
            if isinstance(location.segments, PlaylistRef)
        ]
    return children


def _with_children(presentation: Presentation, read: Read, looked_into: int = 0) -> Presentation:
    cache: dict[Wanted, Fetched | Unavailable] = {}

    def cached(wanted: Wanted) -> Fetched:
        if wanted not in cache:
            try:
                cache[wanted] = read(*wanted)
            except Unavailable as error:
                cache[wanted] = error
        found = cache[wanted]
        if isinstance(found, Unavailable):
            raise found
        return found

    presentation, children = _bounded(presentation)
    for child in children:
        try:
            answers, pieces = [cached(wanted) for wanted in child.requests()], list[tuple[int, bytes]]()
            while further := child.further(answers, pieces):
                pieces += [(part.start if part else 0, cached((url, part))[0]) for url, part in further]
            presentation = child.put(presentation, answers, pieces)
        except (Unavailable, ManifestError) as error:
            presentation = _warned(presentation, child, error.sentence)
    for rendition, request in _probes(presentation):
        with suppress(Unavailable):
            presentation = _put_facts(presentation, rendition, cached(request)[0])
    found: list[TimedEvent] = []
    for segment in _looked_into(presentation, looked_into):
        with suppress(Unavailable):
            init = None if segment.init is None else cached((segment.init.url, segment.init.byte_range))[0]
            found += _events(segment, read(segment.url, segment.byte_range)[0], init)
    return _with_events(presentation, found)


def _looked_into(presentation: Presentation, count: int) -> list[Segment]:
    """The first segments of each track that is video or sound, of its lowest rendition."""
    found: list[Segment] = []
    for _, track, rendition in iter_renditions(presentation):
        listed = loaded_segments(rendition.segments)
        if track.type in (TrackType.VIDEO, TrackType.AUDIO) and rendition is track.renditions[0] and listed:
            found += islice(listed, min(count, MAX_LOOKED_INTO))
    return found


def _events(segment: Segment, data: bytes, init: bytes | None) -> tuple[TimedEvent, ...]:
    from player.media.fmp4 import parse_init
    from player.media.timed_metadata import events_of
    from player.media.whole_segment import WholeSource

    try:
        facts = None if init is None else parse_init(init)
    except MediaError:
        facts = None
    return events_of(WholeSource(data), segment, facts)


def _with_events(presentation: Presentation, found: Sequence[TimedEvent]) -> Presentation:
    """``presentation`` with the events of its media, each once."""
    unlike = {identity(event): event for event in reversed(found)}
    return replace(presentation, media_events=in_order(unlike.values())) if found else presentation


def _probes(presentation: Presentation) -> list[tuple[str, Wanted]]:
    """The init segments to look into, to see what the media really are: the key of a rendition and the request."""
    found: list[tuple[str, Wanted]] = []
    for _, track, rendition in iter_renditions(presentation):
        init = init_of(rendition) if track.type in (TrackType.VIDEO, TrackType.AUDIO, TrackType.TEXT) else None
        if init is not None and len(found) < MAX_PROBES:
            found.append((_key(rendition), (init.url, init.byte_range)))
    return found


def _key(rendition: Rendition) -> str:
    return f"{rendition.place.path or ''}#{rendition.id}"


def _put_facts(presentation: Presentation, key: str, data: bytes) -> Presentation:
    """``presentation`` with what an init segment says; as it is where the bytes are none."""
    from player.tracks.codec_probe import facts_of, with_facts

    rendition = next((item for _, _, item in iter_renditions(presentation) if _key(item) == key), None)
    if rendition is None:
        return presentation
    try:
        return with_facts(presentation, rendition, facts_of(data))
    except MediaError:
        return presentation


def _bounded(presentation: Presentation) -> tuple[Presentation, list[ChildManifest]]:
    """The children to load; a warning tells of those past the bound."""
    children = _children(presentation)
    more = len(children) - MAX_CHILDREN
    if more <= 0:
        return presentation, children
    warning = ManifestWarning("many_children", f"{more} further playlists or indexes are not loaded.")
    return replace(presentation, warnings=(*presentation.warnings, warning)), children[:MAX_CHILDREN]


def _warned(presentation: Presentation, child: ChildManifest, sentence: str) -> Presentation:
    what = "playlist" if isinstance(child.reference, PlaylistRef) else "index"
    warning = ManifestWarning(
        "child_not_loaded",
        f"The {what} of rendition {child.rendition.id} is not loaded: {sentence}",
        child.rendition.place,
    )
    return replace(presentation, warnings=(*presentation.warnings, warning))


# -- the network ---------------------------------------------------------------------------------------------------

AsyncRead = Callable[[str, ByteRange | None], Awaitable[Fetched]]


async def _load_web(
    source: str, base: str | None, now_s: float, connect: Connect | None, looked_into: int
) -> Presentation:
    async with _web(connect) as read:
        body, url = await read(source, None)
        presentation = await _whole_web(body, base or url, now_s, read)
        presentation, children = _bounded(presentation)
        wanted = {request for child in children for request in child.requests()}
        answers = await _read_all(read, wanted)
        for child in children:
            try:
                own, pieces = [_answer(answers[request]) for request in child.requests()], list[tuple[int, bytes]]()
                while further := child.further(own, pieces):
                    found = await _read_all(read, further)
                    pieces += [(part.start if part else 0, _answer(found[url, part])[0]) for url, part in further]
                presentation = child.put(presentation, own, pieces)
            except MatineeError as error:
                presentation = _warned(presentation, child, error.sentence)
        requests = _probes(presentation)
        inits = await _read_all(read, {request for _, request in requests})
        for rendition, request in requests:
            answer = inits[request]
            if not isinstance(answer, MatineeError):
                presentation = _put_facts(presentation, rendition, answer[0])
        segments = _looked_into(presentation, looked_into)
        initial = {(segment.init.url, segment.init.byte_range) for segment in segments if segment.init is not None}
        media = await _read_all(read, {(segment.url, segment.byte_range) for segment in segments} | initial)
        events: list[TimedEvent] = []
        for segment in segments:
            answer = media[segment.url, segment.byte_range]
            init = None if segment.init is None else media[segment.init.url, segment.init.byte_range]
            if not isinstance(answer, MatineeError) and not isinstance(init, MatineeError):
                events += _events(segment, answer[0], None if init is None else init[0])
        return _with_events(presentation, events)


async def _whole_web(body: bytes, url: str, now_s: float, read: AsyncRead) -> Presentation:
    """As :func:`_whole`, over the network."""
    remotes: dict[str, bytes | None] = {}
    presentation = parse(body, url, now_s=now_s)
    while wanted := remote_links(presentation, remotes):
        found = await _read_all(read, [(address, None) for address in wanted])
        for (address, _), answer in found.items():
            remotes[address] = None if isinstance(answer, MatineeError) else answer[0]
        presentation = parse(body, url, now_s=now_s, remotes=remotes)
    return presentation


def _answer(found: Fetched | MatineeError) -> Fetched:
    if isinstance(found, MatineeError):
        raise found
    return found


async def _read_all(read: AsyncRead, wanted: Iterable[Wanted]) -> dict[Wanted, Fetched | MatineeError]:
    """All answers; a request that fails is answered by its error. The gate bounds how many run at once."""
    import asyncio

    async def one(url: str, range_: ByteRange | None) -> Fetched | MatineeError:
        try:
            return await read(url, range_)
        except MatineeError as error:
            return error

    requests = list(wanted)
    found = await asyncio.gather(*(one(url, range_) for url, range_ in requests))
    return dict(zip(requests, found, strict=True))


def _web(connect: Connect | None) -> AbstractAsyncContextManager[AsyncRead]:
    """A reader on the network gate; httpx is imported only here."""
    from player.base.clock import SystemClock
    from player.net.gate import Gate
    from player.net.http import HttpTransport
    from player.net.model import Request, RequestKind

    @asynccontextmanager
    async def opened() -> AsyncIterator[AsyncRead]:
        gate = Gate(HttpTransport() if connect is None else connect(), SystemClock())
        first = ""

        async def read(url: str, range_: ByteRange | None) -> Fetched:
            nonlocal first
            first = first or url
            kind = RequestKind.MANIFEST if range_ is None else RequestKind.INDEX
            response = await gate.fetch(Request(kind, url, byte_range=range_, initiator=first))
            return response.body, response.url

        try:
            yield read
        finally:
            await gate.close()

    return opened()
