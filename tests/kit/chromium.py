"""Debian's chromium without a window, told what to do over a pair of pipes (the DevTools protocol)."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.kit.children import ends_with_us

PROGRAM = shutil.which("chromium")


class Chromium:
    """One tab. ``said`` is what the browser complained of: scripts' errors, what the security policy refused."""

    def __init__(self, profile: Path) -> None:
        assert PROGRAM is not None
        self.said: list[str] = []
        self._number = 0
        self._loaded = False
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        words = [PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        words += ["--disable-background-networking", "--disable-dev-shm-usage", "--remote-debugging-pipe"]
        words += [f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            ends_with_us("/bin/bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "bash", *words, by="KILL"),
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_read)
        os.close(to_write)
        self._rest = b""
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.tell(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._read)
        os.close(self._write)

    def open(self, url: str) -> None:
        """Load a page, and wait until it is there."""
        self._loaded = False
        self.tell("Page.navigate", url=url)
        while not self._loaded:
            self._hear()

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = self.tell("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def click(self, script: str) -> None:
        """Press what an expression finds, and wait for the page that comes of it."""
        self._loaded = False
        self.run(f"{script}.click()")
        while not self._loaded:
            self._hear()

    def picture(self, path: Path, width: int = 1400, height: int = 900, *, dark: bool = False) -> None:
        """The page as it is seen, as a PNG."""
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.tell("Emulation.setEmulatedMedia", features=[scheme])
        found = self.tell("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def tell(self, method: str, **params: object) -> dict[str, Any]:
        """One call of the protocol, to the tab."""
        return self._call(method, params, self._session)

    def _call(self, method: str, params: dict[str, object], session: str | None = None) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._hear()
            if answer.get("id") == number:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result

    def _hear(self) -> dict[str, Any]:
        """The next message; complaints and the end of a load are noted."""
        while b"\0" not in self._rest:
            piece = os.read(self._read, 1 << 16)
            assert piece, "chromium is gone"
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        match message.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Log.entryAdded":
                self.said.append(message["params"]["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.said.append(str(message["params"]["exceptionDetails"]))
        return message
