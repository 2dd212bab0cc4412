"""``GET|PUT|DELETE /admin/faults`` on every server of a group, for whoever holds the admin token."""

from __future__ import annotations

import secrets

from backend_stub.asgi import App, Receive, Scope, Send, header, read_body, respond, respond_problem
from backend_stub.faults.control import FaultControl
from backend_stub.faults.document import MAX_DOCUMENT_BYTES, FaultDocumentError
from backend_stub.problems import ProblemError

PATH = "/admin/faults"


class FaultAdmin:
    """Answers the administrative path itself and passes everything else on; it stands outside the faults."""

    def __init__(self, app: App, control: FaultControl, admin_token: str) -> None:
        self._app = app
        self._control = control
        self._token = admin_token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        try:
            await self._answer(scope, receive, send)
        except ProblemError as problem:
            await respond_problem(send, problem)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = (header(scope, b"x-admin-token") or "").encode()
        if not secrets.compare_digest(given, self._token):
            raise ProblemError(403, "admin_only", "The admin token is missing or wrong.")
        method = scope["method"]
        if method == "GET":
            await respond(send, 200, self._control.document.encode())
        elif method == "PUT":
            self._put(await read_body(receive, MAX_DOCUMENT_BYTES))
            await respond(send, 204)
        elif method == "DELETE":
            self._control.clear()
            await respond(send, 204)
        else:
            raise ProblemError(
                405, "method_not_allowed", "Only GET, PUT and DELETE work here.", {"Allow": "GET, PUT, DELETE"}
            )

    def _put(self, body: bytes) -> None:
        try:
            self._control.set(body.decode())
        except (FaultDocumentError, UnicodeDecodeError) as error:
            raise ProblemError(422, "bad_faults", str(error)) from error
