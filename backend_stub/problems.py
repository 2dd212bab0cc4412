"""Refusals of the service, as problem+json (RFC 9457). ``docs/protocol.md`` lists the codes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """A refusal with an HTTP status, a stable code and one sentence for people; it carries no secrets.

    ``members`` are extension members of the document (RFC 9457, section 3.2).
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.code = code
        self.title = title
        self.headers = dict(headers or {})
        self.members = dict(members or {})

    def body(self) -> bytes:
        return problem_body(self.status, self.code, self.title, self.members)


@contextmanager
def not_found(code: str, title: str) -> Iterator[None]:
    """What a service does not find (LookupError) is a refusal with status 404."""
    try:
        yield
    except LookupError as error:
        raise ProblemError(404, code, title) from error


def problem_body(status: int, code: str, title: str, members: Mapping[str, object] | None = None) -> bytes:
    """The document of one refusal."""
    document = {
        **(members or {}),
        "type": f"urn:matinee:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
    }
    return json.dumps(document).encode()
