"""The caller's own account: what it is, a copy of all that is kept of it, its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from backend_stub.api import schemas
from backend_stub.api.auth import host_of, limited, locking
from backend_stub.api.deps import Caller, Context, GrownUp, Viewer
from backend_stub.api.errors import documented
from backend_stub.services.profiles import check_grown_up

router = APIRouter(prefix="/account", tags=["account"])

_CHUNK = 1 << 16
_COPY: dict[int | str, dict[str, Any]] = {
    200: {"description": "All that is kept", "content": {"application/json": {"schema": {"type": "object"}}}}
}


@router.get("", responses=documented(401, 403))
def account(viewer: Viewer) -> schemas.OwnAccountBody:
    return schemas.OwnAccountBody(
        id=viewer.id,
        email=viewer.email,
        email_verified=viewer.verified_at is not None,
        name=viewer.name,
        country=viewer.country,
        created_at=viewer.created_at,
    )


@router.get("/export", response_class=Response, responses={**_COPY, **documented(401, 403, 429)})
def export(context: Context, caller: Caller) -> StreamingResponse:
    check_grown_up(caller)
    limited(context.attempts.care, context, f"export {caller.account.id}")
    file = context.care.export(caller.account.id)
    headers = {"Content-Disposition": 'attachment; filename="account.json"', "Cache-Control": "no-store"}
    return StreamingResponse(_parts(file), media_type="application/json", headers=headers)


@router.post("/deletion", status_code=204, responses=documented(401, 403, 409, 429, 503))
def delete(body: schemas.DeletionRequest, request: Request, context: Context, viewer: GrownUp) -> Response:
    limited(context.attempts.login, context, f"{host_of(request)} {viewer.email}")
    with locking(context, request, viewer.email):
        context.care.delete(viewer.id, body.password)
    return Response(status_code=204)


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(_CHUNK):
            yield part
