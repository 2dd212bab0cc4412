"""A Chromium without a window, told what to do over a pair of pipes (the DevTools protocol)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from player.base.errors import ErrorCode, InputError

VARIABLE = "MATINEE_CHROMIUM"
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--autoplay-policy=no-user-gesture-required", "--remote-debugging-pipe"),
)
_MOST_BYTES = 64 * 1024 * 1024


def program() -> str:
    """The browser of this machine. Raises InputError where there is none."""
    named = os.environ.get(VARIABLE, "")
    found = next((path for name in ((named,) if named else _NAMES) if (path := shutil.which(name))), None)
    if found is None:
        raise InputError(ErrorCode.INPUT_USAGE, f"Chromium was not found: install it, or name it in {VARIABLE}.")
    return found


class Chromium:
    """One tab. It ends with the block that it is used in."""

    def __init__(self, profile: Path) -> None:
        self._number = 0
        self._session: str | None = None
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        words = [program(), *_OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "bash", *words],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_read)
        os.close(to_write)
        self._rest = b""
        try:
            target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
            session = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        except BaseException:
            self._end()
            raise
        self._session = session
        self._tell("Page.enable")
        self._tell("Runtime.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._read)
        os.close(self._write)

    def open(self, url: str) -> None:
        """Load a page, and wait until it is there. Raises InputError where the browser has gone."""
        self._tell("Page.navigate", url=url)
        while self._hear().get("method") != "Page.loadEventFired":
            pass

    def run(self, script: str) -> Any:  # noqa: ANN401  (what the page says)
        """The value of an expression in the page. Raises InputError where it fails."""
        found = self._tell("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            told = found["exceptionDetails"].get("exception", {}).get("description", "it failed")
            raise _broken(f"The page of the player failed: {str(told).partition(chr(10))[0]}")
        return found["result"].get("value")

    def _tell(self, method: str, **params: object) -> dict[str, Any]:
        return self._call(method, params, self._session)

    def _call(self, method: str, params: dict[str, object], session: str | None = None) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._hear()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise _broken(f"Chromium refused {method}.")
                result: dict[str, Any] = answer["result"]
                return result

    def _hear(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = os.read(self._read, 1 << 16)
            if not piece or len(self._rest) > _MOST_BYTES:
                raise _broken("Chromium has ended unexpectedly.")
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message


def _broken(sentence: str) -> InputError:
    return InputError(ErrorCode.INPUT_USAGE, sentence)
