"""Progress reports."""

from __future__ import annotations

from fastapi import APIRouter, status

from backend_stub.api import schemas
from backend_stub.api.deps import Context, Viewer
from backend_stub.api.errors import documented
from backend_stub.services.progress import ProgressReport

router = APIRouter(tags=["progress"])


@router.post("/progress", responses=documented(401, 403))
def report_progress(body: schemas.ProgressRequest, context: Context, viewer: Viewer) -> schemas.AcceptedBody:
    reports = [ProgressReport(**item.model_dump()) for item in body.items]
    return schemas.AcceptedBody(accepted=context.progress.report(viewer.id, reports))


@router.delete("/progress", status_code=status.HTTP_204_NO_CONTENT, responses=documented(401, 403))
def forget_progress(context: Context, viewer: Viewer) -> None:
    context.progress.forget(viewer.id)
