"""The page on which a viewer signs a television in: plain HTML, no script, nothing kept between two requests."""

from __future__ import annotations

import html
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from backend_stub.api.auth import checked_sign_in
from backend_stub.api.deps import Context
from backend_stub.context import ServiceContext
from backend_stub.problems import ProblemError

router = APIRouter(include_in_schema=False)

_MAX_FIELDS = 5
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Matinee: sign in a television</title>
<style>body{{font:1.1rem system-ui;max-width:24rem;margin:3rem auto;padding:0 1rem}}
label{{display:block;margin:1rem 0}}input{{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}}
button{{font:inherit;padding:.5rem 1rem}}</style></head>
<body><h1>Sign in a television</h1>{message}{form}</body></html>"""
_FORM = """<form method="post">
<label>Code on the screen <input name="user_code" value="{code}" autocomplete="off" required></label>
<label>E-mail <input name="email" type="email" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button name="decision" value="approve">Sign in this television</button>
<button name="decision" value="deny">It is not mine</button></form>"""


@router.get("/activate", name="activation")
def activation(user_code: Annotated[str, Query(max_length=32)] = "") -> HTMLResponse:
    return _page(_FORM.format(code=html.escape(user_code, quote=True)))


@router.post("/activate")
async def activate(request: Request, context: Context) -> HTMLResponse:
    try:
        fields = parse_qs((await request.body()).decode("utf-8"), max_num_fields=_MAX_FIELDS)
    except ValueError:
        fields = {}
    entered = {name: values[0] for name, values in fields.items()}
    code = entered.get("user_code", "")
    try:
        message = await run_in_threadpool(_decide, context, request, entered)
    except ProblemError as problem:
        form = _FORM.format(code=html.escape(code, quote=True))
        return _page(form, problem.title, problem.status)
    return _page("", message)


def _decide(context: ServiceContext, request: Request, entered: dict[str, str]) -> str:
    """Sign in and decide. Raises :class:`ProblemError`."""
    account = checked_sign_in(context, request, entered.get("email", ""), entered.get("password", ""))
    approve = entered.get("decision") == "approve"
    name = context.device_grants.decide(account.id, entered.get("user_code", ""), approve=approve)
    return f"{name} is signed in now." if approve else f"{name} was not signed in."


def _page(form: str, message: str = "", status: int = 200) -> HTMLResponse:
    told = f"<p role=status>{html.escape(message)}</p>" if message else ""
    return HTMLResponse(_PAGE.format(message=told, form=form), status, _HEADERS)
