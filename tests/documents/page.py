"""Run the blocks of one page in the clean place. ``python -m tests.documents`` starts this, in namespaces."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.documents.blocks import ROOT, RUN, Block, blocks
from tests.documents.place import Place
from tests.kit.children import ends_with_us, lives
from tests.kit.waiting import until
from tests.packaging.xvfb import VirtualScreen

NETWORK = Path("/proc/self/ns/net")
_ENDED_WELL = ("0", "130", str(128 + signal.SIGTERM))
_BEFORE = r"(?:[A-Z_]+=(?:'[^']*'|\S+) )*"
_LONGEST_S = 900.0  # of a command that ends by itself
# What goes on until somebody ends it, and how one sees that it works: by what it prints, by its port, or by
# moving video.
_STAYS = {
    r"matinee serve": "http://",
    r"matinee worker": "",
    r"matinee broadcast": "\n",  # the title that it is
    r"\$\(matinee nginx-config": "port 8410",
    r"matinee kiosk (?!--)": "video",
    r"matinee(?: --service.*| --tv.*)?$": "window",
    r"matinee (?:https:|[\w-]+\.mkv|play (?!.*--(?:headless|replay)))": "video",
}
_URL = "https://example.org/manifest.mpd"


@dataclass(frozen=True, slots=True)
class Given:
    """What a page takes for granted: names for its files that have none, further files, variables, commands."""

    files: tuple[str, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()


_FAULTS = '{"version": 1, "rules": [{"match": {"kind": "segment"}, "fault": {"type": "delay", "seconds": 0.1}}]}'
_REFRESH = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{0}\n#EXTINF:4,\n{0}.ts\n#EXTINF:4,\n{1}.ts\n"
_SERVICE = {"MATINEE_SERVICE": "http://127.0.0.1:8400", "MATINEE_PASSWORD": "demo"}
_FOYER = '{"email": "foyer@example.org", "name": "foyer", "password": "a word for the foyer", "device_name": "desk"}'
GIVEN = {
    "README.md": Given(files=("link.json", "faults.json")),
    "docs/guide-qa.md": Given(
        more={"first.m3u8": _REFRESH.format(1, 2), "later.m3u8": _REFRESH.format(2, 3)},
        variables={
            "URL": _URL,
            "LIVE_URL": "https://example.org/live.m3u8",
            "CDN_A": "a.example.org",
            "CDN_B": "b.example.org",
        },
    ),
    "docs/guide-operator.md": Given(more={"faults.json": _FAULTS}),
    "docs/guide-offline.md": Given(variables=_SERVICE, before=("matinee serve",)),
    "docs/guide-viewer.md": Given(before=("matinee serve",)),
    "docs/guide-kiosk.md": Given(
        more={"playlist.toml": '[[entry]]\nurl = "https://example.org/master.m3u8"\n'},
        variables={"SERVICE": "http://127.0.0.1:8400", "MATINEE_PASSWORD": "a word for the test"},
        before=(
            "matinee serve --admin root@example.org",
            f"curl -fsS $SERVICE/api/v1/auth/register --json '{_FOYER}'",
            "MATINEE_PASSWORD=demo matinee login --service $SERVICE demo@matinee.local",
            "matinee play the-first-ferry --service $SERVICE --headless --duration 1",
            "DEVICE=$(matinee devices --service $SERVICE --json | jq -er .devices[0].id)",
        ),
    ),
}


def sign_of(command: str) -> str | None:
    """Return how one sees that a command which stays works; None for one that ends by itself."""
    return next((sign for start, sign in _STAYS.items() if re.match(_BEFORE + start, command)), None)


class Shell:
    """One bash for the page, so that what a command sets holds for the next one."""

    def __init__(self, place: Place, screen: VirtualScreen, variables: Mapping[str, str]) -> None:
        hidden = f"mount -t tmpfs none {ROOT}; exec bash"
        self._screen, self._folder, self._outputs = screen, place.folder / "over", 0
        self._staying: dict[str, tuple[int, Path]] = {}
        self._process = subprocess.Popen(
            ends_with_us("unshare", "--mount", "bash", "-c", hidden, by="KILL"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=place.source,
            env=place.environment() | {"DISPLAY": screen.display, **variables},
        )
        self._ask("set -m; echo")

    def _ask(self, text: str) -> str:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the shell has no pipes")
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def run(self, command: str) -> str:
        """Run a command to its end, or until one sees that it works if it stays. Returns what is wrong."""
        self._outputs += 1
        output = self._folder / f"output-{self._outputs}"
        bare = re.sub(r"\s+# .*", "", command)
        sign = sign_of(bare)
        if sign is not None:
            return self._start(bare, output, sign)
        expected = re.search(r"# exit code (\d+)", command)
        too_long = threading.Timer(_LONGEST_S, self._process.kill)
        too_long.start()
        code = self._ask(f"{{ {command}\n}} >{output} 2>&1 </dev/null; echo $?")
        too_long.cancel()
        if code == (expected[1] if expected else "0"):
            return ""
        return f"exit code {code}\n{_end(output)}"

    def _start(self, bare: str, output: Path, sign: str) -> str:
        kind = " ".join(re.sub(_BEFORE, "", bare).split()[:2])
        fault = self.stop(kind)
        pid = int(self._ask(f"{bare} >{output} 2>&1 </dev/null & echo $!"))
        self._staying[kind] = pid, output

        def works() -> bool:
            if not lives(pid):
                raise AssertionError(f"ended: {_end(output)}")
            if sign == "video":
                return self._screen.wait_for_moving_picture(1)
            if sign == "window":
                return float(self._screen.picture().std()) > 10
            if sign.startswith("port "):
                with suppress(OSError), socket.create_connection(("127.0.0.1", int(sign[5:])), 1):
                    return True
                return False
            return output.exists() and sign in output.read_text()

        try:
            until(works, f"no {sign}: {bare}")
        except AssertionError as error:
            self.stop(kind)
            return fault + str(error)
        if sign in ("video", "window"):
            fault += self.stop(kind)  # the next window is to be seen too
        return fault

    def stop(self, kind: str) -> str:
        """End what stays, as a person does. Returns what is wrong, or nothing."""
        pid, output = self._staying.pop(kind, (0, self._folder))
        if not pid:
            return ""
        code = self._ask(f"kill -TERM {pid}; wait {pid}; echo $?")
        return "" if code in _ENDED_WELL else f"{kind} ended with exit code {code}\n{_end(output)}"

    def close(self) -> str:
        return "".join([self.stop(kind) for kind in list(self._staying)])


def _end(output: Path) -> str:
    return "".join(output.read_text(errors="replace").splitlines(keepends=True)[-12:])


def files_of(page: str, found: list[Block]) -> dict[str, str]:
    """The files that blocks of a page are."""
    given = GIVEN.get(page, Given())
    unnamed = [block.text for block in found if block.language == "json"]
    named = {block.name: block.text for block in found if block.name and block.language != RUN}
    return {**given.more, **named, **dict(zip(given.files, unnamed, strict=True))}


def main(page: str, folder: str, network_outside: str) -> int:
    if str(NETWORK.readlink()) == network_outside:
        raise RuntimeError("this changes hosts, authorities and mounts: it runs in namespaces of its own alone")
    place = Place(Path(folder))
    found = blocks((place.source / page).read_text(encoding="utf-8"))
    given = GIVEN.get(page, Given())
    failed = 0
    with place.entered(files_of(page, found) if given.files or page in GIVEN else {}), VirtualScreen() as screen:
        shell = Shell(place, screen, given.variables)
        for command in given.before:
            fault = shell.run(command)
            if fault:
                print(f"FAILED before: {command}\n{fault}", flush=True)
                return 1
        for block in found:
            if block.language == RUN and "-m venv" not in block.text:  # that one has made the place
                for command in block.commands():
                    began = time.monotonic()
                    fault = shell.run(command)
                    failed += bool(fault)
                    print(f"{'FAILED' if fault else 'ok':6} {time.monotonic() - began:6.1f} s  {command}", flush=True)
                    if fault:
                        print(fault, flush=True)
        fault = shell.close()
        if fault:
            print(f"FAILED at the end: {fault}", flush=True)
    return 1 if failed or fault else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
