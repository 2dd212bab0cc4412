"""The OpenAPI document of the service, made once in a process: that takes longer than most tests."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from backend_stub.app import create_app
from backend_stub.context import ServiceContext


@cache
def api_document() -> dict[str, Any]:
    """It does not depend on what a service holds. Nobody may change it."""
    return create_app(cast(ServiceContext, None)).openapi()
