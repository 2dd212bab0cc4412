"""Pages of the catalogue, for publishers too: what there is, and what is said of each title."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, get_args

from fastapi import APIRouter, Path, Query, Response
from pydantic import ValidationError

from backend_stub.admin import PREFIX, plots
from backend_stub.admin.access import FormFile, Operator, PageRefusedError, SealedForm, SignedInOperator
from backend_stub.admin.page import PageRoute, clean, page, see_other
from backend_stub.api import schemas
from backend_stub.api.admin_schemas import MATURITIES, Rating, RightsBody, SeasonNameBody, TitleChange
from backend_stub.api.deps import Context, TitleId
from backend_stub.context import ServiceContext
from backend_stub.db.keyset import behind
from backend_stub.db.models import Title
from backend_stub.services import publishing
from backend_stub.services.artwork import KINDS, ArtworkKind
from backend_stub.services.editing import Words
from backend_stub.services.entitlement import ContractTerms
from backend_stub.services.title_credits import Credits, Job, Person
from backend_stub.titles import SERIES

router = APIRouter(prefix=f"{PREFIX}/titles", include_in_schema=False, route_class=PageRoute)

_WEEK_S = 7 * 86400.0
_PER_PAGE = 50
_MOMENT = "%Y-%m-%d %H:%M"
_NO_TITLE = "There is no such title."


@router.get("")
def titles(
    context: Context,
    operator: SignedInOperator,
    q: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str, Query(pattern=r"(?s)^[a-z0-9-]{1,64},.{0,300}$")] = "",
) -> Response:
    last_id, _, last_title = after.partition(",")
    place = (last_id, last_title) if after else None
    named = context.insight.titles(after=place, text=clean(q), limit=_PER_PAGE)
    week = context.quality.of(context.clock.now() - _WEEK_S, "title_id", [key for key, _ in named])
    quality = {one.name: one for one in week}
    rows = [(key, name, quality.get(key)) for key, name in named]
    further = behind(named, _PER_PAGE, ",".join)
    drawn = plots.by_day("Titles by when they were published", context.insight.by_day("titles"), context.clock.now())
    return page("titles.html", operator, titles=rows, q=q, further=further, plots=drawn)


@router.get("/{title_id}")
def title(context: Context, operator: SignedInOperator, title_id: TitleId) -> Response:
    return _page(context, operator, _title(context, title_id))


@router.post("/{title_id}")
def change(context: Context, operator: SignedInOperator, form: SealedForm, title_id: TitleId) -> Response:
    """Words, credits, rating and where and when the title may be seen; all of them or none."""
    found, by = _title(context, title_id), operator.account.id
    try:
        words = TitleChange(title=form.get("title"), synopsis=form.get("synopsis"), year=int(form.get("year") or 0))
        named = schemas.CreditsBody.model_validate(_credits(form))
        maturity = Rating.model_validate({"maturity": int(form.get("maturity", "0"))}).maturity
        rights = _rights(context.rights.contracts.get(title_id), form)
    except ValidationError as error:
        where = " ".join(str(part) for part in error.errors()[0]["loc"])
        return _page(context, operator, found, form, f"This is not right: {where or 'the form'}.")
    except ValueError:
        return _page(context, operator, found, form, "Years are numbers; moments are written as 2026-12-31 20:15.")
    context.titles.editing.change(title_id, Words(words.title, words.synopsis, words.year), by=by)
    people = [Person(one.name, one.job) for one in named.people]
    context.titles.credits.set(title_id, Credits(named.genres, people), by=by)
    if maturity != found.maturity:
        context.rights.contracts.rate(title_id, maturity, by=by)
    if rights != context.rights.contracts.get(title_id):
        context.rights.contracts.set(title_id, rights, by=by)
    return see_other(f"/titles/{title_id}")


@router.post("/{title_id}/artwork/{kind}")
def put_artwork(
    context: Context,
    operator: SignedInOperator,
    form: SealedForm,
    data: FormFile,
    title_id: TitleId,
    kind: ArtworkKind,
) -> Response:
    _title(context, title_id)
    if form.get("remove"):
        context.titles.artwork.remove(title_id, kind, by=operator.account.id)
    else:
        context.titles.artwork.put(title_id, kind, data, by=operator.account.id)
    return see_other(f"/titles/{title_id}")


@router.post("/{title_id}/seasons/{season}")
def name_season(
    context: Context,
    operator: SignedInOperator,
    form: SealedForm,
    title_id: TitleId,
    season: Annotated[int, Path(ge=0, le=10_000)],
) -> Response:
    try:
        name = SeasonNameBody(name=form.get("name", "").strip()).name
        context.titles.editing.name_season(title_id, season, name, by=operator.account.id)
    except ValidationError:
        raise PageRefusedError(422, "A season's name has at most 200 characters.") from None
    except LookupError:
        raise PageRefusedError(404, "There is no such series.") from None
    return see_other(f"/titles/{title_id}")


@router.post("/{title_id}/shown")
def show(context: Context, operator: SignedInOperator, form: SealedForm, title_id: TitleId) -> Response:
    """Withdraw a title, or let viewers have it again."""
    found = _title(context, title_id)
    if form.get("shown") == "yes":
        context.titles.versions.select(title_id, found.version, by=operator.account.id)
    else:
        publishing.unpublish(context.settings, title_id, by=operator.account.id)
    return see_other(f"/titles/{title_id}")


def _page(
    context: ServiceContext,
    operator: Operator,
    found: Title,
    form: Mapping[str, str] | None = None,
    message: str = "",
) -> Response:
    rights = context.rights.contracts.get(found.id)
    return page(
        "title.html",
        operator,
        status=422 if message else 200,
        title=found,
        form={**_form(context, found, rights), **(form or {})},
        message=message,
        maturities=MATURITIES,
        rights=rights,
        kinds=KINDS,
        jobs=get_args(Job),
        seasons=context.titles.editing.season_names(found.id) if found.kind == SERIES else None,
    )


def _form(context: ServiceContext, found: Title, rights: ContractTerms) -> dict[str, str]:
    named = context.titles.editing.credits(found.id)
    return {
        "title": found.title,
        "synopsis": found.synopsis,
        "year": str(found.year or ""),
        "genres": " ".join(named.genres),
        "people": "\n".join(f"{one.job}: {one.name}" for one in named.people),
        "maturity": str(found.maturity),
        "countries": " ".join(sorted(rights.countries)),
        "available_from": _written(rights.available_from),
        "available_until": _written(rights.available_until),
        "free": "yes" if rights.free else "",
    }


def _credits(form: Mapping[str, str]) -> dict[str, object]:
    people = []
    for line in form.get("people", "").splitlines():
        job, colon, name = line.partition(":")
        if line.strip():
            people.append({"job": job.strip().lower() if colon else "", "name": name.strip()})
    return {"genres": form.get("genres", "").lower().split(), "people": people}


def _rights(kept: ContractTerms, form: Mapping[str, str]) -> ContractTerms:
    """The contract with what the form says. Raises ValueError."""
    wanted = replace(
        kept,
        free=form.get("free") == "yes",
        countries=frozenset(form.get("countries", "").upper().split()),
        available_from=_moment(form.get("available_from", "")),
        available_until=_moment(form.get("available_until", "")),
    )
    fields = {name: getattr(wanted, name) for name in RightsBody.model_fields}
    RightsBody.model_validate({**fields, "countries": sorted(wanted.countries)})
    return wanted


def _moment(text: str) -> float | None:
    return datetime.strptime(text.strip(), _MOMENT).replace(tzinfo=UTC).timestamp() if text.strip() else None


def _written(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime(_MOMENT)


def _title(context: ServiceContext, title_id: str) -> Title:
    try:
        return context.titles.editing.get(title_id)
    except LookupError:
        raise PageRefusedError(404, _NO_TITLE) from None
