from __future__ import annotations

import asyncio
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
import trustme

from backend_stub import cli
from backend_stub.asgi import Receive, Scope, Send
from backend_stub.config import Settings
from backend_stub.faults.document import FaultDocumentError
from backend_stub.http_server import HttpServer, TlsFiles, listen, reachable_at
from backend_stub.server import ServerGroup, ServerOptions, api_kind_of, edge_name
from backend_stub.services.accounts import EmailTakenError
from tests.kit.backend import fault_document, publish_noise, running_backend, signed_in_viewer
from tests.kit.children import ends_with_us
from tests.kit.waiting import PATIENCE_S


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def test_wanted_ports_are_taken(tmp_path: Path) -> None:
    wanted = free_port()
    with ServerGroup(Settings(tmp_path), ServerOptions(api_port=wanted)) as group:
        assert (group.api.port, group.api.wanted_port) == (wanted, None)
        assert httpx.get(f"http://127.0.0.1:{wanted}/api/v1/health", trust_env=False).status_code == 200


def test_a_port_in_use_is_chosen_anew_and_reported(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with ServerGroup(Settings(tmp_path), ServerOptions(edge_ports=(port, 0))) as group:
            edge = group.edges[0]
            assert edge.wanted_port == port != edge.port
            assert httpx.get(f"{edge.url}/health", trust_env=False).json()["edge"] == "edge-a"
            assert f"Port {port} was in use; edge-a took {edge.port} instead." in cli.describe(group)


def test_a_foreign_host_cannot_be_bound(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="assign"):
        ServerGroup(Settings(tmp_path), ServerOptions(host="192.0.2.1")).start()


def test_a_server_on_all_addresses_tells_one_that_others_can_use(tmp_path: Path) -> None:
    with ServerGroup(Settings(tmp_path), ServerOptions(host="0.0.0.0")) as group:
        assert "0.0.0.0" not in group.api_url + group.edges[0].url
        assert httpx.get(f"{group.api_url}/health", trust_env=False).status_code == 200


def test_a_response_that_the_end_cuts_off_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"so far", "more_body": True})
        await asyncio.Event().wait()

    listener, _ = listen("127.0.0.1", 0)
    server = HttpServer("slow", app, listener)
    server.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with httpx.Client(trust_env=False) as client, client.stream("GET", url) as response:
        body = response.iter_raw()
        assert next(body) == b"so far"
        server.request_stop()
        with pytest.raises(httpx.TransportError):
            next(body)
        server.join()
    assert [record.getMessage() for record in caplog.records if record.exc_info or "ASGI" in record.msg] == []


def test_how_others_reach_a_server() -> None:
    assert reachable_at("films.example") == "films.example"
    assert reachable_at("fd00::5") == "[fd00::5]"
    assert reachable_at("::") != "[::]"


def test_responses_do_not_wait_for_acknowledgements() -> None:
    listener, _ = listen("127.0.0.1", 0)
    assert listener.proto == socket.IPPROTO_TCP  # what asyncio asks before it turns Nagle's algorithm off
    listener.close()


def test_stopping_frees_ports_and_threads(tmp_path: Path) -> None:
    with running_backend(tmp_path, edges=3) as group:
        ports = [group.api.port, *(edge.port for edge in group.edges)]
        names = {thread.name for thread in threading.enumerate()}
        assert {"matinee-api", "matinee-edge-a", "matinee-edge-b", "matinee-edge-c"} <= names
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("matinee-")]
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def test_stop_does_not_wait_for_running_responses(tmp_path: Path) -> None:
    stall = fault_document({"fault": {"type": "stall", "after_bytes": 10}, "match": {"path": "*.m4s"}})
    with running_backend(tmp_path) as group, signed_in_viewer(group) as viewer:
        publish_noise(group.settings)
        url = viewer.file_url("noise", "video/1.m4s")
        group.faults.set(stall)
        with httpx.Client(trust_env=False) as client, client.stream("GET", url) as response:
            next(response.iter_raw())
            started = time.monotonic()
            group.stop()
            assert time.monotonic() - started < PATIENCE_S, "the response would never end"
        group.start()
        assert [edge.name for edge in group.edges] == ["edge-a", "edge-b"]


def test_state_outlives_the_process(tmp_path: Path) -> None:
    with running_backend(tmp_path) as group, signed_in_viewer(group) as viewer:
        publish_noise(group.settings)
        token = viewer.client.headers["Authorization"]
    with running_backend(tmp_path) as group:
        response = httpx.get(f"{group.api_url}/catalog", headers={"Authorization": token}, trust_env=False)
        assert [item["id"] for item in response.json()["items"]] == ["noise"]


def test_a_slow_edge_does_not_slow_the_other(tmp_path: Path) -> None:
    with running_backend(tmp_path) as group:
        group.faults.set(fault_document({"match": {"pathway": "edge-a"}, "fault": {"type": "delay", "seconds": 30}}))
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{group.edges[0].url}/health", timeout=0.2, trust_env=False)
        assert httpx.get(f"{group.edges[1].url}/health", timeout=25, trust_env=False).status_code == 200


def test_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(chain))
    certificate.private_key_pem.write_to_path(str(key))
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with running_backend(tmp_path / "data", tls=TlsFiles(str(chain), str(key))) as group:
        url = f"{group.edges[0].url}/health"
        assert url.startswith("https://")
        assert httpx.get(url, verify=trusting, trust_env=False).status_code == 200
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(url, trust_env=False)


def test_names_and_kinds() -> None:
    assert [edge_name(index) for index in (0, 1, 25, 26)] == ["edge-a", "edge-b", "edge-z", "edge-27"]
    kinds = {
        "/api/v1/licences": "licence",
        "/api/v1/licences/x/renewal": "licence",
        "/api/v1/clearkey/x": "licence",
        "/api/v1/posters/x.jpg": "image",
        "/api/v1/time": "time",
        "/api/v1/catalog": "api",
    }
    assert {path: api_kind_of(path) for path in kinds} == kinds


class TestCli:
    def test_running_takes_faults_and_makes_the_demo_viewer(self, tmp_path: Path) -> None:
        faults = fault_document({"match": {"kind": "time"}, "fault": {"type": "status", "status": 503}})
        with cli.running(Settings(tmp_path), cli.default_options(edges=2, port=0), faults) as group:
            assert httpx.get(f"{group.api_url}/time", trust_env=False).status_code == 503
            with signed_in_viewer(group) as viewer:
                assert viewer.client.get("/catalog").json() == {"items": [], "next_cursor": None}

    def test_bad_faults_start_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(FaultDocumentError, match="version"), cli.running(Settings(tmp_path / "x"), faults="{}"):
            pass
        assert not (tmp_path / "x").exists()

    def test_default_ports_follow_each_other(self) -> None:
        options = cli.default_options(edges=3, port=9000)
        assert (options.api_port, options.edge_ports) == (9000, (9001, 9002, 9003))

    def test_register(self, tmp_path: Path) -> None:
        assert cli.register(tmp_path, "a@b", "A", "secret")
        with pytest.raises(EmailTakenError):
            cli.register(tmp_path, "A@B ", "A", "secret")

    def test_serve_ends_with_a_signal(self, tmp_path: Path) -> None:
        program = (
            "import sys; from pathlib import Path\n"
            "from backend_stub import cli; from backend_stub.config import Settings\n"
            "cli.serve(Settings(Path(sys.argv[1])), cli.default_options(port=0),"
            " announce=lambda group: print(group.api_url, flush=True))\n"
            "print('ended', flush=True)"
        )
        process = subprocess.Popen(
            ends_with_us(sys.executable, "-c", program, tmp_path, by="KILL"),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "ended\n"
        assert process.wait(timeout=PATIENCE_S) == 0
        process.stdout.close()
