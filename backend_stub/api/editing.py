"""What publishers change of a title: its words, its pictures, the names of its seasons."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from backend_stub.api import admin_schemas, schemas
from backend_stub.api.catalog import ARTWORK, title_body
from backend_stub.api.deps import Context, Publisher, TitleId
from backend_stub.api.errors import documented
from backend_stub.problems import ProblemError, not_found
from backend_stub.services.artwork import MEDIA_TYPES, NAME_PATTERN, ArtworkKind
from backend_stub.services.catalog import WatchedTitle
from backend_stub.services.editing import Words

router = APIRouter(tags=["catalog"])

_NO_TITLE = ("title_not_found", "There is no such title.")
_Season = Annotated[int, Path(ge=0, le=10_000)]
_Name = Annotated[str, Path(pattern=NAME_PATTERN)]
_PICTURES = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in MEDIA_TYPES.values()}


@router.get(
    ARTWORK,
    response_class=FileResponse,
    responses={200: {"content": _PICTURES, "description": "The picture"}, **documented(404)},
)
def artwork(context: Context, title_id: TitleId, name: _Name) -> FileResponse:
    path = context.titles.artwork.path(title_id, name)
    if not path.is_file():
        raise ProblemError(404, *_NO_TITLE)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers=headers)


@router.patch("/admin/titles/{title_id}", responses=documented(401, 403, 404))
def change_title(
    body: admin_schemas.TitleChange, request: Request, context: Context, publisher: Publisher, title_id: TitleId
) -> schemas.TitleBody:
    with not_found(*_NO_TITLE):
        title = context.titles.editing.change(title_id, Words(**body.model_dump()), by=publisher.id)
    return title_body(request, WatchedTitle(title, None))


@router.put(
    "/admin/titles/{title_id}/artwork/{kind}",
    responses=documented(401, 403, 404, 413),
    openapi_extra={"requestBody": {"required": True, "content": _PICTURES}},
)
async def put_artwork(
    request: Request, context: Context, publisher: Publisher, title_id: TitleId, kind: ArtworkKind
) -> schemas.TitleBody:
    data = await request.body()
    with not_found(*_NO_TITLE):
        title = await run_in_threadpool(context.titles.artwork.put, title_id, kind, data, publisher.id)
    return title_body(request, WatchedTitle(title, None))


@router.delete("/admin/titles/{title_id}/artwork/{kind}", responses=documented(401, 403, 404))
def remove_artwork(
    request: Request, context: Context, publisher: Publisher, title_id: TitleId, kind: ArtworkKind
) -> schemas.TitleBody:
    with not_found(*_NO_TITLE):
        title = context.titles.artwork.remove(title_id, kind, by=publisher.id)
    return title_body(request, WatchedTitle(title, None))


@router.put("/admin/titles/{title_id}/seasons/{season}", status_code=204, responses=documented(401, 403, 404))
def name_season(
    body: admin_schemas.SeasonNameBody, context: Context, publisher: Publisher, title_id: TitleId, season: _Season
) -> Response:
    with not_found("title_not_found", "There is no such series."):
        context.titles.editing.name_season(title_id, season, body.name, by=publisher.id)
    return Response(status_code=204)
