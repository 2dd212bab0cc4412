"""Signed addresses of a title's manifests on every edge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backend_stub.manifests import limited
from backend_stub.services.steering_rules import Audience
from backend_stub.signing import PREFIX, EdgeGrant, UrlSigner


@dataclass(frozen=True, slots=True)
class Edge:
    """A running edge: the pathway's name and its address, such as ``http://127.0.0.1:8081``."""

    pathway: str
    base_url: str


@dataclass(frozen=True, slots=True)
class ManifestUrls:
    pathway: str
    dash: str = field(repr=False)
    hls: str = field(repr=False)


class SignedAddresses:
    """``edges_for`` answers with the edges for a session and its audience, the preferred one first."""

    def __init__(self, signer: UrlSigner, edges_for: Callable[[str, Audience], Sequence[Edge]]) -> None:
        self._signer = signer
        self._edges_for = edges_for

    def of(self, grant: EdgeGrant, limit: int | None, audience: Audience) -> list[ManifestUrls]:
        """One entry for each edge; of manifests the ones with pictures of at most ``limit`` lines, None for all."""
        path = f"{PREFIX}{self._signer.sign(grant)}/{grant.title_id}/{grant.place}"
        return [
            ManifestUrls(
                pathway=edge.pathway,
                dash=f"{edge.base_url}{path}/{limited('manifest.mpd', limit)}",
                hls=f"{edge.base_url}{path}/{limited('master.m3u8', limit)}",
            )
            for edge in self._edges_for(grant.session_id, audience)
        ]
