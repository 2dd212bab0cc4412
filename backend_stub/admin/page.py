"""Making a page: the templates, the headers that every page has, and what becomes of refusals."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from backend_stub.admin import PREFIX, charts, words
from backend_stub.admin.access import NotSignedInError, Operator, PageRefusedError
from backend_stub.problems import ProblemError

FOLDER = Path(__file__).parent
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_PLACES = (
    ("", "Overview"),
    ("/sessions", "Sessions"),
    ("/titles", "Titles"),
    ("/jobs", "Jobs"),
    ("/accounts", "Accounts"),
    ("/payments", "Payments"),
    ("/devices", "Devices"),
    ("/steering", "Steering"),
    ("/faults", "Edges & faults"),
    ("/audit", "Audit"),
)
_OF_PUBLISHERS = ("/titles", "/jobs")
_PAYMENTS = {"paid": "done", "pending": "waiting", "declined": "failed", "refunded": "expired"}
_SCREENS = {"plays": "done", "dark": "", "no picture": "failed", "silent": "expired", "": ""}  # classes of states


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("moment", "ago", "seconds", "duration", "percent", "bitrate", "size", "money"):
        made.filters[name] = getattr(words, name)
    made.globals |= {"prefix": PREFIX, "places": places_of, "share_bar": charts.share_bar, "screens": _SCREENS}
    made.globals["payment_states"] = _PAYMENTS
    return made


def places_of(operator: Operator) -> list[tuple[str, str]]:
    """The pages that an operator may see: their paths and names."""
    return [(path, name) for path, name in _PLACES if operator.is_admin or path in _OF_PUBLISHERS]


def page(name: str, operator: Operator | None, *, status: int = 200, **members: object) -> HTMLResponse:
    """A page out of the template ``name``."""
    text = _environment().get_template(name).render(operator=operator, **members)
    return HTMLResponse(text, status, HEADERS)


def clean(text: str) -> str:
    """What was typed to be found, as databases take it."""
    return text.replace("\0", "").strip()


def see_other(path: str) -> RedirectResponse:
    """After a form: the page that shows what has become of it, so that loading it again sends nothing again."""
    return RedirectResponse(PREFIX + path, 303, HEADERS)


class PageRoute(APIRoute):
    """Refusals on these pages are pages too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except NotSignedInError:
                return see_other("/sign-in")
            except PageRefusedError as error:
                return page("refused.html", None, status=error.status, sentence=error.sentence)
            except ProblemError as problem:
                return page("refused.html", None, status=problem.status, sentence=problem.title)
            except RequestValidationError:
                return page("refused.html", None, status=422, sentence="There is no such page.")

        return handled
