"""Pages of the jobs that make titles: how far each is, its steps with their logs, stopping and trying again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from backend_stub.admin import PREFIX, plots
from backend_stub.admin.access import PageRefusedError, SealedForm, SignedInOperator
from backend_stub.admin.page import PageRoute, clean, page, see_other
from backend_stub.api.deps import Before, Context, Hex32
from backend_stub.db.keyset import behind, when_made
from backend_stub.jobs.states import ACTIVE, JobState
from backend_stub.jobs.store import JobNotFoundError

router = APIRouter(prefix=f"{PREFIX}/jobs", include_in_schema=False, route_class=PageRoute)

_PER_PAGE = 50


@router.get("")
def jobs(
    context: Context,
    operator: SignedInOperator,
    before: Before,
    q: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    found = context.jobs.page(limit=_PER_PAGE, before=before, name=clean(q))
    older = behind(found, _PER_PAGE, when_made)
    drawn = plots.by_day("Jobs", context.insight.by_day("jobs"), context.clock.now())
    return page("jobs.html", operator, jobs=found, older=older, q=q, plots=drawn)


@router.get("/{job_id}")
def job(context: Context, operator: SignedInOperator, job_id: Hex32) -> Response:
    try:
        found = context.jobs.get(job_id)
    except JobNotFoundError:
        raise _gone() from None
    return page(
        "job.html",
        operator,
        job=found,
        active=found.state in ACTIVE,
        parked=found.state is JobState.PARKED,
        finished=found.finished_at,
    )


@router.post("/{job_id}/cancellation")
def cancel(context: Context, operator: SignedInOperator, _form: SealedForm, job_id: Hex32) -> Response:
    try:
        context.jobs.cancel(job_id, by=operator.account.id)
    except JobNotFoundError:
        raise _gone() from None
    return see_other(f"/jobs/{job_id}")


@router.post("/{job_id}/retry")
def retry(context: Context, operator: SignedInOperator, _form: SealedForm, job_id: Hex32) -> Response:
    try:
        if context.jobs.retry(job_id, by=operator.account.id):
            context.wake_up.ring()
    except JobNotFoundError:
        raise _gone() from None
    return see_other(f"/jobs/{job_id}")


def _gone() -> PageRefusedError:
    return PageRefusedError(404, "There is no such job.")
