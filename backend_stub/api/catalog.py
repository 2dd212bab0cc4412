"""The catalogue and its posters."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse

from backend_stub.api import PREFIX, schemas
from backend_stub.api.deps import Context, TitleId, Watching
from backend_stub.api.errors import documented
from backend_stub.api.title_credits import Narrowed
from backend_stub.db.models import Title
from backend_stub.problems import ProblemError
from backend_stub.services.artwork import ArtworkKind
from backend_stub.services.catalog import WatchedTitle
from backend_stub.services.opinions import DOWN, UP
from backend_stub.services.title_structure import Markers

router = APIRouter(tags=["catalog"])

_Cursor = Annotated[str | None, Query(max_length=400)]
_Limit = Annotated[int, Query(ge=1, le=200)]
_Order = Literal["new", "title"]
_POSTER, ARTWORK = "/posters/{title_id}.jpg", "/artwork/{title_id}/{name}"
_THUMBS: dict[int, Literal["up", "down"]] = {UP: "up", DOWN: "down"}


@router.get("/catalog", responses=documented(400, 401, 403))
def list_titles(
    request: Request,
    context: Context,
    watching: Watching,
    narrowed: Narrowed,
    cursor: _Cursor = None,
    limit: _Limit = 50,
    order: _Order = "new",
) -> schemas.CatalogPage:
    page = context.titles.catalog.page(watching, cursor, limit, narrowed, by_title=order == "title")
    return schemas.CatalogPage(
        items=[title_body(request, watched) for watched in page.items], next_cursor=page.next_cursor
    )


@router.get("/genres", responses=documented(401, 403))
def list_genres(context: Context, watching: Watching) -> schemas.GenreList:
    return schemas.GenreList(items=list(context.titles.catalog.genres(watching)))


@router.get("/catalog/{title_id}", responses=documented(401, 403, 404))
def get_title(request: Request, context: Context, watching: Watching, title_id: TitleId) -> schemas.TitleBody:
    return title_body(request, context.titles.catalog.get(watching, title_id))


@router.get(
    _POSTER,
    response_class=FileResponse,
    responses={200: {"content": {"image/jpeg": {}}, "description": "The poster"}, **documented(404)},
)
def poster(context: Context, title_id: TitleId) -> FileResponse:
    path = context.settings.media_dir / title_id / "poster.jpg"
    if not path.is_file():
        raise ProblemError(404, "title_not_found", "There is no such title.")
    return FileResponse(path, media_type="image/jpeg", headers={"Cache-Control": "public, max-age=86400"})


def title_body(request: Request, watched: WatchedTitle) -> schemas.TitleBody:
    """A title with its poster's address on this server."""
    title, progress = watched.title, watched.progress
    return schemas.TitleBody(
        id=title.id,
        kind=cast("Literal['film', 'series', 'episode', 'trailer', 'channel', 'recording']", title.kind),
        title=title.title,
        synopsis=title.synopsis,
        year=title.year,
        duration_s=title.duration_s,
        poster_url=_artwork_url(request, title, "poster") or _address(request, _POSTER, title_id=title.id),
        heights=title.heights,
        variants=cast("list[Literal['encrypted', 'clear', 'live']]", title.variants),
        maturity=title.maturity,
        progress=None
        if progress is None
        else schemas.ProgressBody(
            position_s=progress.position_s,
            duration_s=progress.duration_s,
            watched_at=progress.watched_at,
            furthest_s=watched.resume.furthest_s,
        ),
        published_at=title.published_at or 0.0,
        episode=None if watched.place is None else schemas.EpisodeBody(**asdict(watched.place)),
        markers=None if watched.markers is None else markers_body(watched.markers),
        trailer_id=watched.trailer_id,
        languages=schemas.LanguagesBody(**{"audio": [], "text": [], **title.languages}),
        artwork=schemas.ArtworkBody(
            backdrop_url=_artwork_url(request, title, "backdrop"),
            clip_url=_artwork_url(request, title, "clip"),
            logo_url=_artwork_url(request, title, "logo"),
            still_url=_artwork_url(request, title, "still"),
            focal=title.focal,
        ),
        thumb=_THUMBS.get(watched.thumb),
    )


def _artwork_url(request: Request, title: Title, kind: ArtworkKind) -> str | None:
    name = title.artwork.get(kind)
    return _address(request, ARTWORK, title_id=title.id, name=name) if name is not None else None


def _address(request: Request, path: str, **members: str) -> str:
    """Of a path on this server; ``url_for`` looks for it among all routes, most of a list's time."""
    return str(request.base_url).removesuffix("/") + PREFIX + path.format(**members)


def markers_body(markers: Markers) -> schemas.MarkersBody:
    intro = None if markers.intro is None else schemas.Stretch(start_s=markers.intro[0], end_s=markers.intro[1])
    return schemas.MarkersBody(intro=intro, credits_s=markers.credits_s)
