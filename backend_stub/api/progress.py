"""Progress reports."""

from __future__ import annotations

from fastapi import APIRouter, status

from backend_stub.api import schemas
from backend_stub.api.deps import Caller, Context, Watching
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


@router.delete("/progress", status_code=status.HTTP_204_NO_CONTENT, responses=documented(401, 403))
def forget_progress(context: Context, watching: Watching) -> None:
    context.progress.forget(watching)
