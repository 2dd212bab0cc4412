"""Pages of the catalogue, for publishers too."""

from __future__ import annotations

from fastapi import APIRouter, Response

from backend_stub.admin import PREFIX
from backend_stub.admin.access import SignedInOperator
from backend_stub.admin.page import PageRoute, page
from backend_stub.api.deps import Context

router = APIRouter(prefix=f"{PREFIX}/titles", include_in_schema=False, route_class=PageRoute)


@router.get("")
def titles(context: Context, operator: SignedInOperator) -> Response:
    quality = {one.name: one for one in context.telemetry.quality(context.clock.now() - 7 * 86400, "title_id")}
    names = context.insight.names().titles
    rows = sorted(((key, name, quality.get(key)) for key, name in names.items()), key=lambda row: row[1].lower())
    return page("titles.html", operator, titles=rows)
