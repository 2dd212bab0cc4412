"""The keys of a ladder sweep: stated ones, those of a licence server, and those that playlists name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence

from drm_client.cenc import SampleDecryptor
from drm_client.errors import DrmError
from drm_client.hls_aes import SegmentCipher, media_sequence_iv, whole_segment_methods
from drm_client.keys import KeyRing
from drm_client.keysystem import KeyRequest, LicenceCall
from drm_client.licence import LicenceClient
from drm_client.scheme import SampleProtection
from player.base.errors import ErrorCode, MatineeError, MediaError
from player.licensing.licences import licence_request
from player.manifest.edit import iter_renditions
from player.manifest.model import Presentation, Segment
from player.net.gate import Gate
from player.net.model import Request, RequestKind


class SweepKeys:
    """Keys for one sweep. ``gate`` is for the addresses of the manifest, ``asked`` for the server that was named by
    hand, which may be a local one. ``known`` are (key ID, key) pairs; ``licence_url`` is a ClearKey server, asked at
    most once for what is missing. ``trouble`` says why it gave nothing."""

    def __init__(
        self,
        presentation: Presentation,
        gate: Gate,
        asked: Gate,
        known: Iterable[tuple[bytes, bytes]] = (),
        licence_url: str | None = None,
    ) -> None:
        self.trouble = ""
        self._gate = gate
        self._licence_gate = asked
        self._licence_url = licence_url
        self._ring = KeyRing()
        for kid, key in known:
            self._ring.add(kid, key)
        self._protections = tuple(
            protection for _, _, rendition in iter_renditions(presentation) for protection in rendition.protections
        )
        self._whole: dict[tuple[str, str], SegmentCipher] = {}
        self._asked = asyncio.Lock()
        self._has_asked = False

    def has(self, kid: bytes) -> bool:
        """Whether samples of this key can be decrypted."""
        return not self._ring.missing((kid,))

    def decrypt(self, sample: bytearray | memoryview | bytes, protection: SampleProtection) -> bytearray:
        """A sample in the clear. Raises DrmError."""
        return SampleDecryptor(self._ring).decrypt(sample, protection)

    async def prepare(self, kids: Sequence[bytes]) -> None:
        """Ask for a licence where one is needed and a server is known."""
        async with self._asked:
            missing = self._ring.missing(kids)
            if not missing or self._licence_url is None or self._has_asked:
                return
            self._has_asked = True
            wanted = {*missing, *(kid for each in self._protections for kid in each.default_kids)}
            request = KeyRequest(tuple(sorted(wanted)), self._protections, self._licence_url)
            try:
                await LicenceClient(self._post, None, now=time.time).acquire(request, self._ring)
            except (DrmError, MatineeError) as error:
                self.trouble = f"{error.sentence} ({error.code})"

    async def whole(self, segment: Segment, data: bytes) -> bytes:
        """The segment, decrypted where it is encrypted as a whole (HLS AES-128 and its kin).

        Raises NetError, MediaError or DrmError.
        """
        methods = whole_segment_methods()
        key = next((each for each in segment.keys if each.keyformat == "identity" and each.method in methods), None)
        if key is None:
            return data
        if key.uri is None:
            raise MediaError(ErrorCode.MEDIA_UNSUPPORTED, "The playlist names no address for its key.")
        place = (key.uri, key.method)
        if place not in self._whole:
            body = (await self._gate.fetch(Request(RequestKind.KEY, key.uri))).body
            self._whole[place] = SegmentCipher(key.method, body)
        iv = key.iv if key.iv is not None else media_sequence_iv(segment.number)
        decryptor = self._whole[place].decryptor(iv)
        return decryptor.feed(data) + decryptor.finish()

    def forget(self) -> None:
        """Zero the keys."""
        self._ring.clear()
        for cipher in self._whole.values():
            cipher.close()
        self._whole.clear()

    async def _post(self, call: LicenceCall) -> bytes:
        return (await self._licence_gate.fetch(licence_request(call))).body
