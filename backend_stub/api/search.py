"""Search."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from backend_stub.api import schemas
from backend_stub.api.catalog import title_body
from backend_stub.api.deps import Context, Watching
from backend_stub.api.errors import documented
from backend_stub.api.title_credits import Narrowed

router = APIRouter(tags=["search"])

_Text = Annotated[str, Query(min_length=1, max_length=200)]
_Limit = Annotated[int, Query(ge=1, le=100)]
_Offset = Annotated[int, Query(ge=0, le=1000)]
_Year = Annotated[int, Query(ge=0, le=9999)]


@router.get("/search", responses=documented(401, 403))
def search(
    request: Request,
    context: Context,
    watching: Watching,
    narrowed: Narrowed,
    q: _Text,
    limit: _Limit = 20,
    offset: _Offset = 0,
    year_from: _Year = 0,
    year_to: _Year = 9999,
) -> schemas.SearchPage:
    found = context.titles.search.find(watching, q, limit, offset, (year_from, year_to), narrowed)
    return schemas.SearchPage(
        items=[title_body(request, watched) for watched in found.items], corrected=found.corrected, more=found.more
    )
