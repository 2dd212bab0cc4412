"""Edge tokens in the shape of CTA-5007 (Common Access Token): CWTs (RFC 8392) under COSE_Mac0 (RFC 9052).

The play service makes them, every edge checks them. A token stands in the path (``/s/<token>/...``), so relative
references in manifests keep it.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cbor2
from cwt import COSE, COSEHeaders, COSEKey, CWTClaims
from cwt.exceptions import CWTError

from backend_stub.titles import CLEAR, LIVE

PREFIX = "/s/"
_MAX_TOKEN_CHARS = 1024
_CATV, _CATU = 310, 312  # version and URI of a Common Access Token
_PATH, _BEGINS_WITH = 3, 1  # the part of a URI that a rule is for, and how it is compared
_CATNIP = 311  # networks that a token is good in
_NETWORK_TAGS = {4: 52, 6: 54}  # CBOR's, for addresses and prefixes (RFC 9164)
_BOUND_BITS = {4: 24, 6: 56}  # so much of an address stays while a viewer stays
_MAX_HEIGHT = -65537  # private use
_RUNG = re.compile(r"/(?:[a-z0-9]+-)?(\d{2,5})p/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EdgeGrant:
    """What a token permits: reading the files of ``title_id`` below ``place`` (a variant, or a version of one).

    It holds until ``expires_at`` (seconds since 1970), for video of at most ``max_height`` lines (None: any), and
    only while the play session or download ``session_id`` and the sign-in ``family`` that requested it stand. With a
    ``network`` (CIDR) it holds for clients of that network alone.
    """

    title_id: str
    session_id: str
    expires_at: float
    place: str = ""
    max_height: int | None = None
    family: str = ""
    network: str = ""

    def good_from(self, address: str | None) -> bool:
        """Whether a caller at this network address may use it."""
        return not self.network or network_of(address) == self.network

    def covers(self, path: str) -> bool:
        """Whether ``path`` (``/<title>/<variant>/...``, a file or the folder that it is in, with a slash) is among
        the files. A channel is made of the clear variant's."""
        places = (LIVE, CLEAR) if self.place == LIVE else (self.place,)
        if not self.place or not any(path.startswith(f"/{self.title_id}/{place}/") for place in places):
            return False
        return self.max_height is None or all(rung <= self.max_height for rung in rungs_in(path))


class UrlSigner:
    """Signs with the first key and accepts any: a new key goes in front, the old one stays until its URLs expired."""

    def __init__(self, keys: Sequence[bytes], changed: Callable[[], Sequence[bytes] | None] = lambda: None) -> None:
        """``changed`` is asked before each use: it gives other keys to go on with, or None."""
        self._cose = COSE.new(alg_auto_inclusion=True)
        self._changed = changed
        self.use(keys)

    def use(self, keys: Sequence[bytes]) -> None:
        """Go on with these keys. Any thread may call this. Raises ValueError for none."""
        if not keys:
            raise ValueError("a signer needs at least one key")
        self._keys = tuple(COSEKey.from_symmetric_key(key, alg="HS256") for key in keys)
        self._read = lru_cache(4096)(self._opened)  # a player asks with one token for all of a title's files

    def sign(self, grant: EdgeGrant) -> str:
        self._look_again()
        claims = {
            CWTClaims.EXP: round(grant.expires_at, 3),
            CWTClaims.CTI: grant.session_id.encode(),
            CWTClaims.SUB: grant.family,
            _CATV: 1,
            _CATU: {_PATH: {_BEGINS_WITH: f"/{grant.title_id}/{grant.place}"}},
        }
        if grant.max_height is not None:
            claims[_MAX_HEIGHT] = grant.max_height
        if grant.network:
            claims[_CATNIP] = [_prefix(grant.network)]
        protected = {COSEHeaders.ALG: 5}  # HMAC 256/256
        return _encode(self._cose.encode_and_mac(cbor2.dumps(claims), self._keys[0], protected=protected))

    def verify(self, token: str, now: float) -> EdgeGrant | None:
        """The grant of ``token``, or None when it is forged, malformed or expired at ``now``."""
        self._look_again()
        grant = self._read(token) if len(token) <= _MAX_TOKEN_CHARS else None
        return grant if grant is not None and now < grant.expires_at else None

    def knows(self, token: str) -> bool:
        """Whether ``token`` was signed with one of the keys, be it expired or not."""
        return len(token) <= _MAX_TOKEN_CHARS and self._read(token) is not None

    def _look_again(self) -> None:
        if keys := self._changed():
            self.use(keys)

    def _opened(self, token: str) -> EdgeGrant | None:
        for key in self._keys:
            try:
                data = _decode(token)
                claims = cbor2.loads(self._cose.decode(data, key))
            except (ValueError, TypeError, CWTError, cbor2.CBORError):
                continue
            # As text: base64 has several for the same bytes, caches know only one.
            return _grant(claims) if _encode(data) == token else None
        return None


def _grant(claims: dict[int, Any]) -> EdgeGrant:
    """Signed by us, hence well-formed."""
    _, title_id, place = claims[_CATU][_PATH][_BEGINS_WITH].split("/", 2)
    return EdgeGrant(
        title_id=title_id,
        session_id=claims[CWTClaims.CTI].decode(),
        expires_at=claims[CWTClaims.EXP],
        place=place,
        max_height=claims.get(_MAX_HEIGHT),
        family=claims[CWTClaims.SUB],
        network="".join(_network(prefix) for prefix in claims.get(_CATNIP, ())),
    )


def network_of(address: str | None) -> str:
    """The network (CIDR) that a token is bound to for a caller at this address; empty where it is no address."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    found = mapped or found
    return str(ipaddress.ip_network((found, _BOUND_BITS[found.version]), strict=False))


def _prefix(network: str) -> cbor2.CBORTag:
    """A network as CBOR has it (RFC 9164, section 3.1.2): its length, and its bytes without zeros at the end."""
    parsed = ipaddress.ip_network(network)
    packed = parsed.network_address.packed.rstrip(b"\0")
    return cbor2.CBORTag(_NETWORK_TAGS[parsed.version], [parsed.prefixlen, packed])


def _network(prefix: cbor2.CBORTag) -> str:
    length, packed = prefix.value
    width = 4 if prefix.tag == _NETWORK_TAGS[4] else 16
    return str(ipaddress.ip_network((packed.ljust(width, b"\0"), length)))


def rungs_in(text: str) -> list[int]:
    """The lines of the pictures whose files are named in a path or a manifest: ``video/av1-720p/...`` is of 720."""
    return [int(rung) for rung in _RUNG.findall(text)]


def split_signed_path(path: str) -> tuple[str | None, str]:
    """``/s/TOKEN/rest`` as (``TOKEN``, ``/rest``); any other path as (None, path)."""
    if not path.startswith(PREFIX):
        return None, path
    token, slash, rest = path[len(PREFIX) :].partition("/")
    return (token, "/" + rest) if slash else (None, path)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
