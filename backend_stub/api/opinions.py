"""Thumbs, and what is put away from "continue watching"."""

from __future__ import annotations

from fastapi import APIRouter, status

from backend_stub.api import schemas
from backend_stub.api.deps import Context, TitleId, Watching
from backend_stub.api.errors import documented
from backend_stub.services.opinions import DOWN, NONE, UP

router = APIRouter(tags=["list"])

_THUMBS = {"up": UP, "down": DOWN, None: NONE}


@router.put("/thumbs/{title_id}", responses=documented(401, 403, 404))
def rate(body: schemas.ThumbBody, context: Context, watching: Watching, title_id: TitleId) -> schemas.ThumbBody:
    context.opinions.rate(watching, title_id, _THUMBS[body.thumb])
    return body


@router.delete("/continue/{title_id}", status_code=status.HTTP_204_NO_CONTENT, responses=documented(401, 403, 404))
def put_away(context: Context, watching: Watching, title_id: TitleId) -> None:
    context.opinions.put_away(watching, title_id)
