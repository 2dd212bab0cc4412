"""A configuration of nginx as one more edge: the same files, the same signatures, the same headers.

Our token is checked by the service itself (``auth_request`` to ``/edge-check``), which also knows whether it still
stands. Each answer is kept for the seconds that it says it may be, and longer while the service does not answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from backend_stub.edge.files import CONTENT_TYPES, IMMUTABLE, MANIFEST_CACHE
from backend_stub.problems import ProblemError
from backend_stub.services.edge_gate import unanswered

_TEMPLATE = """\
# Made by "matinee nginx-config": serves the published titles of {media} with the service's signatures.
# Start it with: nginx -p {state} -c {place}
{user}daemon off;
pid {state}/nginx.pid;
worker_processes auto;
error_log stderr alert;  # what is less names the request, and paths carry signatures

events {{
    worker_connections 2048;
}}

http {{
    access_log off;  # paths carry signatures
    server_tokens off;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 60s;
    keepalive_requests 100000;
    open_file_cache max=2000 inactive=60s;
    client_max_body_size 1k;
    client_body_temp_path {state}/client_body;
    proxy_temp_path {state}/proxy;
    fastcgi_temp_path {state}/fastcgi;
    uwsgi_temp_path {state}/uwsgi;
    scgi_temp_path {state}/scgi;
    proxy_cache_path {state}/checks keys_zone=checks:4m max_size=16m inactive=600s use_temp_path=off;

    types {{
{types}
    }}
    default_type application/octet-stream;

    map $uri $matinee_cache_control {{
        default "{immutable}";
        "~*\\.(mpd|m3u8)$" "{manifest_cache}";
    }}

    server {{
        listen {listen};
        max_ranges 1;  # several ranges get the whole file
        root {media};

        location = /health {{
            default_type application/json;
            return 200 '{health}';
        }}

        # Names of files begin with no dot; what nginx has normalised cannot leave the folder. No other characters: the
        # folder goes into a header of the check, where the end of a line would begin another request.
        location ~ ^/s/(?<token>[A-Za-z0-9_.-]+)/(?<title>[a-z0-9-]+)/(?<folder>(encrypted|clear)/([A-Za-z0-9_-][A-Za-z0-9_.-]*/)*)(?<file>[A-Za-z0-9_-][A-Za-z0-9_.-]*)$ {{
            if ($request_method = OPTIONS) {{
                add_header Access-Control-Allow-Origin "*";
                add_header Access-Control-Allow-Methods "GET, HEAD, OPTIONS";
                add_header Access-Control-Allow-Headers "*";
                add_header Access-Control-Max-Age 86400;
                return 204;
            }}
            auth_request /check;
            add_header Access-Control-Allow-Origin "*";
            add_header Access-Control-Expose-Headers "Accept-Ranges, Content-Length, Content-Range, Date, ETag";
            add_header Cache-Control $matinee_cache_control;
            add_header X-Edge "{name}";
            alias {media}/$title/$folder$file;
        }}

        location ~ ^/s/[A-Za-z0-9_.-]+/[a-z0-9-]+/live/ {{
            proxy_pass {edge_url};  # made from the clock; this edge checks the signature itself
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Forwarded-For $remote_addr;
        }}

        location = /check {{
            internal;
            proxy_pass {api_url}/edge-check;
            proxy_http_version 1.1;
            proxy_method GET;
            proxy_pass_request_headers off;
            proxy_pass_request_body off;
            proxy_set_header Connection "";
            proxy_set_header Content-Length "";
            proxy_set_header X-Matinee-Token $token;
            proxy_set_header X-Matinee-Path /$title/$folder;
            proxy_set_header X-Matinee-Client $remote_addr;
            proxy_cache checks;
            proxy_cache_key $remote_addr/$token/$title/$folder;
            proxy_cache_lock on;
            proxy_ignore_headers Vary;
            proxy_connect_timeout 2s;
            proxy_read_timeout 3s;  # the service says within 2 s that its database does not answer
        }}

        location / {{
            return 403;
        }}

        error_page 403 /problem/403;
        error_page 404 /problem/404;
        error_page 500 502 504 =503 /problem/503;  # a check without an answer is 500
        location = /problem/503 {{
            internal;
{unanswered}
        }}
        location = /problem/403 {{
            internal;
{forbidden}
        }}
        location = /problem/404 {{
            internal;
{missing}
        }}
    }}
}}
"""  # noqa: E501


@dataclass(frozen=True, slots=True)
class NginxEdge:
    """``api_url`` ends in ``/api/v1``; ``edge_url`` is an edge of ours, which channels are fetched from.
    ``state_dir`` takes nginx's own files, and the configuration as ``nginx.conf``. ``user`` is whom the workers of an
    nginx that root starts run as: somebody who may read the media; None for one that root does not start."""

    media_dir: Path
    state_dir: Path
    listen: str
    api_url: str
    edge_url: str
    name: str = "edge-nginx"
    user: str | None = None


def configuration(edge: NginxEdge) -> str:
    """The whole of an ``nginx.conf``. Raises ValueError for a value that would be read as something else."""
    values = {
        "media": str(edge.media_dir.resolve()),
        "state": str(edge.state_dir.resolve()),
        "place": str(edge.state_dir.resolve() / "nginx.conf"),
        "listen": edge.listen,
        "api_url": edge.api_url,
        "edge_url": edge.edge_url,
        "name": edge.name,
        "user": edge.user or "",
    }
    for name, value in values.items():
        if any(character in " \t\r\n;{}'\"$\\#" for character in value):
            raise ValueError(f"nginx takes no {name} like {value!r}: a character in it has a meaning there.")
    values["user"] = f"user {edge.user};\n" if edge.user else ""
    return _TEMPLATE.format(
        **values,
        types="\n".join(f"        {kind} {suffix[1:]};" for suffix, kind in CONTENT_TYPES.items()),
        immutable=IMMUTABLE,
        manifest_cache=MANIFEST_CACHE,
        health=json.dumps({"status": "ok", "edge": edge.name}),
        forbidden=_problem(
            ProblemError(403, "bad_signature", "The address is not signed, or its signature has expired.")
        ),
        unanswered=_problem(unanswered()),
        missing=_problem(ProblemError(404, "file_not_found", "There is no such file.")),
    )


def _problem(problem: ProblemError) -> str:
    lines = [
        "default_type application/problem+json;",
        'add_header Access-Control-Allow-Origin "*" always;',
        'add_header Cache-Control "no-store" always;',
        *(f'add_header {name} "{value}" always;' for name, value in problem.headers.items()),
        f"return {problem.status} '{problem.body().decode()}';",
    ]
    return "\n".join(f"            {line}" for line in lines)
