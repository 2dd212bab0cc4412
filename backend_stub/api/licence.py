"""Plain ClearKey for titles that permit it."""

from __future__ import annotations

from fastapi import APIRouter

from backend_stub.api import schemas
from backend_stub.api.deps import Context, Country, TitleId
from backend_stub.api.errors import documented

router = APIRouter(tags=["licence"])


@router.post("/clearkey/{title_id}", responses=documented(403, 404))
def open_licence(
    body: schemas.ClearKeyRequest, context: Context, country: Country, title_id: TitleId
) -> schemas.ClearKeyBody:
    return schemas.ClearKeyBody.model_validate(
        context.rights.licences.open_keys(title_id, body.kids, country).as_dict()
    )
