"""Time and health."""

from __future__ import annotations

from fastapi import APIRouter

from backend_stub.api import VERSION, schemas
from backend_stub.api.deps import Context

router = APIRouter(tags=["system"])


@router.get("/time")
def server_time(context: Context) -> schemas.TimeBody:
    return schemas.TimeBody(now_at=context.clock.now())


@router.get("/health")
def health() -> schemas.HealthBody:
    return schemas.HealthBody(status="ok", version=VERSION)
