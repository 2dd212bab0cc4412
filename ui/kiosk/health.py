"""How a screen is, for tools that look after many: figures in Prometheus' text form, served to this machine alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_READ_S = 5.0
_MAX_REQUEST = 8192
_MAX_CALLERS = 8


@dataclass(frozen=True, slots=True)
class Health:
    """A moment's figures. Sizes are bytes, times seconds; ``restarts`` counts by reason. ``healthy``: what ought to
    move does."""

    healthy: bool
    screen: str = ""  # the name in the provisioning file
    version: str = ""
    phase: str = ""
    status: str = ""
    entry: str = ""
    position_s: float = 0.0
    frames: int = 0
    without_picture_s: float = 0.0
    up_s: float = 0.0
    memory: int = 0
    disk_free: int = 0
    failures: int = 0
    shows_fallback: bool = False
    screen_on: bool = True
    clock_trusted: bool = True
    restarts: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """For ``/health``."""
        return {
            "healthy": self.healthy,
            "screen": self.screen,
            "version": self.version,
            "phase": self.phase,
            "status": self.status,
            "entry": self.entry,
            "position_s": round(self.position_s, 1),
            "frames": self.frames,
            "memory": self.memory,
            "without_picture_s": round(self.without_picture_s, 1),
            "up_s": round(self.up_s, 1),
            "fallback": self.shows_fallback,
            "screen_on": self.screen_on,
            "clock_trusted": self.clock_trusted,
            "restarts": dict(self.restarts),
        }


def metrics(health: Health) -> str:
    """Prometheus' text form, version 0.0.4."""
    gauges = {
        "healthy": ("Whether the screen shows what it ought to.", float(health.healthy)),
        "without_picture_seconds": ("How long nothing has moved that ought to.", health.without_picture_s),
        "frames": ("Pictures that the present player has drawn.", health.frames),
        "up_seconds": ("Since the kiosk began.", health.up_s),
        "memory_bytes": ("What the player occupies.", health.memory),
        "disk_free_bytes": ("Room where the kiosk keeps its things.", health.disk_free),
        "failures_in_a_row": ("Players that came down without a minute of picture.", health.failures),
        "fallback": ("Whether the plain picture is shown.", float(health.shows_fallback)),
        "screen_on": ("Whether the schedule has the screen lit.", float(health.screen_on)),
        "clock_trusted": ("Whether the clock can be right.", float(health.clock_trusted)),
    }
    lines = []
    for name, (words, value) in gauges.items():
        lines += [f"# HELP matinee_kiosk_{name} {words}", f"# TYPE matinee_kiosk_{name} gauge"]
        lines.append(f"matinee_kiosk_{name} {value:g}" if value < 1e6 else f"matinee_kiosk_{name} {value:.0f}")
    lines += ["# HELP matinee_kiosk_restarts_total Players restarted, by reason."]
    lines += ["# TYPE matinee_kiosk_restarts_total counter"]
    lines += [f'matinee_kiosk_restarts_total{{reason="{name}"}} {n}' for name, n in sorted(health.restarts.items())]
    lines += ["# HELP matinee_kiosk_info What runs here.", "# TYPE matinee_kiosk_info gauge"]
    lines.append(f'matinee_kiosk_info{{screen="{_label(health.screen)}",version="{_label(health.version)}"}} 1')
    return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class HealthServer:
    """``GET /metrics`` and ``GET /health`` on 127.0.0.1; ``/health`` is 503 while the screen is not well."""

    def __init__(self, look: Callable[[], Health]) -> None:
        self._look = look
        self._server: asyncio.Server | None = None
        self._callers = 0

    async def start(self, port: int) -> int:
        """Listen; the port. Raises OSError where that is taken."""
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", port, limit=_MAX_REQUEST)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Listen no longer. Who is being answered is not waited for: the watchdog would not wait as long."""
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers += 1
        try:
            if self._callers <= _MAX_CALLERS:
                async with asyncio.timeout(_READ_S):
                    request = await reader.readuntil(b"\r\n\r\n")
                    writer.write(self._response(request))
                    await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asks badly gets no answer
        finally:
            self._callers -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _response(self, request: bytes) -> bytes:
        words = request.split(b"\r\n", 1)[0].split()
        path = words[1] if len(words) == 3 else b""
        status, kind, body = "404 Not Found", "text/plain; charset=utf-8", "There are /metrics and /health.\n"
        if words[:1] != [b"GET"]:
            status, body = "405 Method Not Allowed", "Only GET is answered.\n"
        elif path == b"/metrics":
            status, kind, body = "200 OK", "text/plain; version=0.0.4; charset=utf-8", metrics(self._look())
        elif path == b"/health":
            health = self._look()
            status = "200 OK" if health.healthy else "503 Service Unavailable"
            kind, body = "application/json", json.dumps(health.as_dict()) + "\n"
        data = body.encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n"
        return head.encode() + b"Cache-Control: no-store\r\n\r\n" + data
