"""The licence server's two doors: device-bound, and plain ClearKey for titles that permit it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from backend_stub.api import schemas
from backend_stub.api.deps import Context, Country, Hex32, TitleId, Watching
from backend_stub.api.errors import documented

router = APIRouter(tags=["licence"])


class JoseResponse(JSONResponse):
    media_type = "application/jose+json"


@router.post(
    "/licence/{session_id}",
    name="licence",
    response_class=JoseResponse,
    responses=documented(401, 403, 404),
)
def device_licence(
    body: schemas.LicenceRequest, context: Context, watching: Watching, session_id: Hex32
) -> schemas.LicenceBody:
    licence = context.rights.licences.for_device(watching, session_id, body.device_id, body.kids)
    policy = schemas.LicencePolicy(type="streaming", expires_at=licence.expires_at)
    return schemas.LicenceBody(jwe=licence.jwe, policy=policy)


@router.post("/clearkey/{title_id}", responses=documented(403, 404))
def open_licence(
    body: schemas.ClearKeyRequest, context: Context, country: Country, title_id: TitleId
) -> schemas.ClearKeyBody:
    return schemas.ClearKeyBody.model_validate(
        context.rights.licences.open_keys(title_id, body.kids, country).as_dict()
    )
