"""Recordings of programmes of channels."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from backend_stub.api import schemas
from backend_stub.api.catalog import title_body
from backend_stub.api.deps import Context, TitleId, Watching
from backend_stub.api.errors import documented
from backend_stub.services.recordings import MOST

router = APIRouter(tags=["recordings"])


class RecordingRequest(schemas.Strict):
    channel_id: schemas.Id64
    starts_at: Annotated[float, Field(allow_inf_nan=False)]


class RecordingBody(BaseModel):
    id: str
    title: schemas.TitleBody
    channel_id: str
    channel: str
    starts_at: float
    ends_at: float
    state: Literal["planned", "recording", "recorded", "failed"]
    reason: str
    size_bytes: int


class RecordingsBody(BaseModel):
    items: Annotated[list[RecordingBody], Field(max_length=MOST)]
    used_bytes: int
    limit_bytes: int
    now_at: float


class PlannedBody(BaseModel):
    id: str


@router.get("/recordings", responses=documented(401, 403))
def recordings(request: Request, context: Context, watching: Watching) -> RecordingsBody:
    found = context.recordings.listed(watching)
    items = [
        RecordingBody(
            id=one.row.title_id,
            title=title_body(request, one.watched),
            channel_id=one.row.channel_id,
            channel=one.channel,
            starts_at=one.row.starts_at,
            ends_at=one.row.ends_at,
            state=one.state,
            reason=one.row.reason,
            size_bytes=one.row.size_bytes,
        )
        for one in found.items
    ]
    now_at = context.clock.now()
    return RecordingsBody(items=items, used_bytes=found.used, limit_bytes=found.limit, now_at=now_at)


@router.post("/recordings", responses=documented(401, 403, 404))
def record(body: RecordingRequest, context: Context, watching: Watching) -> PlannedBody:
    return PlannedBody(id=context.recordings.add(watching, body.channel_id, body.starts_at))


@router.delete("/recordings/{title_id}", status_code=204, responses=documented(401, 403, 404))
def remove_recording(context: Context, watching: Watching, title_id: TitleId) -> Response:
    context.recordings.remove(watching, title_id)
    return Response(status_code=204)
