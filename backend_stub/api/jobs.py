"""Encoding jobs: ask for one, look, steer, and follow one as it goes (Server-Sent Events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from backend_stub.api import job_schemas as schemas
from backend_stub.api.deps import Before, Context, Hex32, Publisher
from backend_stub.api.errors import documented
from backend_stub.context import ServiceContext
from backend_stub.db.keyset import behind, when_made
from backend_stub.encoding.errors import StorageError
from backend_stub.encoding.options import Sidecar, TitleOptions
from backend_stub.encoding.pipeline import submit
from backend_stub.jobs.model import JobView
from backend_stub.jobs.states import ACTIVE, JobState
from backend_stub.jobs.store import JobNotFoundError
from backend_stub.problems import ProblemError

router = APIRouter(prefix="/admin/jobs", tags=["jobs"])

_Limit = Annotated[int, Query(ge=1, le=200)]
_State = Annotated[Literal["", "waiting", "running", "done", "parked", "cancelled"], Query()]
_LOOK_EVERY_S = 0.5
_LONGEST_S = 600.0  # a client that is still there comes back
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Progress"}
}


@router.get("", responses=documented(401, 403))
def list_jobs(
    context: Context, _publisher: Publisher, before: Before, state: _State = "", limit: _Limit = 50
) -> schemas.JobList:
    found = context.jobs.page(state=JobState(state) if state else None, limit=limit, before=before)
    last = behind(found, limit, lambda job: str(when_made(job)))
    return schemas.JobList(items=[_body(job) for job in found], next_before=last)


@router.post("", status_code=201, responses=documented(401, 403, 404, 409, 503))
def ask_for_job(body: schemas.JobRequest, context: Context, publisher: Publisher) -> schemas.JobBody:
    members = body.model_dump(exclude={"upload_id", "priority", "subtitles"})
    codecs, systems = tuple(members.pop("codecs")), tuple(members.pop("systems"))
    beside = ((context.uploads.file(one.upload_id).absolute(), one.language) for one in body.subtitles)
    sidecars = tuple(Sidecar(str(path), language) for path, language in beside)
    options = TitleOptions(**members, codecs=codecs, systems=systems, sidecars=sidecars)
    file = context.uploads.file(body.upload_id).absolute()
    try:
        job_id = submit(context.jobs, context.storage, file, options, priority=body.priority, account_id=publisher.id)
    except StorageError as error:
        raise ProblemError(503, "store_unavailable", error.sentence) from error
    context.wake_up.ring()
    return _body(context.jobs.get(job_id))


@router.get("/{job_id}", responses=documented(401, 403, 404))
def get_job(context: Context, _publisher: Publisher, job_id: Hex32) -> schemas.JobDetail:
    return _detail(_found(context, job_id))


@router.post("/{job_id}/cancellation", responses=documented(401, 403, 404))
def cancel_job(context: Context, publisher: Publisher, job_id: Hex32) -> schemas.JobBody:
    _found(context, job_id)
    context.jobs.cancel(job_id, by=publisher.id)
    return _body(_found(context, job_id))


@router.post("/{job_id}/retry", responses=documented(401, 403, 404))
def retry_job(context: Context, publisher: Publisher, job_id: Hex32) -> schemas.JobBody:
    _found(context, job_id)
    if context.jobs.retry(job_id, by=publisher.id):
        context.wake_up.ring()
    return _body(_found(context, job_id))


@router.put("/{job_id}/priority", responses=documented(401, 403, 404))
def set_priority(
    body: schemas.PriorityRequest, context: Context, publisher: Publisher, job_id: Hex32
) -> schemas.JobBody:
    _found(context, job_id)
    context.jobs.set_priority(job_id, body.priority, by=publisher.id)
    return _body(_found(context, job_id))


@router.get("/{job_id}/events", response_class=Response, responses={**_EVENTS, **documented(401, 403, 404)})
def follow_job(request: Request, context: Context, _publisher: Publisher, job_id: Hex32) -> StreamingResponse:
    _found(context, job_id)
    return StreamingResponse(_events(request, context, job_id), media_type="text/event-stream")


async def _events(request: Request, context: ServiceContext, job_id: str) -> AsyncIterator[str]:
    """An event for each change of the job, until it is over."""
    loop = asyncio.get_running_loop()
    until, last, number = loop.time() + _LONGEST_S, "", 0
    while loop.time() < until and not await request.is_disconnected():
        try:
            job = await asyncio.to_thread(context.jobs.get, job_id)
        except JobNotFoundError:
            return
        data = _body(job).model_dump_json()
        if data != last:
            last, number = data, number + 1
            yield f"id: {number}\nevent: {job.state}\ndata: {data}\n\n"
        if job.state not in ACTIVE:
            return
        await asyncio.sleep(_LOOK_EVERY_S)


def _found(context: ServiceContext, job_id: str) -> JobView:
    try:
        return context.jobs.get(job_id)
    except JobNotFoundError:
        raise ProblemError(404, "job_not_found", "There is no such job.") from None


def _body(job: JobView) -> schemas.JobBody:
    return schemas.JobBody.model_validate(_members(job))


def _detail(job: JobView) -> schemas.JobDetail:
    tasks = [
        schemas.JobTaskBody(
            name=task.name,
            kind=task.kind,
            state=task.state.value,
            done=task.done,
            attempts=task.attempts,
            owner=task.owner,
            started_at=task.started_at,
            finished_at=task.finished_at,
            log=task.log,
        )
        for task in job.tasks
    ]
    return schemas.JobDetail.model_validate({**_members(job), "tasks": tasks})


def _members(job: JobView) -> dict[str, object]:
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state.value,
        "done": job.done,
        "stage": job.stage,
        "trouble": job.trouble,
        "priority": job.priority,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "result": dict(job.result),
    }
