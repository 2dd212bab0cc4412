"""The channels: titles in a loop, and what is on."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel

from backend_stub.api import schemas
from backend_stub.api.catalog import title_body
from backend_stub.api.deps import Context, Watching
from backend_stub.api.errors import documented
from backend_stub.live import guide
from backend_stub.titles import LIVE

router = APIRouter(tags=["catalog"])

_MOST_TITLES = 200  # so many are looked at


class ProgrammeBody(BaseModel):
    title: str
    starts_at: float
    ends_at: float
    recordable: bool


class ChannelBody(BaseModel):
    title: schemas.TitleBody
    programmes: list[ProgrammeBody]
    back_s: float


class ChannelsBody(BaseModel):
    items: list[ChannelBody]
    now_at: float


@router.get("/channels", responses=documented(401, 403))
def channels(request: Request, context: Context, watching: Watching) -> ChannelsBody:
    now = context.clock.now()
    items = []
    found_titles = context.titles.catalog.maybe_channels(watching, _MOST_TITLES)
    broadcast = {watched.title.id for watched in found_titles if LIVE in watched.title.variants}
    recordable = context.recordings.recordable(broadcast)
    for watched in found_titles:
        title = watched.title
        found = guide.channel_guide(context.settings.media_dir, title, now)
        if found is not None:
            shown = [
                ProgrammeBody(
                    title=one.title or title.title,
                    starts_at=one.starts_at,
                    ends_at=one.ends_at,
                    recordable=one.record and title.id in recordable,
                )
                for one in found.programmes
            ]
            items.append(ChannelBody(title=title_body(request, watched), programmes=shown, back_s=found.back_s))
    return ChannelsBody(items=items, now_at=now)
