"""Genres and people of titles: shown to viewers, set by publishers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from backend_stub.api import schemas
from backend_stub.api.deps import Context, Publisher, TitleId, Watching
from backend_stub.api.errors import documented
from backend_stub.problems import not_found
from backend_stub.services.title_credits import Credits, Narrowing, Person

router = APIRouter(tags=["catalog"])

_Genre = Annotated[str | None, Query(pattern=schemas.GENRE_PATTERN)]
_Name = Annotated[str | None, Query(min_length=1, max_length=200, pattern=schemas.NO_NUL)]


def _narrowing(genre: _Genre = None, person: _Name = None) -> Narrowing:
    return Narrowing(genre, person)


Narrowed = Annotated[Narrowing, Depends(_narrowing)]


@router.get("/catalog/{title_id}/credits", responses=documented(401, 403, 404))
def get_credits(context: Context, watching: Watching, title_id: TitleId) -> schemas.CreditsBody:
    return _body(context.titles.credits.shown(watching, title_id))


@router.put("/admin/titles/{title_id}/credits", responses=documented(401, 403, 404))
def set_credits(
    body: schemas.CreditsBody, context: Context, publisher: Publisher, title_id: TitleId
) -> schemas.CreditsBody:
    wanted = Credits(body.genres, [Person(person.name, person.job) for person in body.people])
    with not_found("title_not_found", "There is no such title."):
        return _body(context.titles.credits.set(title_id, wanted, by=publisher.id))


def _body(found: Credits) -> schemas.CreditsBody:
    return schemas.CreditsBody.model_validate(asdict(found))
