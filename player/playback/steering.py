"""Content steering at run time (RFC 8216bis 7, ETSI TS 103 998): asks the steering server which CDN is preferred.

A steering server that fails is harmless: playback goes on with the order it has. What is asked, how long an answer
holds and what it means are pure functions; :class:`SteeringClient` asks at the right times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from random import Random
from urllib.parse import parse_qsl, urlencode

from drm_client.errors import DrmError
from player.base.clock import Clock
from player.base.errors import ErrorCode, ManifestError, MatineeError, NetError
from player.manifest import model
from player.manifest.edit import iter_renditions
from player.manifest.hls.pathways import DEFAULT_PATHWAY
from player.manifest.model import ManifestProtocol
from player.manifest.steering import DEFAULT_TTL_S, MAX_CLONES, SteeringManifest, parse_steering, resolved
from player.manifest.urls import split_url, unsplit_url
from player.net.gate import Gate
from player.net.model import Request, RequestKind
from player.reporting.events import Note, Observer
from player.title.opening import pathway_of
from player.transfer.pathways import Pathways
from player.transfer.recovery import retry_after_s
from player.transfer.retry import retry

SHORTEST_TTL_S = 1.0  # a server that wants to be asked more often is not listened to
_BEFORE_START_S = 2.0  # an answer that must come before the start is waited for no longer
_PLAYLISTS = frozenset({RequestKind.MANIFEST})


def steering_url(url: str, protocol: ManifestProtocol, pathway: str, throughput_bps: float | None) -> str:
    """``url`` with what the server may know of this client: its pathway, and its throughput in bit/s where known.

    HLS: ``_HLS_pathway``, ``_HLS_throughput`` (RFC 8216bis 7.1). DASH: ``_DASH_pathway`` in double quotes,
    ``_DASH_throughput`` (TS 103 998). They describe service locations, so neither is sent if ``pathway`` is empty.
    Other parameters stay. A ``data:`` address is its own answer.
    """
    if url.startswith("data:"):
        return url
    scheme, authority, path, query, _ = split_url(url)
    prefix = "_HLS_" if protocol is ManifestProtocol.HLS else "_DASH_"
    quote = "" if protocol is ManifestProtocol.HLS else '"'
    ours = {f"{prefix}pathway": f"{quote}{pathway}{quote}"} if pathway else {}
    if throughput_bps is not None and throughput_bps > 0 and (pathway or protocol is ManifestProtocol.HLS):
        ours[f"{prefix}throughput"] = str(round(throughput_bps))
    kept = [(key, text) for key, text in parse_qsl((query or "")[1:], keep_blank_values=True) if key not in ours]
    asked = urlencode([*kept, *ours.items()])
    return unsplit_url(scheme, authority, path, f"?{asked}" if asked else None, None)


def order_of(manifest: SteeringManifest, known: Collection[str]) -> tuple[str, ...]:
    """The pathways that the answer allows, the preferred one first; empty when it names none that there is, which
    means that it is not to be followed."""
    there = {*known, *(clone.pathway for clone in resolved(manifest.clones, known))}
    return tuple(name for name in manifest.priority if name in there)


def with_home(manifest: SteeringManifest, home: str) -> SteeringManifest:
    """``manifest`` with ``home`` for ".", the pathway of variants that name none (RFC 8216bis 4.4.6.2)."""
    priority = (home if name == DEFAULT_PATHWAY else name for name in manifest.priority)
    clones = (replace(each, base=home) if each.base == DEFAULT_PATHWAY else each for each in manifest.clones)
    return replace(manifest, priority=tuple(dict.fromkeys(priority)), clones=tuple(clones))


def start_order(defaults: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """The order before any answer: the manifest's default pathways first."""
    first = [name for name in defaults if name in known]
    return tuple(dict.fromkeys([*first, *known]))


@dataclass(frozen=True, slots=True)
class SteeringTerms:
    """How a presentation is steered. ``unnamed`` are our own names for pathways without a name in the manifest. For
    these an HLS server gets "." (RFC 8216bis 4.4.6.2). A DASH server gets nothing, as a BaseURL without
    @serviceLocation is not steered."""

    declared: model.ContentSteering
    protocol: ManifestProtocol
    unnamed: Collection[str] = ()


class SteeringClient:
    """Keeps ``paths`` in the order that the steering server of one presentation wants. Runs on the engine's loop.

    ``ttl_s`` is how long the last answer holds, ``asked`` whether it has been got but not waited out yet, ``ended``
    whether the server is gone for good.
    """

    def __init__(
        self,
        terms: SteeringTerms,
        paths: Pathways,
        gate: Gate,
        clock: Clock,
        rng: Random,
        *,
        throughput_bps: Callable[[], float | None],
        observe: Observer,
    ) -> None:
        declared, protocol = terms.declared, terms.protocol
        self._declared = declared
        self._protocol = protocol
        self._paths = paths
        self._gate = gate
        self._clock = clock
        self._rng = rng
        self._throughput_bps = throughput_bps
        self._observe = observe
        self._url = declared.server_uri
        self._home = paths.current or ""
        self._unnamed = frozenset(terms.unnamed)
        self._all = tuple(paths.pathways)
        self._params_of = _PLAYLISTS if protocol is ManifestProtocol.HLS else frozenset(RequestKind)
        self.ttl_s = DEFAULT_TTL_S
        self.asked = False
        self.ended = False

    def begin(self) -> None:
        """Take the manifest's own preference, which holds until the server has answered."""
        order = start_order(self._declared.default_pathways, self._all)
        if order and order != tuple(self._paths.pathways):
            self._paths.set_order(order, self._clock.monotonic())

    @property
    def asks_before_start(self) -> bool:
        """Whether the manifest wants the first answer before the first segment."""
        return self._declared.query_before_start or self._url.startswith("data:")

    async def run(self) -> None:
        """Ask, follow, wait for as long as the answer holds, and again, until the server says that it is gone."""
        while not self.ended:
            if not self.asked:
                await self.ask()
            self.asked = False
            await self._clock.sleep(max(self.ttl_s, SHORTEST_TTL_S))

    async def ask(self) -> None:
        """Ask once (again after a failure that may pass) and follow the answer. Never raises for a bad server."""
        try:
            manifest = await retry(
                RequestKind.STEERING,
                self._load,
                self._clock,
                self._rng,
                report=lambda event: self._note_failure(event.error),
            )
        except (NetError, ManifestError) as error:
            self._note_failure(error)
            self.ended = error.code is ErrorCode.HTTP_GONE  # RFC 8216bis 7.2: do not ask again
            self.ttl_s = max(self.ttl_s, retry_after_s(error) or 0.0)
            return
        self._follow(manifest)
        self.asked = True

    async def _load(self) -> SteeringManifest:
        pathway = self._paths.current or next(iter(self._paths.pathways), "")
        if pathway in self._unnamed:
            pathway = DEFAULT_PATHWAY if self._protocol is ManifestProtocol.HLS else ""
        url = steering_url(self._url, self._protocol, pathway, self._throughput_bps())
        response = await self._gate.fetch(Request(RequestKind.STEERING, url))
        return parse_steering(response.body, response.url)

    def _follow(self, manifest: SteeringManifest) -> None:
        manifest = with_home(manifest, self._home) if self._home else manifest
        self.ttl_s = manifest.ttl_s
        self._url = manifest.reload_url or self._url
        order = order_of(manifest, self._all)
        if not order:
            self._note("steering_failed", "The steering server names no CDN that this title has.", "")
            return
        clones = resolved(manifest.clones, self._all)[: MAX_CLONES - len(self._paths.clones)]
        self._paths.clone(clones, self._params_of)
        self._all = tuple(dict.fromkeys([*self._all, *(clone.pathway for clone in clones)]))
        if order != tuple(self._paths.pathways):
            self._paths.set_order(order, self._clock.monotonic())
            self._note("steering", f"The steering server prefers {', then '.join(order)}.", "")

    def _note_failure(self, error: MatineeError | DrmError) -> None:
        self._note("steering_failed", f"{error.sentence} The order of the CDNs stays as it is.", error.code)

    def _note(self, kind: str, sentence: str, code: str) -> None:
        self._observe(Note(self._clock.monotonic(), kind, sentence, code=str(code)))


async def steering_of(
    presentation: model.Presentation,
    paths: Pathways,
    gate: Gate,
    clock: Clock,
    throughput_bps: Callable[[], float | None],
    observe: Observer,
    seed: int = 0,
) -> SteeringClient | None:
    """What steers a presentation, its first order in force; None where it declares no steering.

    Where the manifest wants an answer before the start, it is waited for, for at most two seconds.
    """
    declared = presentation.steering
    if declared is None:
        return None
    made = SteeringClient(
        SteeringTerms(declared, presentation.protocol, _unnamed(presentation)),
        paths,
        gate,
        clock,
        Random(seed),
        throughput_bps=throughput_bps,
        observe=observe,
    )
    made.begin()
    if made.asks_before_start:
        answer, limit = asyncio.ensure_future(made.ask()), asyncio.ensure_future(clock.sleep(_BEFORE_START_S))
        try:
            await asyncio.wait({answer, limit}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            answer.cancel()
            limit.cancel()
    return made


def _unnamed(presentation: model.Presentation) -> frozenset[str]:
    """What we call the pathways to which the manifest gives no name."""
    if presentation.protocol is ManifestProtocol.HLS:
        return frozenset({pathway_of(presentation.url)})
    return frozenset(
        location.pathway
        for _, _, rendition in iter_renditions(presentation)
        for location in rendition.locations
        if location.unnamed
    )
