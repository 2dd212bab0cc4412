"""nginx over our own configuration, where it is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import trustme

from backend_stub.edge.nginx import NginxEdge, configuration
from backend_stub.http_server import listen
from backend_stub.server import ServerGroup
from tests.kit.children import ends_with_us
from tests.kit.waiting import until

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


@contextmanager
def running_nginx(group: ServerGroup, state_dir: Path) -> Iterator[str]:
    """The address of an nginx that serves the media of a running service; the test is skipped without nginx."""
    if NGINX is None:
        pytest.skip("nginx is not installed")
    edge = NginxEdge(group.settings.media_dir, state_dir, "", group.api_url, group.edges[0].url)
    with nginx_process(edge) as url:
        yield url


@contextmanager
def nginx_process(edge: NginxEdge) -> Iterator[str]:
    """The address of an nginx with this configuration, on a free port and run by whoever runs the tests."""
    assert NGINX is not None
    listener, _ = listen("127.0.0.1", 0)
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    user = "root" if os.geteuid() == 0 else None
    edge.state_dir.mkdir(parents=True, exist_ok=True)
    config = edge.state_dir / "nginx.conf"
    config.write_text(configuration(replace(edge, listen=address, user=user)))
    process = subprocess.Popen(ends_with_us(NGINX, "-p", edge.state_dir, "-c", config), stderr=subprocess.PIPE)
    try:
        _wait_until_it_serves(process, f"http://{address}")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.communicate(timeout=60)


@contextmanager
def http2_front(origin: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """An nginx that speaks TLS and HTTP/2 before an origin of HTTP/1.1, and hands bytes on as they come: its address
    (with a slash at its end), and the file of its authority. The test is skipped without nginx."""
    if NGINX is None:
        pytest.skip("nginx is not installed")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    listener, _ = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    listener.close()
    config = folder / "front.conf"
    config.write_text(_HTTP2_FRONT.format(folder=folder, port=port, origin=origin.rstrip("/")))
    command = ends_with_us(NGINX, "-p", folder, "-c", config)
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        until(lambda: _accepts(process, port))
        yield f"https://localhost:{port}/", folder / "ca.pem"
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _accepts(process: subprocess.Popen[bytes], port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        assert process.poll() is None, process.communicate()[1].decode()
        return False
    return True


_HTTP2_FRONT = """daemon off; pid {folder}/nginx.pid; error_log stderr; worker_processes 1;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem;
    location / {{ proxy_pass {origin}; proxy_http_version 1.1; proxy_buffering off; }}
  }}
}}
"""


def _wait_until_it_serves(process: subprocess.Popen[bytes], url: str) -> None:
    def serves() -> bool:
        try:
            return httpx.get(f"{url}/health", trust_env=False).status_code == 200
        except httpx.TransportError:
            assert process.poll() is None, process.communicate()[1].decode()
            return False

    until(serves)
