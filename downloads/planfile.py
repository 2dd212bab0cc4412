"""The plan on disk: compressed JSON, sealed, since signed addresses and what somebody watches are in it."""

from __future__ import annotations

import json
import zlib
from typing import Any

from downloads.errors import damaged
from downloads.ledger import newer
from downloads.model import DownloadOrigin, DownloadPlan, KeptRendition, PlanItem
from player.manifest.model import ByteRange, TrackType
from player.net.model import RequestKind

FORMAT = 1
MAX_BYTES = 256 * 1024 * 1024


def encode(plan: DownloadPlan) -> bytes:
    """The plan as bytes to be sealed."""
    origin = plan.origin
    document = {
        "format": FORMAT,
        "origin": [origin.title_id, origin.url, origin.variant, origin.service],
        "base_url": plan.base_url,
        "mirrors": plan.mirrors,
        "parts": [[p.period, p.type, p.track, p.rendition, p.sealed] for p in plan.parts],
        "items": [_item(item) for item in plan.items],
        "duration_s": plan.duration_s,
        "kids": [kid.hex() for kid in plan.kids],
    }
    return zlib.compress(json.dumps(document, separators=(",", ":")).encode(), 6)


def decode(data: bytes) -> DownloadPlan:
    """The plan in unsealed bytes. Raises DownloadError ``download.newer`` or ``download.damaged``."""
    try:
        unpacker = zlib.decompressobj()
        document = json.loads(unpacker.decompress(data, MAX_BYTES))
        if document["format"] > FORMAT:
            raise newer()
        return DownloadPlan(
            origin=DownloadOrigin(*document["origin"]),
            base_url=document["base_url"],
            mirrors=tuple((name, url) for name, url in document["mirrors"]),
            parts=tuple(
                KeptRendition(p, TrackType(t), track, r, sealed) for p, t, track, r, sealed in document["parts"]
            ),
            items=tuple(_read_item(number, item) for number, item in enumerate(document["items"])),
            duration_s=document["duration_s"],
            kids=tuple(bytes.fromhex(kid) for kid in document["kids"]),
        )
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise damaged("The plan of the download") from error


def _item(item: PlanItem) -> list[Any]:
    reach = None if item.byte_range is None else [item.byte_range.start, item.byte_range.length]
    return [
        item.kind,
        item.part,
        item.url,
        item.addresses,
        reach,
        item.size,
        item.about,
        item.start_s,
        item.duration_s,
        item.sealed,
        item.base,
    ]


def _read_item(number: int, values: list[Any]) -> PlanItem:
    kind, part, url, addresses, reach, size, about, start_s, duration_s, sealed, base = values
    return PlanItem(
        index=number,
        kind=RequestKind(kind),
        part=part,
        url=url,
        addresses=tuple((name, address) for name, address in addresses),
        byte_range=None if reach is None else ByteRange(*reach),
        size=size,
        about=about,
        start_s=start_s,
        duration_s=duration_s,
        sealed=sealed,
        base=base,
    )
