"""Time and health."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select

from backend_stub.api import VERSION, schemas
from backend_stub.api.deps import Context
from backend_stub.api.errors import documented
from backend_stub.services.rights.messages import signed_time

router = APIRouter(tags=["system"])

_Nonce = Annotated[str, Query(pattern=r"^([A-Za-z0-9_-]{22,43})?$")]


@router.get("/time")
def server_time(context: Context, nonce: _Nonce = "") -> schemas.TimeBody:
    now = context.clock.now()
    return schemas.TimeBody(now_at=now, token=signed_time(context.rights.signer, now, nonce or None))


@router.get("/ready", responses=documented(503))
def ready(context: Context) -> schemas.HealthBody:
    """Whether calls can be answered: 503 while the database is away. ``/health`` says that the process lives."""
    with context.database.read() as session:
        session.execute(select(1))
    return schemas.HealthBody(status="ok", version=VERSION)


@router.get("/health")
async def health() -> schemas.HealthBody:  # in the loop: calls that wait for the database may have all threads
    return schemas.HealthBody(status="ok", version=VERSION)
