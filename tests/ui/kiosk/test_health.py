"""What a fleet tool reads."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest

from ui.kiosk.health import Health, HealthServer, metrics
from ui.kiosk.notify import Notifier

WELL = Health(
    healthy=True, screen='the "big" one', version="1.0", memory=250_000_000, restarts={"died": 2, "frozen": 1}
)


def test_the_figures_have_prometheus_form() -> None:
    text = metrics(WELL)
    assert 'matinee_kiosk_restarts_total{reason="died"} 2' in text
    assert "matinee_kiosk_memory_bytes 250000000\n" in text
    assert 'screen="the \\"big\\" one"' in text
    values = [line for line in text.splitlines() if not line.startswith("#")]
    names = {line.split("{")[0].split()[0] for line in values}
    for name in names:
        assert f"# TYPE {name} " in text
        assert f"# HELP {name} " in text
    for line in values:
        float(line.rsplit(" ", 1)[1])
    assert text.endswith("\n")


async def ask(port: int, request: bytes) -> tuple[str, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode().split("\r\n")[0], body


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /metrics HTTP/1.1\r\n\r\n", "200 OK"),
        (b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n", "200 OK"),
        (b"GET /other HTTP/1.1\r\n\r\n", "404 Not Found"),
        (b"POST /health HTTP/1.1\r\n\r\n", "405 Method Not Allowed"),
        (b"nonsense\r\n\r\n", "405 Method Not Allowed"),
    ],
)
async def test_questions_are_answered(request_: bytes, status: str) -> None:
    server = HealthServer(lambda: WELL)
    port = await server.start(0)
    line, _body = await ask(port, request_)
    await server.close()
    assert line == f"HTTP/1.1 {status}"


async def test_a_screen_that_is_not_well_is_503() -> None:
    server = HealthServer(lambda: Health(healthy=False, phase="waiting"))
    port = await server.start(0)
    line, body = await ask(port, b"GET /health HTTP/1.1\r\n\r\n")
    await server.close()
    assert line == "HTTP/1.1 503 Service Unavailable"
    assert json.loads(body)["phase"] == "waiting"


async def test_a_question_without_end_gets_no_answer_and_harms_nobody() -> None:
    server = HealthServer(lambda: WELL)
    port = await server.start(0)
    assert await ask(port, b"GET /" + b"a" * 20_000) == ("", b"")
    line, _body = await ask(port, b"GET /health HTTP/1.1\r\n\r\n")
    await server.close()
    assert line.endswith("200 OK")


def test_systemd_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        notifier.ready("beginning")
        notifier.alive("running")
        notifier.broken("stands still")
        notifier.stopping()
        told = [listener.recv(4096).decode() for _ in range(4)]
        notifier.close()
        notifier.alive("nothing is sent any more")
    assert told[:2] == ["READY=1\nSTATUS=beginning", "WATCHDOG=1\nSTATUS=running"]
    assert told[2:] == ["STATUS=stands still\nWATCHDOG=trigger", "STOPPING=1"]


def test_a_systemd_that_is_gone_or_absent_is_no_trouble(tmp_path: Path) -> None:
    for environ in ({}, {"NOTIFY_SOCKET": str(tmp_path / "none")}):
        notifier = Notifier(environ)
        notifier.alive("on")
        notifier.close()
