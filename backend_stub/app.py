"""The API as one ASGI application."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi

from backend_stub.admin import account_pages, job_pages, pages, steering_pages, title_pages
from backend_stub.api import (
    PREFIX,
    VERSION,
    account,
    activation,
    admin,
    auth,
    billing,
    catalog,
    channels,
    devices,
    edge_beats,
    edge_check,
    editing,
    jobs,
    kiosk,
    licence,
    my_list,
    opinions,
    play,
    profiles,
    progress,
    recordings,
    rights,
    rows,
    schemas,
    search,
    series,
    steering,
    system,
    telemetry,
    title_credits,
    uploads,
    versions,
)
from backend_stub.api.body_limit import BodyLimit
from backend_stub.api.bounded_wait import BoundedWait
from backend_stub.api.deps import only_known_query
from backend_stub.api.errors import add_handlers, documented
from backend_stub.api.no_nul import NoNul
from backend_stub.context import ServiceContext
from backend_stub.faults.control import FaultControl

_MAX_BODY_BYTES = 1 << 20
_MODULES = (
    auth,
    account,
    profiles,
    catalog,
    title_credits,
    series,
    rows,
    channels,
    search,
    my_list,
    recordings,
    opinions,
    devices,
    edge_beats,
    edge_check,
    editing,
    kiosk,
    play,
    steering,
    licence,
    rights,
    progress,
    telemetry,
    billing,
    system,
    admin,
    versions,
    jobs,
    uploads,
)


def create_app(context: ServiceContext, faults: FaultControl | None = None) -> FastAPI:
    """The API over ``context``, which the caller closes; ``faults`` are what the operator's pages switch."""
    app = FastAPI(
        title="Matinee service",
        version=VERSION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.context = context
    app.state.faults = faults
    app.add_middleware(NoNul)
    app.add_middleware(BoundedWait)
    app.add_middleware(BodyLimit, limit=_MAX_BODY_BYTES, streamed=f"{PREFIX}/admin/uploads/")
    add_handlers(app)
    for module in _MODULES:
        app.include_router(
            module.router,
            prefix=PREFIX,
            responses=documented(400, 409, 422, 503),
            dependencies=[Depends(only_known_query)],
        )
    app.include_router(activation.router)
    app.include_router(telemetry.scraped)
    for console in (pages, title_pages, job_pages, account_pages, steering_pages):
        app.include_router(console.router)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the problem schema that every route's refusals refer to."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        document["components"]["schemas"]["Problem"] = schemas.ProblemDetails.model_json_schema()
        app.openapi_schema = document
    return app.openapi_schema
