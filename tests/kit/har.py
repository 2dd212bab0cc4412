"""The HAR 1.2 format as a JSON schema, after its specification (W3C draft "HTTP Archive (HAR) format", 2012).

Members whose name begins with an underscore are anybody's own; all others have to be of the format.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_DATE: Schema = {"type": "string", "format": "date-time"}
_SIZE: Schema = {"type": "integer", "minimum": -1}
_MILLISECONDS: Schema = {"type": "number", "minimum": -1}


def _object(required: dict[str, Schema], **optional: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **optional, "comment": _TEXT},
        "required": list(required),
        "patternProperties": {"^_": {}},
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_PAIR = _object({"name": _TEXT, "value": _TEXT})
_COOKIE = _object(
    {"name": _TEXT, "value": _TEXT},
    path=_TEXT,
    domain=_TEXT,
    expires=_DATE,
    httpOnly={"type": "boolean"},
    secure={"type": "boolean"},
)
_MESSAGE = {"httpVersion": _TEXT, "cookies": _list(_COOKIE), "headers": _list(_PAIR)}
_SIZES = {"headersSize": _SIZE, "bodySize": _SIZE}
_REQUEST = _object(
    {"method": _TEXT, "url": {"type": "string", "format": "uri"}, **_MESSAGE, "queryString": _list(_PAIR), **_SIZES},
    postData=_object({"mimeType": _TEXT, "params": _list(_PAIR), "text": _TEXT}),
)
_CONTENT = _object(
    {"size": {"type": "integer", "minimum": 0}, "mimeType": _TEXT},
    compression={"type": "integer"},
    text=_TEXT,
    encoding=_TEXT,
)
_RESPONSE = _object(
    {
        "status": {"type": "integer"},
        "statusText": _TEXT,
        **_MESSAGE,
        "content": _CONTENT,
        "redirectURL": _TEXT,
        **_SIZES,
    }
)
_TIMINGS = _object(
    {name: {"type": "number", "minimum": 0} for name in ("send", "wait", "receive")},
    blocked=_MILLISECONDS,
    dns=_MILLISECONDS,
    connect=_MILLISECONDS,
    ssl=_MILLISECONDS,
)
_CACHED = {
    "anyOf": [{"type": "null"}, _object({"lastAccess": _DATE, "eTag": _TEXT, "hitCount": _NUMBER}, expires=_DATE)]
}
_ENTRY = _object(
    {
        "startedDateTime": _DATE,
        "time": {"type": "number", "minimum": 0},
        "request": _REQUEST,
        "response": _RESPONSE,
        "cache": _object({}, beforeRequest=_CACHED, afterRequest=_CACHED),
        "timings": _TIMINGS,
    },
    pageref=_TEXT,
    serverIPAddress=_TEXT,
    connection=_TEXT,
)
_PAGE = _object(
    {
        "startedDateTime": _DATE,
        "id": _TEXT,
        "title": _TEXT,
        "pageTimings": _object({}, onContentLoad=_MILLISECONDS, onLoad=_MILLISECONDS),
    }
)
_PROGRAM = _object({"name": _TEXT, "version": _TEXT})

HAR: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_object(
        {
            "log": _object(
                {"version": {"const": "1.2"}, "creator": _PROGRAM, "entries": _list(_ENTRY)},
                browser=_PROGRAM,
                pages=_list(_PAGE),
            )
        }
    ),
}
