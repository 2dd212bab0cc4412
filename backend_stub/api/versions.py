"""Versions of titles: list, show another one, delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from backend_stub.api import job_schemas as schemas
from backend_stub.api.deps import Context, Publisher, TitleId
from backend_stub.api.errors import documented
from backend_stub.problems import not_found

router = APIRouter(prefix="/admin/titles/{title_id}", tags=["versions"])

_Version = Annotated[int, Path(ge=1, le=999_999)]
_NO_TITLE = ("title_not_found", "There is no such title.")


@router.get("/versions", responses=documented(401, 403, 404))
def list_versions(context: Context, _publisher: Publisher, title_id: TitleId) -> schemas.VersionList:
    with not_found(*_NO_TITLE):
        shown, versions = context.titles.versions.list(title_id)
    items = [
        schemas.VersionBody(
            version=one.version,
            shown=one.version == shown,
            published_at=one.published_at,
            duration_s=one.duration_s,
            heights=one.heights,
            variants=one.variants,
            qualities=one.qualities or [],
        )
        for one in versions
    ]
    return schemas.VersionList(items=items)


@router.post("/versions/{version}/selection", status_code=204, responses=documented(401, 403, 404))
def show_version(context: Context, publisher: Publisher, title_id: TitleId, version: _Version) -> Response:
    with not_found(*_NO_TITLE):
        context.titles.versions.select(title_id, version, by=publisher.id)
    return Response(status_code=204)


@router.delete("/versions/{version}", status_code=204, responses=documented(401, 403, 404, 409))
def delete_version(context: Context, publisher: Publisher, title_id: TitleId, version: _Version) -> Response:
    with not_found(*_NO_TITLE):
        context.titles.versions.delete_version(title_id, version, by=publisher.id)
    return Response(status_code=204)


@router.delete("", status_code=204, responses=documented(401, 403, 404))
def delete_title(context: Context, publisher: Publisher, title_id: TitleId) -> Response:
    with not_found(*_NO_TITLE):
        context.titles.versions.delete(title_id, by=publisher.id)
    return Response(status_code=204)
