"""My list."""

from __future__ import annotations

from fastapi import APIRouter, Request

from backend_stub.api import schemas
from backend_stub.api.catalog import title_body
from backend_stub.api.deps import Context, TitleId, Watching
from backend_stub.api.errors import documented

router = APIRouter(tags=["list"])


@router.get("/list", responses=documented(401, 403))
def my_list(request: Request, context: Context, watching: Watching) -> schemas.MyList:
    return schemas.MyList(
        items=[
            schemas.ListEntryBody(title=title_body(request, watched), changed_at=changed_at)
            for watched, changed_at in context.my_list.shown(watching)
        ]
    )


@router.put("/list/{title_id}", responses=documented(401, 403, 404))
def change_list(
    body: schemas.ListChange, context: Context, watching: Watching, title_id: TitleId
) -> schemas.ListedState:
    entry = context.my_list.change(watching, title_id, listed=body.listed, changed_at=body.changed_at)
    return schemas.ListedState(listed=entry.listed, changed_at=entry.changed_at)
