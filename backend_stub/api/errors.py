"""Every refusal leaves as problem+json, those of the framework too."""

from __future__ import annotations

import errno
import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError
from starlette.exceptions import HTTPException

from backend_stub.db.database import AWAY, is_race
from backend_stub.problems import MEDIA_TYPE, ProblemError, problem_body

_FRAMEWORK_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}
_AWAY_S = 5.0
_FULL_S = 60.0
_logger = logging.getLogger(__name__)
_SCHEMA = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may refuse with these statuses."""
    return {status: {"description": HTTPStatus(status).phrase, "content": _SCHEMA} for status in statuses}


def add_handlers(app: FastAPI) -> None:
    """Answer each kind of refusal with its problem document."""

    @app.exception_handler(ProblemError)
    def on_problem(_request: Request, problem: ProblemError) -> Response:
        return Response(problem.body(), problem.status, problem.headers, MEDIA_TYPE)

    @app.exception_handler(RequestValidationError)
    def on_invalid(_request: Request, error: RequestValidationError) -> Response:
        return problem_response(422, "invalid_request", _first_complaint(error))

    @app.exception_handler(HTTPException)
    def on_framework(_request: Request, error: HTTPException) -> Response:
        code = _FRAMEWORK_CODES.get(error.status_code, "refused")
        return problem_response(error.status_code, code, str(error.detail), error.headers)

    def on_database_away(_request: Request, error: Exception) -> Response:
        _logger.error("the database cannot be asked: %s", type(error).__name__)
        away = ProblemError(503, "database_unavailable", "The service cannot answer now; try again soon.")
        return Response(away.body(), away.status, retry_after(_AWAY_S), MEDIA_TYPE)

    for kind in AWAY:
        app.add_exception_handler(kind, on_database_away)

    @app.exception_handler(OSError)
    def on_full_disk(_request: Request, error: OSError) -> Response:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise error
        _logger.error("the disk is full")
        full = ProblemError(503, "disk_full", "The service has no room to keep this; try again later.")
        return Response(full.body(), full.status, retry_after(_FULL_S), MEDIA_TYPE)

    @app.exception_handler(NoResultFound)
    @app.exception_handler(ObjectDeletedError)
    @app.exception_handler(StaleDataError)
    @app.exception_handler(IntegrityError)
    def on_race(request: Request, error: Exception) -> Response:
        if isinstance(error, IntegrityError) and not is_race(error):
            raise error
        _logger.warning("another call was faster: %s", type(error).__name__)
        refusal = _without_account(request) or ProblemError(
            409, "changed_meanwhile", "What this is about was changed or removed at the same moment."
        )
        return Response(refusal.body(), refusal.status, refusal.headers, MEDIA_TYPE)

    @app.exception_handler(Exception)
    def on_fault_of_ours(_request: Request, _error: Exception) -> Response:
        # The framework raises it again after the answer, and the server logs it.
        return problem_response(500, "internal", "The service failed; it is not your fault.")


def _without_account(request: Request) -> ProblemError | None:
    """The refusal for a caller whose account, profile or sign-in is gone by now."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        try:
            request.app.state.context.tokens.signed_in(token)
        except ProblemError as refusal:
            return refusal
    return None


def retry_after(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(math.ceil(seconds))}


def problem_response(status: int, code: str, title: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(problem_body(status, code, title), status, dict(headers or {}), MEDIA_TYPE)


def _first_complaint(error: RequestValidationError) -> str:
    """The first complaint, naming the member but never repeating its value."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}"[:300]
