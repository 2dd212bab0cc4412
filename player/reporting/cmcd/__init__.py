"""Common media client data (CMCD: CTA-5004, CTA-5004-B) to the CDNs and to a collector. Off unless asked for."""

from __future__ import annotations

from player.reporting.cmcd.encode import TypedNumber, Value, encode, headers, with_query
from player.reporting.cmcd.events import CmcdReporter
from player.reporting.cmcd.moment import moment_of
from player.reporting.cmcd.request import CmcdSettings, Mode, PlayerMoment, RequestMarker

__all__ = [
    "CmcdReporter",
    "CmcdSettings",
    "Mode",
    "PlayerMoment",
    "RequestMarker",
    "TypedNumber",
    "Value",
    "encode",
    "headers",
    "moment_of",
    "with_query",
]
