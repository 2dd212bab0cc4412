"""The guide's pictures of the app: ``python -m tests.ui.demo_pictures FOLDER [--data DIR]``.

Shown is what ``matinee demo`` has drawn into DIR, by the real app at the real service, for a household that signs up
here, buys a plan, and has watched something. The service runs over a copy of DIR. Needs Xvfb.
"""

from __future__ import annotations

import argparse
import email
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from joserfc.jwk import ECKey

from backend_stub import cli as service
from backend_stub.config import Settings
from backend_stub.server import ServerGroup
from player.service.address import PLAIN_HTTP
from tests.kit.children import ends_with_us
from tests.packaging.xvfb import VirtualScreen
from tests.ui.photographer import APPROVE, EMAIL, END_SERVICE, HOST, PASSWORD, PLAY_ELSEWHERE, READY, WATCHED
from ui.cli.backend import add_data_argument, data_folder

DESK, TELEVISION = (1280, 800), (1920, 1080)
_CARD = "4242424242424242"
_PEOPLE: tuple[dict[str, object], ...] = (
    {"name": "Ada", "maturity": 18, "avatar": "owl"},
    {"name": "Ben", "maturity": 18, "avatar": "whale", "pin": "2468"},
    {"name": "Cleo", "maturity": 6, "avatar": "fox", "kids": True},
)
_ELSEWHERE = (("Living room", "arrival"), ("Ben's tablet", "northern-sky"))


class Household:
    """An account of the service, as its members use it on other devices."""

    def __init__(self, group: ServerGroup) -> None:
        self._group = group
        self._client = httpx.Client(base_url=group.api_url.replace(HOST, "127.0.0.1"), trust_env=False, timeout=60)

    def move_in(self) -> None:
        """Sign up, confirm the address, buy a plan and then a larger one, make the profiles, watch."""
        account = {"email": EMAIL, "password": PASSWORD, "name": "Ada Berger", "device_name": "Living room"}
        tokens = self._post("/auth/register", account)
        self._client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        self._group.context.mail_codes.send_due()
        self._post("/auth/email-verification/confirmation", {"code": self._mailed_code()})
        for plan in ("basic", "standard"):
            self._post("/account/subscription", {"request_id": f"household-{plan}", "plan": plan, "card": _CARD})
        people = [self._post("/profiles", person) for person in _PEOPLE]
        device = self._device("Telephone")
        items = [
            {
                "event_id": f"watched-{title_id}",
                "title_id": title_id,
                "position_s": position_s,
                "duration_s": duration_s,
                "watched_at": time.time() - 86_400 * number,
                "device_id": device,
                "profile_id": people[0]["id"],
            }
            for number, (title_id, position_s, duration_s) in enumerate(WATCHED, 1)
        ]
        self._post("/progress", {"items": items})

    def approve(self, code: str) -> None:
        """Let the television in that shows this code."""
        self._post("/auth/device/approval", {"user_code": code, "approve": True})

    def play_elsewhere(self) -> None:
        """Take all the screens that the plan has."""
        for name, title_id in _ELSEWHERE:
            self._post(f"/play/{title_id}", {"device_id": self._device(name), "variant": "encrypted"})

    def _device(self, name: str) -> str:
        key = {str(one): value for one, value in ECKey.generate_key("P-256").as_dict(private=False).items()}
        return str(self._post("/devices", {"name": name, "public_key": key})["device_id"])

    def _mailed_code(self) -> str:
        for path in self._group.settings.mail_dir.glob("*.eml"):
            message = email.message_from_bytes(path.read_bytes())
            code = re.search(r"^    (\w{4}-\w{4})$", str(message.get_payload()), re.MULTILINE)
            if message["To"] == EMAIL and code is not None:
                return code[1]
        raise LookupError("no mail has come")

    def _post(self, path: str, body: object) -> dict[str, Any]:
        answer = self._client.post(path, json=body)
        if answer.is_error:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found


def photograph(group: ServerGroup, household: Household, scratch: Path, folder: Path, *words: str) -> int:
    """Run the app on a screen of its own until its pictures are taken, and do what it asks for meanwhile."""
    address = f"http://{HOST}:{group.api.port}"
    command = [sys.executable, "-m", "tests.ui.photographer", address, str(scratch), str(folder), *words]
    deeds = {
        APPROVE: household.approve,
        PLAY_ELSEWHERE: lambda _none: household.play_elsewhere(),
        END_SERVICE: lambda _none: group.stop(),
    }
    with VirtualScreen(*(TELEVISION if words else DESK)) as screen:
        variables = {"DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb", "LC_ALL": "en_GB.UTF-8", PLAIN_HTTP: HOST}
        with subprocess.Popen(
            ends_with_us(*command),
            env=os.environ | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as app:
            assert app.stdin is not None
            assert app.stdout is not None
            for line in app.stdout:
                deed, _, argument = line.strip().partition(" ")
                if deed in deeds:
                    deeds[deed](argument)
                    app.stdin.write(f"{READY}\n")
                    app.stdin.flush()
                else:
                    print(line.strip(), flush=True)
        return app.returncode


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m tests.ui.demo_pictures", description=__doc__)
    parser.add_argument("folder", type=Path)
    add_data_argument(parser)
    options = parser.parse_args()
    drawn = data_folder(options)
    if not (drawn / "matinee.db").is_file() or shutil.which("Xvfb") is None:
        print(f"This needs Xvfb, and what “make demo” draws, in {drawn}.", file=sys.stderr)
        return 3
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="matinee-pictures-")))
        data = scratch / "data"
        shutil.copytree(drawn, data, ignore=shutil.ignore_patterns("*.sock", "viewer", "mail"))
        ends = service.default_options(public_host=HOST)
        group = stack.enter_context(service.running(Settings(data), ends, demo_viewer=False))
        household = Household(group)
        household.move_in()
        television = photograph(group, household, scratch / "television", options.folder, "--tv")
        desk = photograph(group, household, scratch / "desk", options.folder)  # which ends the service
    return television or desk


if __name__ == "__main__":
    sys.exit(main())
