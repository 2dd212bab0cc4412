"""What a service may learn of playbacks: a documented schema, a durable queue, and delivery exactly once."""

from __future__ import annotations

from player.reporting.telemetry.queue import Bounds, EventQueue
from player.reporting.telemetry.schema import SCHEMA, SCHEMA_VERSION, TelemetryEvent, markdown
from player.reporting.telemetry.sender import Form, SessionFacts, TelemetrySender, accepted_ids

__all__ = [
    "SCHEMA",
    "SCHEMA_VERSION",
    "Bounds",
    "EventQueue",
    "Form",
    "SessionFacts",
    "TelemetryEvent",
    "TelemetrySender",
    "accepted_ids",
    "markdown",
]
