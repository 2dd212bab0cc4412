"""Progress reports."""

from __future__ import annotations

from fastapi import APIRouter, Request, status

from backend_stub.api import schemas
from backend_stub.api.catalog import title_body
from backend_stub.api.deps import Caller, Context, TitleId, Watching
from backend_stub.api.errors import documented
from backend_stub.services.progress import ProgressReport

router = APIRouter(tags=["progress"])


@router.post("/progress", responses=documented(401, 403))
def report_progress(body: schemas.ProgressRequest, context: Context, caller: Caller) -> schemas.AcceptedBody:
    selected = caller.profile.id if caller.profile is not None else ""
    reports = [
        ProgressReport(**{"profile_id": selected, **item.model_dump(exclude_none=True)}) for item in body.items
    ]
    return schemas.AcceptedBody(accepted=context.progress.report(caller.account.id, reports))


@router.get("/history", responses=documented(401, 403))
def history(request: Request, context: Context, watching: Watching) -> schemas.HistoryBody:
    shown = context.titles.catalog.history(watching)
    return schemas.HistoryBody(
        items=[
            schemas.HistoryItem(title=title_body(request, one), watched_at=one.progress.watched_at)
            for one in shown
            if one.progress is not None
        ]
    )


@router.delete("/progress/{title_id}", status_code=status.HTTP_204_NO_CONTENT, responses=documented(401, 403))
def forget_title(context: Context, watching: Watching, title_id: TitleId) -> None:
    context.progress.forget(watching, title_id)


@router.delete("/progress", status_code=status.HTTP_204_NO_CONTENT, responses=documented(401, 403))
def forget_progress(context: Context, watching: Watching) -> None:
    context.progress.forget(watching)
