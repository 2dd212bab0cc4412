"""Series: shown to viewers; put together, with trailers and markers, by publishers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from backend_stub.api import admin_schemas, schemas
from backend_stub.api.catalog import markers_body, title_body
from backend_stub.api.deps import Context, Publisher, TitleId, Watching
from backend_stub.api.errors import documented
from backend_stub.problems import ProblemError, not_found
from backend_stub.services.catalog import WatchedTitle
from backend_stub.services.series import FIRST, MOST_EPISODES
from backend_stub.services.title_relations import BelongingError, EpisodeOf
from backend_stub.services.title_structure import Markers

router = APIRouter(tags=["catalog"])

_After = Annotated[str, Query(pattern=r"^[0-9]{1,5}\.[0-9]{1,5}$")]
_Limit = Annotated[int, Query(ge=1, le=MOST_EPISODES)]


@router.get("/catalog/{title_id}/episodes", responses=documented(401, 403, 404))
def list_episodes(
    request: Request,
    context: Context,
    watching: Watching,
    title_id: TitleId,
    after: _After = "",
    limit: _Limit = MOST_EPISODES,
) -> schemas.SeasonList:
    season, _, number = after.partition(".")
    place = (int(season), int(number)) if after else FIRST
    seasons, further = context.titles.series.seasons(watching, title_id, place, limit)
    return schemas.SeasonList(
        seasons=[
            schemas.SeasonBody(
                season=one.number,
                name=one.name,
                episodes=[title_body(request, episode) for episode in one.episodes],
            )
            for one in seasons
        ],
        next_after=None if further is None else f"{further[0]}.{further[1]}",
    )


@router.post("/admin/titles/series", responses=documented(401, 403, 409))
def make_series(
    body: admin_schemas.SeriesRequest, request: Request, context: Context, publisher: Publisher
) -> schemas.TitleBody:
    with _refused():
        series = context.titles.belongings.make_series(body.title, body.synopsis, body.year, by=publisher.id)
    return title_body(request, WatchedTitle(series, None))


@router.put("/admin/titles/{title_id}/place", status_code=204, responses=documented(401, 403, 404, 409))
def set_place(
    body: admin_schemas.PlaceRequest, context: Context, publisher: Publisher, title_id: TitleId
) -> Response:
    place = None if body.place is None else EpisodeOf(body.place.series_id, body.place.season, body.place.number)
    with _refused():
        context.titles.belongings.set_place(title_id, place, by=publisher.id)
    return Response(status_code=204)


@router.put("/admin/titles/{title_id}/trailer", status_code=204, responses=documented(401, 403, 404, 409))
def set_trailer(
    body: admin_schemas.TrailerRequest, context: Context, publisher: Publisher, title_id: TitleId
) -> Response:
    with _refused():
        context.titles.belongings.set_trailer_of(title_id, body.of, by=publisher.id)
    return Response(status_code=204)


@router.put("/admin/titles/{title_id}/markers", responses=documented(401, 403, 404, 409))
def set_markers(
    body: schemas.MarkersBody, context: Context, publisher: Publisher, title_id: TitleId
) -> schemas.MarkersBody:
    intro = None if body.intro is None else (body.intro.start_s, body.intro.end_s)
    with _refused():
        return markers_body(
            context.titles.belongings.set_markers(title_id, Markers(intro, body.credits_s), by=publisher.id)
        )


@contextmanager
def _refused() -> Iterator[None]:
    try:
        with not_found("title_not_found", "There is no such title."):
            yield
    except BelongingError as error:
        raise ProblemError(409, error.code, str(error)) from error
