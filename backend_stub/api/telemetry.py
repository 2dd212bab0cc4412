"""Intake of telemetry, the quality that comes of it, and ``/metrics`` for Prometheus."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import PlainTextResponse

from backend_stub.api import admin_schemas, schemas
from backend_stub.api.auth import limited
from backend_stub.api.deps import Admin, Context, Viewer, bearer
from backend_stub.api.errors import documented
from backend_stub.clock import DAY_S
from backend_stub.metrics import CONTENT_TYPE, Sample
from backend_stub.problems import ProblemError
from backend_stub.services.telemetry import PlayerEvent, quality_metrics

router = APIRouter(tags=["telemetry"])
scraped = APIRouter(include_in_schema=False)

_MOST_LISTED = 500
_Hours = Annotated[float, Query(gt=0, le=24 * 90)]
_Group = Annotated[Literal["all", "title_id", "pathway", "device_id", "app_version"], Query()]


@router.post("/telemetry", responses=documented(401, 403, 429))
def take_telemetry(body: schemas.TelemetryRequest, context: Context, viewer: Viewer) -> schemas.AcceptedBody:
    limited(context.attempts.telemetry, context, viewer.id, len(body.items))
    events = [PlayerEvent(**item.model_dump()) for item in body.items]
    return schemas.AcceptedBody(accepted=context.telemetry.take(viewer.id, events))


@router.get("/admin/quality", responses=documented(401, 403))
def quality(context: Context, _admin: Admin, hours: _Hours = 24.0, by: _Group = "all") -> admin_schemas.QualityReport:
    since = context.clock.now() - hours * 3600
    found = context.quality.of(since) if by == "all" else context.quality.most(since, by, _MOST_LISTED)
    return admin_schemas.QualityReport(items=[admin_schemas.QualityItem(**asdict(one)) for one in found])


@scraped.get("/metrics")
def metrics(context: Context, credentials: Annotated[str | None, Depends(bearer)]) -> PlainTextResponse:
    """Prometheus sends the service's admin token as its bearer credentials."""
    if not secrets.compare_digest((credentials or "").encode(), context.secrets.admin_token.encode()):
        raise ProblemError(401, "token_invalid", "The admin token is missing.", {"WWW-Authenticate": "Bearer"})
    gauges: list[Sample] = [("matinee_streams", {}, context.streams.running())]
    states = context.steering.states()
    for state in states:
        gauges.append(("matinee_pathway_weight", {"pathway": state.pathway}, state.weight))
        gauges.append(("matinee_pathway_failing", {"pathway": state.pathway}, float(state.failing)))
    gauges += context.device_commands.gauges()
    edges = [state.pathway for state in states]  # what players call them may be anything
    gauges += quality_metrics(context.quality.of(context.clock.now() - DAY_S, "pathway", edges))
    return PlainTextResponse(context.metrics.text(gauges), media_type=CONTENT_TYPE)
