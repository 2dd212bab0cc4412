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
<style>{style}</style></head>
<body><main><p class="brand"><span aria-hidden="true">&#9654;</span>Matinee</p>
<h1>Sign in a television</h1>{message}{form}</main></body></html>"""
_STYLE = """:root{color-scheme:dark}
body{font:1.05rem/1.45 Inter,system-ui,sans-serif;background:#0b0e13;color:#f3f5f8;margin:0;min-height:100vh;
display:grid;place-items:center}
main{width:min(26rem,100% - 3rem);padding:2.5rem 0}
.brand{display:flex;align-items:center;gap:.6rem;font-weight:700;font-size:1.25rem;margin:0 0 2rem}
.brand span{display:grid;place-items:center;width:2rem;height:2rem;border-radius:.5rem;background:#ffb84d;
color:#1c1204;font-size:.8rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 1.5rem}
[role=status]{background:#1d2430;border-left:.25rem solid #ffb84d;border-radius:.5rem;padding:.8rem 1rem;
margin:0 0 1.5rem}
label{display:block;margin:0 0 1.1rem;color:#a9b3c2;font-size:.9rem}
input{display:block;font:inherit;font-size:1.05rem;color:#f3f5f8;width:100%;box-sizing:border-box;margin-top:.35rem;
padding:.7rem .9rem;background:#1d2430;border:1px solid #2c3544;border-radius:.5rem}
input[name=user_code]{text-transform:uppercase;letter-spacing:.15em;font-variant-numeric:tabular-nums}
button{font:inherit;font-weight:600;width:100%;padding:.8rem 1rem;border:0;border-radius:.5rem;margin-top:.6rem;
cursor:pointer;background:#1d2430;color:#f3f5f8}
button[value=approve]{background:#ffb84d;color:#1c1204}
:focus-visible{outline:3px solid #fff;outline-offset:3px}"""
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
    return HTMLResponse(_PAGE.format(style=_STYLE, message=told, form=form), status, _HEADERS)
