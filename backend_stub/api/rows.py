"""The rows of the first screen."""

from __future__ import annotations

from fastapi import APIRouter, Request

from backend_stub.api import schemas
from backend_stub.api.catalog import title_body
from backend_stub.api.deps import Context, Watching
from backend_stub.api.errors import documented
from backend_stub.db.models import Title

router = APIRouter(tags=["catalog"])


@router.get("/rows", responses=documented(401, 403))
def rows(request: Request, context: Context, watching: Watching) -> schemas.RowsBody:
    screen = context.titles.rows.first_screen(watching)
    return schemas.RowsBody(
        items=[
            schemas.RowBody(
                row=row.name,
                because=_named(row.shown.because),
                genre=row.shown.genre,
                titles=[title_body(request, watched) for watched in row.shown.titles],
            )
            for row in screen.rows
        ],
        left_out=[schemas.LeftOutRow(row=left.name, reason=left.reason) for left in screen.left_out],
    )


def _named(title: Title | None) -> schemas.NamedTitle | None:
    return schemas.NamedTitle(id=title.id, title=title.title) if title is not None else None
