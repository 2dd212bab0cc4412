"""Closed captions inside the video that Accessibility descriptors announce (DASH-IF IOP 6.4.3, SCTE 214-1)."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CAPTIONS = re.compile(r"urn:scte:dash:cc:cea-(608|708):2015(?:=(.*))?$", re.IGNORECASE)


def captions(accessibility: Iterable[str]) -> list[dict[str, str | None]]:
    """The channel and language of each caption service.

    ``CC1=eng;CC3=swe`` and ``eng;swe`` for CEA-608, ``1=lang:eng;2=lang:fra,war:0`` for CEA-708, and either in the
    form of the other; a service without a channel has null. No value means one service in an unknown language.
    """
    rows: list[dict[str, str | None]] = []
    for item in accessibility:
        match = _CAPTIONS.match(item)
        if match is None:
            continue
        services = [part.strip() for part in (match.group(2) or "").split(";") if part.strip()]
        rows += [_service(match.group(1), service) for service in services or ["CC1=und"] * (match.group(1) == "608")]
    return rows


def _service(kind: str, text: str) -> dict[str, str | None]:
    channel, given, value = text.partition("=")
    if not given:
        is_channel = kind == "608" and re.fullmatch(r"CC[1-4]", text) is not None
        return {"channel": text if is_channel else None, "lang": None if is_channel else text}
    options = dict(part.partition(":")[::2] for part in value.split(","))
    prefix = "SERVICE" if kind == "708" else "CC"
    return {"channel": prefix + channel if channel.isdigit() else channel, "lang": options.get("lang", value)}
