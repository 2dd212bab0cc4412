"""EXT-X-KEY and EXT-X-SESSION-KEY (RFC 8216bis 4.4.4.4, 4.4.6.5)."""

from __future__ import annotations

from collections.abc import Mapping

from player.manifest.hls.lexer import hexadecimal, integer
from player.manifest.model import KeyInfo, SourcePosition
from player.manifest.parser_notes import Notes
from player.manifest.urls import Resolver

IV_BYTES = 16


def read_key(attributes: Mapping[str, str], resolve: Resolver, notes: Notes, line: int) -> KeyInfo:
    """One key tag; what is odd about it becomes a warning."""
    method = attributes.get("METHOD", "").strip()
    if not method:
        notes.warn("hls.key_without_method", "EXT-X-KEY has no METHOD; it is read as NONE.", line=line)
        method = "NONE"
    uri = attributes.get("URI")
    if uri is None and method != "NONE":
        notes.warn("hls.key_without_uri", f"EXT-X-KEY with METHOD={method} has no URI.", line=line)
    keyformat = attributes.get("KEYFORMAT", "identity") or "identity"
    url = resolve(uri) if uri else None
    if url is not None and keyformat == "identity" and method != "NONE":  # other formats have schemes of their own
        notes.check_url(url, resolve.base, data_allowed=True, line=line)
    versions = tuple(
        version
        for part in attributes.get("KEYFORMATVERSIONS", "1").split("/")
        if (version := integer(part)) is not None
    )
    return KeyInfo(
        method=method,
        uri=url,
        iv=_iv(attributes.get("IV"), notes, line),
        keyformat=keyformat,
        keyformat_versions=versions or (1,),
        key_id=hexadecimal(attributes.get("KEYID")),
        place=SourcePosition(line),
    )


def _iv(text: str | None, notes: Notes, line: int) -> bytes | None:
    if text is None:
        return None
    iv = hexadecimal(text)
    if iv is None or len(iv) > IV_BYTES:
        notes.warn("hls.bad_iv", "The IV of an EXT-X-KEY is not a 128-bit hexadecimal number.", line=line)
        return iv[-IV_BYTES:] if iv else None
    return iv.rjust(IV_BYTES, b"\0")


def implicit_iv(sequence: int) -> bytes:
    """The IV of an identity key without one: the media sequence number, big endian (RFC 8216bis 5.2)."""
    return (sequence & ((1 << 128) - 1)).to_bytes(IV_BYTES, "big")


class KeysInForce:
    """The keys in force: a key replaces the earlier one of its KEYFORMAT, NONE ends all of them."""

    __slots__ = ("_by_format", "keys")

    def __init__(self) -> None:
        self._by_format: dict[str, KeyInfo] = {}
        self.keys: tuple[KeyInfo, ...] = ()

    def restore(self, keys: tuple[KeyInfo, ...]) -> None:
        """The keys that are in force behind a segment."""
        self._by_format = {key.keyformat: key for key in keys}
        self.keys = keys

    def take(self, key: KeyInfo) -> None:
        if key.method == "NONE":
            self._by_format.clear()
        else:
            self._by_format.pop(key.keyformat, None)
            self._by_format[key.keyformat] = key
        self.keys = tuple(self._by_format.values())
