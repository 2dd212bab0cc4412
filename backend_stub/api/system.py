"""Time and health."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend_stub.api import VERSION, schemas
from backend_stub.api.deps import Context
from backend_stub.services.rights.messages import signed_time

router = APIRouter(tags=["system"])

_Nonce = Annotated[str, Query(pattern=r"^([A-Za-z0-9_-]{22,43})?$")]


@router.get("/time")
def server_time(context: Context, nonce: _Nonce = "") -> schemas.TimeBody:
    now = context.clock.now()
    return schemas.TimeBody(now_at=now, token=signed_time(context.rights.signer, now, nonce or None))


@router.get("/health")
def health() -> schemas.HealthBody:
    return schemas.HealthBody(status="ok", version=VERSION)
