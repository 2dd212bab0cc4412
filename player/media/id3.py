"""ID3v2 tags as timed metadata (ID3v2.3 and 2.4 frames; RFC 8216bis 3.1.4, AOM emsg ID3). Pure and bounded."""

from __future__ import annotations

MAX_FRAMES = 100
_SHOWN_BYTES = 256  # of binary data, in hexadecimal
_SHOWN_CHARACTERS = 4096
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_EXTENDED = 0x40


def frames(tag: bytes) -> dict[str, str]:
    """What a tag says, by the names of its frames (``TXXX:key``, ``PRIV:owner`` where they have a name of their own).
    Text is shortened, what is no text stands in hexadecimal. Empty for bytes that are no tag."""
    if len(tag) < 10 or tag[:3] != b"ID3" or tag[3] not in (3, 4):
        return {}
    version, place = tag[3], 10
    end = min(len(tag), 10 + synchsafe(tag[6:10]))
    if tag[5] & _EXTENDED:
        place += synchsafe(tag[10:14]) if version >= 4 else int.from_bytes(tag[10:14], "big") + 4
    found: dict[str, str] = {}
    while place + 10 <= end and tag[place] and len(found) < MAX_FRAMES:
        raw = tag[place + 4 : place + 8]
        size = synchsafe(raw) if version >= 4 else int.from_bytes(raw, "big")
        name = tag[place : place + 4].decode("latin-1")
        key, text = _frame(name, tag[place + 10 : min(place + 10 + size, end)])
        number, wanted = 1, key
        while key in found:
            number += 1
            key = f"{wanted}#{number}"
        found[key] = text
        place += 10 + size
    return found


def _frame(name: str, body: bytes) -> tuple[str, str]:
    if name == "PRIV":
        owner, _, data = body.partition(b"\0")
        return f"PRIV:{owner.decode('latin-1')[:200]}", data[:_SHOWN_BYTES].hex()
    if name == "WXXX" or (name.startswith("T") and body):
        text = _text(body)
        if name in ("TXXX", "WXXX"):
            key, _, value = text.partition("\0")
            return f"{name}:{key[:200]}", value.strip("\0")[:_SHOWN_CHARACTERS]
        return name, text.replace("\0", "; ").strip("; ")[:_SHOWN_CHARACTERS]
    if name.startswith("W"):
        return name, body.decode("latin-1")[:_SHOWN_CHARACTERS].strip("\0")
    return name, body[:_SHOWN_BYTES].hex()


def _text(body: bytes) -> str:
    if not body:
        return ""
    encoding = _ENCODINGS[body[0]] if body[0] < len(_ENCODINGS) else "latin-1"
    return body[1 : 1 + 4 * _SHOWN_CHARACTERS].decode(encoding, "replace")


def synchsafe(raw: bytes) -> int:
    """A size of seven bits in each byte."""
    value = 0
    for byte in raw:
        value = value << 7 | byte & 0x7F
    return value
